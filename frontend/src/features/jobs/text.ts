import { number, rough } from '../../lib/format';

/** The words about work in the background. */
export const text = {
  storing: (n: number) => `${number(n)} storing`,
  adding: 'adding',
  lost: 'not connected',
  lostLong: 'drop.stream does not answer. Trying again…',
  remaining: (ms: number) => rough(ms),
};
