package stream

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
)

// artifacts keeps things in memory. Put is told of what is kept.
type artifacts struct {
	mu   sync.Mutex
	kept map[string][]byte
	put  chan struct{}
}

func newArtifacts() *artifacts {
	return &artifacts{kept: map[string][]byte{}, put: make(chan struct{}, 8)}
}

func (a *artifacts) GetArtifact(_ context.Context, item, key string) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if data, ok := a.kept[item+"/"+key]; ok {
		return data, nil
	}
	return nil, fault.New(fault.NotFound, "Nothing is kept.")
}

func (a *artifacts) PutArtifact(_ context.Context, item, key string, data []byte) error {
	a.mu.Lock()
	a.kept[item+"/"+key] = data
	a.mu.Unlock()
	a.put <- struct{}{}
	return nil
}

// impatient makes every scan take longer than a viewer should wait.
func impatient(a *artifacts) func(*Engine) {
	return func(e *Engine) { e.artifacts, e.patience = a, 0 }
}

// view asks for the first segment, as a viewer does.
func view(t *testing.T, e *Engine, ti *title) {
	t.Helper()
	if _, err := e.Segment(t.Context(), refOf(ti), 0); err != nil {
		t.Fatal(err)
	}
}

// TestScanGoesOnInTheBackground: what is not scanned in time is converted first, and sent as it is when it is opened
// next, in the same session and in others. A scan that was interrupted begins again.
func TestScanGoesOnInTheBackground(t *testing.T) {
	src := clip(t, "later.ts", slices.Concat(eleven, h264AAC)...)
	kept := newArtifacts()
	e, ti := prepared(t, src, impatient(kept))
	if ti.later == nil || ti.survey.video.verdict.Passthrough {
		t.Fatal("scanned at once")
	}
	view(t, e, ti)
	e.Close() // at once: the scan is cut short, or has just been done
	if len(kept.put) > 0 {
		t.Log("the scan was quicker than the end")
		<-kept.put
		clear(kept.kept)
	}

	e, ti = prepared(t, src, impatient(kept))
	if ti.survey.video.verdict.Passthrough {
		t.Fatal("a scan that was not kept was used")
	}
	view(t, e, ti)
	select {
	case <-kept.put:
	case <-time.After(time.Minute):
		t.Fatal("no scan was kept")
	}
	e.idle = 0 // the viewer is gone
	ti.wg.Wait()
	list, err := e.Multivariant(t.Context(), src.ItemID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(list), "v/original/") {
		t.Errorf("opened anew in the same session, it is not sent as it is:\n%s", list)
	}

	_, ti = prepared(t, src, impatient(kept))
	sameRemuxed(t, src, ti, 1000)
}

// TestRemuxIsGivenUp: where heads bring other frames than a scan saw, the item is converted from then on, and says so.
func TestRemuxIsGivenUp(t *testing.T) {
	src := clip(t, "differs.ts", slices.Concat(eleven, h264AAC)...)
	kept := newArtifacts()
	e, ti := prepared(t, src, patient, func(e *Engine) { e.artifacts = kept })
	<-kept.put
	wrong := *ti.survey.found
	wrong.video.groups = slices.Clone(wrong.video.groups)
	for i := range wrong.video.groups {
		wrong.video.groups[i].frames++
	}
	e.keepScan(t.Context(), src, ti.survey.task, &wrong)
	<-kept.put
	e.drop(src.ItemID)
	ti, release, err := e.title(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ti.video["original"].Segment(t.Context(), 1)
	release()
	if fault.CodeOf(err) != fault.Damaged {
		t.Errorf("got %v", err)
	}
	<-kept.put
	ti, release, err = e.title(t.Context(), src.ItemID)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if a := ti.assess(); a.Plays != media.Converted || !strings.Contains(strings.ToLower(a.Why), "as it is") {
		t.Errorf("plays %q: %s", a.Plays, a.Why)
	}
	if n := frames(t, whole(t, ti.video[ti.rungs[0].Name]), "v:0"); n != 275 {
		t.Errorf("%d frames, want 275", n)
	}
}
