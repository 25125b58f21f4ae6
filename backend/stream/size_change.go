package stream

import (
	"dropstream/backend/fmp4"
	"dropstream/backend/media"
)

// maxParameterSet bounds a parameter set that is read out of a sample.
const maxParameterSet = 1 << 10

// nalSPS is the type of a sequence parameter set (ISO/IEC 14496-10 table 7-1).
const nalSPS = 7

// changesSize says whether an H.264 sample brings a parameter set of its own that states another size than the
// track's. One init segment cannot announce both, and players do not take the change without one. Other codecs' samples
// are not looked at: VP9 and AV1 say their size in every keyframe, and players take that.
func changesSize(s wholeSample, c media.Codec, lengthSize int, config []byte) bool {
	if c != media.H264 {
		return false
	}
	width, height, known := configuredSize(config)
	changes := false
	eachNAL(s, lengthSize, func(header byte, at, size int64) bool {
		kind := header & 0x1f
		if kind == nalSPS && known && size <= maxParameterSet {
			nal := make([]byte, size)
			if _, err := s.ReadAt(nal, at); err == nil {
				w, h, ok := fmp4.AVCSize(nal)
				changes = changes || ok && (w != width || h != height)
			}
		}
		return kind == nalSPS || kind > 5 // parameter sets, SEI and delimiters come before the first slice
	})
	return changes
}

// configuredSize is what the first parameter set of an AVCDecoderConfigurationRecord states (ISO/IEC 14496-15
// §5.3.3.1).
func configuredSize(record []byte) (width, height int, ok bool) {
	const head = 8
	if len(record) < head || record[5]&0x1f == 0 {
		return 0, 0, false
	}
	size := int(record[6])<<8 | int(record[7])
	if size > len(record)-head {
		return 0, 0, false
	}
	return fmp4.AVCSize(record[head : head+size])
}
