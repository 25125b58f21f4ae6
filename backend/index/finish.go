package index

import (
	"math/big"

	"dropstream/backend/media"
)

// finish fills the Track from what the scan found.
func (t *trak) finish(src *source) {
	out, c := t.out, t.scan
	if out.SampleCount == 0 && out.moov != nil {
		out.SampleCount = out.moov.samples
	}
	if c == nil || !c.started {
		out.Start, out.Duration = 0, media.ToDuration(signed64(t.duration), out.Timescale)
		out.DTSMonotonic = true
		return
	}
	if t.fragmented || len(out.runs) > 0 {
		t.settleSync()
	}
	out.DTSMonotonic = !c.repeats
	out.ClosedGOP = out.AllSync || !c.open
	out.OrderedGOPs = out.AllSync || !c.crosses
	if c.keySeen {
		out.MaxGOPDuration = max(out.MaxGOPDuration, c.maxEnd-c.keyPTS)
	}
	out.SyncUncertain = out.AllSync && out.Kind == media.Video && !intraOnly[out.Codec] && !t.tables.hasStss
	t.settleEdits()
	if !out.Truncated {
		out.Truncated = out.endsBeyond(src.size)
	}
	out.Start = media.ToDuration(out.StartTicks, out.Timescale)
	out.Duration = media.ToDuration(out.EndTicks-out.StartTicks, out.Timescale)
	if c.duration > 0 {
		if out.BitRate == 0 {
			out.BitRate = mulDiv(out.SampleBytes*8, int64(out.Timescale), c.duration)
		}
		if out.Kind == media.Video {
			out.Video.FrameRate = reduced(int64(out.SampleCount)*int64(out.Timescale), c.duration)
		}
	}
}

// settleSync decides on AllSync once all fragments are known.
func (t *trak) settleSync() {
	out := t.out
	if out.Kind == media.Video {
		out.AllSync = clamp32(len(out.Keyframes)) == out.SampleCount
	}
	if out.AllSync {
		out.Keyframes = nil
	}
}

// settleEdits says which samples are presented, and whether they alone are the presentation.
func (t *trak) settleEdits() {
	out, c := t.out, t.scan
	if !c.any { // every sample is outside the edit
		out.EditsExact = false
		return
	}
	out.FirstSample, out.EndSample = c.firstIn, c.lastIn+1
	if gap := c.minPTS - t.first; out.Edits > 0 && gap > 0 && len(out.runs) == 0 &&
		(!c.straddles || out.Kind != media.Audio) {
		// The edit starts before its first frame. By the letter there is nothing to see until then; ffmpeg, and with it
		// whatever is transcoded, starts with the frame.
		out.shift -= gap
		for i := range out.Keyframes {
			out.Keyframes[i].DTS -= gap
			out.Keyframes[i].PTS -= gap
			out.Keyframes[i].First -= gap
		}
	}
	out.StartTicks, out.EndTicks = c.minPTS+out.shift, c.endPTS+out.shift
	if len(t.edits) == 0 {
		return
	}
	if c.lastBefore > int64(c.firstIn) || c.firstAfter >= 0 && c.firstAfter < int64(c.lastIn) {
		out.EditsExact = false // the edit cuts between frames that are decoded in another order
	}
	if out.Kind == media.Video && (!c.firstSync || c.firstPTS != c.minPTS) {
		out.EditsExact = false
	}
}

// endsBeyond says whether the last sample of moov's tables lies beyond the end of the file.
func (t *Track) endsBeyond(size int64) bool {
	if t.moov == nil {
		return false
	}
	last, err := t.samples(nil, t.moov.samples-1, t.moov.samples)
	return err != nil || last[0].Offset < 0 || last[0].Offset > size-int64(last[0].Size)
}

// intraOnly are the codecs whose every frame stands alone, so that a missing stss means what it says.
var intraOnly = map[media.Codec]bool{
	"prores": true, "dnxhd": true, "mjpeg": true, "mjpegb": true, "png": true, "rawvideo": true, "dvvideo": true,
	"hap": true, "cfhd": true, "qtrle": false, "jpeg2000": true, "v210": true, "v308": true, "v408": true, "v410": true,
	"r210": true, "gif": false, "bmp": true, "tiff": true, "avrp": true, "magicyuv": true, "utvideo": true,
	"huffyuv": true, "ffvhuff": true, "speedhq": true, "vc2": true,
}

// mulDiv is a*b/c without overflow, for b and c above 0; what does not fit is 0.
func mulDiv(a, b, c int64) int64 {
	v := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	if v.Div(v, big.NewInt(c)); !v.IsInt64() {
		return 0
	}
	return v.Int64()
}

// reduced is the ratio in lowest terms.
func reduced(num, den int64) media.Rational {
	if num <= 0 || den <= 0 {
		return media.Rational{}
	}
	a, b := num, den
	for b != 0 {
		a, b = b, a%b
	}
	return media.Rational{Num: num / a, Den: den / a}
}
