package ffmpeg

import "dropstream/backend/proc"

// hardwareFiles is how many files an encoder in hardware may open: its driver opens a device many times over.
const hardwareFiles = 1024

// HeadSpec is how a head is run: as Spec says, and with the devices its encoder needs.
//
// With an encoder in hardware the same process decodes the source, which nobody vouches for, and talks to a driver. A
// source that takes ffmpeg over then has that driver to attack, as in any browser's graphics process; no other file,
// no network and no other program all the same (see proc.Confinement). Keeping the two apart would have every picture
// go through a pipe. Its address space is not bounded either: drivers reserve more of it than the computer has memory.
func (t *Tools) HeadSpec(h VideoHead) proc.Spec {
	s := t.Spec(h.Args())
	s.Low = h.Low
	if h.Clip != nil {
		s.Stdin = h.Clip.Reader()
	}
	if !h.Encoder.Hardware() {
		return s
	}
	s.Limits.MemoryBytes, s.Limits.OpenFiles = 0, hardwareFiles
	if s.Confine != nil {
		s.Confine.Devices = h.Encoder.deviceFiles()
	}
	return s
}
