import { existsSync } from 'node:fs';
import { test } from '@playwright/test';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { clip } from './clips';
import { expect, startProgram } from './program';

// Firefox speaks WebDriver BiDi as it comes from its maker; the runner's own driver wants a Firefox of its own.
const firefox = process.env['DROPSTREAM_FIREFOX'] ?? '/usr/bin/firefox-esr';

let browser: Browser;
let program: Awaited<ReturnType<typeof startProgram>>;

test.skip(!existsSync(firefox), `no Firefox at ${firefox}`);

test.beforeAll(async () => {
  program = await startProgram();
  browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: firefox,
    headless: true,
    extraPrefsFirefox: { 'media.autoplay.default': 0, 'network.captive-portal-service.enabled': false },
  });
});

test.afterAll(async () => {
  await browser?.close();
  await program?.stop();
});

const video = <T>(page: Page, read: (v: HTMLVideoElement) => T) =>
  page.$eval('video', read as never) as Promise<T>;

for (const name of ['Evening.mp4', 'Old tape.avi']) {
  test(`Firefox plays ${name}, seeks, and reaches the end`, async () => {
    const page = await browser.newPage();
    await page.goto('about:blank');
    await page.goto(program.url);
    const open = await page
      .waitForSelector('::-p-aria([name=/Enter a path|Add videos/])', { timeout: 5000 })
      .catch(() => page.waitForSelector('button.primary, button[aria-label="Add videos"]'));
    await open?.click();
    const field = await page.waitForSelector('textarea');
    await field?.type(clip(name));
    await page.keyboard.press('Enter');

    await page.waitForSelector('video');
    await expect.poll(() => video(page, (v) => v.readyState)).toBeGreaterThanOrEqual(2);
    await expect.poll(() => video(page, (v) => v.currentTime)).toBeGreaterThan(0.3);
    await page.keyboard.press('5');
    await expect.poll(() => video(page, (v) => v.currentTime / v.duration)).toBeGreaterThan(0.52);
    expect(await video(page, (v) => v.videoWidth)).toBeGreaterThan(0);
    await page.keyboard.press('9');
    await expect.poll(() => video(page, (v) => v.ended)).toBe(true);
    await page.close();
  });
}
