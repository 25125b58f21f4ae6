import type { CheckResult } from '../../lib/api';

/** The words of the settings and the check-up. */
export const text = {
  title: 'Settings',
  close: 'Close',
  theme: 'Appearance',
  themes: { system: 'System', dark: 'Dark', light: 'Light' },
  checkUp: 'Check-up',
  healthy: 'Everything drop.stream needs works here.',
  unhealthy: 'Something is missing. What to do stands beside it.',
  again: 'Check again',
  looking: 'Looking…',
  results: { ok: 'works', warn: 'could be better', fail: 'does not work' } satisfies Record<
    CheckResult,
    string
  >,
  about: 'About',
  version: 'Version',
  system: 'System',
  data: 'Data folder',
  keys: 'Keys in the player',
  keyList: [
    ['Space', 'play or pause'],
    ['← →', '5 seconds, 1 with Shift'],
    ['J L', '10 seconds'],
    [', .', 'one picture'],
    ['↑ ↓', 'volume'],
    ['0 – 9', 'a tenth of the way each'],
    ['F', 'fill the screen'],
    ['M', 'sound off'],
    ['Esc', 'back'],
  ] as const,
};
