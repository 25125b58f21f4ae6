import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { setUp } from './fakes';

describe('a hand on the timeline', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function hold() {
    const all = setUp();
    Object.assign(all.state, { currentTime: 12, duration: 100 });
    all.tell('loadeddata', { readyState: 2 });
    const sought: number[] = [];
    Object.defineProperty(all.video, 'currentTime', {
      get: () => all.state.currentTime,
      set: (seconds: number) => sought.push((all.state.currentTime = seconds)),
    });
    return { ...all, sought };
  }

  test('is followed a few times a second, to where it is and not where it was', () => {
    const { player, sought } = hold();
    for (let ms = 0; ms < 1000; ms += 20) {
      player.scrub(ms / 20);
      vi.advanceTimersByTime(20);
    }
    expect(sought).toEqual([0, 12, 24, 37, 49]);
    vi.advanceTimersByTime(1000);
    expect(sought).toHaveLength(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('holds it, which is not a pause; where it lets go it plays on', () => {
    const { player, state, sought } = hold();
    player.scrub(40);
    player.scrub(41);
    expect([state.paused, player.paused, player.scrubbing]).toEqual([true, false, true]);
    player.endScrub(41.5);
    expect([state.paused, player.paused, player.scrubbing, sought.at(-1)]).toEqual([
      false,
      false,
      false,
      41.5,
    ]);
    vi.advanceTimersByTime(1000);
    expect(sought).toEqual([40, 41.5]);
  });

  test('leaves paused what was paused, and does not ask twice for where it is', () => {
    const { player, state, sought } = hold();
    player.pause();
    player.scrub(40);
    player.endScrub(40);
    expect([state.paused, player.paused, sought]).toEqual([true, true, [40]]);
  });

  test('goes back when it is interrupted', () => {
    const { player, sought } = hold();
    player.scrub(40);
    player.endScrub();
    player.endScrub();
    expect(sought).toEqual([40, 12]);
  });
});
