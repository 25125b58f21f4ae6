import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

/** A renderer that remembers, and fails at what it is told to. */
const made = vi.hoisted(() => ({ calls: [] as string[], fails: '' }));
vi.mock('assjs', () => ({
  default: class {
    #video: HTMLVideoElement;
    constructor(script: string, video: HTMLVideoElement) {
      this.#video = video;
      if (script === made.fails) throw new Error('no script');
      made.calls.push(`${script} at ${video.currentTime}`);
      for (const name of ['play', 'pause', 'seeking'])
        video.addEventListener(name, () => {
          if (name === made.fails) throw new Error('no event');
          made.calls.push(name);
        });
    }
    destroy() {
      this.#video.removeEventListener('play', () => undefined);
      made.calls.push('destroy');
    }
  },
}));

import { createDrawer } from './script';

describe('what draws scripts', () => {
  const clock = { now: 3, paused: true, rate: 1 };
  const failed = vi.fn();
  const drawer = () =>
    createDrawer(document.createElement('div'), { width: 640, height: 360 }, clock, failed);

  beforeEach(() => {
    made.calls = [];
    made.fails = '';
    clock.paused = true;
  });
  afterEach(() => failed.mockReset());

  test('has one script at a time, and goes on where it runs', () => {
    const draws = drawer();
    draws.show('a');
    draws.seek();
    clock.paused = false;
    draws.show('b');
    draws.show(undefined);
    expect(made.calls).toEqual(['a at 3', 'seeking', 'destroy', 'b at 3', 'play', 'destroy']);
    expect(failed).not.toHaveBeenCalled();
  });

  test('says what it could not draw', () => {
    const draws = drawer();
    made.fails = 'bad';
    draws.show('bad');
    expect(failed).toHaveBeenCalledOnce();
    made.fails = 'seeking';
    draws.show('a');
    draws.seek();
    expect(failed).toHaveBeenCalledTimes(2);
    draws.destroy();
  });
});
