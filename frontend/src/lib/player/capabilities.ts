/** What the program asks a webview: the formats it may be given. */
const asked = [
  'video/mp4; codecs="avc1.42e01e"',
  'video/mp4; codecs="avc1.640028"',
  'video/mp4; codecs="avc1.64001f,mp4a.40.2"',
  'audio/mp4; codecs="mp4a.40.2"',
  'video/mp4; codecs="hvc1.1.6.L120.90"',
  'video/mp4; codecs="hvc1.2.4.L153.B0"',
  'video/mp4; codecs="av01.0.08M.08"',
  'video/mp4; codecs="vp09.00.40.08"',
  'video/webm; codecs="vp9,opus"',
  'audio/mp4; codecs="opus"',
  'audio/mp4; codecs="flac"',
  'audio/mp4; codecs="mp3"',
  'audio/mp4; codecs="ac-3"',
  'audio/mp4; codecs="ec-3"',
];

interface Source {
  isTypeSupported(type: string): boolean;
}

/** Which of them can be decoded here, by Media Source Extensions. */
export function decodableTypes(scope: object = globalThis): Record<string, boolean> {
  const { ManagedMediaSource, MediaSource } = scope as Record<string, Source | undefined>;
  const source = MediaSource ?? ManagedMediaSource;
  return Object.fromEntries(asked.map((type) => [type, source?.isTypeSupported(type) ?? false]));
}
