import { parsePaths } from './paths';

/** How long a paste event may take to follow its keys. */
const followMs = 200;

export interface Pasted {
  paths: string[];
  /** True when there was something, but no path in it. */
  foreign: boolean;
}

function typing(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, [contenteditable]') !== null;
}

/** What was pasted: the list of files if there is one, else the text. */
export function readPaste(data: DataTransfer | null): Pasted {
  const list = parsePaths(data?.getData('text/uri-list') ?? '');
  if (list.length > 0) return { paths: list, foreign: false };
  const text = data?.getData('text/plain') ?? '';
  const paths = parsePaths(text);
  return { paths, foreign: paths.length === 0 && (text.trim() !== '' || (data?.files.length ?? 0) > 0) };
}

/**
 * Hears a paste anywhere but in a field. WebKit sends no paste outside a field unless beforepaste was refused, and not
 * everywhere then: so in the window, keys that no paste follows ask the shell for the clipboard.
 */
export function watchPaste(
  target: Window,
  clipboard: (() => Promise<string>) | undefined,
  onpaste: (pasted: Pasted) => void,
): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  let timer: ReturnType<typeof setTimeout> | undefined;

  target.addEventListener(
    'beforepaste',
    (event) => {
      if (!typing(event.target)) event.preventDefault();
    },
    { signal },
  );
  target.addEventListener(
    'paste',
    (event) => {
      clearTimeout(timer);
      if (typing(event.target)) return;
      event.preventDefault();
      onpaste(readPaste(event.clipboardData));
    },
    { signal },
  );
  target.addEventListener(
    'keydown',
    (event) => {
      const keys = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'v';
      if (!keys || !clipboard || typing(event.target)) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        clipboard()
          .then((text) => {
            const paths = parsePaths(text);
            onpaste({ paths, foreign: paths.length === 0 && text.trim() !== '' });
          })
          .catch(() => undefined);
      }, followMs);
    },
    { signal },
  );
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}
