import { describe, expect, test } from 'vitest';
import { text } from './text';

const track = (name: string, language = '', forced = false) => ({ id: 1, name, language, forced });

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
