import { api, type Client } from '../api';

/** How long a video that opens waits for the report, in milliseconds: it is nearly always there before. */
const patience = 500;

let report: Promise<Client> | undefined;

/** What this page's player can do. It is found out once, after the first paint, for it takes a moment of decoding. */
export function client(): Promise<Client> {
  report ??= painted()
    .then(() => import('../player/capabilities'))
    .then((module) => module.findCapabilities())
    .catch((thrown: unknown) => {
      console.warn('capabilities', thrown);
      return {};
    })
    .then((types) => ({ window: api.window, agent: navigator.userAgent, types }));
  return report;
}

/** The report for a video that opens, or none when it takes too long: any player can do what the baseline asks. */
export async function clientSoon(): Promise<{ client?: Client }> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, patience));
  const found = await Promise.race([client(), late]);
  return found ? { client: found } : {};
}

/** A frame has been drawn, or the page is not to be seen and draws none. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 1000);
    requestAnimationFrame(() =>
      setTimeout(() => {
        clearTimeout(timer);
        resolve();
      }),
    );
  });
}
