import { clip } from './clips';
import { add, expect, player, running, test } from './program';

test('what could not be read is marked on the timeline, and told', async ({ page, start }) => {
  const text = 'From 0:41 to 0:43 the file is damaged; the last good picture is shown.';
  // What a healthy clip never has is put into the answer on its way.
  await page.route('**/api/play', async (route) => {
    const answer = await route.fetch();
    const playback = (await answer.json()) as { item: { damage?: object[] } };
    playback.item.damage = [{ kind: 'video', fromMs: 41_000, toMs: 43_000, text }];
    await route.fulfill({ response: answer, json: playback });
  });
  await start();
  await add(page, clip('Long walk.mp4'));
  await running(page);
  await page.keyboard.press('k');
  const mark = player(page).locator('.damaged');
  await expect(mark).toHaveCount(1);
  const line = await player(page).locator('.track').boundingBox();
  const part = await mark.boundingBox();
  if (!line || !part) throw new Error('the timeline is not to be seen');
  expect((part.x - line.x) / line.width).toBeCloseTo(41 / 180, 2);
  await page.getByRole('button', { name: 'Quality' }).click();
  await expect(page.getByText(text)).toBeVisible();
});
