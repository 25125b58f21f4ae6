// Package fakeffmpeg stands in for an ffmpeg on a computer with an encoder in hardware. It claims to have h264_nvenc,
// encodes with libx264 without B-frames instead, and can fail in each way that drivers and cards do.
//
// It is the test's own program started again: TestMain must call Main first.
package fakeffmpeg
