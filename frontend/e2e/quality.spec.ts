import { clip } from './clips';
import { add, expect, player, running, test, time } from './program';

test('what is converted is said, and why', async ({ page, start }) => {
  await start();
  await add(page, clip('100 %s "quoted" ü 🎬.mkv'));
  await running(page);
  const quality = page.getByRole('button', { name: 'Quality' });
  await expect(quality).toHaveText(/Original.*sound converted/);
  await quality.click();
  const menu = page.getByRole('menu', { name: 'Quality' });
  await expect(menu.getByRole('menuitemradio', { name: /Automatic.*now Original/ })).toBeChecked();
  await expect(page.getByText('Dolby Digital', { exact: false })).toBeVisible();

  await page.keyboard.press('Escape');
  await page.keyboard.press('0');
  await quality.click();
  await menu.getByRole('menuitemradio', { name: /360p/ }).click();
  await page.keyboard.press('1');
  await expect(quality).toHaveText(/360p.*converted/);
  await quality.click();
  await expect(page.getByText('made smaller than the original')).toBeVisible();
});

test('the picture follows a hand on the timeline, and plays where it lets go', async ({ page, start }) => {
  await start();
  await add(page, clip('Long walk.mp4'));
  await running(page);
  await page.evaluate(() => {
    const scope = window as unknown as { sought: number[] };
    scope.sought = [];
    const video = document.querySelector('video');
    video?.addEventListener('seeking', () => scope.sought.push(video.currentTime));
  });
  await page.mouse.move(600, 300);
  const box = await page.getByRole('slider', { name: 'Timeline' }).boundingBox();
  if (!box) throw new Error('the timeline is not to be seen');
  const at = (part: number) => [box.x + box.width * part, box.y + box.height / 2] as const;
  await page.mouse.move(...at(0.2));
  await page.mouse.down();
  const began = Date.now();
  for (let step = 0; step <= 60; step++) await page.mouse.move(...at(0.2 + 0.01 * step));
  const took = Date.now() - began;
  await expect.poll(() => time(page), 'it follows while it is held').toBeCloseTo(0.8 * 180, 0);
  expect(await page.locator('video').evaluate((v: HTMLVideoElement) => v.paused)).toBe(true);
  await expect(page.getByRole('button', { name: 'Pause' }), 'which is no pause').toBeVisible();
  const asked = await page.evaluate(() => (window as unknown as { sought: number[] }).sought);
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.length).toBeLessThanOrEqual(Math.ceil(took / 250) + 2);

  await page.mouse.move(...at(0.5));
  await page.mouse.up();
  await expect.poll(() => time(page)).toBeGreaterThan(90 - 0.2);
  expect(await time(page)).toBeLessThan(100);
  await running(page);
  await expect(player(page).getByRole('button', { name: 'Pause' })).toBeVisible();
});
