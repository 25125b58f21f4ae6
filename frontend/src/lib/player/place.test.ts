import { expect, test } from 'vitest';
import { isNear, linkBitsPerSecond } from './place';

test.each([
  ['http://127.0.0.1:4711/m/t/i/multivariant.m3u8', true],
  ['http://localhost/m', true],
  ['http://[::1]:80/m', true],
  ['/m/t/i/multivariant.m3u8', false],
  ['http://127.0.0.1.example/m', false],
  ['http://192.0.2.14:7070/s/abc', false],
])('%s: %s', (url, near) => expect(isNear(url, 'http://192.0.2.14:7070/s/abc')).toBe(near));

test.each([
  [{ connection: { downlink: 1.5 } }, 1.5e6],
  [{ connection: { downlink: 0 } }, 4e6],
  [{ connection: {} }, 4e6],
  [{}, 4e6],
])('%j carries %d bits a second', (navigator, want) => expect(linkBitsPerSecond(navigator)).toBe(want));
