package fmp4

import (
	"fmt"

	"dropstream/backend/media"
)

// decoderEntries are, for codecs that decode by no more than this, the sample entry's type and that of its
// configuration box; "" where the samples say it all.
var decoderEntries = map[media.Codec]struct{ entry, config string }{
	media.H264: {"avc1", "avcC"}, media.HEVC: {"hvc1", "hvcC"}, media.AV1: {"av01", "av1C"},
	media.VP8: {"vp08", ""}, media.VP9: {"vp09", ""},
}

// DecoderEntry makes a visual sample entry (ISO/IEC 14496-12 §12.1.3) that a decoder is content with, from the codec's
// configuration as Matroska keeps it (RFC 9559 CodecPrivate). It is not for players: it says nothing of how the picture
// is to be shown. It fails for codecs whose entry takes more than that, and where the configuration is missing.
func DecoderEntry(codec media.Codec, config []byte, width, height int) ([]byte, error) {
	names, ok := decoderEntries[codec]
	switch {
	case !ok:
		return nil, fmt.Errorf("sample entry of %q: not known: %w", codec, ErrMalformed)
	case len(config) == 0 && (codec == media.H264 || codec == media.HEVC):
		return nil, fmt.Errorf("sample entry of %q without a configuration: %w", codec, ErrMalformed)
	case width < 1 || width > 1<<16-1 || height < 1 || height > 1<<16-1 || len(config) > 1<<16:
		return nil, fmt.Errorf("picture of %d×%d: %w", width, height, ErrMalformed)
	}
	entry := visualEntry(names.entry, width, height)
	if names.config != "" && len(config) > 0 {
		entry = appendBox(entry, names.config, config...)
	}
	return endBox(entry), nil
}

// Single gives the boxes before the bytes of a fragment that is one keyframe, decoded and shown at a time.
func Single(sequence uint32, at media.Ticks, bytes uint32) ([]byte, error) {
	return Header(sequence, at, []Sample{{PTS: at, Size: bytes, Sync: true}}, Timing{[]uint32{1}, []int32{0}})
}
