import { describe, expect, test } from 'vitest';
import { parsePaths } from './paths';

const cases: [string, string, string[]][] = [
  ['a plain path', '/home/ann/film.mkv', ['/home/ann/film.mkv']],
  ['spaces around it', '  /a/b.mp4 \n', ['/a/b.mp4']],
  ['double quotes', '"/a/my film.mp4"', ['/a/my film.mp4']],
  ['single quotes', "'/a/it.mp4'", ['/a/it.mp4']],
  ['an apostrophe inside', "/a/it's.mp4", ["/a/it's.mp4"]],
  ['percent and emoji in a plain path', '/a/100 %s 🎬.mp4', ['/a/100 %s 🎬.mp4']],
  ['a home path', '~/film.mkv', ['~/film.mkv']],
  ['a URI', 'file:///a/my%20film%20%25s.mp4', ['/a/my film %s.mp4']],
  ['a URI of this host', 'file://localhost/a.mp4', ['/a.mp4']],
  ['a URI list', '# from a file manager\r\nfile:///a.mp4\r\nfile:///b%23.mp4\r\n', ['/a.mp4', '/b#.mp4']],
  ['several lines', '/a.mp4\n/b.mp4\n', ['/a.mp4', '/b.mp4']],
  ['the same twice', '/a.mp4\n"/a.mp4"', ['/a.mp4']],
  ['a Windows path', '"C:\\Films\\a b.mp4"', ['C:\\Films\\a b.mp4']],
  ['a Windows URI', 'file:///C:/Films/a%20b.mp4', ['C:\\Films\\a b.mp4']],
  ['a network path', '\\\\nas\\films\\a.mp4', ['\\\\nas\\films\\a.mp4']],
  ['a network URI', 'file://nas/films/a.mp4', ['\\\\nas\\films\\a.mp4']],
  ['nothing', '', []],
  ['prose', 'see you at eight', []],
  ['prose after a path', '/a.mp4\nis the one I meant', []],
  ['a web address', 'https://example.org/a.mp4', []],
  ['a comment in code', '// not a path', []],
  ['a broken URI', 'file:///%zz.mp4', []],
  ['a URI of the root', 'file:///', []],
];

describe('parsePaths', () => {
  test.each(cases)('%s', (_, text, want) => expect(parsePaths(text)).toEqual(want));

  test('takes no more than it can use', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `/v/${i}.mp4`).join('\n');
    expect(parsePaths(many)).toHaveLength(2000);
  });
});
