import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findCapabilities } from './capabilities';
import type { Proof } from './prove';

const hevc = 'video/mp4; codecs="hvc1.1.6.L120.B0"';
const hevc10 = 'video/mp4; codecs="hvc1.2.4.L153.B0"';
const aac = 'audio/mp4; codecs="mp4a.40.2"';
const vp9 = 'video/mp4; codecs="vp09.00.40.08"';

let shown: Record<string, { width: number; height: number }>;

vi.mock('./prove', () => ({ prove: (proof: Proof) => Promise.resolve(shown[proof.type]) }));

beforeEach(() => {
  shown = { 'video/mp4; codecs="avc1.42c00a"': { width: 32, height: 64 } };
});
afterEach(() => vi.useRealTimers());

const yes = { supported: true, smooth: true, powerEfficient: false };

/** A player: which types it takes, and what its capabilities answer. */
function player(
  takes: (type: string) => boolean,
  decodingInfo?: (asked: MediaDecodingConfiguration) => Promise<typeof yes>,
  bright = false,
) {
  return {
    MediaSource: { isTypeSupported: takes },
    navigator: decodingInfo ? { mediaCapabilities: { decodingInfo } } : {},
    matchMedia: () => ({ matches: bright }),
  };
}

describe('findCapabilities', () => {
  test('nothing can be done without Media Source Extensions', async () => {
    shown = {};
    const found = await findCapabilities({});
    expect(Object.values(found).filter(Boolean)).toEqual([]);
  });

  test('a managed source is asked where there is no other', async () => {
    const found = await findCapabilities({ ManagedMediaSource: { isTypeSupported: () => true } });
    expect(found).toMatchObject({ [vp9]: true, [aac]: true });
  });

  test('both have to agree, and smooth and efficient are noted', async () => {
    const decodingInfo = ({ video, audio }: MediaDecodingConfiguration) =>
      Promise.resolve({ ...yes, supported: (video ?? audio)?.contentType === vp9 });
    const found = await findCapabilities(player(() => true, decodingInfo));
    expect(found).toMatchObject({
      [vp9]: true,
      [`${vp9}; smooth`]: true,
      [`${vp9}; efficient`]: false,
      [aac]: false,
      [`${aac}; smooth`]: false,
    });
  });

  test('what a source does not take is not asked further', async () => {
    const decodingInfo = vi.fn(() => Promise.resolve(yes));
    const found = await findCapabilities(player(() => false, decodingInfo));
    expect(decodingInfo).not.toHaveBeenCalled();
    expect(found[vp9]).toBe(false);
  });

  test('six channels are asked of capabilities, and believed of nothing else', async () => {
    const asked: unknown[] = [];
    const decodingInfo = (what: MediaDecodingConfiguration) => {
      if (what.audio?.contentType === aac) asked.push(what.audio.channels);
      return Promise.resolve({ ...yes, supported: what.audio?.channels !== '6' });
    };
    const name = `${aac}; channels=6`;
    expect((await findCapabilities(player(() => true, decodingInfo)))[name]).toBe(false);
    expect(asked).toEqual(['2', '6']);
    expect((await findCapabilities(player(() => true)))[name]).toBe(false);
  });

  test('HEVC is believed where a picture of it was shown', async () => {
    shown[hevc] = { width: 64, height: 32 };
    const found = await findCapabilities(
      player(
        () => true,
        () => Promise.resolve(yes),
      ),
    );
    expect(found).toMatchObject({ [hevc]: true, [hevc10]: false, [`${hevc10}; smooth`]: false });
  });

  test.each([
    ['a player that throws', () => Promise.reject(new TypeError('channels'))],
    ['a player that never answers', () => new Promise<typeof yes>(() => undefined)],
  ])('%s says no', async (_, decodingInfo) => {
    vi.useFakeTimers();
    const asked = findCapabilities(player(() => true, decodingInfo));
    await vi.advanceTimersByTimeAsync(1000);
    expect((await asked)[vp9]).toBe(false);
  });

  test.each([
    ['turned', 32, 64, true],
    ['left lying', 64, 32, false],
  ])('a picture that is %s', async (_, width, height, upright) => {
    shown = { 'video/mp4; codecs="avc1.42c00a"': { width, height } };
    expect((await findCapabilities(player(() => true)))['upright']).toBe(upright);
  });

  test.each([
    ['a plain screen', false, true, false],
    ['a bright screen without a decoder', true, false, false],
    ['a bright screen with a decoder', true, true, true],
  ])('%s', async (_, bright, decodes, hdr) => {
    const decodingInfo = ({ video }: MediaDecodingConfiguration) =>
      Promise.resolve({ ...yes, supported: video?.transferFunction === 'pq' && decodes });
    expect((await findCapabilities(player(() => true, decodingInfo, bright)))['hdr']).toBe(hdr);
  });
});
