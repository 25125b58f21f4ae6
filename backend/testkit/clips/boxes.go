package clips

import (
	"encoding/binary"
	"slices"
)

// Box is a box of ISO/IEC 14496-12 that was taken apart: its children when it is one of the containers, else what it
// holds.
type Box struct {
	Kind     string
	Payload  []byte
	Children []*Box
}

// containers are the boxes that hold nothing but boxes.
var boxContainers = []string{"moov", "trak", "edts", "mdia", "minf", "stbl", "dinf"}

// parse takes boxes apart. A clip is a file that ffmpeg has just written, so nothing of it is doubted.
func parse(data []byte) []*Box {
	var all []*Box
	for len(data) >= 8 {
		size, head := int(binary.BigEndian.Uint32(data)), 8
		switch size {
		case 0:
			size = len(data)
		case 1:
			size, head = int(binary.BigEndian.Uint64(data[8:])), 16
		}
		n := &Box{Kind: string(data[4:8]), Payload: data[head:size]}
		if slices.Contains(boxContainers, n.Kind) {
			n.Children = parse(n.Payload)
		}
		all = append(all, n)
		data = data[size:]
	}
	return all
}

// Bytes puts a box together again, with the sizes that it has now.
func (n *Box) Bytes() []byte {
	payload := n.Payload
	if n.Children != nil {
		payload = nil
		for _, c := range n.Children {
			payload = append(payload, c.Bytes()...)
		}
	}
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(payload)+8)), n.Kind...), payload...)
}

// Find gives all boxes of a kind below n, in order.
func (n *Box) Find(kind string) []*Box {
	var all []*Box
	for _, c := range n.Children {
		if c.Kind == kind {
			all = append(all, c)
		}
		all = append(all, c.Find(kind)...)
	}
	return all
}

// Remake changes the moov box of a file that has it last, so that no offset of a sample changes.
func Remake(change func(moov *Box)) func([]byte) []byte {
	return func(data []byte) []byte {
		var out []byte
		at := 0
		for _, n := range parse(slices.Clone(data)) {
			size := len(n.Payload) + 8
			if binary.BigEndian.Uint32(data[at:]) == 1 {
				size += 8
			}
			if n.Kind == "moov" {
				change(n)
				out = append(out, n.Bytes()...)
			} else {
				out = append(out, data[at:at+size]...)
			}
			at += size
		}
		return out
	}
}

// matrix gives a track's picture another display matrix (§8.3.2; tkhd version 0 has it 40 bytes in).
func matrix(m [4]int32) func(*Box) {
	return func(moov *Box) {
		tkhd := moov.Find("tkhd")[0].Payload
		// The last one has 30 bits behind its point, the others 16.
		for i, v := range []int32{m[0], m[1], 0, m[2], m[3], 0, 0, 0, 1 << 14} {
			binary.BigEndian.PutUint32(tkhd[40+4*i:], uint32(v<<16))
		}
	}
}

// edits gives every track an edit list of its own (§8.6.6): pairs of a length and a start, both in milliseconds of
// ffmpeg's usual movie timescale of 1000; a start below 0 is an empty edit.
func edits(list ...[2]int64) func(*Box) {
	return func(moov *Box) {
		for _, trak := range moov.Find("trak") {
			mdhd := trak.Find("mdhd")[0].Payload
			timescale := int64(binary.BigEndian.Uint32(mdhd[12:]))
			var shift int64 // what the file's own list cuts off: priming, or the delay of B-frames
			if old := trak.Find("elst"); len(old) > 0 {
				shift = int64(int32(binary.BigEndian.Uint32(old[0].Payload[12:])))
			}
			elst := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(len(list)))
			for _, e := range list {
				start := int64(-1)
				if e[1] >= 0 {
					start = shift + e[1]*timescale/1000
				}
				elst = binary.BigEndian.AppendUint32(elst, uint32(e[0]))
				elst = binary.BigEndian.AppendUint32(elst, uint32(start))
				elst = binary.BigEndian.AppendUint32(elst, 1<<16)
			}
			edts := &Box{Kind: "edts", Children: []*Box{{Kind: "elst", Payload: elst}}}
			trak.Children = slices.DeleteFunc(trak.Children, func(n *Box) bool { return n.Kind == "edts" })
			trak.Children = slices.Insert(trak.Children, 1, edts)
		}
	}
}

// wideOffsets turns the offsets of chunks into 64-bit ones (§8.7.5).
func wideOffsets(moov *Box) {
	for _, stco := range moov.Find("stco") {
		wide := slices.Clone(stco.Payload[:8])
		for at := 8; at < len(stco.Payload); at += 4 {
			wide = binary.BigEndian.AppendUint64(wide, uint64(binary.BigEndian.Uint32(stco.Payload[at:])))
		}
		stco.Kind, stco.Payload = "co64", wide
	}
}

// durations makes all headers say another length than the samples have.
func durations(milliseconds uint32) func(*Box) {
	return func(moov *Box) {
		binary.BigEndian.PutUint32(moov.Find("mvhd")[0].Payload[16:], milliseconds)
		for _, trak := range moov.Find("trak") {
			binary.BigEndian.PutUint32(trak.Find("tkhd")[0].Payload[20:], milliseconds)
			mdhd := trak.Find("mdhd")[0].Payload
			timescale := binary.BigEndian.Uint32(mdhd[12:])
			binary.BigEndian.PutUint32(mdhd[16:], uint32(uint64(timescale)*uint64(milliseconds)/1000))
			trak.Children = slices.DeleteFunc(trak.Children, func(n *Box) bool { return n.Kind == "edts" })
		}
	}
}

// dolbyVision adds a Dolby Vision configuration (ETSI TS 103 572 §8.2, "Dolby Vision Streams Within the ISO Base Media
// File Format" §3.1) of a profile and compatibility to the HEVC sample entry.
func dolbyVision(profile, compatibility byte) func(*Box) {
	return func(moov *Box) {
		stsd := moov.Find("stsd")[0]
		const level = 3
		config := make([]byte, 24)
		config[0] = 1
		config[2] = profile<<1 | level>>5
		config[3] = level<<3&0xff | 5 // an RPU and a base layer, no enhancement
		config[4] = compatibility << 4
		kind := "dvcC"
		if profile > 7 {
			kind = "dvvC"
		}
		entry := append(slices.Clone(stsd.Payload[8:]), (&Box{Kind: kind, Payload: config}).Bytes()...)
		binary.BigEndian.PutUint32(entry, uint32(len(entry)))
		stsd.Payload = append(slices.Clone(stsd.Payload[:8]), entry...)
	}
}

// swallow puts the boxes of fragments, which are no longer any, before the samples inside mdat.
func swallow(data []byte) []byte {
	moof := (&Box{Kind: "moof", Payload: make([]byte, 56)}).Bytes()
	old := append((&Box{Kind: "moov", Payload: make([]byte, 400)}).Bytes(), moof...)
	var out []byte
	for _, n := range parse(data) {
		switch n.Kind {
		case "mdat":
			n.Payload = append(old, n.Payload...)
		case "moov":
			for _, stco := range n.Find("stco") {
				for at := 8; at < len(stco.Payload); at += 4 {
					offset := binary.BigEndian.Uint32(stco.Payload[at:])
					binary.BigEndian.PutUint32(stco.Payload[at:], offset+uint32(len(old)))
				}
			}
		}
		out = append(out, n.Bytes()...)
	}
	return out
}
