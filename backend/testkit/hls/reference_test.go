package hls

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"dropstream/backend/testkit/clips"
)

// presentation is a correct HLS presentation held in memory, for tests to spoil.
type presentation struct {
	multivariant string
	renditions   map[string]*packaged // by name: "v/original"
	contentType  map[string]string    // by path, where it is spoiled
	unstable     string               // a path that gives other bytes each time
	missing      string               // a path that is not there
}

// packaged is one rendition.
type packaged struct {
	playlist string
	initData []byte
	segments [][]mp4.FullSample
	starts   []uint64 // tfdt of each
	scale    uint32
	kind     string
	encoded  [][]byte // of segments, made when served
}

// packageTrack cuts one track of a file at its keyframes, or every 94 frames of sound, and puts it on a timeline that
// starts at 0. encode are ffmpeg's output options.
func packageTrack(t *testing.T, file, mapping string, skip int, encode ...string) *packaged {
	t.Helper()
	args := append([]string{"-v", "error", "-i", file, "-map", mapping}, encode...)
	args = append(args, "-f", "mp4", "-movflags",
		"+frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets+skip_trailer", "-")
	out, err := exec.CommandContext(t.Context(), "ffmpeg", args...).Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	f, err := mp4.DecodeFile(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	trak := f.Init.Moov.Trak
	p := &packaged{scale: trak.Mdia.Mdhd.Timescale, kind: "video"}
	if trak.Mdia.Minf.Smhd != nil {
		p.kind = "audio"
	}
	trak.Edts = nil
	for i, c := range trak.Children {
		if c.Type() == "edts" {
			trak.Children = append(trak.Children[:i:i], trak.Children[i+1:]...)
		}
	}
	var b bytes.Buffer
	if err := f.Init.Encode(&b); err != nil {
		t.Fatal(err)
	}
	p.initData = b.Bytes()
	var samples []mp4.FullSample
	for _, s := range f.Segments {
		for _, fragment := range s.Fragments {
			full, err := fragment.GetFullSamples(f.Init.Moov.Mvex.Trex)
			if err != nil {
				t.Fatal(err)
			}
			samples = append(samples, full...)
		}
	}
	samples = samples[skip:]
	clock, first := uint64(0), int64(samples[0].CompositionTimeOffset)
	for i := range samples {
		samples[i].CompositionTimeOffset -= int32(first)
		samples[i].DecodeTime = clock
		clock += uint64(samples[i].Dur)
		cut := i%94 == 0
		if p.kind == "video" {
			cut = mp4.IsSyncSampleFlags(samples[i].Flags)
		}
		if cut {
			p.segments = append(p.segments, nil)
			p.starts = append(p.starts, samples[i].DecodeTime)
		}
		last := len(p.segments) - 1
		p.segments[last] = append(p.segments[last], samples[i])
	}
	p.playlist = p.makePlaylist(clock)
	return p
}

func (p *packaged) makePlaylist(end uint64) string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:3\n#EXT-X-MEDIA-SEQUENCE:0\n" +
		"#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n")
	for i := range p.segments {
		next := end
		if i+1 < len(p.starts) {
			next = p.starts[i+1]
		}
		us := micro(int64(next), p.scale) - micro(int64(p.starts[i]), p.scale)
		fmt.Fprintf(&b, "#EXTINF:%d.%06d,\n%d.m4s\n", us/1_000_000, us%1_000_000, i)
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.String()
}

// encode writes a segment.
func (p *packaged) encode(n int) []byte {
	fragment, err := mp4.CreateFragment(uint32(n+1), 1)
	if err != nil {
		panic(err)
	}
	for i, s := range p.segments[n] {
		if i == 0 {
			s.DecodeTime = p.starts[n]
		}
		fragment.AddFullSample(s)
	}
	var b bytes.Buffer
	segment := mp4.NewMediaSegment()
	segment.AddFragment(fragment)
	if err := segment.Encode(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

var reference = sync.OnceValues(func() (string, error) {
	clip, _ := clips.Named("faststart.mp4")
	return clip.Path(context.Background())
})

// newPresentation packages the ordinary clip: its own pictures, a transcode, and its sound.
func newPresentation(t *testing.T) (p *presentation, source string) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg here")
	}
	source, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	p = &presentation{renditions: map[string]*packaged{
		"v/original":   packageTrack(t, source, "0:v", 0, "-c", "copy"),
		"v/144p":       packageTrack(t, source, "0:v", 0, transcode("scale=256:144")...),
		"a/1/original": packageTrack(t, source, "0:a", 1, "-c", "copy"), // its first frame is priming
	}, contentType: map[string]string{}}
	codec := func(name string) string {
		track, _, err := parseInit(p.renditions[name].initData)
		if err != nil {
			t.Fatal(err)
		}
		return track.codec + ",mp4a.40.2"
	}
	p.multivariant = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n" +
		`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Sound",DEFAULT=YES,AUTOSELECT=YES,` +
		"URI=\"a/1/original/p/media.m3u8\"\n" +
		`#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS="` + codec("v/original") +
		"\",RESOLUTION=320x180,FRAME-RATE=25.000,AUDIO=\"audio\"\nv/original/p/media.m3u8\n" +
		`#EXT-X-STREAM-INF:BANDWIDTH=2000000,CODECS="` + codec("v/144p") +
		"\",RESOLUTION=256x144,FRAME-RATE=25.000,AUDIO=\"audio\"\nv/144p/p/media.m3u8\n"
	return p, source
}

func transcode(filter string) []string {
	return []string{
		"-vf", filter, "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "high", "-g", "50",
		"-sc_threshold", "0", "-fps_mode", "passthrough",
	}
}

// serve gives the URL of the multivariant playlist.
func (p *presentation) serve(t *testing.T) string {
	t.Helper()
	files := map[string][]byte{"/multivariant.m3u8": []byte(p.multivariant)}
	for name, r := range p.renditions {
		files["/"+name+"/p/media.m3u8"] = []byte(r.playlist)
		files["/"+name+"/p/init.mp4"] = r.initData
		for i := range r.segments {
			data := r.encode(i)
			if r.encoded != nil && r.encoded[i] != nil {
				data = r.encoded[i]
			}
			files["/"+name+"/p/"+strconv.Itoa(i)+".m4s"] = data
		}
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, ok := files[r.URL.Path]
		if !ok || r.URL.Path == p.missing {
			http.NotFound(w, r)
			return
		}
		kind := "video/mp4"
		if strings.HasPrefix(r.URL.Path, "/a/") {
			kind = "audio/mp4"
		}
		policy := "private, max-age=31536000, immutable"
		if strings.HasSuffix(r.URL.Path, ".m3u8") {
			kind, policy = "application/vnd.apple.mpegurl", "no-cache"
		}
		if spoiled, ok := p.contentType[r.URL.Path]; ok {
			kind = spoiled
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", policy)
		w.Header().Set("ETag", `"x"`)
		if r.URL.Path == p.unstable {
			// A free box at the end changes nothing but the bytes.
			data = append(bytes.Clone(data), 0, 0, 0, 12, 'f', 'r', 'e', 'e', byte(rand.Int()), 1, 2, byte(rand.Int()))
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/multivariant.m3u8"
}
