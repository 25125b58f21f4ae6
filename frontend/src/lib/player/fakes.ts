import { type Engine, type EngineEvents, off } from './engine';
import { Player } from './player.svelte';

/** An engine that does nothing but remember what it was asked. */
class FakeEngine implements Engine {
  calls: string[] = [];
  #text = off;
  constructor(readonly events: EngineEvents) {}
  load(url: string, start: number) {
    this.calls.push(`load ${url} ${start}`);
  }
  choose(id: number) {
    this.calls.push(`choose ${id}`);
  }
  chooseAudio(id: number) {
    this.calls.push(`audio ${id}`);
  }
  chooseText(id: number) {
    this.calls.push(`text ${id}`);
    if (id !== this.#text) this.events.ontext((this.#text = id));
  }
  recover() {
    this.calls.push('recover');
  }
  restart() {
    this.calls.push('restart');
  }
  destroy() {
    this.calls.push('destroy');
  }
}

/** jsdom has no media: what a video element does here is what the test says. */
function fakeVideo() {
  const video = document.createElement('video');
  const state = { paused: true, currentTime: 0, duration: Number.NaN, readyState: 0, seeking: false };
  for (const name of Object.keys(state) as (keyof typeof state)[]) {
    Object.defineProperty(video, name, {
      get: () => state[name],
      set: (value: never) => (state[name] = value),
      configurable: true,
    });
  }
  video.play = () => {
    state.paused = false;
    video.dispatchEvent(new Event('play'));
    return Promise.resolve();
  };
  video.pause = () => {
    state.paused = true;
    video.dispatchEvent(new Event('pause'));
  };
  const tell = (name: string, change: Partial<typeof state> = {}) => {
    Object.assign(state, change);
    video.dispatchEvent(new Event(name));
  };
  return { video, state, tell };
}

/** A player of 100 s, at a video element and engines that the test speaks for. */
export function setUp() {
  const engines: FakeEngine[] = [];
  const media = fakeVideo();
  const player = new Player(media.video, (_, events) => {
    const engine = new FakeEngine(events);
    engines.push(engine);
    return engine;
  });
  player.load('a.m3u8', 12, 100);
  const engine = () => engines.at(-1) as FakeEngine;
  return { player, engines, engine, ...media };
}
