import { clip } from './clips';
import { add, expect, player, running, test, time } from './program';

test('the player is played by keys alone', async ({ page, start }) => {
  await start();
  await add(page, clip('Long walk.mp4'));
  await running(page);
  const video = page.locator('video');
  const is = <K extends keyof HTMLVideoElement>(name: K) =>
    video.evaluate((v, key) => (v as HTMLVideoElement)[key as K] as unknown, name);
  const press = (...keys: string[]) => Promise.all(keys.map((key) => page.keyboard.press(key)));

  await press('Space');
  await expect.poll(() => is('paused')).toBe(true);
  await press('5');
  await expect.poll(() => time(page)).toBeCloseTo(90, 0);
  for (const [key, change] of [
    ['ArrowRight', 5],
    ['Shift+ArrowRight', 1],
    ['l', 10],
    ['ArrowLeft', -5],
    ['Shift+ArrowLeft', -1],
    ['j', -10],
    ['.', 0.04],
    [',', -0.04],
  ] as const) {
    await expect.poll(() => is('seeking')).toBe(false);
    const before = await time(page);
    await press(key);
    await expect.poll(() => time(page)).toBeCloseTo(before + change, 2);
  }
  await press('Home');
  await expect.poll(() => time(page)).toBe(0);
  await press('m');
  await expect.poll(() => is('muted')).toBe(true);
  await press('m', 'ArrowDown', 'ArrowDown');
  await expect.poll(() => is('volume')).toBeCloseTo(0.9);
  await press('k');
  await expect.poll(() => is('paused')).toBe(false);

  await press('f');
  await expect.poll(() => page.evaluate(() => document.fullscreenElement !== null)).toBe(true);
  await press('Escape');
  await expect.poll(() => page.evaluate(() => document.fullscreenElement !== null)).toBe(false);
  await expect(player(page)).toBeVisible();
  // Just after, the key would count as the one that ended the full screen.
  await expect(async () => {
    await press('Escape');
    await expect(player(page)).toBeHidden({ timeout: 500 });
  }).toPass();
});

test('Space on a control presses it, and a mouse does not leave the focus there', async ({ page, start }) => {
  await start();
  await add(page, clip('Long walk.mp4'));
  await running(page);
  await page.getByRole('button', { name: 'Sound off' }).click();
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Play', exact: true }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Sound on' }).focus();
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Sound off' })).toBeVisible();
});

test('the controls go while it plays and nobody moves, and come back', async ({ page, start }) => {
  await start();
  await add(page, clip('Long walk.mp4'));
  await running(page);
  await page.mouse.move(600, 300);
  const back = page.getByRole('button', { name: 'Back to the library' });
  await expect(back).toBeVisible();
  await expect(back).toBeHidden();
  await page.mouse.move(610, 310);
  await expect(back).toBeVisible();
});

test('the library is walked by arrows, and the focus comes back to its card', async ({
  page,
  start,
  program,
}) => {
  await program.call('add', { paths: ['Evening.mp4', 'No sound.mp4', 'Old tape.avi'].map(clip) });
  await start();
  const cards = page.getByRole('list', { name: 'Library' }).locator('.open');
  await cards.first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('End');
  await expect(cards.last()).toBeFocused();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(player(page)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(cards.nth(1)).toBeFocused();
});

test('typing finds, Escape clears', async ({ page, start, program }) => {
  await program.call('add', { paths: ['Evening.mp4', 'Old tape.avi'].map(clip) });
  await start();
  await page.keyboard.press('/');
  await page.keyboard.type('tape');
  const list = page.getByRole('list', { name: 'Results for “tape”' });
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await page.keyboard.type('xyz');
  await expect(page.getByText('Nothing found')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('list', { name: 'Library' }).getByRole('listitem')).toHaveCount(2);
});
