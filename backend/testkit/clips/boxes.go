package clips

import (
	"encoding/binary"
	"slices"
)

// node is a box of ISO/IEC 14496-12 that was taken apart: its children when it is one of the containers, else what it
// holds.
type node struct {
	kind     string
	payload  []byte
	children []*node
}

// containers are the boxes that hold nothing but boxes.
var boxContainers = []string{"moov", "trak", "edts", "mdia", "minf", "stbl", "dinf"}

// parse takes boxes apart. A clip is a file that ffmpeg has just written, so nothing of it is doubted.
func parse(data []byte) []*node {
	var all []*node
	for len(data) >= 8 {
		size, head := int(binary.BigEndian.Uint32(data)), 8
		switch size {
		case 0:
			size = len(data)
		case 1:
			size, head = int(binary.BigEndian.Uint64(data[8:])), 16
		}
		n := &node{kind: string(data[4:8]), payload: data[head:size]}
		if slices.Contains(boxContainers, n.kind) {
			n.children = parse(n.payload)
		}
		all = append(all, n)
		data = data[size:]
	}
	return all
}

// bytes puts a box together again, with the sizes that it has now.
func (n *node) bytes() []byte {
	payload := n.payload
	if n.children != nil {
		payload = nil
		for _, c := range n.children {
			payload = append(payload, c.bytes()...)
		}
	}
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(payload)+8)), n.kind...), payload...)
}

// find gives all boxes of a kind below n, in order.
func (n *node) find(kind string) []*node {
	var all []*node
	for _, c := range n.children {
		if c.kind == kind {
			all = append(all, c)
		}
		all = append(all, c.find(kind)...)
	}
	return all
}

// remake changes the moov box of a file that has it last, so that no offset of a sample changes.
func remake(change func(moov *node)) func([]byte) []byte {
	return func(data []byte) []byte {
		var out []byte
		at := 0
		for _, n := range parse(data) {
			size := len(n.payload) + 8
			if binary.BigEndian.Uint32(data[at:]) == 1 {
				size += 8
			}
			if n.kind == "moov" {
				change(n)
				out = append(out, n.bytes()...)
			} else {
				out = append(out, data[at:at+size]...)
			}
			at += size
		}
		return out
	}
}

// matrix gives a track's picture another display matrix (§8.3.2; tkhd version 0 has it 40 bytes in).
func matrix(m [4]int32) func(*node) {
	return func(moov *node) {
		tkhd := moov.find("tkhd")[0].payload
		// The last one has 30 bits behind its point, the others 16.
		for i, v := range []int32{m[0], m[1], 0, m[2], m[3], 0, 0, 0, 1 << 14} {
			binary.BigEndian.PutUint32(tkhd[40+4*i:], uint32(v<<16))
		}
	}
}

// edits gives every track an edit list of its own (§8.6.6): pairs of a length and a start, both in milliseconds of
// ffmpeg's usual movie timescale of 1000; a start below 0 is an empty edit.
func edits(list ...[2]int64) func(*node) {
	return func(moov *node) {
		for _, trak := range moov.find("trak") {
			mdhd := trak.find("mdhd")[0].payload
			timescale := int64(binary.BigEndian.Uint32(mdhd[12:]))
			var shift int64 // what the file's own list cuts off: priming, or the delay of B-frames
			if old := trak.find("elst"); len(old) > 0 {
				shift = int64(int32(binary.BigEndian.Uint32(old[0].payload[12:])))
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
			edts := &node{kind: "edts", children: []*node{{kind: "elst", payload: elst}}}
			trak.children = slices.DeleteFunc(trak.children, func(n *node) bool { return n.kind == "edts" })
			trak.children = slices.Insert(trak.children, 1, edts)
		}
	}
}

// wideOffsets turns the offsets of chunks into 64-bit ones (§8.7.5).
func wideOffsets(moov *node) {
	for _, stco := range moov.find("stco") {
		wide := slices.Clone(stco.payload[:8])
		for at := 8; at < len(stco.payload); at += 4 {
			wide = binary.BigEndian.AppendUint64(wide, uint64(binary.BigEndian.Uint32(stco.payload[at:])))
		}
		stco.kind, stco.payload = "co64", wide
	}
}

// durations makes all headers say another length than the samples have.
func durations(milliseconds uint32) func(*node) {
	return func(moov *node) {
		binary.BigEndian.PutUint32(moov.find("mvhd")[0].payload[16:], milliseconds)
		for _, trak := range moov.find("trak") {
			binary.BigEndian.PutUint32(trak.find("tkhd")[0].payload[20:], milliseconds)
			mdhd := trak.find("mdhd")[0].payload
			timescale := binary.BigEndian.Uint32(mdhd[12:])
			binary.BigEndian.PutUint32(mdhd[16:], uint32(uint64(timescale)*uint64(milliseconds)/1000))
			trak.children = slices.DeleteFunc(trak.children, func(n *node) bool { return n.kind == "edts" })
		}
	}
}

// dolbyVision adds a Dolby Vision configuration (ETSI TS 103 572 §8.2, "Dolby Vision Streams Within the ISO Base Media
// File Format" §3.1) of a profile and compatibility to the HEVC sample entry.
func dolbyVision(profile, compatibility byte) func(*node) {
	return func(moov *node) {
		stsd := moov.find("stsd")[0]
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
		entry := append(slices.Clone(stsd.payload[8:]), (&node{kind: kind, payload: config}).bytes()...)
		binary.BigEndian.PutUint32(entry, uint32(len(entry)))
		stsd.payload = append(slices.Clone(stsd.payload[:8]), entry...)
	}
}

// swallow puts the boxes of fragments, which are no longer any, before the samples inside mdat.
func swallow(data []byte) []byte {
	moof := (&node{kind: "moof", payload: make([]byte, 56)}).bytes()
	old := append((&node{kind: "moov", payload: make([]byte, 400)}).bytes(), moof...)
	var out []byte
	for _, n := range parse(data) {
		switch n.kind {
		case "mdat":
			n.payload = append(old, n.payload...)
		case "moov":
			for _, stco := range n.find("stco") {
				for at := 8; at < len(stco.payload); at += 4 {
					offset := binary.BigEndian.Uint32(stco.payload[at:])
					binary.BigEndian.PutUint32(stco.payload[at:], offset+uint32(len(old)))
				}
			}
		}
		out = append(out, n.bytes()...)
	}
	return out
}
