// Package fmp4 makes fragmented MP4 (ISO/IEC 14496-12, CMAF) for HLS: init segments, media segments from a source's
// own samples, and media segments from what an encoder wrote on a pipe.
//
// One rule holds for every media segment made here: its first decode time (tfdt) is its boundary in the plan, its
// sample durations add up to the next boundary, and its composition offsets are signed (trun version 1), so that
// presentation times are true and any segment can follow any other.
package fmp4
