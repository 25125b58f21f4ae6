import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { add, expect, running, test } from './program';

/** Real files, where they are. */
const folder = process.env['DROPSTREAM_MEDIA'] ?? resolve(import.meta.dirname, '../../../shared/media');

test('subtitles that are images are drawn over the picture', async ({ page, start }, info) => {
  const file = join(folder, 'sample_with_pgs_subtitles.mkv');
  test.skip(!existsSync(file), 'the folder of real media files is not here (DROPSTREAM_MEDIA names it)');
  await start();
  await add(page, file);
  await expect(page.locator('video')).toBeVisible();
  await expect(page.locator('.over img'), 'nobody asked for them').toHaveCount(0);
  await page.keyboard.press('c');
  await page.keyboard.press('0');
  await expect(page.locator('.over img').first()).toBeVisible();
  await page.keyboard.press('k');
  await page.keyboard.press('0');
  const drawn = page.locator('.over img').first();
  await expect(drawn).toBeVisible();
  expect(await drawn.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(10);
  await page.screenshot({ path: info.outputPath('images.png') });
  await page.keyboard.press('c');
  await expect(page.locator('.over img')).toHaveCount(0);
});

test('chapters are on the line, in a menu and on keys', async ({ page, start }, info) => {
  const file = join(folder, 'sample_with_chapters.mkv');
  test.skip(!existsSync(file), 'the folder of real media files is not here (DROPSTREAM_MEDIA names it)');
  await start();
  await add(page, file);
  await running(page);
  await page.keyboard.press('k');
  await page.keyboard.press('0');
  await page.keyboard.press('PageDown');
  const time = () => page.locator('video').evaluate((video: HTMLVideoElement) => video.currentTime);
  await expect.poll(time).toBeCloseTo(2, 1);
  await page.keyboard.press('PageUp');
  await expect.poll(time).toBeCloseTo(0, 1);
  await page.getByRole('button', { name: /^Chapters:/ }).click();
  await page.getByRole('menuitemradio', { name: 'Chapter 2' }).click();
  await expect.poll(time).toBeCloseTo(2, 1);
  const line = page.getByRole('slider', { name: 'Timeline' });
  await line.hover({ position: { x: 30, y: 12 } });
  await expect(line).toContainText('Chapter 1');
  await page.screenshot({ path: info.outputPath('chapters.png') });
});
