import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { notices } from './notices.svelte';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  for (const { id } of notices.list) notices.dismiss(id);
  vi.useRealTimers();
});

const said = () => notices.list.map(({ lines }) => lines[0]?.name);

test('a problem stays until it is dismissed', () => {
  const id = notices.problem('a.zip', 'This is a ZIP archive, not a video.');
  vi.advanceTimersByTime(1e7);
  expect(said()).toEqual(['a.zip']);
  notices.dismiss(id);
  expect(said()).toEqual([]);
});

test('what has a time goes when it is over, and not while it is read', () => {
  const ongone = vi.fn();
  notices.say({ tone: 'plain', lines: [{ name: 'a', message: '' }], ongone }, 8000);
  vi.advanceTimersByTime(7000);
  notices.hold();
  vi.advanceTimersByTime(60_000);
  expect(ongone).not.toHaveBeenCalled();
  notices.release();
  vi.advanceTimersByTime(999);
  expect(ongone).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2);
  expect(ongone).toHaveBeenCalledOnce();
});

test('what was taken back does not come to pass', () => {
  const ongone = vi.fn();
  const run = vi.fn();
  const id = notices.say({ tone: 'plain', lines: [], action: { label: 'Undo', run }, ongone }, 8000);
  notices.act(id);
  vi.advanceTimersByTime(60_000);
  expect([run.mock.calls.length, ongone.mock.calls.length]).toEqual([1, 0]);
});

test('there are never more than can be read; what gives way comes to pass', () => {
  const ongone = vi.fn();
  notices.say({ tone: 'plain', lines: [{ name: '0', message: '' }], ongone });
  for (let n = 1; n < 6; n++) notices.problem(String(n), 'x');
  expect(said()).toEqual(['2', '3', '4', '5']);
  expect(ongone).toHaveBeenCalledOnce();
});
