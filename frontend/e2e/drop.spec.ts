import type { Page } from '@playwright/test';
import { clip } from './clips';
import { add, expect, player, running, test } from './program';

/** Sends one event of a drag of files over the page. Says whether the page refused what the browser would do. */
function drag(
  page: Page,
  type: string,
  files: string[] = ['evening.mp4'],
  more: { clientX?: number; clientY?: number } = {},
): Promise<boolean> {
  return page.evaluate(
    ([name, names, init]) => {
      const dataTransfer = new DataTransfer();
      for (const each of names) dataTransfer.items.add(new File(['x'], each));
      const event = new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer, ...init });
      return !document.body.dispatchEvent(event);
    },
    [type, files, more] as const,
  );
}

const overlay = (page: Page) => page.getByTestId('drop-overlay');

test('a drag is welcomed, and a drop does not replace the page', async ({ page, start }) => {
  await start();
  await drag(page, 'dragenter', ['a.mp4', 'b.mp4', 'c.mp4']);
  await expect(overlay(page)).toContainText('Drop 3 files');
  expect(await drag(page, 'dragover')).toBe(true);
  expect(await drag(page, 'drop')).toBe(true);
  await expect(overlay(page)).toBeHidden();
  await expect(page.getByRole('dialog', { name: 'Where is the video?' })).toContainText('doesn’t tell');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'Drop a video' })).toBeVisible();
});

test('a cancelled drag leaves nothing behind', async ({ page, start }) => {
  await start();
  await drag(page, 'dragenter');
  await expect(overlay(page)).toBeVisible();
  await drag(page, 'dragleave', ['a.mp4'], { clientX: 0, clientY: 300 });
  await expect(overlay(page)).toBeHidden();

  await drag(page, 'dragenter');
  await drag(page, 'dragover');
  await expect(overlay(page)).toBeVisible();
  // Nothing says that it went away.
  await expect(overlay(page)).toBeHidden({ timeout: 4000 });
  await page.getByRole('button', { name: 'Settings' }).click();
  await expect(page.getByRole('dialog', { name: 'Settings' })).toBeVisible();
});

test('a drop that carries paths plays at once', async ({ page, start }) => {
  await start();
  // A page that nobody has touched may not play sound.
  await page.mouse.click(600, 650);
  await page.evaluate((path) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData('text/uri-list', `file://${encodeURI(path)}\r\n`);
    dispatchEvent(new DragEvent('drop', { cancelable: true, dataTransfer }));
  }, clip('No sound.mp4'));
  await expect(player(page)).toBeVisible();
  await running(page);
});

test('a pasted path plays, other text is refused in words', async ({ page, start, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await start();
  const paste = async (text: string) => {
    await page.evaluate((each) => navigator.clipboard.writeText(each), text);
    await page.keyboard.press('Control+v');
  };
  await paste('see you at eight');
  await expect(page.getByText('holds no path to a file')).toBeVisible();
  await paste(`"${clip('100 %s "quoted" ü 🎬.mkv')}"`);
  await expect(page.getByRole('dialog', { name: 'Player: 100 %s "quoted" ü 🎬' })).toBeVisible();
  await running(page);
});

test('what is no video is refused beside the place, by what it is', async ({ page, start }) => {
  await start();
  await add(page, clip('holiday.mp4'));
  const notice = page.getByRole('log').getByRole('listitem');
  await expect(notice).toContainText('holiday.mp4');
  await expect(notice).toContainText(/zip/i);
  await expect(player(page)).toBeHidden();
  await notice.getByRole('button', { name: 'Dismiss' }).click();
  await expect(notice).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'Drop a video' })).toBeVisible();
});

test('a path that is none is said before it is sent', async ({ page, start }) => {
  await start();
  await add(page, 'evening.mkv');
  await expect(page.getByText('doesn’t look like a path')).toBeVisible();
});

test('a removal can be taken back, and is one when it is not', async ({ page, start, program }) => {
  await program.call('add', { paths: [clip('No sound.mp4'), clip('Evening.mp4')] });
  const total = async () => (await program.call<{ total: number }>('items')).total;
  await start();
  const list = page.getByRole('list', { name: 'Library' }).getByRole('listitem');
  const remove = page.getByRole('button', { name: 'Remove Evening from the library' });
  await remove.focus();
  await remove.press('Enter');
  await expect(list).toHaveCount(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(list).toHaveCount(2);
  expect(await total()).toBe(2);

  await remove.focus();
  await remove.press('Enter');
  // The first notice may still be on its way out.
  await page.getByRole('log').getByRole('button', { name: 'Dismiss' }).last().click();
  await expect.poll(total).toBe(1);
  await expect(list).toHaveCount(1);
});

test('a page that goes away carries out what was removed', async ({ page, start, program }) => {
  await program.call('add', { paths: [clip('No sound.mp4')] });
  await start();
  await page.getByRole('button', { name: 'Remove No sound from the library' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Drop a video' })).toBeVisible();
  await page.goto('about:blank');
  await expect.poll(async () => (await program.call<{ total: number }>('items')).total).toBe(0);
});

test('what others add appears by itself', async ({ page, start, program }) => {
  await start();
  await program.call('add', { paths: [clip('No sound.mp4')] });
  await expect(page.getByRole('button', { name: 'No sound', exact: true })).toBeVisible();
});
