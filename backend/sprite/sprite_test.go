package sprite

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// grey is a thumbnail of one brightness, in planes wider than it is.
func grey(width, height int, luma byte) Picture {
	half := width/2 + 4
	chroma := bytes.Repeat([]byte{0x80}, half*height/2)
	return Picture{bytes.Repeat([]byte{luma}, (width+8)*height), chroma, chroma, width + 8, half}
}

func TestSheet(t *testing.T) {
	m := NewMaker(24, 16)
	for i := range 9 {
		m.Add(time.Duration(i)*time.Second, grey(24, 16, byte(20*i)))
	}
	m.Add(8*time.Second, grey(24, 16, 255)) // not later
	m.Add(-time.Second, grey(24, 16, 255))
	s, err := m.Sheet(12 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Times) != 9 || s.Times[8] != 8*time.Second || s.End != 12*time.Second {
		t.Errorf("times %v until %v", s.Times, s.End)
	}
	p, err := jpeg.Decode(bytes.NewReader(s.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Bounds().Size(); got != image.Pt(5*24, 2*16) {
		t.Errorf("size %v", got)
	}
	for i := range 9 {
		_, g, _, _ := p.At(i%5*24+12, i/5*16+8).RGBA()
		if d := int(g>>8) - 20*i; d < -3 || d > 3 {
			t.Errorf("thumbnail %d is %d, want %d", i, g>>8, 20*i)
		}
	}
	again, err := Parse(s.Bytes())
	if diff := cmp.Diff(s, again, cmpopts.IgnoreUnexported(Sheet{})); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if bare := s.Bare(); bare.JPEG != nil || bare.Version() != s.Version() {
		t.Errorf("bare sheet of version %q, want %q", bare.Version(), s.Version())
	}
}

func TestSheetHoldsNoMoreThanItHasRoomFor(t *testing.T) {
	m := NewMaker(2, 2)
	for i := range 2 * PerSheet {
		m.Add(time.Duration(i), grey(2, 2, 0))
	}
	s, err := m.Sheet(0)
	if err != nil || len(s.Times) != PerSheet || s.End != s.Times[PerSheet-1] {
		t.Errorf("%d thumbnails until %v, %v", len(s.Times), s.End, err)
	}
	empty, err := NewMaker(2, 2).Sheet(time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Parse(empty.Bytes()); err != nil || len(again.Times) != 0 || len(again.JPEG) != 0 {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "\n", "{}\n", "{\"Sheet\":\"1\"}\n", "{\"Sheet\":\"2\",\"Width\":2,\"Height\":2}\n",
		`{"Sheet":"1","Width":2,"Height":2,"Times":[1]}` + "\n",
		`{"Sheet":"1","Width":2,"Height":2,"Times":[5,3],"End":9}` + "\njpeg",
		`{"Sheet":"1","Width":2,"Height":2,"Times":[5],"End":4}` + "\njpeg",
		`{"Sheet":"1","Width":2,"Height":2,"Times":[-5],"End":4}` + "\njpeg",
		`{"Sheet":"1","Width":2,"Height":99999,"Times":[1],"End":4}` + "\njpeg",
		`{"Sheet":"1","Width":2,"Height":2,"Times":[` + strings.Repeat("1,", PerSheet) + `1],"End":4}` + "\njpeg",
		strings.Repeat(" ", 1<<20) + "{}\n",
	} {
		if s, err := Parse([]byte(text)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.60q: %+v, %v", text, s, err)
		}
	}
}

func TestIndex(t *testing.T) {
	s := func(end time.Duration, times ...time.Duration) *Sheet {
		return &Sheet{Width: 240, Height: 136, Times: times, End: end, version: "x"}
	}
	const sec = time.Second
	got := string(Index([]*Sheet{
		s(12*sec, 0, 2*sec, 4*sec+5*time.Millisecond, 4*sec+5*time.Millisecond+1, 6*sec, 8*sec),
		nil,
		s(100*time.Hour, 10*sec, 3600*sec),
		s(100 * time.Hour),
	}, false))
	want := `WEBVTT

NOTE unfinished

00:00:00.000 --> 00:00:02.000
thumbs/0.jpg?v=x#xywh=0,0,240,136

00:00:02.000 --> 00:00:04.005
thumbs/0.jpg?v=x#xywh=240,0,240,136

00:00:04.005 --> 00:00:06.000
thumbs/0.jpg?v=x#xywh=720,0,240,136

00:00:06.000 --> 00:00:08.000
thumbs/0.jpg?v=x#xywh=960,0,240,136

00:00:08.000 --> 00:00:12.000
thumbs/0.jpg?v=x#xywh=0,136,240,136

00:00:12.000 --> 01:00:00.000
thumbs/2.jpg?v=x#xywh=0,0,240,136

01:00:00.000 --> 100:00:00.000
thumbs/2.jpg?v=x#xywh=240,0,240,136
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := string(Index(nil, true)); got != "WEBVTT\n" {
		t.Errorf("%q", got)
	}
}
