import { findings, settled } from './axe';
import { clip } from './clips';
import { add, expect, running, test } from './program';

test.use({ bypassCSP: true, contextOptions: { reducedMotion: 'reduce' } });

for (const colorScheme of ['dark', 'light'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('nothing is in the way on the first screens', async ({ page, start }) => {
      await start();
      await expect(page.getByRole('heading', { name: 'Drop a video' })).toBeVisible();
      await settled(page);
      expect.soft(await findings(page), 'empty').toEqual([]);

      await page.getByRole('button', { name: 'Settings' }).click();
      await expect(page.getByText('Data folder')).toBeVisible();
      await settled(page);
      expect.soft(await findings(page), 'settings').toEqual([]);
      await page.keyboard.press('Escape');

      await page.getByRole('button', { name: 'Enter a path' }).click();
      await settled(page);
      expect.soft(await findings(page), 'path').toEqual([]);
      await page.keyboard.press('Escape');

      await add(page, clip('holiday.mp4'));
      await expect(page.getByRole('log').getByRole('listitem')).toBeVisible();
      await settled(page);
      expect.soft(await findings(page), 'refused').toEqual([]);
    });

    test('nothing is in the way in the library and the player', async ({ page, start, program }) => {
      await program.call('add', { paths: [clip('Evening.mp4'), clip('Only sound.m4a')] });
      await start();
      await expect(page.getByRole('list', { name: 'Library' }).getByRole('listitem')).toHaveCount(2);
      await settled(page);
      expect.soft(await findings(page), 'library').toEqual([]);

      await page.getByRole('searchbox').fill('nothing like it');
      await expect(page.getByText('Nothing found')).toBeVisible();
      expect.soft(await findings(page), 'nothing found').toEqual([]);
      await page.getByRole('searchbox').fill('');

      await page.getByRole('button', { name: 'Evening', exact: true }).first().click();
      await running(page);
      await page.keyboard.press('k');
      await page.getByRole('button', { name: 'Quality' }).click();
      await settled(page);
      expect.soft(await findings(page), 'player').toEqual([]);
    });
  });
}
