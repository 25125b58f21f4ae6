package hostile

import (
	"encoding/binary"
	"slices"

	"dropstream/backend/testkit/clips"
)

// movie is the good MP4 with another moov.
func movie(name string, want Want, change func(t *Target, moov *clips.Box)) File {
	return File{Name: name, Want: want, data: func(t *Target) ([]byte, error) {
		return clips.Remake(func(moov *clips.Box) { change(t, moov) })(t.Video), nil
	}}
}

// references are movies whose samples are said to be in other files (ISO/IEC 14496-12 §8.7.2, QuickTime's rmra).
func references() []File {
	data := func(kind string, content func(t *Target) []byte) func(*Target, *clips.Box) {
		return func(t *Target, moov *clips.Box) {
			for _, dref := range moov.Find("dref") {
				dref.Payload = join(u32(0, 1), box(kind, u32(0), content(t)))
			}
		}
	}
	alias := func(t *Target) []byte { // an alias record, as QuickTime writes it, with a path of type 18
		path := []byte(t.Canary)
		record := make([]byte, 150)
		record[6], record[7] = 0, 2
		out := append([]byte(nil), record...)
		out = append(out, 0, 18)
		out = binary.BigEndian.AppendUint16(out, uint16(len(path)))
		if len(path)%2 == 1 {
			path = append(path, 0)
		}
		out = append(append(out, path...), 0, 2)
		out = binary.BigEndian.AppendUint16(out, uint16(len(path)))
		return append(append(out, path...), 0xff, 0xff, 0, 0)
	}
	reference := func(name, kind, target string) File {
		return File{Name: name, Want: Refused, data: func(t *Target) ([]byte, error) {
			to := append(t.fill(target), 0)
			rdrf := box("rdrf", u32(0), []byte(kind), u32(uint32(len(to))), to)
			brand := box("ftyp", []byte("qt  \x00\x00\x00\x00qt  "))
			return join(brand, box("moov", box("rmra", box("rmda", rdrf)))), nil
		}}
	}
	return []File{
		movie("data-elsewhere-url.mp4", Either, data("url ", func(t *Target) []byte {
			return t.fill("{url}/a.mp4\x00")
		})),
		movie("data-elsewhere-file.mp4", Either, data("url ", func(t *Target) []byte {
			return t.fill("file://{canary}\x00")
		})),
		movie("data-elsewhere-urn.mp4", Either, data("urn ", func(t *Target) []byte {
			return t.fill("x\x00{url}/a.mp4\x00")
		})),
		movie("data-elsewhere-alias.mov", Either, data("alis", alias)),
		reference("reference-url.mov", "url ", "{url}/a.mov"),
		reference("reference-file.mov", "url ", "file://{canary}"),
		reference("reference-alias.mov", "alis", "{canary}"),
	}
}

// tables are movies whose tables claim 2^32 entries, and more tracks than anybody has.
func tables() []File {
	const huge = 1<<32 - 1
	count := func(kind string, at int) File {
		return movie("count-"+kind+".mp4", Either, func(_ *Target, moov *clips.Box) {
			for _, b := range moov.Find(kind) {
				if len(b.Payload) >= at+4 {
					binary.BigEndian.PutUint32(b.Payload[at:], huge)
				}
			}
		})
	}
	run := func(name, kind string, values ...uint32) File {
		return movie(name, Either, func(_ *Target, moov *clips.Box) {
			for _, b := range moov.Find(kind) {
				b.Payload = u32(values...)
			}
		})
	}
	return []File{
		count("stsz", 8), count("stts", 4), count("ctts", 4), count("stsc", 4), count("stco", 4), count("stss", 4),
		count("stsd", 4), count("elst", 4), count("dref", 4), count("mvhd", 12),
		run("run-of-durations.mp4", "stts", 0, 1, huge, 1), run("run-of-lengths.mp4", "stts", 0, 1, huge, huge),
		run("run-of-sizes.mp4", "stsz", 0, 1, huge), run("run-of-nothing.mp4", "stsz", 0, 0, huge),
		run("run-of-chunks.mp4", "stsc", 0, 1, 1, huge, 1),
		movie("tracks.mp4", Refused, func(_ *Target, moov *clips.Box) {
			trak := moov.Find("trak")[0]
			for range 3000 {
				moov.Children = append(moov.Children, trak)
			}
		}),
		movie("boxes-in-boxes.mp4", Either, func(_ *Target, moov *clips.Box) {
			deep := []byte{}
			for range 3000 {
				deep = box("moov", box("udta", box("meta", u32(0), deep)))
			}
			moov.Children = append(moov.Children, &clips.Box{Kind: "udta", Payload: deep})
		}),
		movie("texts.mp4", Either, func(_ *Target, moov *clips.Box) {
			long := slices.Repeat([]byte("<img src=x onerror=alert(1)>"), 100_000)
			item := box("\xa9nam", box("data", u32(1, 0), long))
			moov.Children = append(moov.Children, &clips.Box{
				Kind: "udta", Payload: box("meta", u32(0),
					box("hdlr", u32(0, 0), []byte("mdirappl"), u32(0, 0), []byte{0}), box("ilst", item)),
			})
		}),
	}
}

// sizes are pictures of sizes that nothing can hold.
func sizes() []File {
	size := func(name string, width, height uint16) File {
		return movie(name, Either, func(_ *Target, moov *clips.Box) {
			tkhd := moov.Find("tkhd")[0].Payload
			binary.BigEndian.PutUint32(tkhd[len(tkhd)-8:], uint32(width)<<16)
			binary.BigEndian.PutUint32(tkhd[len(tkhd)-4:], uint32(height)<<16)
			entry := moov.Find("stsd")[0].Payload[8:]
			binary.BigEndian.PutUint16(entry[8+24:], width)
			binary.BigEndian.PutUint16(entry[8+26:], height)
		})
	}
	raw := func(name string, width, height uint64) File {
		return File{Name: name, data: func(*Target) ([]byte, error) {
			track := ebml(0xAE, number(0xD7, 1), number(0x73C5, 1), number(0x83, 1),
				ebml(0x86, []byte("V_UNCOMPRESSED")),
				ebml(0xE0, number(0xB0, width), number(0xBA, height), ebml(0x2EB524, []byte("I420"))))
			return segment(track, cluster(make([]byte, 4096))), nil
		}}
	}
	return []File{
		size("65535x65535.mp4", 65535, 65535), size("0x0.mp4", 0, 0), size("65535x1.mp4", 65535, 1),
		raw("65535x65535.mkv", 65535, 65535), raw("0x0.mkv", 0, 0), raw("2e9.mkv", 2_000_000_000, 2_000_000_000),
		{Name: "65500x65500.avi", data: func(*Target) ([]byte, error) {
			out := gab2(nil)
			for _, at := range [][]byte{{40, 0, 0, 0, 64, 0, 0, 0, 48, 0, 0, 0}} {
				i := indexOf(out, at)
				binary.LittleEndian.PutUint32(out[i+4:], 65_500)
				binary.LittleEndian.PutUint32(out[i+8:], 65_500)
			}
			return out, nil
		}},
	}
}

func indexOf(data, part []byte) int {
	for i := range len(data) - len(part) {
		if slices.Equal(data[i:i+len(part)], part) {
			return i
		}
	}
	return 0
}
