package index

import (
	"fmt"
	"math"

	"github.com/Eyevinn/mp4ff/av1"
	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/hevc"

	"dropstream/backend/media"
)

// configuration reads a codec's configuration box.
func (e *sampleEntry) configuration(typ string, p []byte) {
	t := e.t
	switch typ {
	case "avcC":
		configureAVC(t, e.typ, p)
	case "hvcC":
		configureHEVC(t, e.typ, p)
	case "av1C":
		configureAV1(t, p)
	case "vpcC":
		configureVP(t, e.typ, p)
	case "vvcC":
		if _, _, rest, ok := fullBox(p); ok && len(rest) > 0 {
			t.NALLengthSize = int(rest[0]>>1&3) + 1
		}
	case "dac3":
		configureAC3(t, p)
	case "dec3":
		configureEAC3(t, p)
	case "dOps":
		if len(p) >= 11 {
			t.Audio.Channels, t.Audio.SampleRate = int(p[1]), 48000
			t.CodecString = "opus"
		}
	case "dfLa":
		t.CodecString = "fLaC"
	case "alac":
		if len(p) >= 28 {
			r := newBE(p[13:])
			t.Audio.Channels = int(r.u8())
			r.skip(10)
			t.Audio.SampleRate = int(r.u32())
		}
	}
}

// configureAVC reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1) and its first SPS.
func configureAVC(t *Track, entry string, p []byte) {
	if len(p) < 7 || p[0] != 1 {
		return
	}
	t.NALLengthSize = int(p[4]&3) + 1
	t.CodecString = fmt.Sprintf("%s.%02x%02x%02x", entry, p[1], p[2], p[3])
	t.Level = int(p[3])
	t.Profile = avcProfile(uint32(p[1]), uint32(p[2]))
	r := newBE(p[5:])
	if r.u8()&0x1f == 0 {
		return // avc3: the parameter sets are in the samples
	}
	nal := r.take(int(r.u16()))
	if !r.ok || len(nal) == 0 {
		return
	}
	sps, err := avc.ParseSPSNALUnit(nal, true)
	if sps == nil || err != nil && sps.Width == 0 {
		return
	}
	v := &t.Video
	v.BitDepth, v.Chroma = int(sps.BitDepthLumaMinus8)+8, chroma(sps.ChromaFormatIDC)
	v.Interlaced = !sps.FrameMbsOnlyFlag
	if sps.Width > 0 && sps.Width < 1<<16 && sps.Height > 0 && sps.Height < 1<<16 {
		v.Width, v.Height = int(sps.Width), int(sps.Height)
	}
	if u := sps.VUI; u != nil {
		setAspect(v, u.SampleAspectRatioWidth, u.SampleAspectRatioHeight)
		if u.VideoSignalTypePresentFlag {
			v.FullRange = u.VideoFullRangeFlag
		}
		if u.ColourDescriptionFlag {
			setColour(v, u.ColourPrimaries, u.TransferCharacteristics, u.MatrixCoefficients)
		}
	}
}

// setAspect takes a sample aspect ratio where the container says none.
func setAspect(v *media.VideoFormat, w, h uint) {
	if w > 0 && w < 1<<16 && h > 0 && h < 1<<16 && !v.PixelAspect.Valid() {
		v.PixelAspect = reduced(int64(w), int64(h))
	}
}

// avcProfile is ffmpeg's name of a profile_idc with its constraint flags.
func avcProfile(profile, flags uint32) string {
	switch profile {
	case 66:
		if flags&0x40 != 0 {
			return "Constrained Baseline"
		}
		return "Baseline"
	case 77:
		return "Main"
	case 88:
		return "Extended"
	case 100:
		return "High"
	case 110:
		if flags&0x10 != 0 {
			return "High 10 Intra"
		}
		return "High 10"
	case 122:
		if flags&0x10 != 0 {
			return "High 4:2:2 Intra"
		}
		return "High 4:2:2"
	case 244:
		if flags&0x10 != 0 {
			return "High 4:4:4 Intra"
		}
		return "High 4:4:4 Predictive"
	case 44:
		return "CAVLC 4:4:4"
	case 118:
		return "Multiview High"
	case 128:
		return "Stereo High"
	default:
		return ""
	}
}

// configureHEVC reads an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1) and its first SPS.
func configureHEVC(t *Track, entry string, p []byte) {
	rec, err := hevc.DecodeHEVCDecConfRec(p)
	if err != nil {
		return
	}
	t.NALLengthSize = int(rec.LengthSizeMinusOne) + 1
	t.Level = int(rec.GeneralLevelIDC)
	t.Profile = map[byte]string{1: "Main", 2: "Main 10", 3: "Main Still Picture", 4: "Rext"}[rec.GeneralProfileIDC]
	v := &t.Video
	v.BitDepth, v.Chroma = int(rec.BitDepthLumaMinus8)+8, chroma(rec.ChromaFormatIDC)
	t.CodecString = hevc.CodecString(entry, &hevc.SPS{ProfileTierLevel: hevc.ProfileTierLevel{
		GeneralProfileSpace: rec.GeneralProfileSpace, GeneralTierFlag: rec.GeneralTierFlag,
		GeneralProfileIDC: rec.GeneralProfileIDC, GeneralLevelIDC: rec.GeneralLevelIDC,
		GeneralProfileCompatibilityFlags: rec.GeneralProfileCompatibilityFlags,
		GeneralConstraintIndicatorFlags:  rec.GeneralConstraintIndicatorFlags,
	}})
	for i := range rec.NaluArrays {
		a := &rec.NaluArrays[i]
		if a.NaluType() != hevc.NALU_SPS || len(a.Nalus) == 0 {
			continue
		}
		sps, err := hevc.ParseSPSNALUnit(a.Nalus[0])
		if err != nil || sps == nil {
			return
		}
		if w, h := sps.ImageSize(); w > 0 && w < 1<<16 && h > 0 && h < 1<<16 {
			v.Width, v.Height = int(w), int(h)
		}
		if u := sps.VUI; u != nil {
			setAspect(v, u.SampleAspectRatioWidth, u.SampleAspectRatioHeight)
			v.Interlaced = v.Interlaced || u.FieldSeqFlag
			if u.VideoSignalTypePresentFlag {
				v.FullRange = u.VideoFullRangeFlag
			}
			if u.ColourDescriptionFlag {
				setColour(v, uint(u.ColourPrimaries), uint(u.TransferCharacteristics), uint(u.MatrixCoefficients))
			}
		}
		return
	}
}

// configureAV1 reads an AV1CodecConfigurationRecord (AV1 Codec ISO Media File Format Binding 2.3.3).
func configureAV1(t *Track, p []byte) {
	rec, err := av1.DecodeAV1CodecConfRec(p)
	if err != nil {
		return
	}
	v := &t.Video
	t.Level = int(rec.SeqLevelIdx0)
	t.Profile = map[byte]string{0: "Main", 1: "High", 2: "Professional"}[rec.SeqProfile]
	t.CodecString = rec.CodecString("av01")
	v.BitDepth = 8
	if rec.HighBitdepth != 0 {
		v.BitDepth = 10
		if rec.TwelveBit != 0 {
			v.BitDepth = 12
		}
	}
	switch {
	case rec.MonoChrome != 0:
		v.Chroma = "4:0:0"
	case rec.ChromaSubsamplingX == 0:
		v.Chroma = "4:4:4"
	case rec.ChromaSubsamplingY == 0:
		v.Chroma = "4:2:2"
	default:
		v.Chroma = "4:2:0"
	}
	if seq, err := rec.SequenceHeader(); err == nil && seq != nil {
		v.FullRange = seq.ColorRange
		setColour(v, uint(seq.ColorPrimaries), uint(seq.TransferCharacteristics), uint(seq.MatrixCoefficients))
	}
}

// configureVP reads a VPCodecConfigurationRecord (VP Codec ISO Media File Format Binding).
func configureVP(t *Track, entry string, p []byte) {
	_, _, p, ok := fullBox(p)
	if !ok || len(p) < 6 {
		return
	}
	v := &t.Video
	profile, level := p[0], p[1]
	v.BitDepth, v.FullRange = int(p[2]>>4), p[2]&1 != 0
	sub := p[2] >> 1 & 7
	v.Chroma = map[byte]string{0: "4:2:0", 1: "4:2:0", 2: "4:2:2", 3: "4:4:4"}[sub]
	setColour(v, uint(p[3]), uint(p[4]), uint(p[5]))
	if t.Codec == media.VP9 {
		t.Profile = fmt.Sprintf("Profile %d", profile)
	}
	t.CodecString = fmt.Sprintf("%s.%02d.%02d.%02d", entry, profile, level, v.BitDepth)
}

// chroma is chroma_format_idc in words.
func chroma(idc byte) string {
	return map[byte]string{0: "4:0:0", 1: "4:2:0", 2: "4:2:2", 3: "4:4:4"}[idc]
}

// settlePixels names the pixel format where depth and chroma are known.
func settlePixels(t *Track) {
	v := &t.Video
	base, ok := map[string]string{"4:0:0": "gray", "4:2:0": "yuv420p", "4:2:2": "yuv422p", "4:4:4": "yuv444p"}[v.Chroma]
	if !ok || v.BitDepth < 8 || v.BitDepth > 16 {
		return
	}
	if v.Matrix == "gbr" && v.Chroma == "4:4:4" {
		base = "gbrp"
	}
	switch {
	case v.BitDepth > 8:
		v.PixelFormat = fmt.Sprintf("%s%dle", base, v.BitDepth)
	case v.FullRange && base[:3] == "yuv" && (t.Codec == media.H264 || t.Codec == media.HEVC):
		v.PixelFormat = "yuvj" + base[3:] // the name of full range 8 bit pictures in these two decoders
	default:
		v.PixelFormat = base
	}
}

// The code points of ISO/IEC 23091-2 by ffmpeg's names. What is not here is unknown.
var (
	primaries = map[uint]string{
		1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428",
		11: "smpte431", 12: "smpte432", 22: "ebu3213",
	}
	transfers = map[uint]string{
		1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100", 10: "log316",
		11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084",
		17: "smpte428", 18: "arib-std-b67",
	}
	matrices = map[uint]string{
		0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc",
		10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp",
	}
)

// ColourCodes are the code points of ISO/IEC 23091-2 of a picture's primaries, transfer and matrix; 2, which stands for
// unspecified, for what is not known.
func ColourCodes(v media.VideoFormat) (p, t, m uint16) {
	find := func(names map[uint]string, name string) uint16 {
		for code, n := range names {
			if n == name {
				return uint16(min(code, math.MaxUint8))
			}
		}
		return 2
	}
	return find(primaries, v.Primaries), find(transfers, v.Transfer), find(matrices, v.Matrix)
}

// setColour names the code points that are known, over what was there.
func setColour(v *media.VideoFormat, p, t, m uint) {
	set := func(to *string, names map[uint]string, code uint) {
		if n, ok := names[code]; ok {
			*to = n
		}
	}
	set(&v.Primaries, primaries, p)
	set(&v.Transfer, transfers, t)
	set(&v.Matrix, matrices, m)
}
