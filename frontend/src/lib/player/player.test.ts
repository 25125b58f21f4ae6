import { beforeEach, describe, expect, test } from 'vitest';
import { auto, type FailureKind, off, type Track } from './engine';
import { setUp } from './fakes';

beforeEach(() => localStorage.clear());

describe('loading', () => {
  test('starts at the place that was asked for, and knows its length before the element does', () => {
    const { player, engine } = setUp();
    expect(engine().calls).toEqual(['load a.m3u8 12']);
    expect([player.currentTime, player.duration, player.started, player.waiting]).toEqual([
      12,
      100,
      false,
      true,
    ]);
  });

  test('does not believe the clock before the first picture', () => {
    const { player, tell } = setUp();
    tell('timeupdate', { currentTime: 0 });
    expect(player.currentTime).toBe(12);
    tell('loadeddata', { readyState: 2 });
    tell('timeupdate', { currentTime: 12.5 });
    expect([player.currentTime, player.started]).toEqual([12.5, true]);
  });

  test('an engine that was left behind is not heard', () => {
    const { player, engines } = setUp();
    player.load('b.m3u8', 0, 50);
    expect(engines[0]?.calls.at(-1)).toBe('destroy');
    engines[0]?.events.onqualities([{ id: 0, rendition: 'original', height: 1080, frameRate: 25 }]);
    engines[0]?.events.onfailure('network');
    expect([player.qualities, player.failure]).toEqual([[], undefined]);
  });
});

describe('requests', () => {
  test('state waits for the element', () => {
    const { player, state, tell } = setUp();
    player.pause();
    expect(player.paused).toBe(true);
    tell('loadeddata', { readyState: 2 });
    player.seek(40);
    expect([state.currentTime, player.currentTime]).toEqual([40, 12]);
    tell('seeked');
    expect(player.currentTime).toBe(40);
  });

  test.each([
    [-5, 0],
    [1e9, 100],
    [30, 30],
  ])('a seek to %d goes to %d', (to, want) => {
    const { player, state } = setUp();
    player.seek(to);
    expect(state.currentTime).toBe(want);
  });

  test('a seek back from the end plays on', () => {
    const { player, video, state } = setUp();
    Object.defineProperty(video, 'ended', { get: () => state.currentTime === 100, configurable: true });
    Object.assign(state, { currentTime: 100, paused: true });
    player.seek(20);
    expect([state.currentTime, state.paused]).toEqual([20, false]);
  });

  test('a seek to nowhere is none', () => {
    const { player, state } = setUp();
    state.currentTime = 7;
    player.seek(Number.NaN);
    expect(state.currentTime).toBe(7);
  });

  test('a step is one picture long, and pauses', () => {
    const { player, engine, state } = setUp();
    engine().events.onqualities([{ id: 0, rendition: 'original', height: 1080, frameRate: 50 }]);
    engine().events.onquality(0);
    state.currentTime = 10;
    player.step(1);
    expect(state.currentTime).toBeCloseTo(10.02);
    expect(player.paused).toBe(true);
  });

  test('the volume stays between nothing and all, and is kept', () => {
    const { player, video } = setUp();
    player.setVolume(1);
    player.changeVolume(-0.05);
    player.changeVolume(-0.05); // before the element has told of the first
    expect(video.volume).toBeCloseTo(0.9);
    player.setVolume(3);
    expect(video.volume).toBe(1);
    player.setVolume(-1);
    expect([video.volume, video.muted]).toEqual([0, true]);
    video.dispatchEvent(new Event('volumechange'));
    player.toggleMuted();
    expect([video.volume, video.muted]).toEqual([0.5, false]);
    video.dispatchEvent(new Event('volumechange'));
    expect(setUp().player.volume).toBe(0.5);
  });

  test('a quality is asked of the engine', () => {
    const { player, engine } = setUp();
    expect(player.chosen).toBe(auto);
    player.choose(1);
    expect([player.chosen, engine().calls.at(-1)]).toEqual([1, 'choose 1']);
  });
});

describe('sound and subtitles', () => {
  const track = (id: number, language: string, forced = false): Track => ({
    id,
    name: language,
    language,
    forced,
    default: false,
    channels: 2,
    number: id + 1,
    rendition: 'original',
  });
  const audios = [track(0, 'eng'), track(1, 'de-DE')];
  const texts = [track(0, 'de', true), track(1, 'en'), track(2, 'de')];

  function tracks(given = texts) {
    const all = setUp();
    const { events } = all.engine();
    events.onaudios(audios);
    events.ontexts(given);
    events.onaudio(0);
    return { ...all, events };
  }

  test('nothing is written over a video that opens', () => {
    const { player, engine } = tracks();
    expect([player.audio, player.text]).toEqual([0, off]);
    expect(engine().calls.filter((call) => call.startsWith('text'))).toEqual([]);
  });

  test('a sound is asked of the engine', () => {
    const { player, engine } = tracks();
    player.chooseAudio(1);
    expect([player.audio, engine().calls.at(-1)]).toEqual([1, 'audio 1']);
  });

  test('forced subtitles go with the sound of their language', () => {
    const { player, events } = tracks();
    events.onaudio(1);
    expect(player.text).toBe(0);
    events.onaudio(0);
    expect(player.text).toBe(off);
  });

  test('forced subtitles wait for both lists, in whichever order they come', () => {
    const { player, engine } = setUp();
    engine().events.onaudio(1);
    engine().events.ontexts(texts);
    expect(player.text).toBe(off);
    engine().events.onaudios(audios);
    expect(player.text).toBe(0);
  });

  test('what nobody knows the language of is not forced', () => {
    const { player, engine } = setUp();
    engine().events.onaudios([track(0, '')]);
    engine().events.onaudio(0);
    engine().events.ontexts([track(0, '', true)]);
    expect(player.text).toBe(off);
  });

  test('who has chosen is not overruled', () => {
    const { player, events } = tracks();
    player.chooseText(2);
    events.onaudio(1);
    expect(player.text).toBe(2);
    player.chooseText(off);
    events.onaudio(0);
    events.onaudio(1);
    expect(player.text).toBe(off);
  });

  test('the key takes the first that are whole, then those of the last time', () => {
    const { player } = tracks();
    player.toggleText();
    expect(player.text).toBe(1);
    player.chooseText(2);
    player.toggleText();
    expect(player.text).toBe(off);
    player.toggleText();
    expect(player.text).toBe(2);
  });

  test('without subtitles the key does nothing', () => {
    const { player, engine } = tracks([]);
    player.toggleText();
    expect([player.text, engine().calls]).toEqual([off, ['load a.m3u8 12']]);
  });

  test('another video begins without them, and the one before is not heard', () => {
    const { player, events } = tracks();
    player.chooseText(2);
    player.load('b.m3u8', 0, 50);
    events.ontexts(texts);
    events.ontext(2);
    events.onaudios(audios);
    events.onaudio(1);
    expect([player.text, player.texts, player.audio, player.audios]).toEqual([off, [], undefined, []]);
  });
});

describe('failures', () => {
  const fail = (kind: FailureKind, at: number) => {
    const all = setUp();
    all.state.currentTime = at;
    all.engine().events.onfailure(kind);
    return all;
  };

  test('what does not decode is tried once more', () => {
    const { player, engine, state } = fail('media', 12);
    expect([engine().calls.at(-1), player.failure]).toEqual(['recover', undefined]);
    state.currentTime = 13;
    engine().events.onfailure('media');
    expect([player.failure, player.paused]).toEqual(['media', true]);
  });

  test('a failure far away from the last one is another', () => {
    const { player, engine, state } = fail('media', 12);
    state.currentTime = 60;
    engine().events.onfailure('media');
    expect(player.failure).toBeUndefined();
  });

  test('what cannot be loaded is said at once, and can be tried again', () => {
    const { player, engine } = fail('network', 12);
    expect(player.failure).toBe('network');
    player.retry();
    expect([player.failure, engine().calls.at(-1)]).toEqual([undefined, 'restart']);
  });
});

test('after its end nothing is heard', () => {
  const { player, engine, tell } = setUp();
  player.destroy();
  tell('loadeddata', { readyState: 2 });
  expect([engine().calls.at(-1), player.started]).toEqual(['destroy', false]);
});

describe('styled subtitles', () => {
  const styled = {
    track: 3,
    kind: 'styled' as const,
    language: 'de',
    title: '',
    default: false,
    forced: false,
    impaired: false,
    commentary: false,
  };
  const track = (id: number, number: number): Track => ({
    id,
    name: `${id}`,
    language: 'de',
    forced: false,
    default: false,
    channels: 0,
    number,
    rendition: '',
  });

  test('are drawn in place of the cues of the engine, or shown by it when they cannot be', () => {
    const { player, engine } = setUp();
    player.load('b.m3u8', 0, 50, [styled]);
    engine().events.ontexts([track(0, 2), track(1, 3)]);
    player.chooseText(1);
    expect([player.styled, player.text, engine().calls.at(-1)]).toEqual([3, 1, 'text -1']);
    player.chooseText(0);
    expect([player.styled, player.text, engine().calls.at(-1)]).toEqual([undefined, 0, 'text 0']);
    player.chooseText(1);
    player.showPlain();
    expect([player.styled, player.text, engine().calls.at(-1)]).toEqual([undefined, 1, 'text 1']);
    player.toggleText();
    player.toggleText();
    expect([player.styled, player.text]).toEqual([undefined, 1]);
  });
});
