import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { carriesFiles, Drag, type Dropped } from './drag.svelte';

let drag: Drag;
let dropped: Dropped[];
let stop: () => void;

/** jsdom has no drag events: one is an event with the fields that are read. */
function send(type: string, types: string[] = ['Files'], more: object = {}) {
  const items = types.includes('Files') ? [{ kind: 'file' }, { kind: 'file' }] : [];
  const getData = (format: string) => (format === 'text/uri-list' ? 'file:///a%20b.mp4\r\n' : '');
  const dataTransfer = { types, items, files: { length: items.length }, getData, dropEffect: 'none' };
  const event = new Event(type, { bubbles: true, cancelable: true });
  Object.assign(event, { dataTransfer, clientX: 50, clientY: 60, relatedTarget: document.body, ...more });
  window.dispatchEvent(event);
  return event;
}

beforeEach(() => {
  vi.useFakeTimers();
  drag = new Drag();
  dropped = [];
  stop = drag.watch(window, (drop) => dropped.push(drop));
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

test.each<[string[], boolean]>([
  [['Files'], true],
  [['text/uri-list', 'text/html'], true],
  [['text/plain'], false],
  [[], false],
])('%j carries files: %s', (types, want) => expect(carriesFiles(types)).toBe(want));

describe('a drag', () => {
  test('is seen from its first to its last element', () => {
    send('dragenter');
    expect([drag.over, drag.count]).toEqual([true, 2]);
    send('dragenter');
    send('dragleave');
    expect(drag.over).toBe(true);
    send('dragleave');
    expect([drag.over, drag.count]).toEqual([false, 0]);
  });

  test('of text is nothing', () => {
    send('dragenter', ['text/plain']);
    send('dragover', ['text/plain']);
    expect(drag.over).toBe(false);
    send('drop', ['text/plain']);
    expect(dropped).toEqual([]);
  });

  test('that leaves the window is over, however often it entered', () => {
    send('dragenter');
    send('dragenter');
    send('dragleave', ['Files'], { relatedTarget: null, clientX: 0 });
    expect(drag.over).toBe(false);
  });

  test('that is cancelled without a word leaves nothing behind', () => {
    send('dragenter');
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(350);
      send('dragover');
    }
    expect(drag.over).toBe(true);
    vi.advanceTimersByTime(1500);
    expect(drag.over).toBe(false);
  });

  test.each(['pointermove', 'dragend'])('is over when there is a %s', (type) => {
    send('dragenter');
    window.dispatchEvent(new Event(type));
    expect(drag.over).toBe(false);
  });

  test('says where it fell, and what the page is told of it', () => {
    send('dragenter', ['text/uri-list']);
    send('drop', ['text/uri-list']);
    expect(dropped).toEqual([{ paths: ['/a b.mp4'], count: 1, x: 50, y: 60 }]);
    expect(drag.over).toBe(false);
  });

  test('is not heard after the end', () => {
    stop();
    send('dragenter');
    expect(drag.over).toBe(false);
  });
});

test('the guard refuses every drop, whatever it carries', async () => {
  await vi.importActual('./guard');
  const types = [['Files'], ['text/uri-list'], ['text/plain'], []];
  expect(types.map((each) => send('drop', each).defaultPrevented)).toEqual([true, true, true, true]);
  expect(send('dragover', []).defaultPrevented).toBe(true);
  expect(send('dragstart', []).defaultPrevented).toBe(true);
});
