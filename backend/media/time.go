package media

import (
	"math/bits"
	"time"
)

// Ticks is a media time or a duration in units of 1/timescale seconds. The timescale travels beside it.
type Ticks = int64

// Rational is a ratio of two integers, such as a frame rate or a sample aspect ratio. The zero value is unknown.
type Rational struct {
	Num, Den int64
}

// Valid says whether the ratio is known and positive.
func (r Rational) Valid() bool { return r.Num > 0 && r.Den > 0 }

// Float is the ratio as a number, or 0 when it is not valid.
func (r Rational) Float() float64 {
	if !r.Valid() {
		return 0
	}
	return float64(r.Num) / float64(r.Den)
}

// Rescale converts a time from one timescale to another, rounded to nearest, halves away from zero. It is exact
// through a 128-bit product; a result that does not fit saturates. A zero timescale gives 0.
func Rescale(t Ticks, from, to uint32) Ticks {
	if from == to {
		return t
	}
	if from == 0 {
		return 0
	}
	neg := t < 0
	u := uint64(t)
	if neg {
		u = -u
	}
	hi, lo := bits.Mul64(u, uint64(to))
	lo, carry := bits.Add64(lo, uint64(from)/2, 0)
	hi += carry
	const largest = 1<<63 - 1
	q := uint64(largest)
	if hi < uint64(from) {
		q, _ = bits.Div64(hi, lo, uint64(from))
		q = min(q, largest)
	}
	if neg {
		return -int64(q)
	}
	return int64(q)
}

// ToDuration converts ticks to a time.Duration, rounded to the nearest nanosecond.
func ToDuration(t Ticks, timescale uint32) time.Duration {
	return time.Duration(Rescale(t, timescale, uint32(time.Second)))
}

// FromDuration converts a time.Duration to ticks, rounded to nearest.
func FromDuration(d time.Duration, timescale uint32) Ticks {
	return Rescale(int64(d), uint32(time.Second), timescale)
}
