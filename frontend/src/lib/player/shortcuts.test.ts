import { describe, expect, test } from 'vitest';
import { requestOf } from './shortcuts';

function press(key: string, init: KeyboardEventInit = {}, on = '<div></div>') {
  document.body.innerHTML = on;
  const target = document.body.firstElementChild as Element;
  let got: ReturnType<typeof requestOf>;
  const hear = (event: Event) => (got = requestOf(event as KeyboardEvent));
  addEventListener('keydown', hear, { once: true });
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));
  return got;
}

describe('requestOf', () => {
  test.each<[string, KeyboardEventInit, unknown]>([
    [' ', {}, { do: 'toggle' }],
    ['K', { shiftKey: true }, { do: 'toggle' }],
    ['ArrowLeft', {}, { do: 'skip', seconds: -5 }],
    ['ArrowRight', { shiftKey: true }, { do: 'skip', seconds: 1 }],
    ['l', {}, { do: 'skip', seconds: 10 }],
    ['.', {}, { do: 'step', frames: 1 }],
    ['ArrowUp', {}, { do: 'volume', by: 0.05 }],
    ['7', {}, { do: 'place', fraction: 0.7 }],
    ['End', {}, { do: 'place', fraction: 1 }],
    ['Escape', {}, { do: 'close' }],
    ['c', {}, { do: 'text' }],
    ['x', {}, undefined],
    ['f', { ctrlKey: true }, undefined],
    ['c', { ctrlKey: true }, undefined],
    ['k', { metaKey: true }, undefined],
    ['ArrowLeft', { altKey: true }, undefined],
  ])('%s %j', (key, init, want) => expect(press(key, init)).toEqual(want));

  test('a control keeps its own keys, and only those', () => {
    expect(press(' ', {}, '<button></button>')).toBeUndefined();
    expect(press('f', {}, '<button></button>')).toEqual({ do: 'fullscreen' });
    expect(press('ArrowRight', {}, '<input type="range">')).toBeUndefined();
    expect(press('ArrowDown', {}, '<div role="menu"></div>')).toBeUndefined();
    expect(press('m', {}, '<input type="range">')).toEqual({ do: 'mute' });
  });
});
