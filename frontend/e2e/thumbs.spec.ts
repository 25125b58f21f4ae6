import { clip } from './clips';
import { add, expect, player, running, test } from './program';

/** The brightness of the middle of an element's picture, as it is painted. */
async function shade(png: Buffer, page: import('@playwright/test').Page): Promise<number> {
  return page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(1, 1);
    const context = canvas.getContext('2d');
    if (!context) throw new Error('no canvas');
    context.drawImage(
      image,
      image.width / 4,
      image.height / 4,
      image.width / 2,
      image.height / 2,
      0,
      0,
      1,
      1,
    );
    return context.getImageData(0, 0, 1, 1).data[1] ?? -1;
  }, png.toString('base64'));
}

test('the timeline shows the picture of the time that is pointed at', async ({ page, start }, info) => {
  await start();
  await add(page, clip('Shades.mp4'));
  await expect(player(page)).toBeVisible();
  await running(page);
  const line = page.getByRole('slider', { name: 'Timeline' });
  const picture = player(page).locator('.peek .picture');
  const point = async (fraction: number) => {
    const box = await line.boundingBox();
    if (!box) throw new Error('the timeline is not to be seen');
    await page.mouse.move(box.x + box.width * fraction, box.y + box.height / 2);
  };
  await point(0.5);
  await expect(player(page).locator('.peek')).toContainText('0:20');
  // The controls go while nobody moves.
  await expect(async () => {
    await point(0.49);
    await point(0.5);
    await expect(picture).toHaveAttribute('style', /thumbs\/\d+\.jpg/, { timeout: 500 });
  }).toPass({ timeout: 40_000 });

  // A second is four steps of limited range brighter than the one before; a picture is of the last even one.
  for (const second of [1, 9, 20.5, 31, 39.5]) {
    await point(second / 40);
    await expect(picture).toHaveAttribute('style', /thumbs\/\d+\.jpg/);
    const want = (Math.floor(second / 2) * 2 * 4 + 4) * (255 / 219);
    await expect
      .poll(async () => Math.abs((await shade(await picture.screenshot(), page)) - want))
      .toBeLessThan(4);
    const [box, window] = [await picture.boundingBox(), page.viewportSize()];
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(window?.width ?? 0);
  }
  await point(0.7);
  await info.attach('thumbnail', { body: await page.screenshot(), contentType: 'image/png' });
  if (process.env['DROPSTREAM_SHOTS'])
    await page.screenshot({ path: `${process.env['DROPSTREAM_SHOTS']}/thumb.png` });

  // Away from the line there is none; with the keyboard on it there is.
  await page.mouse.move(600, 200);
  await expect(player(page).locator('.peek')).toBeHidden();
  await page.keyboard.press('Tab');
  await line.focus();
  await expect(picture).toBeVisible();
});

test('without thumbnails the line shows the time alone', async ({ page, start }) => {
  await page.route('**/thumbs.vtt', (route) => route.fulfill({ status: 404 }));
  await start();
  await add(page, clip('No sound.mp4'));
  await running(page);
  const box = await page.getByRole('slider', { name: 'Timeline' }).boundingBox();
  if (!box) throw new Error('the timeline is not to be seen');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await expect(player(page).locator('.peek')).toHaveText('0:04');
  await expect(player(page).locator('.peek .picture')).toHaveCount(0);
});
