package fmp4

import (
	"github.com/Eyevinn/mp4ff/avc"
)

// AVCSize is the size in pixels that an H.264 sequence parameter set states (ISO/IEC 14496-10 §7.3.2.1.1), cropping
// done; ok is false for one that cannot be read.
func AVCSize(nal []byte) (width, height int, ok bool) {
	defer func() {
		if recover() != nil { // the reader is not written for hostile files
			ok = false
		}
	}()
	sps, err := avc.ParseSPSNALUnit(nal, false)
	if err != nil || sps == nil || sps.Width == 0 || sps.Height == 0 || sps.Width > 1<<16 || sps.Height > 1<<16 {
		return 0, 0, false
	}
	return int(sps.Width), int(sps.Height), true
}
