package index

import (
	"time"

	"dropstream/backend/media"
)

// Track is one track of a source and where its samples are. All Ticks are in units of 1/Timescale seconds on the
// presentation timeline: the one that players show, edit list applied.
type Track struct {
	media.Track

	ID        uint32 // track_ID of tkhd, or Matroska's TrackNumber
	Timescale uint32 // never 0. Matroska: 1e9/TimestampScale, or 1e9 where that is no whole number

	// StartTicks is the first presented PTS; EndTicks the end of the last presented frame. Matroska: EndTicks comes
	// from the last blocks of the file where they could be reached, else from the segment's Duration.
	StartTicks, EndTicks media.Ticks

	SampleCount uint32 // 0 for Matroska, whose samples are not known
	SampleBytes int64  // sum of all sample sizes

	// Keyframes are exactly the sync samples (stss, or the sample flags of fragments; Matroska: the Cues of this
	// track), those outside the presentation too. Ascending in decode order. Nil with AllSync.
	Keyframes []Keyframe
	// AllSync says that every sample is a sync sample.
	AllSync bool
	// SyncUncertain says that AllSync is only what a missing table implies, of a codec that is rarely intra-only:
	// the samples themselves have to be asked.
	SyncUncertain bool
	// ClosedGOP says that no sample is presented before the keyframe that it follows in decode order.
	ClosedGOP bool

	// OrderedGOPs says that every sample is presented after all those that were decoded before the keyframe that it
	// follows in decode order: the samples from one keyframe up to the next are presented in one piece, which begins at
	// that keyframe's First. Not for Matroska.
	OrderedGOPs bool

	// EditsExact says that the presentation is the plain samples [FirstSample, EndSample), shifted in time: the edit
	// list is none, or empty edits and then one edit at rate 1 which, for video, starts on a keyframe and cuts
	// between frames in decode order. Without it the samples alone do not give the presentation.
	EditsExact bool
	// Edits is how many edits that are not empty there are. From two on, Keyframes and the times of Samples are those
	// of the first edit only: the rest of the presentation is somewhere else in the track.
	Edits int
	// FirstSample and EndSample bound the presented samples: those from FirstSample up to, not including, EndSample.
	// Audio that starts before the edit (priming), or at its end or later, is outside.
	FirstSample, EndSample uint32

	MaxGOPDuration media.Ticks // the longest time from a keyframe to the next one, or to the end
	MaxSampleBytes uint32      //
	DTSMonotonic   bool        // every sample is decoded later than the one before it
	Truncated      bool        // the last sample lies beyond the end of the file

	SampleEntry   []byte // the first sample entry of stsd, the whole box; MP4 only
	SampleEntries int    // how many entries stsd has; more than one: samples do not share one configuration
	CodecPrivate  []byte // payload of avcC, hvcC, av1C ..., AudioSpecificConfig, or Matroska's CodecPrivate
	NALLengthSize int    // bytes of the length before each NAL unit; 0 for codecs without NAL units

	// MasteringDisplay and ContentLight are the payloads of mdcv and clli (ISO/IEC 14496-12 12.1.7, 12.1.6), made of
	// what Matroska says of HDR pictures. Nil for most, and for MP4, whose SampleEntry has the boxes themselves.
	MasteringDisplay, ContentLight []byte

	// Readable says that the frames of a Matroska track can be found by [Track.KeyframeBlocks] or
	// [Track.BlocksBetween]: it is neither encrypted nor compressed, but for what Stripped says.
	Readable bool
	// Stripped are the bytes that every sample of a Matroska track begins with and that were left out of the file
	// (RFC 9559 5.1.4.1.31.7, Header Stripping). Nil for most.
	Stripped []byte
	// FrameSamples is how many audio samples a frame has, at Audio.SampleRate: of AAC-LC without SBR, 1024 or 960. 0
	// where that is not known.
	FrameSamples int

	blocks      *blocks       // Matroska: the reader of all tracks' blocks
	cues        []cuePlace    // Matroska: where each of Keyframes is
	blocksEnd   int64         // Matroska: where the blocks end, as near as is known
	frameLength time.Duration // Matroska: of one frame in a lace; 0: not known
	delay       media.Ticks   // Matroska: CodecDelay, which is taken off every timestamp

	shift media.Ticks // presentation time = media time + shift
	src   *source
	moov  *tables    // samples described by moov; nil when there are none
	runs  []trackRun // samples described by fragments, after those of moov
}

// Keyframe is a sync sample. Both times are on the presentation timeline.
type Keyframe struct {
	Sample uint32      // its number, from 0, in decode order; Matroska: its number among the cues
	DTS    media.Ticks // Matroska: the same as PTS
	PTS    media.Ticks
	// First is when the earliest is presented of the samples that are decoded from here on, up to the next keyframe. It
	// is before PTS where pictures that are decoded after the keyframe are shown before it, as HEVC's encoders do it by
	// default. Matroska: the same as PTS; see [Track.GroupStart].
	First media.Ticks
}

// Sample is one sample of a track.
type Sample struct {
	Offset   int64       // first byte, in the file
	Size     uint32      // bytes
	Duration uint32      // as the table says it; DTS may still jump between fragments
	DTS      media.Ticks // on the presentation timeline, so it may be negative
	CTO      int32       // composition time offset: PTS = DTS + CTO
	Sync     bool
}

// PTS is the presentation time.
func (s Sample) PTS() media.Ticks { return s.DTS + media.Ticks(s.CTO) }

// PresentationOffset is what Samples adds to the track's raw media times: the empty edit's length less the edit's
// media_time, in Ticks.
func (t *Track) PresentationOffset() media.Ticks { return t.shift }
