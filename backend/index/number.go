package index

import "math"

// signed32 is the same 32 bits as a signed number.
func signed32(v uint32) int32 { return int32(v) } //nolint:gosec // two's complement on purpose

// signed64 is the same 64 bits as a signed number.
func signed64(v uint64) int64 { return int64(v) } //nolint:gosec // two's complement on purpose

// clamp32 is v, or the nearest number that fits.
func clamp32[T int | int64 | uint64](v T) uint32 {
	switch {
	case v < 0:
		return 0
	case uint64(v) > math.MaxUint32:
		return math.MaxUint32
	default:
		return uint32(v)
	}
}
