/** On this computer nothing slows the first segments down. */
export const nearBitsPerSecond = 50e6;

/** A usual link, in bits a second, where nothing is known of it. */
const usualBitsPerSecond = 4e6;

/** Whether media comes from this very computer, where the best quality always arrives in time. */
export function isNear(url: string, base: string = document.baseURI): boolean {
  const { hostname } = new URL(url, base);
  return hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]';
}

/** What the link may carry, before anything went over it: what the browser says of it, or what is usual. */
export function linkBitsPerSecond(navigator: object = globalThis.navigator): number {
  const { connection } = navigator as { connection?: { downlink?: unknown } };
  const megabits = connection?.downlink;
  return typeof megabits === 'number' && megabits > 0 ? megabits * 1e6 : usualBitsPerSecond;
}
