import { describe, expect, test } from 'vitest';
import type { Track } from '../../lib/player';
import { text } from './text';

const track = (name: string, language = '', forced = false, more: Partial<Track> = {}): Track => ({
  ...{ id: 1, name, language, forced, default: false, channels: 2, number: 1, rendition: 'original' },
  ...more,
});

describe('the name of a track', () => {
  test.each([
    ["Director's <b>cut</b>", 'eng', "Director's <b>cut</b>"],
    ['eng', 'eng', 'English'],
    ['eng 2', 'eng', 'English 2'],
    ['English', 'eng', 'English'],
    ['english subs', 'en', 'english subs'],
    ['de-AT', 'de-AT', 'Austrian German'],
    ['not_a_code', 'not_a_code', 'Audio 2'],
    ['und', '', 'Audio 2'],
    ['', '', 'Audio 2'],
    ['Audio 1', '', 'Audio 1'],
  ])('%j in %j is %j', (name, language, want) => expect(text.audioName(track(name, language))).toBe(want));

  test('what is forced says so beside its name, not in it', () => {
    expect(text.subtitlesName(track('fre (forced) 2', 'fre', true))).toBe('French 2');
    expect(text.subtitlesName(track('Signs (forced)', 'fre', true))).toBe('Signs');
    expect(text.subtitlesName(track('', '', true))).toBe('Subtitles 2');
  });
});

describe('what there is to know of a sound', () => {
  test.each<[string, Track, string]>([
    ['a language alone', track('ger', 'ger'), 'stereo · as it is'],
    ['a title', track('Director', 'ger'), 'German · stereo · as it is'],
    ['a title that says it', track('Deutsch (German)', 'ger'), 'stereo · as it is'],
    ['the usual one', track('ger', 'ger', false, { default: true }), 'stereo · as it is · usual'],
    ['made of another', track('', '', false, { channels: 6, rendition: 'aac' }), '5.1 · converted'],
    ['odd channels', track('', '', false, { channels: 5 }), '5 channels · as it is'],
    ['not known', track('', '', false, { channels: 0 }), 'as it is'],
  ])('%s', (_, of, want) => expect(text.audioDetail(of)).toBe(want));
});
