/** Numbers, sizes and times as the reader writes them. */

const locales: string[] | undefined = typeof navigator === 'undefined' ? undefined : [...navigator.languages];

type Locales = string | string[] | undefined;

/** A finite number that is not negative, whatever came in. */
function sane(n: number): number {
  return Number.isFinite(n) && n > 0 ? n : 0;
}

/** A place on a timeline: "0:07", "24:10", "1:42:07". */
export function clock(ms: number, locale: Locales = locales): string {
  const total = Math.floor(sane(ms) / 1000);
  const hours = Math.floor(total / 3600);
  const two = new Intl.NumberFormat(locale, { minimumIntegerDigits: 2, useGrouping: false });
  const one = new Intl.NumberFormat(locale, { useGrouping: false });
  const minutes = Math.floor(total / 60) % 60;
  const tail = `${(hours > 0 ? two : one).format(minutes)}:${two.format(total % 60)}`;
  return hours > 0 ? `${one.format(hours)}:${tail}` : tail;
}

/** A span in words, for those who listen: "1 hour, 42 minutes, 7 seconds". */
export function span(ms: number, locale: Locales = locales): string {
  const total = Math.floor(sane(ms) / 1000);
  const parts: [number, string][] = [
    [Math.floor(total / 3600), 'hour'],
    [Math.floor(total / 60) % 60, 'minute'],
    [total % 60, 'second'],
  ];
  const said = parts.filter(([n, name]) => n > 0 || (name === 'second' && total === 0));
  const words = said.map(([n, name]) => unit(n, name, 'long', locale));
  return new Intl.ListFormat(locale, { style: 'narrow', type: 'unit' }).format(words);
}

/** How long something will still take, roughly: "40 sec", "3 min", "2 hr". */
export function rough(ms: number, locale: Locales = locales): string {
  const seconds = Math.ceil(sane(ms) / 1000);
  if (seconds < 60) return unit(seconds, 'second', 'short', locale);
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 90) return unit(minutes, 'minute', 'short', locale);
  return unit(Math.round(minutes / 60), 'hour', 'short', locale);
}

const sizes = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'];

/** A size in steps of a thousand, as disks are sold: "41.2 GB". */
export function size(bytes: number, locale: Locales = locales): string {
  let n = sane(bytes);
  let step = 0;
  while (n >= 999.5 && step < sizes.length - 1) {
    n /= 1000;
    step++;
  }
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: sizes[step] ?? 'byte',
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: n < 100 && step > 1 ? 1 : 0,
  }).format(n);
}

/** A part of a whole: "62%". */
export function percent(fraction: number, locale: Locales = locales): string {
  return new Intl.NumberFormat(locale, { style: 'percent' }).format(Math.min(sane(fraction), 1));
}

/** A count or a rate: "1,204", "1.25". */
export function number(n: number, locale: Locales = locales): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(n);
}

/** A day, from RFC 3339: "22 Aug 2026"; nothing when it is no date. */
export function day(rfc3339: string, locale: Locales = locales): string {
  const date = new Date(rfc3339);
  if (rfc3339 === '' || Number.isNaN(date.getTime())) return '';
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(date);
}

/** A picture's size as people say it: "1080p", "4K"; nothing for sound only. */
export function pictureSize(width: number, height: number): string {
  const short = Math.min(sane(width), sane(height));
  const long = Math.max(sane(width), sane(height));
  if (short === 0) return '';
  // A wide film of 1920×800 is sold as 1080p: the longer side says more than the shorter one.
  const lines = Math.max(short, Math.round((long * 9) / 16));
  const known: [number, string][] = [
    [4200, '8K'],
    [2000, '4K'],
    [1400, '1440p'],
    [1000, '1080p'],
    [700, '720p'],
    [560, '576p'],
    [470, '480p'],
    [350, '360p'],
    [230, '240p'],
  ];
  return known.find(([least]) => lines >= least)?.[1] ?? `${short}p`;
}

/** What a language is called: "German" of "de" or "ger"; nothing when its code (BCP 47) says none. */
export function languageName(code: string, locale: Locales = locales): string {
  const tag = tagOf(code);
  if (!tag) return '';
  const name = new Intl.DisplayNames(locale, { type: 'language', fallback: 'none' }).of(tag.toString()) ?? '';
  return name === '' ? '' : name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
}

/** Whether two codes are of one language, wherever it is spoken: "en-GB" and "eng" are. */
export function sameLanguage(a: string, b: string): boolean {
  const one = tagOf(a)?.language;
  return one !== undefined && one === tagOf(b)?.language;
}

/** Codes come from files and may be anything. */
function tagOf(code: string): Intl.Locale | undefined {
  try {
    const tag = new Intl.Locale(code);
    // ISO 639-2: undetermined, several, none, and one that has no code.
    return ['und', 'mul', 'zxx', 'mis'].includes(tag.language) ? undefined : tag;
  } catch {
    return undefined;
  }
}

function unit(n: number, name: string, unitDisplay: 'short' | 'long', locale: Locales): string {
  return new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay }).format(n);
}
