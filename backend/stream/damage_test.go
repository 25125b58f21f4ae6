package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

func TestDamageJoins(t *testing.T) {
	var l damageLog
	s := func(kind media.TrackKind, from, to int) media.Damage {
		return media.Damage{Kind: kind, From: time.Duration(from) * time.Second, To: time.Duration(to) * time.Second}
	}
	for _, d := range []media.Damage{
		s(media.Video, 10, 12), s(media.Video, 2, 4), s(media.Audio, 11, 13), s(media.Video, 4, 6),
		s(media.Video, 12, 13),
	} {
		if _, isNew := l.add(d); !isNew {
			t.Errorf("%v was known", d)
		}
	}
	if _, isNew := l.add(s(media.Video, 3, 5)); isNew {
		t.Error("a part of what is known is new")
	}
	want := []media.Damage{s(media.Video, 2, 6), s(media.Audio, 11, 13), s(media.Video, 10, 13)}
	got := l.list()
	if len(got) == len(want) && got[1].Kind == media.Video { // two begin apart; the order of kinds is by time
		want[1], want[2] = want[2], want[1]
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for i := range 1000 {
		l.add(s(media.Video, 100+3*i, 101+3*i))
	}
	if n := len(l.list()); n > maxDamage {
		t.Errorf("%d spans", n)
	}
	if last := l.list()[len(l.list())-1]; last.To < 3000*time.Second {
		t.Errorf("the last one ends at %v", last.To)
	}
}

// shelf keeps artifacts in memory.
type shelf struct {
	mu sync.Mutex
	m  map[string][]byte
}

func (s *shelf) GetArtifact(_ context.Context, item, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, ok := s.m[item+key]; ok {
		return data, nil
	}
	return nil, fault.New(fault.NotFound, "There is none.")
}

func (s *shelf) PutArtifact(_ context.Context, item, key string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[item+key] = bytes.Clone(data)
	return nil
}

// A hole in the middle of a stream is stood in for, and told with its place, now and when the item is opened again.
func TestDamageIsTold(t *testing.T) {
	src := clip(t, "hole.avi", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=16", "-c:v", "mjpeg", "-q:v", "4")
	data, err := os.ReadFile(src.Path)
	if err != nil {
		t.Fatal(err)
	}
	frame := 0
	for at := bytes.Index(data, []byte("movi")) + 4; string(data[at:at+4]) == "00dc"; frame++ {
		size := int(binary.LittleEndian.Uint32(data[at+4:]))
		if frame >= 150 && frame < 250 { // from 6 s to 10 s
			clear(data[at+8 : at+8+size])
		}
		at += 8 + size + size%2
	}
	if frame != 400 {
		t.Fatalf("%d frames", frame)
	}
	path := filepath.Join(t.TempDir(), "hole.avi")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	src = sourceOf(t, path)
	kept := &shelf{m: map[string][]byte{}}
	told := make(chan string, 1000)
	e, ti := prepared(t, src, func(e *Engine) {
		e.patience = time.Minute
		e.artifacts, e.onDamage = kept, func(id string) { told <- id }
	})
	f, _ := videoFeedOf(t, ti)
	whole(t, f)
	found, err := e.Damage(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(found)
	if len(found) != 1 || found[0].Kind != media.Video || found[0].From < 4*time.Second ||
		found[0].To > 12*time.Second {
		t.Errorf("found %v, want one span of pictures within 4 s and 12 s", found)
	}
	select {
	case id := <-told:
		if id != src.ItemID {
			t.Errorf("told of %q", id)
		}
	default:
		t.Error("nobody was told")
	}
	e.drop(src.ItemID)
	if again, err := e.Damage(t.Context(), src.ItemID); err != nil || cmp.Diff(found, again) != "" {
		t.Errorf("opened anew: %v %v", again, err)
	}
}

// A drive that is pulled is not the file's fault: nothing is stood in for, and all is well when it is back.
func TestASourceThatIsPulledComesBack(t *testing.T) {
	src := clip(t, "pulled.ts", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=16", "-c:v", "mpeg2video", "-g", "12",
		"-q:v", "4")
	e, ti := prepared(t, src)
	f, _ := videoFeedOf(t, ti)
	away := src.Path + ".away"
	if err := os.Rename(src.Path, away); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Segment(t.Context(), 3); fault.CodeOf(err) != fault.Missing {
		t.Errorf("got %v, want a fault that says that the source is missing", err)
	}
	if found, err := e.Damage(t.Context(), src.ItemID); err != nil || len(found) > 0 {
		t.Errorf("called damaged: %v %v", found, err)
	}
	if err := os.Rename(away, src.Path); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.since = time.Time{} // long ago
	f.mu.Unlock()
	if _, err := f.Segment(t.Context(), 3); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}
