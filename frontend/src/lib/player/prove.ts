/** A clip of one picture, by which a player shows what it can do. */
export interface Proof {
  /** Its MIME type, for Media Source Extensions. */
  type: string;
  /** The file: fragmented MP4. */
  base64: string;
}

/** How long an event is waited for, in milliseconds. */
const patience = 800;

type Sources = Record<'ManagedMediaSource' | 'MediaSource', (new () => MediaSource) | undefined>;

/**
 * Shows a clip through Media Source Extensions to an element that nobody sees. Gives the size of the picture that came
 * out, in pixels, or nothing where none did.
 */
export async function prove(
  { type, base64 }: Proof,
  scope: object = globalThis,
): Promise<{ width: number; height: number } | undefined> {
  const { ManagedMediaSource, MediaSource } = scope as Sources;
  const Source = MediaSource ?? ManagedMediaSource;
  if (!Source) return undefined;
  const video = document.createElement('video');
  const source = new Source();
  const url = URL.createObjectURL(source);
  video.muted = true;
  // A managed source asks for that.
  video.disableRemotePlayback = true;
  try {
    video.src = url;
    await once(source, 'sourceopen');
    const shown = once(video, 'loadeddata');
    source.addSourceBuffer(type).appendBuffer(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
    await shown;
    return { width: video.videoWidth, height: video.videoHeight };
  } catch {
    return undefined;
  } finally {
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(url);
  }
}

function once(target: EventTarget, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${name}`)), patience);
    const heard = () => {
      clearTimeout(timer);
      resolve();
    };
    target.addEventListener(name, heard, { once: true });
  });
}
