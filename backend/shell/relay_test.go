package shell

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/api"
	"dropstream/backend/instance"
)

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("did not happen in 10 s")
		}
	}
}

func readRecord(dir string, info *instance.Info) bool {
	data, err := os.ReadFile(filepath.Join(dir, "instance.json"))
	return err == nil && json.Unmarshal(data, info) == nil
}

func openControl(ctx context.Context, control string, path string) error {
	body, err := json.Marshal(map[string]any{"paths": [][]byte{[]byte(path)}})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, control+"/open", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusNoContent {
		return fmt.Errorf("answer was %s", res.Status)
	}
	return nil
}

func item(id string, seq uint64, positionMS int64) api.Event {
	return api.Event{Seq: seq, Kind: api.EventItem, Item: &api.Item{ID: id, PositionMS: positionMS}}
}

func TestRelayCoalescesAndNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeWindow{}
		r := newRelay(func(e api.Event) { w.Emit("event", e) })
		r.takePending()
		r.listens.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		events := make(chan api.Event)
		ended := make(chan struct{})
		go func() { defer close(ended); r.run(ctx, events) }()
		begin := time.Now()
		for i := range uint64(50) { // one item, changing all the time
			events <- item("a", i+1, int64(i))
			<-time.After(10 * time.Millisecond)
		}
		events <- item("b", 51, 0)
		events <- item("a", 53, 99) // 52 was lost
		<-time.After(time.Second)
		synctest.Wait()
		if n := len(w.events); n > 8 || n < 6 {
			t.Errorf("%d events for 52 changes in half a second, want about one each 100 ms", n)
		}
		if !w.at[0].Equal(begin) {
			t.Errorf("the first change waited %v", w.at[0].Sub(begin))
		}
		if last := w.events[len(w.events)-1]; last.Item.PositionMS == 49 {
			t.Error("the last change of an item is not told")
		}
		lost := 0
		for i := 1; i < len(w.events); i++ {
			step := w.events[i].Seq - w.events[i-1].Seq
			if step != 1 {
				lost++
			}
		}
		if lost > 1 {
			t.Errorf("%d gaps in the numbers, want at most the one that was there", lost)
		}
		cancel()
		<-ended
	})
}

func TestQueueKeepsOrderAndGaps(t *testing.T) {
	var q queue
	q.push(item("a", 7, 1)) // the first number says nothing
	q.push(item("b", 8, 1))
	q.push(item("a", 9, 2))
	q.push(api.Event{Seq: 10, Kind: api.EventRemoved, ID: "a"})
	q.push(item("a", 11, 3))
	q.push(item("c", 13, 1)) // 12 was lost
	q.pushOwn(api.Event{Kind: api.EventAdded})
	type told struct {
		Seq  uint64
		What string
	}
	got := make([]told, 0, len(q.events))
	for _, e := range q.take() {
		what := e.Kind + e.ID
		if e.Item != nil {
			what = fmt.Sprintf("%s%s%d", e.Kind, e.Item.ID, e.Item.PositionMS)
		}
		got = append(got, told{e.Seq, what})
	}
	want := []told{{1, "itema2"}, {2, "itemb1"}, {3, "removeda"}, {4, "itema3"}, {6, "itemc1"}, {7, "added"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if !q.empty() || q.urgent {
		t.Error("the queue is not empty after take")
	}
}

func TestPendingIsBounded(t *testing.T) {
	r := newRelay(func(api.Event) {})
	for range 3 {
		r.added(t.Context(), make([]api.Added, maxPending/2+1))
	}
	if got := len(r.takePending()); got != maxPending {
		t.Errorf("%d kept, want %d", got, maxPending)
	}
}

func TestDisplayChoices(t *testing.T) {
	yes, no := func() bool { return true }, func() bool { return false }
	for _, c := range []struct {
		override string
		usable   func() bool
		want     Acceleration
	}{{"", yes, OnDemand}, {"", no, Never}, {"ALWAYS", no, Always}, {"never", yes, Never}, {"nonsense", no, Never}} {
		if got := ChooseAcceleration(c.override, c.usable); got != c.want {
			t.Errorf("acceleration for %q = %s, want %s", c.override, got, c.want)
		}
	}
	const noDMABUF = "WEBKIT_DISABLE_DMABUF_RENDERER"
	english := map[string]string{"LC_ALL": "", "LC_MESSAGES": "", "LANG": "en_US.UTF-8"}
	for _, c := range []struct {
		env    map[string]string
		nvidia bool
		want   map[string]string
	}{
		{map[string]string{"LANG": "de_DE.UTF-8"}, false, map[string]string{}},
		{map[string]string{"LANG": "de_DE.UTF-8"}, true, map[string]string{noDMABUF: "1"}},
		{map[string]string{"LANG": "de_DE.UTF-8", noDMABUF: "0"}, true, map[string]string{}},
		{map[string]string{}, false, english},
		{map[string]string{"LANG": "C.UTF-8"}, false, english},
		{map[string]string{"LANG": "de_DE.UTF-8", "LC_ALL": "POSIX"}, false, english},
	} {
		got := Environment(func(key string) string { return c.env[key] }, c.nvidia)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("environment for %v (-want +got):\n%s", c.env, diff)
		}
	}
}
