/** Icons of 24 units, drawn with lines. */
const ring = (x: number, y: number, r: number) =>
  `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;

interface Shape {
  d: string;
  /** Filled with the text's colour. */
  solid?: true;
  /** Width of the line, where it is not the usual one. */
  line?: number;
}

const strokes = (...d: string[]): Shape[] => d.map((each) => ({ d: each }));

export const icons = {
  search: strokes(`${ring(11, 11, 7)}M20 20l-4-4`),
  gear: strokes(
    ring(12, 12, 3),
    'M12 3v2.5M12 18.5V21M3 12h2.5M18.5 12H21M5.6 5.6l1.8 1.8M16.6 16.6l1.8 1.8M5.6 18.4l1.8-1.8M16.6 7.4l1.8-1.8',
  ),
  plus: strokes('M12 5v14M5 12h14'),
  drop: [
    { d: 'M12 3.5c3.4 4 5.6 6.9 5.6 10a5.6 5.6 0 0 1-11.2 0c0-3.1 2.2-6 5.6-10Z' },
    { d: 'm10.7 11.6 3.2 1.9-3.2 1.9Z', solid: true },
  ],
  back: strokes('m14.5 5-7 7 7 7'),
  close: strokes('m6 6 12 12M18 6 6 18'),
  play: [{ d: 'M8 5.2v13.6L18.6 12Z', solid: true }],
  pause: [{ d: 'M8.5 5v14M15.5 5v14', line: 2.6 }],
  replay: strokes('M4 12a8 8 0 1 0 2.6-5.9L4 8.500M4 4v4.500h4.500'),
  back10: strokes('M4 12a8 8 0 1 0 2.6-5.9L4 8.5M4 4v4.5h4.5'),
  forward10: strokes('M20 12a8 8 0 1 1-2.6-5.9L20 8.5M20 4v4.5h-4.5'),
  volume: strokes('M5 9.500v5h3l4 3.500V6L8 9.500ZM15.500 9a4 4 0 0 1 0 6M18 6.500a7.500 7.500 0 0 1 0 11'),
  quiet: strokes('M5 9.500v5h3l4 3.500V6L8 9.500ZM15.500 9a4 4 0 0 1 0 6'),
  muted: strokes('M5 9.500v5h3l4 3.500V6L8 9.500ZM16 9.500l5 5M21 9.500l-5 5'),
  subtitles: strokes(
    'M6 5.500h12a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3v-7a3 3 0 0 1 3-3Z',
    'M10.500 10.600a2.200 2.200 0 1 0 0 2.800M17 10.600a2.200 2.200 0 1 0 0 2.800',
  ),
  chapters: strokes('M9 6.500h11M9 12h11M9 17.500h11M4.500 6.500v.1M4.500 12v.1M4.500 17.500v.1'),
  full: strokes('M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5'),
  unfull: strokes('M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5'),
  keep: strokes('M12 4v10.500M7.500 10l4.500 4.500 4.500-4.500M5 19.500h14'),
  kept: strokes('m7 10.500 4 4 6.500-8M5 19.500h14'),
  check: strokes('m5 12.500 4.500 4.500L19 7.500'),
  alert: [...strokes(ring(12, 12, 8.5), 'M12 7.500v5.500'), { d: 'M12 16.400v.1', line: 2.2 }],
  sound: strokes('M4 12v.1M8 9v6M12 5.500v13M16 8.500v7M20 11v2'),
} satisfies Record<string, Shape[]>;

export type IconName = keyof typeof icons;

export function shapesOf(name: IconName): Shape[] {
  return icons[name];
}
