import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type Locator, type Page, test as base, expect } from '@playwright/test';

const bin = resolve(process.env['DROPSTREAM_BIN'] ?? join(import.meta.dirname, '../../build/bin/dropstream'));

/** How long the program may take to say that it is ready, and to end. */
const patienceMs = 20_000;

export interface Program {
  /** The page, with its token. */
  url: string;
  call<T>(verb: string, request?: object): Promise<T>;
}

/** Starts the program without a window, with a library of its own. */
export async function startProgram(): Promise<Program & { stop: () => Promise<void> }> {
  if (!existsSync(bin)) throw new Error(`no program at ${bin}: build it, or set DROPSTREAM_BIN`);
  const data = mkdtempSync(join(tmpdir(), 'dropstream-data-'));
  const child = spawn(bin, ['serve', '--data', data, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { url, token } = JSON.parse(await firstLine(child)) as { url: string; token: string };
  return {
    url: `${url}/#token=${token}`,
    async call<T>(verb: string, request: object = {}) {
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
      const answer = await fetch(`${url}/api/${verb}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(request),
      });
      return (await answer.json()) as T;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await ended;
      clearTimeout(timer);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the program has no output');
  const lines = createInterface(child.stdout);
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  try {
    for await (const line of lines) return line;
  } finally {
    clearTimeout(timer);
  }
  throw new Error('the program ended before it was ready');
}

/** A page at a program of its own, whose faults fail the test. */
export const test = base.extend<{ program: Program; start: () => Promise<void> }>({
  // eslint-disable-next-line no-empty-pattern -- the runner reads the names that are wanted here
  program: async ({}, use) => {
    const program = await startProgram();
    await use(program);
    await program.stop();
  },
  start: async ({ page, program }, use) => {
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (/Content Security Policy|Svelte/i.test(message.text())) faults.push(message.text());
    });
    await use(async () => {
      await page.goto(program.url);
      await expect(page.getByRole('button', { name: 'Settings' })).toBeVisible();
    });
    expect(faults).toEqual([]);
  },
});

/** Adds files as a person does in a browser: by their path. */
export async function add(page: Page, ...paths: string[]): Promise<void> {
  await page.getByRole('button', { name: /Enter a path|Add videos/ }).click();
  await page.getByLabel('Path').fill(paths.join('\n'));
  await page.keyboard.press('Enter');
}

export const player = (page: Page): Locator => page.getByRole('dialog', { name: /^Player/ });

/** Waits until the video runs: it has something to show, and its time goes on. */
export async function running(page: Page): Promise<void> {
  const video = page.locator('video');
  await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.readyState)).toBeGreaterThanOrEqual(2);
  const before = await time(page);
  await expect.poll(() => time(page)).toBeGreaterThan(before + 0.2);
}

/** Where the video is, in seconds. */
export function time(page: Page): Promise<number> {
  return page.locator('video').evaluate((v: HTMLVideoElement) => v.currentTime);
}

export { expect };
