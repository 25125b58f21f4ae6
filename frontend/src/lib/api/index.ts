import { Api } from './api';
import { httpTransport, takeToken } from './http';
import { wailsTransport } from './wails';

export { Api, type Hears } from './api';
export { ApiError, sentence, toApiError, unreachable } from './error';
export type { Link } from './transport';
export type * from './types';

/** The program: over bindings in its own window, over HTTP in a browser. */
export const api = new Api(
  wailsTransport() ?? httpTransport(takeToken(location, history, sessionStorage), fetch.bind(globalThis)),
);
