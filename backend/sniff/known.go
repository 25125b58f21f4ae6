package sniff

import (
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

func sound(format string) string { return "a sound file without pictures (" + format + ")" }
func image(format string) string { return "an image (" + format + ")" }

// signatures are those that the library lacks, or tells by too little, or that are checked before it because their
// names matter. All are at the very start.
var signatures = []struct{ magic, what string }{
	{"PK\x03\x04", "a ZIP archive"},
	{"PK\x05\x06", "a ZIP archive"},
	{"PK\x07\x08", "a ZIP archive"},
	{"Rar!\x1a\x07", "a RAR archive"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive"},
	{"\x1f\x8b\x08", "a gzip archive"},
	{"\xfd7zXZ\x00", "an xz archive"},
	{"BZh", "a bzip2 archive"},
	{"\x28\xb5\x2f\xfd", "a Zstandard archive"},
	{"\x7fELF", "a Linux program"},
	{"\xcf\xfa\xed\xfe", "a macOS program"},
	{"\xce\xfa\xed\xfe", "a macOS program"},
	{"\xfe\xed\xfa\xce", "a macOS program"},
	{"\xfe\xed\xfa\xcf", "a macOS program"},
	{"\xca\xfe\xba\xbe", "a program"},
	{"\x00asm", "a WebAssembly program"},
	{"SQLite format 3\x00", "a database (SQLite)"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document"},
	{"\x89PNG\r\n\x1a\n", image("PNG")},
	{"\x8aMNG\r\n\x1a\n", image("MNG")},
	{"\xff\xd8\xff", image("JPEG")},
	{"GIF87a", image("GIF")},
	{"GIF89a", image("GIF")},
	{"\x00\x00\x00\x0cjP  \r\n\x87\n", image("JPEG 2000")},
	{"\xff\x4f\xff\x51", image("JPEG 2000")},
	{"\x00\x00\x00\x0cJXL \r\n\x87\n", image("JPEG XL")},
	{"II*\x00", image("TIFF")},
	{"MM\x00*", image("TIFF")},
	{"8BPS\x00", image("Photoshop")},
	{"fLaC", sound("FLAC")},
	{"ID3", sound("MP3")},
	{"MThd", sound("MIDI")},
	{"wvpk", sound("WavPack")},
	{"MAC ", sound("Monkey's Audio")},
	{"TTA1", sound("TTA")},
	{"DSD ", sound("DSD")},
	{"caff\x00\x01", sound("CAF")},
	{"\x7f\xfe\x80\x01", sound("DTS")},
	{".snd", sound("AU")},
	{"FWS", "a Flash program"},
	{"CWS", "a Flash program"},
	{"ZWS", "a Flash program"},
	{".RMF\x00", "a RealMedia file, which this program does not play"},
	{"\x00\x00\x01\xb3", "a bare MPEG video stream without a container"},
	{"\x00\x00\x00\x01\x67", "a bare H.264 stream without a container"},
	{"\x00\x00\x01\x67", "a bare H.264 stream without a container"},
	{"\x00\x00\x00\x01\x40\x01", "a bare H.265 stream without a container"},
	{"DKIF", "a bare video stream without a container (IVF)"},
	{"YUV4MPEG2", "a raw video stream without a container"},
}

// kinds are the library's types that are told by a signature of some length, and what they are for people. Its other
// types are told by so little that a random file may be taken for one.
var kinds = map[string]string{
	"application/x-tar":                             "a tar archive",
	"application/x-xar":                             "an archive (xar)",
	"application/vnd.ms-cab-compressed":             "an archive (CAB)",
	"application/x-rpm":                             "a software package (RPM)",
	"application/vnd.debian.binary-package":         "a software package (Debian)",
	"application/x-archive":                         "an archive",
	"application/lzip":                              "an archive (lzip)",
	"application/x-cpio":                            "an archive (cpio)",
	"application/x-chrome-extension":                "a browser extension",
	"application/vnd.microsoft.portable-executable": "a Windows program",
	"application/x-ms-shortcut":                     "a Windows shortcut",
	"application/x-java-applet":                     "a program",
	"application/x-bittorrent":                      "a torrent file",
	"application/vnd.apache.parquet":                "a data file (Parquet)",
	"application/x-msaccess":                        "a database",
	"application/vnd.ms-htmlhelp":                   "a help file",
	"application/x-mobipocket-ebook":                "a book",
	"application/vnd.tcpdump.pcap":                  "a network capture",
	"application/pdf":                               "a PDF document",
	"application/postscript":                        "a PostScript document",
	"font/ttf":                                      "a font",
	"font/otf":                                      "a font",
	"font/collection":                               "a font",
	"font/woff":                                     "a font",
	"font/woff2":                                    "a font",
	"model/gltf-binary":                             "a 3D model",
	"image/bmp":                                     image("BMP"),
	"image/vnd.djvu":                                "a document (DjVu)",
	"image/x-xcf":                                   image("GIMP"),
	"image/vnd.radiance":                            image("Radiance HDR"),
	"image/bpg":                                     image("BPG"),
	"image/jxl":                                     image("JPEG XL"),
	"image/jxr":                                     image("JPEG XR"),
	"image/x-icns":                                  image("icon"),
	"audio/aiff":                                    sound("AIFF"),
	"audio/x-unknown":                               sound("VOC"),
	"audio/qcelp":                                   sound("QCELP"),
	"audio/musepack":                                sound("Musepack"),
}

// known names what is neither a video nor text, or is "".
func known(head []byte) string {
	for _, s := range signatures {
		if strings.HasPrefix(string(head[:min(len(head), 16)]), s.magic) {
			return s.what
		}
	}
	switch {
	case isWindowsProgram(head):
		return "a Windows program"
	case len(head) >= 12 && string(head[:4]) == "FORM" && string(head[8:11]) == "AIF":
		return sound("AIFF")
	case frames(head, mpegAudioFrame):
		return sound("MP3")
	case frames(head, adtsFrame):
		return sound("AAC")
	case len(head) >= 6 && head[0] == 0x0b && head[1] == 0x77 && head[5]>>3 <= 16 && head[5]>>3 >= 4:
		return sound("AC-3")
	}
	for m := mimetype.Detect(head); m != nil; m = m.Parent() {
		base, _, _ := strings.Cut(m.String(), ";")
		if what := kinds[base]; what != "" {
			return what
		}
	}
	return ""
}

// isWindowsProgram recognises a DOS header whose PE header is where it says, or out of sight.
func isWindowsProgram(head []byte) bool {
	if len(head) < 64 || string(head[:2]) != "MZ" {
		return false
	}
	at := int(head[60]) | int(head[61])<<8 | int(head[62])<<16 | int(head[63])<<24
	if at < 0 || at+4 > len(head) {
		return at < 1<<20
	}
	return string(head[at:at+2]) == "PE" || string(head[at:at+2]) == "NE" || string(head[at:at+2]) == "LE"
}

// frames says whether at least three sound frames follow each other from the start, or two when no more fit.
func frames(head []byte, length func([]byte) int) bool {
	n := 0
	for at := 0; at+7 <= len(head) && n < 3; n++ {
		l := length(head[at:])
		if l == 0 {
			return false
		}
		at += l
	}
	return n >= 2
}

// mpegAudioFrame is the length of the MPEG audio frame that p starts with, or 0.
func mpegAudioFrame(p []byte) int {
	if p[0] != 0xff || p[1]&0xe0 != 0xe0 {
		return 0
	}
	version, layer, rate, freq := p[1]>>3&3, p[1]>>1&3, p[2]>>4, p[2]>>2&3
	if version == 1 || layer != 1 || rate == 0 || rate == 15 || freq == 3 {
		return 0 // Layer III alone: its name is the one people know
	}
	hz := [...]int{44100, 48000, 32000}[freq]
	kbps := [...]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}[rate]
	samples := 144
	if version != 3 {
		kbps = [...]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}[rate]
		samples = 72
		hz /= 2
		if version == 0 {
			hz /= 2
		}
	}
	return samples*kbps*1000/hz + int(p[2]>>1&1)
}

// adtsFrame is the length of the ADTS frame that p starts with, or 0.
func adtsFrame(p []byte) int {
	if p[0] != 0xff || p[1]&0xf6 != 0xf0 || p[2]>>2&15 > 12 {
		return 0
	}
	if n := int(p[3]&3)<<11 | int(p[4])<<3 | int(p[5]>>5); n >= 7 {
		return n
	}
	return 0
}
