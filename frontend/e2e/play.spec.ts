import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { clip, playable } from './clips';
import { add, expect, player, running, test, time } from './program';

/** Clips of the caller's choice, to be played besides our own. */
const folder = process.env['DROPSTREAM_CLIPS'];
const more = folder ? readdirSync(folder).filter((name) => /\.(mp4|mkv|webm|avi|ts|mov)$/i.test(name)) : [];

/** Goes to a place on the timeline by hand, 0 to 1. */
async function seekTo(page: Page, fraction: number): Promise<void> {
  // The controls may have gone: a hand that comes brings them back.
  await page.mouse.move(600, 300);
  await page.mouse.move(610, 310);
  const box = await page.getByRole('slider', { name: 'Timeline' }).boundingBox();
  if (!box) throw new Error('the timeline is not to be seen');
  await page.mouse.click(box.x + box.width * fraction, box.y + box.height / 2);
}

async function playWhole(page: Page, path: string): Promise<void> {
  await add(page, path);
  await expect(player(page)).toBeVisible();
  await running(page);
  const length = await page.locator('video').evaluate((v: HTMLVideoElement) => v.duration);
  if (length > 6) {
    await seekTo(page, 0.5);
    await expect.poll(() => time(page)).toBeGreaterThan(length * 0.5);
    await running(page);
    await page.keyboard.press('9');
  }
  await expect.poll(() => page.locator('video').evaluate((v: HTMLVideoElement) => v.ended)).toBe(true);
  expect(Math.abs((await time(page)) - length)).toBeLessThan(0.5);
  await expect(page.getByRole('button', { name: 'Play again' })).toBeVisible();
}

for (const name of playable.filter((each) => each !== 'Long walk.mp4' && each !== 'Shades.mp4')) {
  test(`plays ${name}: seeks, and reaches the end`, async ({ page, start }) => {
    await start();
    await playWhole(page, clip(name));
  });
}

for (const name of more) {
  test(`plays ${name} of the given clips`, async ({ page, start }) => {
    await start();
    await playWhole(page, join(folder ?? '', name));
  });
}

test('the length is there before the video runs, and is true', async ({ page, start }) => {
  await start();
  await add(page, clip('Old tape.avi'));
  const line = page.getByRole('slider', { name: 'Timeline' });
  await expect(line).toHaveAttribute('aria-valuemax', '10');
  await running(page);
  expect(await page.locator('video').evaluate((v: HTMLVideoElement) => v.duration)).toBeCloseTo(10, 0);
});

test('switches quality and back', async ({ page, start }) => {
  await start();
  await add(page, clip('Evening.mp4'));
  await running(page);
  const height = () => page.locator('video').evaluate((v: HTMLVideoElement) => v.videoHeight);
  await expect.poll(height).toBe(720);
  await page.keyboard.press('0');
  for (const [choice, want] of [
    ['360p', 360],
    ['Original', 720],
  ] as const) {
    await page.getByRole('button', { name: 'Quality' }).click();
    await page.getByRole('menuitemradio', { name: choice }).click();
    await page.keyboard.press('1');
    await expect.poll(height).toBe(want);
    await running(page);
  }
});

test('goes on where it was left', async ({ page, start, program }) => {
  await start();
  await add(page, clip('Long walk.mp4'));
  await running(page);
  await seekTo(page, 0.4);
  await expect.poll(() => time(page)).toBeGreaterThan(70);
  await running(page);
  await page.keyboard.press('Escape');
  await expect(player(page)).toBeHidden();
  await expect(page.getByRole('heading', { name: 'Continue' })).toBeVisible();

  await page.goto('about:blank');
  await page.goto(program.url);
  await page.getByRole('button', { name: 'Long walk' }).first().click();
  await running(page);
  const at = await time(page);
  expect(at).toBeGreaterThan(70);
  expect(at).toBeLessThan(90);
});

test('the sample plays', async ({ page, start }) => {
  await start();
  await page.getByRole('button', { name: 'Try a sample' }).click();
  await expect(player(page)).toBeVisible();
  await running(page);
});

test('several files: the first plays, the rest wait in the library', async ({ page, start }) => {
  await start();
  await add(page, clip('holiday.mp4'), clip('No sound.mp4'), clip('Old tape.avi'));
  await expect(page.getByRole('dialog', { name: 'Player: No sound' })).toBeVisible();
  await running(page);
  await expect(page.getByText('holiday.mp4')).toBeVisible();
  await page.getByRole('button', { name: 'Back to the library' }).click();
  await expect(page.getByRole('list', { name: 'Library' }).getByRole('listitem')).toHaveCount(2);
});

test('a video whose file is gone says so, and leads back', async ({ page, start, program }) => {
  const { copyFileSync, rmSync } = await import('node:fs');
  const copy = clip('Gone.mp4');
  copyFileSync(clip('No sound.mp4'), copy);
  await program.call('add', { paths: [copy] });
  rmSync(copy);
  await start();
  await page.getByRole('button', { name: 'Gone' }).first().click();
  await expect(player(page).getByRole('alert')).toBeVisible();
  await page.getByRole('button', { name: 'Back to the library' }).last().click();
  await expect(player(page)).toBeHidden();
});
