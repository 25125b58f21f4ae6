// Makes src/lib/player/proofs.ts: clips of one picture in fragmented MP4, by which a player shows what it can do. Run
// by hand, with ffmpeg in the path: node scripts/proofs.mjs
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const width = 64;
const height = 32;

/** One white picture. SEI messages, in which encoders say how they were told to encode, are left out. */
function clip(encoder, pixels, sei) {
  return execFileSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', `color=white:s=${width}x${height}:r=25`, '-frames:v', '1'],
    ...[...encoder, '-pix_fmt', pixels, '-bsf:v', `filter_units=remove_types=${sei}`],
    ...['-fflags', '+bitexact', '-flags:v', '+bitexact'],
    ...['-movflags', '+empty_moov+default_base_moof+frag_keyframe', '-f', 'mp4', '-'],
  ]);
}

/** Asks for a quarter turn in the track header (ISO/IEC 14496-12 8.3.2). */
function turn(file) {
  // In version 0 of the box the matrix stands 40 bytes after the type: { a b u, c d v, x y w }.
  const matrix = file.indexOf('tkhd') + 4 + 40;
  const turned = [0, 0x10000, 0, -0x10000, 0, 0, height << 16, 0, 0x40000000];
  turned.forEach((n, i) => file.writeInt32BE(n, matrix + 4 * i));
  return file;
}

const x265 = ['-c:v', 'libx265', '-tag:v', 'hvc1', '-x265-params', 'log-level=error:info=0'];
const clips = [
  {
    name: 'turned',
    says: 'H.264, wider than high, with a quarter turn in its track header.',
    type: 'avc1.42c00a',
    file: turn(clip(['-c:v', 'libx264', '-profile:v', 'baseline'], 'yuv420p', '6')),
  },
  { name: 'hevc', says: 'HEVC Main.', type: 'hvc1.1.6.L120.B0', file: clip(x265, 'yuv420p', '39|40') },
  {
    name: 'hevc10',
    says: 'HEVC Main 10.',
    type: 'hvc1.2.4.L153.B0',
    file: clip(x265, 'yuv420p10le', '39|40'),
  },
];

const lines = ['// Made by scripts/proofs.mjs.', '', "import type { Proof } from './prove';"];
for (const { name, says, type, file } of clips) {
  const pieces = file.toString('base64').match(/.{1,100}/g) ?? [];
  lines.push('', `/** One picture: ${says} */`, `export const ${name}: Proof = {`);
  lines.push(`  type: 'video/mp4; codecs="${type}"',`, '  base64: [');
  lines.push(...pieces.map((piece) => `    '${piece}',`), "  ].join(''),", '};');
}
writeFileSync(join(import.meta.dirname, '../src/lib/player/proofs.ts'), lines.join('\n') + '\n');
