import { execFileSync } from 'node:child_process';
import type { CDPSession, Page } from '@playwright/test';
import { clip } from './clips';
import { putFar } from './far';
import { add, expect, running, test } from './program';

const name = 'Noisy street.mp4';
const framesPerSecond = 12;

/** Pictures that are worth some 6 Mb/s as they are, in groups of two seconds. */
test.beforeAll(() => {
  execFileSync(process.env['DROPSTREAM_FFMPEG'] ?? 'ffmpeg', [
    ...['-v', 'error', '-y', '-f', 'lavfi'],
    ...['-i', `testsrc2=s=1280x720:r=${framesPerSecond}:d=120,noise=alls=40:allf=t`],
    ...['-f', 'lavfi', '-i', 'sine=f=330:d=120'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '24'],
    ...['-b:v', '6M', '-maxrate', '7M', '-bufsize', '6M', '-c:a', 'aac', clip(name)],
  ]);
});

interface Watch {
  /** Of each picture that was seen: its time, how many were shown before it, and how high it was. */
  seen: { mediaTime: number; presented: number; height: number }[];
  /** How long it stood still for want of something to show, in milliseconds, at the longest. */
  longestStall: number;
}

/** Notes every picture that is shown, and every time that none is there. */
async function watch(page: Page): Promise<void> {
  await page.locator('video').evaluate((video: HTMLVideoElement) => {
    const noted: Watch = { seen: [], longestStall: 0 };
    (window as unknown as { noted: Watch }).noted = noted;
    const note = (now: number, { mediaTime, presentedFrames, height }: VideoFrameCallbackMetadata) => {
      noted.seen.push({ mediaTime, presented: presentedFrames, height });
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
    let since = 0;
    video.addEventListener('waiting', () => (since = performance.now()));
    video.addEventListener('playing', () => {
      if (since > 0) noted.longestStall = Math.max(noted.longestStall, performance.now() - since);
      since = 0;
    });
  });
}

const noted = (page: Page) => page.evaluate(() => (window as unknown as { noted: Watch }).noted);

function throttle(link: CDPSession, megabitsPerSecond: number): Promise<unknown> {
  const downloadThroughput = megabitsPerSecond < 0 ? -1 : (megabitsPerSecond * 1e6) / 8;
  return link.send('Network.emulateNetworkConditions', {
    ...{ offline: false, latency: 10, uploadThroughput: -1 },
    downloadThroughput,
  });
}

test('over a link that gets slow and fast again, the quality follows and no picture is lost', async ({
  page,
  program,
}) => {
  test.setTimeout(240_000);
  const far = await putFar(program.url);
  try {
    await page.goto(far.url);
    const link = await page.context().newCDPSession(page);
    await link.send('Network.enable');
    await throttle(link, 1.6);
    await add(page, clip(name));
    await running(page);
    const height = () => page.locator('video').evaluate((v: HTMLVideoElement) => v.videoHeight);
    await expect.poll(height, { message: 'it steps down', timeout: 40_000 }).toBeLessThan(720);
    await watch(page);
    await throttle(link, -1);
    await expect.poll(height, { message: 'it steps up', timeout: 60_000 }).toBe(720);

    // The video says its new size before the picture that has it was noted.
    const heights = async () => new Set((await noted(page)).seen.map((picture) => picture.height)).size;
    await expect.poll(heights, { message: 'several qualities were seen' }).toBeGreaterThan(1);
    const { seen, longestStall } = await noted(page);
    // A browser that is busy does not tell of every picture, but counts those that it showed.
    const steps = seen.slice(1).map((picture, i) => {
      const before = seen[i] ?? picture;
      return {
        at: picture.mediaTime,
        forward: (picture.mediaTime - before.mediaTime) * framesPerSecond,
        shown: picture.presented - before.presented,
      };
    });
    expect(
      steps.filter(({ forward }) => forward < 0.5),
      'time never goes back',
    ).toEqual([]);
    const dropped = await page
      .locator('video')
      .evaluate((v: HTMLVideoElement) => v.getVideoPlaybackQuality().droppedVideoFrames);
    const lost = steps.filter(({ forward, shown }) => forward > shown + 1.5 + dropped);
    expect(lost, 'no gap is longer than a picture').toEqual([]);
    expect(longestStall, 'it never stands still longer than a segment').toBeLessThan(4000);
  } finally {
    far.stop();
  }
});

test('on this computer the original comes first and stays', async ({ page, start }) => {
  await start();
  const link = await page.context().newCDPSession(page);
  await link.send('Network.enable');
  await add(page, clip(name));
  await running(page);
  await throttle(link, 9);
  await page.keyboard.press('3');
  await running(page);
  await page.mouse.move(300, 300); // the controls are there for three seconds
  await page.mouse.move(310, 300);
  await expect(page.getByRole('button', { name: 'Quality' })).toHaveText(/Original.*plays as it is/);
  const heights = new Set<number>();
  for (let i = 0; i < 10; i++) {
    heights.add(await page.locator('video').evaluate((v: HTMLVideoElement) => v.videoHeight));
    await page.waitForTimeout(500);
  }
  expect([...heights]).toEqual([720]);
});
