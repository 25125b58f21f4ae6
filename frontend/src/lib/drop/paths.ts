/** The most paths taken from one paste or drop: a mistaken paste of a book should not become ten thousand calls. */
const maxPaths = 2000;

/**
 * Reads the paths in pasted or dropped text: one a line, plain, quoted or as file:// URIs (RFC 8089), with the
 * comment lines that text/uri-list allows (RFC 2483 §5). Empty unless every line is a path: prose is not a drop.
 */
export function parsePaths(text: string): string[] {
  const paths: string[] = [];
  for (const raw of text.split(/\r\n|[\n\r\0]/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const path = parsePath(line);
    if (path === undefined) return [];
    if (!paths.includes(path)) paths.push(path);
    if (paths.length === maxPaths) break;
  }
  return paths;
}

/** Reads one path, or gives nothing when the line is none. */
export function parsePath(line: string): string | undefined {
  const text = unquote(line.trim());
  if (/^file:/i.test(text)) return fromURI(text);
  return isAbsolute(text) ? text : undefined;
}

function unquote(text: string): string {
  const quote = text.charAt(0);
  const quoted = text.length > 1 && (quote === '"' || quote === "'") && text.endsWith(quote);
  return quoted ? text.slice(1, -1) : text;
}

function isAbsolute(text: string): boolean {
  return /^(\/(?!\/)|~\/|[A-Za-z]:[\\/]|\\\\[^\\]+\\)/.test(text);
}

function fromURI(uri: string): string | undefined {
  let url: URL;
  let path: string;
  try {
    url = new URL(uri);
    path = decodeURIComponent(url.pathname);
  } catch {
    return undefined;
  }
  if (path === '/' || path === '') return undefined;
  const drive = /^\/[A-Za-z]:(\/|$)/.test(path);
  if (drive) return path.slice(1).replaceAll('/', '\\');
  if (url.host !== '' && url.host !== 'localhost') return `\\\\${url.host}${path.replaceAll('/', '\\')}`;
  return path;
}
