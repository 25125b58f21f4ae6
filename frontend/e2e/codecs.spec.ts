import { clip } from './clips';
import { add, expect, running, test, time } from './program';

// What this Chromium decodes itself reaches it as it is: cut, never converted.
for (const name of ['Web.webm', 'Archive.mkv', 'Modern.mp4']) {
  test(`plays ${name} as it is: seeks, and reaches the end`, async ({ page, start }) => {
    const converted: string[] = [];
    const sent = new Set<string>();
    page.on('request', (request) => {
      const kind = /\/(v|a\/\d+)\/([^/]+)\/[^/]+\/\d+\.m4s$/.exec(request.url());
      if (!kind) return;
      if (kind[2] === 'original') sent.add(kind[1]?.charAt(0) ?? '');
      else converted.push(request.url());
    });
    await start();
    await add(page, clip(name));
    await running(page);
    const length = await page.locator('video').evaluate((v: HTMLVideoElement) => v.duration);
    await page.keyboard.press('6');
    await expect.poll(() => time(page)).toBeGreaterThan(length * 0.6);
    await running(page);
    await page.keyboard.press('2');
    await expect.poll(() => time(page)).toBeLessThan(length * 0.5);
    await running(page);
    await page.keyboard.press('9');
    await expect.poll(() => page.locator('video').evaluate((v: HTMLVideoElement) => v.ended)).toBe(true);
    expect(Math.abs((await time(page)) - length)).toBeLessThan(0.5);
    expect([...sent].sort()).toEqual(['a', 'v']);
    expect(converted).toEqual([]);
  });
}
