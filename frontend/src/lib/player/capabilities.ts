import { hevc, hevc10, turned } from './proofs';
import { type Proof, prove } from './prove';

interface Format {
  /** Its name in the report, and its MIME type where they are not the same. */
  name: string;
  type?: string;
  /** What decodingInfo is told besides: a picture or a sound as the type is mostly used for. */
  video?: Pick<VideoConfiguration, 'width' | 'height' | 'bitrate' | 'framerate'>;
  audio?: Pick<AudioConfiguration, 'channels' | 'bitrate' | 'samplerate'>;
  /** A clip of it, where some say that they can and then show nothing. */
  proof?: Proof;
}

const hd = { width: 1920, height: 1080, bitrate: 8e6, framerate: 30 };
const uhd = { width: 3840, height: 2160, bitrate: 25e6, framerate: 30 };
const stereo = { channels: '2', bitrate: 160e3, samplerate: 48_000 };
const surround = { channels: '6', bitrate: 448e3, samplerate: 48_000 };

/** The formats that a player is asked for. Their names are a part of the API: backend/api reads them. */
const formats: readonly Format[] = [
  { name: 'video/mp4; codecs="avc1.42e01e"', video: hd },
  { name: 'video/mp4; codecs="avc1.640028"', video: hd },
  { name: 'video/mp4; codecs="avc3.640028"', video: hd },
  { name: 'audio/mp4; codecs="mp4a.40.2"', audio: stereo },
  // The number of channels is no part of the type as RFC 6381 has it: only decodingInfo is told.
  {
    name: 'audio/mp4; codecs="mp4a.40.2"; channels=6',
    type: 'audio/mp4; codecs="mp4a.40.2"',
    audio: surround,
  },
  { name: 'video/mp4; codecs="hvc1.1.6.L120.B0"', video: hd, proof: hevc },
  { name: 'video/mp4; codecs="hvc1.2.4.L153.B0"', video: uhd, proof: hevc10 },
  { name: 'video/mp4; codecs="av01.0.08M.08"', video: hd },
  { name: 'video/mp4; codecs="av01.0.08M.10"', video: hd },
  { name: 'video/mp4; codecs="vp09.00.40.08"', video: hd },
  { name: 'video/mp4; codecs="vp09.02.40.10"', video: hd },
  { name: 'audio/mp4; codecs="opus"', audio: stereo },
  { name: 'audio/mp4; codecs="fLaC"', audio: stereo },
  { name: 'audio/mp4; codecs="flac"', audio: stereo },
  { name: 'audio/mp4; codecs="ac-3"', audio: surround },
  { name: 'audio/mp4; codecs="ec-3"', audio: surround },
];

/** Pictures with more light than a plain screen has, in the formats that carry them (SMPTE ST 2084 and 2086). */
const hdrTypes = ['hvc1.2.4.L153.B0', 'av01.0.13M.10', 'vp09.02.51.10'].map(
  (codec) => `video/mp4; codecs="${codec}"`,
);

/** Longer than this, in milliseconds, no answer is waited for: none counts as no. */
const patience = 1000;

interface Source {
  isTypeSupported(type: string): boolean;
}

interface Asked {
  source: Source | undefined;
  media: MediaCapabilities | undefined;
}

/**
 * What this player can do beyond the baseline. Keys are MIME types: true when Media Source Extensions take the type,
 * media capabilities (where there are any) say that it can be decoded, and a clip of it, where we have one, was shown.
 * "TYPE; smooth" and "TYPE; efficient" are what media capabilities promise besides. "hdr" is a screen and a decoder for
 * HDR10; "upright" is a player that turns pictures as their track header says.
 */
export async function findCapabilities(scope: object = globalThis): Promise<Record<string, boolean>> {
  const given = scope as {
    ManagedMediaSource?: Source;
    MediaSource?: Source;
    navigator?: Partial<Navigator>;
  };
  const asked = {
    source: given.MediaSource ?? given.ManagedMediaSource,
    media: given.navigator?.mediaCapabilities,
  };
  const [answers, hdr, upright] = await Promise.all([
    Promise.all(formats.map((format) => ask(asked, format, scope))),
    showsHdr(asked, scope),
    prove(turned, scope),
  ]);
  return {
    ...Object.fromEntries(answers.flat()),
    hdr,
    upright: upright !== undefined && upright.width < upright.height,
  };
}

async function ask({ source, media }: Asked, format: Format, scope: object): Promise<[string, boolean][]> {
  const { name, type: contentType = name, video, audio, proof } = format;
  if (source?.isTypeSupported(contentType) !== true) return [[name, false]];
  // Without media capabilities nothing tells how many channels there may be.
  if (!media) return [[name, contentType === name && (!proof || (await prove(proof, scope)) !== undefined)]];
  const info = await decoding(media, {
    ...(video && { video: { contentType, ...video } }),
    ...(audio && { audio: { contentType, ...audio } }),
  });
  const supported = info?.supported === true && (!proof || (await prove(proof, scope)) !== undefined);
  return [
    [name, supported],
    [`${name}; smooth`, supported && info.smooth],
    [`${name}; efficient`, supported && info.powerEfficient],
  ];
}

async function showsHdr({ source, media }: Asked, scope: object): Promise<boolean> {
  const { matchMedia } = scope as Partial<Window>;
  if (!source || !media || matchMedia?.call(scope, '(dynamic-range: high)').matches !== true) return false;
  const answers = await Promise.all(
    hdrTypes
      .filter((type) => source.isTypeSupported(type))
      .map((contentType) => {
        const light = {
          transferFunction: 'pq',
          colorGamut: 'rec2020',
          hdrMetadataType: 'smpteSt2086',
        } as const;
        return decoding(media, { video: { contentType, ...uhd, ...light } });
      }),
  );
  return answers.some((info) => info?.supported);
}

/** What media capabilities say, or nothing when they do not say it in time. */
function decoding(
  media: MediaCapabilities,
  what: Omit<MediaDecodingConfiguration, 'type'>,
): Promise<MediaCapabilitiesDecodingInfo | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), patience);
    media
      .decodingInfo({ type: 'media-source', ...what })
      .catch(() => undefined)
      .then((info) => {
        clearTimeout(timer);
        resolve(info);
      }, resolve);
  });
}
