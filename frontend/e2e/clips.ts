import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ffmpeg = process.env['DROPSTREAM_FFMPEG'] ?? 'ffmpeg';

const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '50'];
const vp9 = [
  '-pix_fmt',
  'yuv420p',
  '-c:v',
  'libvpx-vp9',
  '-deadline',
  'realtime',
  '-cpu-used',
  '8',
  '-g',
  '50',
];
const av1 = ['-pix_fmt', 'yuv420p', '-c:v', 'libsvtav1', '-preset', '12', '-g', '50'];
const picture = (size: string, seconds: number) => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=s=${size}:r=25:d=${seconds}`,
];
const sound = (seconds: number) => ['-f', 'lavfi', '-i', `sine=f=330:d=${seconds}`];

/** Clips of every kind that a page must be able to play, by name: what ffmpeg is asked for. */
const made: Record<string, string[]> = {
  'Evening.mp4': [...picture('1280x720', 12), ...sound(12), ...x264, '-c:a', 'aac'],
  'Old tape.avi': [...picture('640x480', 10), ...sound(10), '-c:v', 'mpeg4', '-c:a', 'libmp3lame'],
  '100 %s "quoted" ü 🎬.mkv': [...picture('1280x720', 10), ...sound(10), ...x264, '-c:a', 'ac3'],
  'No sound.mp4': [...picture('640x360', 8), ...x264],
  'Only sound.m4a': [...sound(8), '-c:a', 'aac'],
  'Shades.mp4': [
    '-f',
    'lavfi',
    '-i',
    // A little brighter every second.
    "color=gray:s=32x18:r=25:d=40,geq=lum='20+4*floor(T)':cb=128:cr=128,scale=640:360",
    ...x264,
  ],
  'Web.webm': [...picture('640x360', 12), ...sound(12), ...vp9, '-c:a', 'libopus'],
  'Archive.mkv': [...picture('640x360', 12), ...sound(12), ...av1, '-c:a', 'flac'],
  'Modern.mp4': [...picture('640x360', 12), ...sound(12), ...av1, '-c:a', 'libopus'],
  'Long walk.mp4': [...picture('320x180', 180), ...sound(180), ...x264, '-c:a', 'aac'],
};

/** The names of the clips that play. */
export const playable = Object.keys(made);

/** Where a clip is. */
export function clip(name: string): string {
  return join(process.env['DROPSTREAM_E2E_DIR'] ?? '', name);
}

/** Makes the clips once for all tests; gives what takes them away again. */
export default function setUp(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'dropstream-e2e-'));
  process.env['DROPSTREAM_E2E_DIR'] = folder;
  mkdirSync(join(folder, 'data'));
  for (const [name, args] of Object.entries(made)) {
    execFileSync(ffmpeg, ['-v', 'error', '-y', ...args, join(folder, name)]);
  }
  // The first bytes of a ZIP archive (APPNOTE 4.3.7), under a name that says otherwise.
  writeFileSync(join(folder, 'holiday.mp4'), Buffer.from('504b0304140000000800', 'hex'));
  return () => rmSync(folder, { recursive: true, force: true });
}
