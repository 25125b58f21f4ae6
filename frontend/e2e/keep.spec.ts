import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { findings, settled } from './axe';
import { clip } from './clips';
import { expect, player, running, test } from './program';

interface Kept {
  kept: boolean;
  state: string;
}

test('a copy is kept, which can be given up and taken back', async ({ page, start, program }) => {
  const { added } = await program.call<{ added: { item: { id: string } }[] }>('add', {
    paths: [clip('No sound.mp4')],
  });
  const id = added[0]?.item.id ?? '';
  const item = () => program.call<Kept>('item', { id });
  await start();
  const card = page.getByRole('list', { name: 'Library' }).getByRole('listitem');
  await card.getByRole('button', { name: 'Keep a copy of No sound' }).click();
  const stop = card.getByRole('button', { name: 'Stop keeping No sound' });
  await expect(stop).toBeAttached();
  expect((await item()).kept).toBe(true);
  await expect(card.getByText('in library')).toBeVisible({ timeout: 60_000 });

  await stop.focus();
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await item()).kept).toBe(false);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(async () => (await item()).kept).toBe(true);

  await card.getByRole('button', { name: 'No sound', exact: true }).click();
  await running(page);
  await page.keyboard.press('k');
  await player(page).getByRole('button', { name: 'Stop keeping' }).click();
  await expect(player(page).getByRole('button', { name: 'Keep a copy' })).toBeVisible();
  await expect.poll(async () => (await item()).kept).toBe(false);
});

test.describe('an original that was moved', () => {
  test.use({ bypassCSP: true, contextOptions: { reducedMotion: 'reduce' } });

  test('is said to be missing, and found again by its place', async ({ page, start, program }) => {
    const before = clip('Moved.mp4');
    const after = clip('elsewhere/Moved.mp4');
    mkdirSync(clip('elsewhere'), { recursive: true });
    copyFileSync(clip('Evening.mp4'), before);
    await program.call('add', { paths: [before] });
    renameSync(before, after);
    await start();
    await page.getByRole('button', { name: 'Moved', exact: true }).click();
    await expect(player(page).getByRole('alert')).toBeVisible();
    await player(page).getByRole('button', { name: 'Back' }).last().click();
    const card = page.getByRole('list', { name: 'Library' }).getByRole('listitem');
    await expect(card.getByText('original is missing')).toBeVisible();
    await settled(page);
    expect.soft(await findings(page), 'a card whose original is missing').toEqual([]);

    await card.getByRole('button', { name: 'Locate the original of Moved' }).click();
    const panel = page.getByRole('dialog', { name: 'Where is Moved?' });
    await expect(panel).toContainText(before);
    await settled(page);
    expect.soft(await findings(page), 'the panel').toEqual([]);
    const look = async (path: string) => {
      await panel.getByLabel('Path').fill(path);
      await page.keyboard.press('Enter');
    };
    await look('over there');
    await expect(panel.getByRole('status')).toContainText('doesn’t look like a path');
    await look(clip('No sound.mp4'));
    await expect(panel.getByRole('status')).not.toContainText(/Looking|Only the very same/);
    await expect(panel.getByLabel('Path')).toHaveAttribute('aria-invalid', 'true');
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Moved', exact: true }).click();
    await player(page).getByRole('button', { name: 'Locate…' }).click();
    await look(clip('elsewhere'));
    await expect(page.getByText('was found')).toBeVisible();
    await expect(player(page)).toBeVisible();
    await running(page);
  });
});
