package sniff_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"dropstream/backend/fault"
	"dropstream/backend/media"
	"dropstream/backend/sniff"
)

// box is an ISO BMFF box.
func box(typ string, body ...string) string {
	b := strings.Join(body, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(b)))) + typ + b
}

func ftyp(major string, compatible ...string) string {
	return box("ftyp", major, "\x00\x00\x02\x00", strings.Join(compatible, ""))
}

// noise is n bytes that look like nothing.
func noise(n int) string {
	p := make([]byte, n)
	r := rand.NewChaCha8([32]byte{7})
	_, _ = r.Read(p)
	for i := range p {
		if p[i] == 0x47 || p[i] == 0 {
			p[i] = 0x91
		}
	}
	return string(p)
}

// stream is n transport stream packets of the given length, with before bytes before each sync byte.
func stream(n, before, length int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(noise(before))
		b.WriteString("\x47\x41\x00" + string([]byte{0x10 | byte(i&15)}))
		b.WriteString(noise(length - before - 4))
	}
	return b.String()
}

func utf16Text(s string, order binary.AppendByteOrder, bom bool) string {
	var p []byte
	if bom {
		p = order.AppendUint16(p, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		p = order.AppendUint16(p, u)
	}
	return string(p)
}

const (
	packMPEG2 = "\x00\x00\x01\xba\x44\x00\x04\x00\x04\x01\x01\x89\xc3\xf8"
	packMPEG1 = "\x00\x00\x01\xba\x21\x00\x01\x00\x01\x80\x1b\x83"
	packMXF   = "\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02\x04\x00"
	asf       = "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	webmHead  = "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"
	mkvHead   = "\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08" +
		"\x42\x82\x88matroska"
	playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://192.0.2.1/secret.ts\n"
	sdp      = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n"
)

var videos = []struct {
	name string
	head string
	want media.Container
}{
	{"mp4", ftyp("isom", "isom", "iso2", "avc1", "mp41") + box("free"), media.MP4},
	{"m4a is MP4", ftyp("M4A ", "M4A ", "mp42"), media.MP4},
	{"3gp", ftyp("3gp4", "isom"), media.MP4},
	{"f4v", ftyp("F4V "), media.MP4},
	{"brand made tomorrow", ftyp("zz99", "yy88"), media.MP4},
	{"segment", box("styp", "msdh") + box("sidx", noise(20)), media.MP4},
	{"ftyp after free", box("free", "\x00\x00") + ftyp("isom"), media.MP4},
	{"mov", ftyp("qt  ", "qt  ") + box("wide"), media.QuickTime},
	{"mov by compatible brand", ftyp("zz99", "qt  "), media.QuickTime},
	{"old mov, moov first", box("moov", box("mvhd", noise(100))), media.QuickTime},
	{"old mov, mdat first", box("mdat", noise(100)), media.QuickTime},
	{"old mov, wide then mdat", box("wide") + box("mdat", noise(100)), media.QuickTime},
	{"mdat with a 64-bit size", "\x00\x00\x00\x01mdat\x00\x00\x00\x01\x00\x00\x00\x00" + noise(64), media.QuickTime},
	{"mdat to the end", "\x00\x00\x00\x00mdat" + noise(64), media.QuickTime},
	{"matroska", mkvHead + noise(30), media.Matroska},
	{"webm", webmHead + noise(30), media.WebM},
	{"webm, DocType padded", "\x1a\x45\xdf\xa3\x89\x42\x82\x86webm\x00\x00" + noise(30), media.WebM},
	{"ebml of unknown size", "\x1a\x45\xdf\xa3\xff\x42\x82\x84webm", media.WebM},
	{"ebml without DocType", "\x1a\x45\xdf\xa3\x84\x42\x86\x81\x01" + noise(30), media.Matroska},
	{"ts", stream(10, 0, 188), media.MPEGTS},
	{"ts of two packets", stream(2, 0, 188), media.MPEGTS},
	{"m2ts", stream(10, 4, 192), media.MPEGTS},
	{"ts with Reed-Solomon", stream(10, 0, 204), media.MPEGTS},
	{"ts from inside a packet", stream(20, 0, 188)[77:], media.MPEGTS},
	{"m2ts from inside a packet", stream(20, 4, 192)[101:], media.MPEGTS},
	{"mpeg-2 program stream", packMPEG2 + noise(100), media.MPEGPS},
	{"mpeg-1 system stream", packMPEG1 + noise(100), media.MPEGPS},
	{"program stream after zeros", strings.Repeat("\x00", 50) + packMPEG2 + noise(100), media.MPEGPS},
	{"video CD", "RIFF\x00\x00\x10\x00CDXAfmt " + noise(30) + packMPEG1 + noise(60), media.MPEGPS},
	{"avi", "RIFF\xbe\x1a\x05\x00AVI LIST", media.AVI},
	{"flv", "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00", media.FLV},
	{"asf", asf + noise(30), media.ASF},
	{"ogg", "OggS\x00\x02" + noise(60), media.Ogg},
	{"mxf", packMXF + noise(60), media.MXF},
	{"mxf after a run-in", noise(300) + packMXF + noise(60), media.MXF},
	{"mp4 with a zip inside", ftyp("isom", "isom") + "PK\x03\x04" + playlist, media.MP4},
	{"matroska with a playlist inside", mkvHead + playlist, media.Matroska},
	{"avi with a playlist inside", "RIFF\xbe\x1a\x05\x00AVI LIST" + playlist, media.AVI},
}

func TestVideos(t *testing.T) {
	for _, c := range videos {
		t.Run(c.name, func(t *testing.T) {
			got, err := sniff.Reader(strings.NewReader(c.head), int64(len(c.head)))
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

var disguises = []struct {
	name string
	head string
	says string
}{
	{"empty", "", "This file is empty."},
	{"zeros", strings.Repeat("\x00", 5000), "nothing but zeros"},
	{"noise", noise(4096), "not a video this program knows"},
	{"one byte", "\x91", "not a video this program knows"},
	{"zip", "PK\x03\x04\x14\x00" + noise(60), "This is a ZIP archive, not a video."},
	{"rar", "Rar!\x1a\x07\x01\x00" + noise(60), "RAR"},
	{"7z", "7z\xbc\xaf\x27\x1c\x00\x04" + noise(60), "7z"},
	{"gzip", "\x1f\x8b\x08\x00" + noise(60), "gzip"},
	{"exe", "MZ" + noise(58) + "\x40\x00\x00\x00PE\x00\x00" + noise(60), "Windows program"},
	{"elf", "\x7fELF\x02\x01\x01\x00" + noise(60), "Linux program"},
	{"mach-o", "\xcf\xfa\xed\xfe\x07\x00\x00\x01" + noise(60), "macOS program"},
	{"pdf", "%PDF-1.7\n%\xe2\xe3\xcf\xd3" + noise(60), "PDF"},
	{"sqlite", "SQLite format 3\x00\x10\x00" + noise(60), "database"},
	{"office", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise(600), "Office"},
	{"tar", tarHead(), "tar archive"},

	{"playlist", playlist, "playlist"},
	{"playlist after a byte order mark", "\xef\xbb\xbf" + playlist, "playlist"},
	{"playlist after white space", " \t\r\n\n  " + playlist, "playlist"},
	{"playlist after zeros", "\x00\x00" + playlist, "playlist"},
	{"playlist before noise", playlist + noise(500), "playlist"},
	{"playlist in UTF-16", utf16Text(playlist, binary.LittleEndian, true), "playlist"},
	{"playlist in UTF-16, big-endian", utf16Text(playlist, binary.BigEndian, true), "playlist"},
	{"playlist in UTF-16 without a mark", utf16Text(playlist, binary.LittleEndian, false), "playlist"},
	{"playlist with sync bytes", gEvery188(), "playlist"},
	{"playlist inside text", "hello\n" + playlist, "playlist"},
	{"pls", "[playlist]\nFile1=http://192.0.2.1/\n", "playlist"},
	{"asx", "<asx version=\"3.0\"><entry/></asx>", "playlist"},
	{"smil", "<?xml version=\"1.0\"?>\n<smil><body/></smil>", "SMIL"},
	{"dash", "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"/>", "DASH"},
	{"ffconcat", "ffconcat version 1.0\nfile /etc/passwd\n", "ffconcat"},
	{"ffconcat without its name", "file '/etc/passwd'\nfile 'b.mp4'\n", "ffconcat"},
	{"sdp", sdp, "session description"},
	{"sdp after a byte order mark and white space", "\xef\xbb\xbf\n\n" + sdp, "session description"},
	{"addresses", "http://192.0.2.1/a.mp4\n", "addresses"},

	{"text", "Dear diary,\ntoday I saw a film.\n", "text file"},
	{"text in UTF-8", "Grüße, 世界 🎬\n", "text file"},
	{"text in Latin-1", "Gr\xfc\xdfe aus K\xf6ln, alles Gute zum neuen Jahr\n", "text file"},
	{"text in UTF-16", utf16Text("Grüße, 世界\n", binary.LittleEndian, true), "text file"},
	{"text with a box's name", "so\tafree lunch\n", "text file"},
	{"html", "<!DOCTYPE html><html><body>404</body></html>", "web page"},
	{"xml", "<?xml version=\"1.0\"?><note/>", "XML"},
	{"script", "#!/bin/sh\nrm -rf /\n", "script"},
	{"srt", "1\n00:00:01,000 --> 00:00:02,000\nHello\n", "subtitle"},
	{"vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n", "subtitle"},
	{"ass", "\xef\xbb\xbf[Script Info]\nTitle: x\n", "subtitle"},
	{"svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "SVG"},

	{"png", "\x89PNG\r\n\x1a\n" + noise(60), "image (PNG)"},
	{"jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF" + noise(60), "image (JPEG)"},
	{"gif", "GIF89a" + noise(60), "image (GIF)"},
	{"webp", "RIFF\x10\x00\x00\x00WEBPVP8 ", "image (WebP)"},
	{"heic", ftyp("heic", "mif1", "heic"), "image (HEIC)"},
	{"avif", ftyp("avif", "avif", "mif1", "miaf"), "image (AVIF)"},
	{"avif by compatible brand", ftyp("zz99", "avif"), "image (AVIF)"},
	{"cr3", ftyp("crx ", "crx ", "isom"), "Canon raw"},
	{"jpx", ftyp("jpx ", "jp2 "), "image (JPEG 2000)"},
	{"jp2", "\x00\x00\x00\x0cjP  \r\n\x87\n" + ftyp("jp2 "), "image (JPEG 2000)"},
	{"tiff", "II*\x00\x08\x00\x00\x00" + noise(60), "image (TIFF)"},
	{"bmp", "BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00" + noise(60), "image (BMP)"},

	{"mp3 with tags", "ID3\x04\x00\x00\x00\x00\x00\x23" + noise(60), "sound file without pictures (MP3)"},
	{"mp3", mp3Frames(4), "sound file without pictures (MP3)"},
	{"aac", adtsFrames(4), "sound file without pictures (AAC)"},
	{"wav", "RIFF\x24\x08\x00\x00WAVEfmt ", "sound file without pictures (WAV)"},
	{"flac", "fLaC\x00\x00\x00\x22" + noise(60), "sound file without pictures (FLAC)"},
	{"aiff", "FORM\x00\x00\x10\x00AIFFCOMM" + noise(60), "sound file without pictures (AIFF)"},
	{"amr", "#!AMR\n" + noise(60), "sound file without pictures (AMR)"},

	{"ebml of another kind", "\x1a\x45\xdf\xa3\x88\x42\x82\x85other" + noise(30), "EBML"},
	{"bare h264", "\x00\x00\x00\x01\x67\x64\x00\x1f" + noise(60), "without a container"},
	{"flv of another version", "FLV\x07\x05\x00\x00\x00\x09", "not a video"},
	{"moov of another kind", box("moov", box("zzzz", noise(9))), "not a video"},
}

func TestDisguises(t *testing.T) {
	for _, c := range disguises {
		t.Run(c.name, func(t *testing.T) {
			got, err := sniff.Reader(strings.NewReader(c.head), int64(len(c.head)))
			var f *fault.Error
			if got != "" || !errors.As(err, &f) || f.Code != fault.NotVideo {
				t.Fatalf("got %q, %v; want a refusal", got, err)
			}
			if !strings.Contains(f.Message, c.says) {
				t.Errorf("says %q, want something with %q", f.Message, c.says)
			}
			if !strings.HasPrefix(f.Message, "This ") || !strings.HasSuffix(f.Message, ".") {
				t.Errorf("%q is no plain sentence", f.Message)
			}
		})
	}
}

func tarHead() string {
	p := make([]byte, 1024)
	copy(p, "file.txt")
	copy(p[100:], "0000644\x000001750\x000001750\x0000000000012\x0014371236416\x00")
	copy(p[257:], "ustar  \x00")
	p[156] = '0'
	sum := 8 * int(' ')
	for i, b := range p[:512] {
		if i < 148 || i >= 156 {
			sum += int(b)
		}
	}
	for i := range 6 {
		p[148+5-i] = '0' + byte(sum&7)
		sum >>= 3
	}
	p[154], p[155] = 0, ' '
	return string(p)
}

// gEvery188 is a playlist with a G wherever a transport stream would have its sync byte.
func gEvery188() string {
	p := []byte(playlist + strings.Repeat("#comment 00\n", 400))
	for at := 188; at < len(p); at += 188 {
		p[at] = 'G'
	}
	return string(p)
}

func mp3Frames(n int) string {
	return strings.Repeat("\xff\xfb\x90\x00"+strings.Repeat("\x00", 413), n)
}

func adtsFrames(n int) string {
	return strings.Repeat("\xff\xf1\x50\x80\x08\x1f\xfc"+strings.Repeat("\x21", 57), n)
}

// TestPrefixes sniffs every prefix of every case: a file that is cut anywhere must not crash the gate, and a refusal
// must be a sentence.
func TestPrefixes(t *testing.T) {
	for _, head := range corpus() {
		for n := range min(len(head), 300) {
			check(t, []byte(head[:n]), int64(n))
		}
	}
}

func corpus() (all []string) {
	for _, c := range videos {
		all = append(all, c.head)
	}
	for _, c := range disguises {
		all = append(all, c.head)
	}
	return all
}

// containers are all that may come out.
var containers = map[media.Container]bool{
	media.MP4: true, media.QuickTime: true, media.Matroska: true, media.WebM: true, media.MPEGTS: true,
	media.MPEGPS: true, media.AVI: true, media.FLV: true, media.ASF: true, media.Ogg: true, media.MXF: true,
}

// check holds what is true of every file.
func check(t *testing.T, head []byte, size int64) {
	t.Helper()
	c, err := sniff.Sniff(head, size)
	if err == nil {
		if !containers[c] {
			t.Errorf("container %q is not one of the vocabulary", c)
		}
		return
	}
	var f *fault.Error
	if c != "" || !errors.As(err, &f) || f.Code != fault.NotVideo || f.Message == "" || f.Err != nil {
		t.Errorf("got %q, %v (%+v); want a plain refusal", c, err, f)
	}
}

func FuzzSniff(f *testing.F) {
	for _, head := range corpus() {
		f.Add([]byte(head), int64(len(head)))
		f.Add([]byte(head), int64(1<<40))
	}
	f.Fuzz(check)
}

// TestRealFiles sniffs real files, and again under a name and an extension that lie.
func TestRealFiles(t *testing.T) {
	dir := os.Getenv("DROPSTREAM_MEDIA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "media")
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no folder of real media: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	want := map[string]media.Container{
		".mp4": media.MP4, ".mov": media.QuickTime, ".mkv": media.Matroska, ".webm": media.WebM, ".ts": media.MPEGTS,
		".avi": media.AVI, ".flv": media.FLV, ".txt": "",
	}
	for _, e := range entries {
		p, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := sniff.Reader(bytes.NewReader(p), int64(len(p)))
		w, ok := want[strings.ToLower(filepath.Ext(e.Name()))]
		if !ok {
			t.Errorf("%s: a kind of file the test does not know", e.Name())
		}
		if bytes.HasPrefix(p[4:], []byte("ftypqt  ")) {
			w = media.QuickTime // whatever it is called
		}
		if got != w || (err != nil) != (w == "") {
			t.Errorf("%s: got %q, %v; want %q", e.Name(), got, err, w)
		}
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("the drive is gone")
	r := readerAt{iotest.ErrReader(broken).Read}
	if c, err := sniff.Reader(r, 100); c != "" || !errors.Is(err, broken) {
		t.Errorf("got %q, %v; want the reader's error", c, err)
	}
}

type readerAt struct{ read func([]byte) (int, error) }

func (r readerAt) ReadAt(p []byte, _ int64) (int, error) { return r.read(p) }
