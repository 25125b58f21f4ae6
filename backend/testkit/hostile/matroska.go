package hostile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
)

// ebml is an element (RFC 8794) with a size of 8 bytes.
func ebml(id uint32, parts ...[]byte) []byte {
	body := join(parts...)
	head := bytes.TrimLeft(u32(id), "\x00")
	return join(head, binary.BigEndian.AppendUint64(nil, 1<<56|uint64(len(body))), body)
}

func number(id uint32, v uint64) []byte { return ebml(id, binary.BigEndian.AppendUint64(nil, v)) }

var head = ebml(0x1A45DFA3, number(0x4286, 1), ebml(0x4282, []byte("matroska")), number(0x4287, 4), number(0x4285, 2))

// info is a segment's Info: milliseconds, 10 s, and more.
func info(more ...[]byte) []byte {
	length := ebml(0x4489, []byte{0x40, 0xc3, 0x88, 0, 0, 0, 0, 0})
	return ebml(0x1549A966, number(0x2AD7B1, 1_000_000), length, join(more...))
}

// segment is a file of one track entry, or several, and what follows.
func segment(tracks []byte, more ...[]byte) []byte {
	return join(head, ebml(0x18538067, info(), ebml(0x1654AE6B, tracks), join(more...)))
}

// cluster is one of a keyframe of track 1 at 0.
func cluster(frame []byte) []byte {
	return ebml(0x1F43B675, number(0xE7, 0), ebml(0xA3, []byte{0x81, 0, 0, 0x80}, frame))
}

// picture is a track entry of VP8 that holds more.
func picture(more ...[]byte) []byte {
	return ebml(0xAE, number(0xD7, 1), number(0x73C5, 1), number(0x83, 1), ebml(0x86, []byte("V_VP8")),
		ebml(0xE0, number(0xB0, 64), number(0xBA, 48)), join(more...))
}

// words is a track entry of text, compressed with zlib.
func words() []byte {
	return ebml(0xAE, number(0xD7, 1), number(0x73C5, 1), number(0x83, 0x11), ebml(0x86, []byte("S_TEXT/UTF8")),
		compressed)
}

// compressed says that a track's frames are compressed with zlib (RFC 9559 §5.1.4.1.31).
var compressed = ebml(0x6D80, ebml(0x6240, number(0x5031, 0), number(0x5032, 1), number(0x5033, 0),
	ebml(0x5034, number(0x4254, 0))))

// bomb is half a gigabyte of nothing, compressed.
func bomb() ([]byte, error) {
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	nothing := make([]byte, 1<<20)
	for range 512 {
		if _, err := w.Write(nothing); err != nil {
			return nil, fmt.Errorf("compress: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return b.Bytes(), nil
}

func file(name string, data func(t *Target) []byte) File {
	return File{Name: name, data: func(t *Target) ([]byte, error) { return data(t), nil }}
}

// matroska are files that name others, that unpack to more than anybody has, and that never end.
func matroska() []File {
	bombed := func(name string, track []byte) File {
		return File{Name: name, data: func(*Target) ([]byte, error) {
			b, err := bomb()
			return segment(track, cluster(b)), err
		}}
	}
	uid := bytes.Repeat([]byte{7}, 16)
	return []File{
		bombed("bomb-picture.mkv", picture(compressed)), bombed("bomb-text.mkv", join(words(), ebml(0xAE,
			number(0xD7, 2), number(0x73C5, 2), number(0x83, 1), ebml(0x86, []byte("V_VP8")),
			ebml(0xE0, number(0xB0, 64), number(0xBA, 48))))),
		file("cues.mkv", func(*Target) []byte {
			cue := ebml(0xBB, number(0xB3, 0), ebml(0xB7, number(0xF7, 1), number(0xF1, 0)))
			return segment(picture(), cluster([]byte{0}), ebml(0x1C53BB6B, bytes.Repeat(cue, 300_000)))
		}),
		file("linked.mkv", func(t *Target) []byte {
			names := join(ebml(0x3CB923, uid), ebml(0x3EB923, uid), ebml(0x3C83AB, t.fill("{canary}")),
				ebml(0x3E83BB, t.fill("{canary}")), ebml(0x7384, t.fill("{canary}")))
			return join(head, ebml(0x18538067, info(names), ebml(0x1654AE6B, picture()), cluster([]byte{0})))
		}),
		file("ordered-chapters.mkv", func(*Target) []byte {
			atom := ebml(0xB6, number(0x73C4, 1), number(0x91, 0), number(0x92, 1_000_000_000), ebml(0x6E67, uid))
			return segment(picture(), ebml(0x1043A770, ebml(0x45B9, number(0x45DD, 1), atom)), cluster([]byte{0}))
		}),
		file("chapters.mkv", func(*Target) []byte {
			atom := ebml(0xB6, number(0x73C4, 1), number(0x91, 0), ebml(0x80, ebml(0x85, []byte("../<b>x</b>"))))
			return segment(picture(), ebml(0x1043A770, ebml(0x45B9, bytes.Repeat(atom, 100_000))), cluster([]byte{0}))
		}),
		file("attachments.mkv", func(t *Target) []byte {
			names := []string{"../../x.ttf", "/tmp/x.ttf", `..\..\x.ttf`, "{canary}", "a\x00b", "con", "-i"}
			all := make([]byte, 0, 1<<10)
			for _, name := range names {
				all = append(all, ebml(0x61A7, ebml(0x466E, t.fill(name)), ebml(0x4660, []byte("font/ttf")),
					ebml(0x465C, []byte("a font")), number(0x46AE, 9))...)
			}
			return segment(picture(), ebml(0x1941A469, all), cluster([]byte{0}))
		}),
		file("tracks.mkv", func(*Target) []byte {
			return segment(bytes.Repeat(picture(), 5000), cluster([]byte{0}))
		}),
		file("depth.mkv", func(*Target) []byte {
			deep := []byte{}
			for range 3000 {
				deep = ebml(0xB6, deep)
			}
			return segment(picture(), ebml(0x1043A770, ebml(0x45B9, deep)), cluster([]byte{0}))
		}),
		file("endless.mkv", func(*Target) []byte { // sizes that are not known, one in another
			out := bytes.Clone(head)
			for range 20_000 {
				out = append(out, "\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"...)
			}
			return out
		}),
		file("beyond.mkv", func(*Target) []byte {
			return join(head, []byte("\x18\x53\x80\x67\x01\x7f\xff\xff\xff\xff\xff\xff"), info(),
				ebml(0x1654AE6B, picture()), []byte("\x1f\x43\xb6\x75\x01\x7f\xff\xff\xff\xff\xff\xff"))
		}),
		file("private.mkv", func(*Target) []byte {
			return segment(picture(ebml(0x63A2, make([]byte, 20<<20))), cluster([]byte{0}))
		}),
		file("laced.mkv", func(*Target) []byte {
			frame := join([]byte{0x81, 0, 0, 0x86, 0xff}, bytes.Repeat([]byte{0xff}, 4000))
			return segment(picture(), ebml(0x1F43B675, number(0xE7, 0), ebml(0xA3, frame)))
		}),
	}
}
