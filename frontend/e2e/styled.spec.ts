import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Page, TestInfo } from '@playwright/test';
import { add, expect, running, test } from './program';

const ffmpeg = process.env['DROPSTREAM_FFMPEG'] ?? 'ffmpeg';

/** A clip of 40 s with a script of these events, on a plane of 640x360. */
function styledClip(info: TestInfo, name: string, events: string[]): string {
  const script = info.outputPath('script.ass');
  const file = info.outputPath(name);
  const style = (name: string, alignment: number) =>
    `Style: ${name},x";background:url(http://127.0.0.1:9/f),30,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,` +
    `0,0,0,0,100,100,0,0,1,2,0,${alignment},10,10,10,1`;
  writeFileSync(
    script,
    [
      '[Script Info]',
      'ScriptType: v4.00+',
      'PlayResX: 640',
      'PlayResY: 360',
      'Title: <img src=x onerror=alert(1)>',
      '[V4+ Styles]',
      'Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, ' +
        'Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, ' +
        'MarginR, MarginV, Encoding',
      style('Default', 2),
      style('Top', 8),
      '[Events]',
      'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
      ...events.map((event) => `Dialogue: 0,${event}`),
      '',
    ].join('\n'),
  );
  const picture = ['-f', 'lavfi', '-i', 'color=c=0x204060:s=640x360:r=25:d=40'];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50'];
  execFileSync(ffmpeg, ['-v', 'error', '-y', ...picture, '-i', script, ...video, '-c:s', 'copy', file]);
  return file;
}

const line = (page: Page, text: string) => page.locator('.ASS-dialogue', { hasText: text });

/** Stands still at a time. */
async function goTo(page: Page, seconds: number): Promise<void> {
  await page.locator('video').evaluate((video: HTMLVideoElement, seconds) => {
    video.pause();
    video.currentTime = seconds;
  }, seconds);
  await expect
    .poll(() => page.locator('video').evaluate((video: HTMLVideoElement) => video.seeking))
    .toBe(false);
}

/** How far the middle of a line lies from a place on the plane, in its units. */
async function offset(page: Page, text: string, x: number, y: number): Promise<{ x: number; y: number }> {
  const box = await line(page, text).boundingBox();
  const frame = await page.locator('video').boundingBox();
  if (!box || !frame) return { x: Infinity, y: Infinity };
  const scale = Math.min(frame.width / 640, frame.height / 360);
  const at = (start: number, size: number, room: number, wide: number, place: number) =>
    (start + size / 2 - room - wide / 2) / scale - place;
  return {
    x: Math.abs(at(box.x, box.width, frame.x, frame.width - 640 * scale, x)),
    y: Math.abs(at(box.y, box.height, frame.y, frame.height - 360 * scale, y)),
  };
}

test('styled subtitles are drawn where they belong, while they last', async ({ page, start }, info) => {
  const file = styledClip(info, 'Styled.mkv', [
    '0:00:02.00,0:00:05.00,Default,,0,0,0,,{\\an5\\pos(160,90)\\c&H00FFFF&}Placed',
    '0:00:03.00,0:00:06.00,Top,,0,0,0,,Above',
    '0:00:03.00,0:00:06.00,Default,,0,0,0,,Below',
    '0:00:28.00,0:00:33.00,Default,,0,0,0,,{\\an5\\pos(480,270)}Across',
    '0:00:35.00,0:00:39.00,Default,,0,0,0,,{\\an5\\move(100,180,500,180,0,4000)}Moving',
  ]);
  await start();
  await add(page, file);
  await running(page);
  await page.keyboard.press('c');
  await goTo(page, 3.5);
  await expect(line(page, 'Placed')).toBeVisible();
  const near = await offset(page, 'Placed', 160, 90);
  expect(near.x).toBeLessThan(2);
  expect(near.y).toBeLessThan(4);
  await expect(line(page, 'Placed').locator('[data-text]')).toHaveCSS('color', 'rgb(255, 255, 0)');
  expect((await line(page, 'Above').boundingBox())?.y).toBeLessThan(120);
  const below = await line(page, 'Below').boundingBox();
  const slider = await page.getByRole('slider', { name: 'Timeline' }).boundingBox();
  expect((below?.y ?? 0) + (below?.height ?? 0), 'the controls do not cover it').toBeLessThan(slider?.y ?? 0);
  await page.screenshot({ path: info.outputPath('styled.png') });
  const shown = (page: Page) =>
    page
      .locator('video')
      .evaluate((video: HTMLVideoElement) => [...video.textTracks].some(({ mode }) => mode === 'showing'));
  expect(await shown(page), 'it is not shown twice').toBe(false);

  // It goes on from here, and ends by itself.
  await page.locator('video').evaluate((video: HTMLVideoElement) => void video.play());
  await expect(line(page, 'Placed')).toHaveCount(0);
  await expect(line(page, 'Above')).toHaveCount(0);

  await goTo(page, 31);
  await expect(line(page, 'Across')).toHaveCount(1);
  expect((await offset(page, 'Across', 480, 270)).x).toBeLessThan(2);
  await goTo(page, 29);
  await expect(line(page, 'Across')).toHaveCount(1);
  await goTo(page, 36);
  await expect(line(page, 'Moving')).toHaveCount(1);
  await expect.poll(async () => (await offset(page, 'Moving', 200, 180)).x).toBeLessThan(3);
  await page.setViewportSize({ width: 800, height: 700 });
  await expect.poll(async () => (await offset(page, 'Moving', 200, 180)).x).toBeLessThan(3);

  await page.keyboard.press('c');
  await expect(page.locator('.ASS-dialogue')).toHaveCount(0);
  await goTo(page, 3.5);
  await page.keyboard.press('c');
  await expect(line(page, 'Placed')).toBeVisible();
});

test('what a script says is text, whatever it says', async ({ page, start }, info) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('dialog', (dialog) => {
    asked.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const evil = 'http://127.0.0.1:9/evil';
  const file = styledClip(info, 'Hostile.mkv', [
    `0:00:00.00,0:00:09.00,Default,,0,0,0,,{\\pos(100,100)}<img src=${evil} onerror=alert(1)>Hostile<script>alert(2)</script>`,
    `0:00:00.00,0:00:09.00,Top,,0,0,0,,{\\fnx";background:url(${evil});\\c&H00FF00&}Font`,
    `0:00:00.00,0:00:09.00,Top,,0,0,0,,{\\clip(1,m 0 0 l 9 9");background:url(${evil})\\pos(url(${evil}),2)}Clip`,
    `0:00:00.00,0:00:09.00,Default,,0,0,0,,{\\p1}m 0 0 l 50 0 50 50"/><image href="${evil}"/>{\\p0}`,
    `0:00:00.00,0:00:09.00,Default,,0,0,0,Banner;url(${evil}),{\\t(0,1,\\c&H1&);x:url(${evil})\\frz9e9}Turn`,
    `0:00:00.00,0:00:09.00,__proto__,,0,0,0,,{\\r__proto__\\fs999999\\bord1e9\\blur99999}Big`,
  ]);
  await start();
  await add(page, file);
  await running(page);
  await page.keyboard.press('c');
  await goTo(page, 4);
  await expect(line(page, 'Hostile')).toContainText('<script>alert(2)</script>');
  await expect(line(page, 'Big')).toHaveCount(1);
  const found = await page.locator('.stage').evaluate((stage) => {
    const all = [...stage.querySelectorAll('*')];
    const styles = all.map((element) => element.getAttribute('style') ?? '').join(' ');
    return {
      elements: [...new Set(all.map(({ localName }) => localName))].filter((name) =>
        ['img', 'image', 'script', 'iframe', 'a', 'style', 'link', 'foreignObject'].includes(name),
      ),
      handlers: all.filter((element) => [...element.attributes].some(({ name }) => name.startsWith('on')))
        .length,
      // Filters of its own are the only addresses there are.
      urls: [...styles.matchAll(/url\(([^)]*)\)/g)]
        .map(([, to]) => to)
        .filter((to) => !/^"?#ASS-/.test(to ?? '')),
      evil: styles.includes('evil'),
    };
  });
  expect(found).toEqual({ elements: [], handlers: 0, urls: [], evil: false });
  expect(asked.filter((url) => url.includes('127.0.0.1:9') || url.startsWith('a dialog'))).toEqual([]);
  await page.screenshot({ path: info.outputPath('hostile.png') });
});

test('a script that cannot be drawn is shown as text', async ({ page, start }, info) => {
  const file = styledClip(info, 'Plain.mkv', [
    '0:00:01.00,0:00:20.00,Default,,0,0,0,,{\\an5\\pos(160,90)}Placed',
  ]);
  // The renderer fails at what it needs first.
  await page.addInitScript(() => {
    globalThis.ResizeObserver = class extends ResizeObserver {
      override observe(element: Element, options?: ResizeObserverOptions): void {
        if (element.parentElement?.classList.contains('stage')) throw new Error('not here');
        super.observe(element, options);
      }
    };
  });
  await start();
  await add(page, file);
  await running(page);
  await page.keyboard.press('c');
  const cue = () =>
    page
      .locator('video')
      .evaluate((video: HTMLVideoElement) =>
        [...video.textTracks]
          .filter(({ mode }) => mode === 'showing')
          .flatMap(({ activeCues }) => [...(activeCues ?? [])].map((cue) => (cue as VTTCue).text)),
      );
  await expect.poll(cue).toEqual(['Placed']);
  await expect(page.locator('.ASS-dialogue')).toHaveCount(0);
});
