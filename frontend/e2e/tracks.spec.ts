import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { findings, settled } from './axe';
import { clip } from './clips';
import { add, expect, running, test } from './program';

const name = 'Two tongues.mkv';
const seconds = 20;

function ffmpeg(...args: string[]): void {
  execFileSync(process.env['DROPSTREAM_FFMPEG'] ?? 'ffmpeg', ['-v', 'error', '-y', ...args]);
}

/** 330 Hz under the English sound, 990 Hz under the German one: which of them is heard can be measured. */
test.beforeAll(() => {
  const cues = (word: string) =>
    Array.from({ length: seconds / 2 }, (_, i) => {
      const at = (n: number) => `00:00:${String(n).padStart(2, '0')},000`;
      return `${i + 1}\n${at(2 * i)} --> ${at(2 * i + 2)}\n${word} <i>${i}</i>\nsecond line\n`;
    }).join('\n');
  writeFileSync(clip('en.srt'), cues('Hello'));
  writeFileSync(clip('de.srt'), cues('Hallo'));
  const input = (source: string) => ['-f', 'lavfi', '-i', source];
  ffmpeg(
    ...input(`testsrc2=s=640x360:r=25:d=${seconds}`),
    ...[...input(`sine=f=330:d=${seconds}`), ...input(`sine=f=990:d=${seconds}`)],
    ...['-i', clip('en.srt'), '-i', clip('de.srt')],
    ...[0, 1, 2, 3, 4].flatMap((n) => ['-map', String(n)]),
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50'],
    ...['-c:a', 'aac', '-c:s', 'srt'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ger'],
    ...['-metadata:s:s:0', 'language=eng', '-disposition:s:0', 'default'],
    ...['-metadata:s:s:1', 'language=ger', '-metadata:s:s:1', 'title=<b>Für alle</b>'],
    clip(name),
  );
});

/** What is written over the picture now. */
function shown(page: Page): Promise<string> {
  return page.locator('video').evaluate((video: HTMLVideoElement) =>
    [...video.textTracks]
      .filter(({ mode }) => mode === 'showing')
      .flatMap(({ activeCues }) => [...(activeCues ?? [])] as VTTCue[])
      .map(({ text }) => text)
      .join('\n'),
  );
}

/** Listens in: what is loudest of what is heard, in hertz, to some 12. */
function pitch(page: Page): Promise<number> {
  return page.locator('video').evaluate((video: HTMLVideoElement) => {
    const scope = window as unknown as { ear?: AnalyserNode };
    if (!scope.ear) {
      const context = new AudioContext();
      scope.ear = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
      context.createMediaElementSource(video).connect(scope.ear).connect(context.destination);
    }
    const bins = new Float32Array(scope.ear.frequencyBinCount);
    scope.ear.getFloatFrequencyData(bins);
    const loudest = bins.indexOf(Math.max(...bins));
    return (loudest * scope.ear.context.sampleRate) / scope.ear.fftSize;
  });
}

async function choose(page: Page, menu: string, choice: string): Promise<void> {
  await page.getByRole('button', { name: menu }).click();
  await page.getByRole('menuitemradio', { name: choice }).click();
}

test('sound and subtitles are chosen, by key and by menu', async ({ page, start }) => {
  await start();
  await add(page, clip(name));
  await running(page);
  const subtitles = page.getByRole('button', { name: 'Subtitles' });
  await expect(subtitles).toHaveText(/Off/);
  expect(await shown(page), 'nobody asked for the default ones').toBe('');

  await page.keyboard.press('c');
  await expect.poll(() => shown(page)).toMatch(/^Hello/);
  await expect(subtitles).toHaveText(/English/);
  await page.keyboard.press('c');
  await expect.poll(() => shown(page)).toBe('');

  await choose(page, 'Subtitles', '<b>Für alle</b>');
  await expect.poll(() => shown(page)).toMatch(/^Hallo/);
  await choose(page, 'Subtitles', 'Off');
  await expect(subtitles).toHaveText(/Off/);
  await page.keyboard.press('c');
  await expect.poll(() => shown(page), 'those of the last time').toMatch(/^Hallo/);

  await page.keyboard.press('0');
  await expect.poll(() => pitch(page)).toBeCloseTo(330, -2);
  await page.getByRole('button', { name: 'Audio' }).click();
  await expect(page.getByRole('menuitemradio', { name: 'English' })).toHaveText(/mono · as it is · usual/);
  await page.keyboard.press('Escape');
  await choose(page, 'Audio', 'German');
  await page.keyboard.press('0');
  await expect.poll(async () => Math.abs((await pitch(page)) - 990)).toBeLessThan(30);
  await expect(page.getByRole('button', { name: 'Audio' })).toHaveText(/German/);
  await expect.poll(() => shown(page), 'the subtitles stay as they were').toMatch(/^Hallo/);
  await running(page);
});

test('a webview that turns subtitles on by itself is put right', async ({ page, start }) => {
  await start();
  await add(page, clip(name));
  await running(page);
  await expect(page.getByRole('button', { name: 'Subtitles' })).toHaveText(/Off/);
  const modes = (set?: TextTrackMode) =>
    page.locator('video').evaluate((video: HTMLVideoElement, mode) => {
      const tracks = [...video.textTracks];
      if (mode && tracks[0]) tracks[0].mode = mode;
      return tracks.map((track) => track.mode);
    }, set);
  expect(await modes('showing')).toContain('showing');
  await expect.poll(() => modes()).not.toContain('showing');
  await expect(page.getByRole('button', { name: 'Subtitles' })).toHaveText(/Off/);
});

test('forced subtitles go with the sound of their language', async ({ page, start }) => {
  const forced = clip('Two tongues, forced.mkv');
  ffmpeg('-i', clip(name), '-map', '0', '-c', 'copy', '-disposition:s:1', 'forced', forced);
  await start();
  await add(page, forced);
  await running(page);
  expect(await shown(page)).toBe('');
  await choose(page, 'Audio', 'German');
  await expect.poll(() => shown(page)).toMatch(/^Hallo/);
  await choose(page, 'Audio', 'English');
  await expect.poll(() => shown(page)).toBe('');
});

test.describe('to those who use it otherwise', () => {
  test.use({ bypassCSP: true, contextOptions: { reducedMotion: 'reduce' } });

  test('nothing is in the way in the menus', async ({ page, start }) => {
    await start();
    await add(page, clip(name));
    await running(page);
    await page.keyboard.press('k');
    for (const menu of ['Audio', 'Subtitles']) {
      await page.getByRole('button', { name: menu }).click();
      await settled(page);
      expect.soft(await findings(page), menu).toEqual([]);
      await page.keyboard.press('Escape');
    }
  });
});
