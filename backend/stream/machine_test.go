package stream

import (
	"context"
	"encoding/json"
	"maps"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/media"
)

// notes keep what was measured.
type notes struct {
	mu     sync.Mutex
	values map[string]string
}

func (n *notes) Setting(_ context.Context, key string) (string, bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	value, ok := n.values[key]
	return value, ok, nil
}

func (n *notes) PutSettings(_ context.Context, values map[string]string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.values == nil {
		n.values = map[string]string{}
	}
	maps.Copy(n.values, values)
	return nil
}

// TestThePaceFollowsFromWhatWasMeasured. The middle one is the computer that the figures in ARCHITECTURE.md are of.
func TestThePaceFollowsFromWhatWasMeasured(t *testing.T) {
	fps := func(ultrafast, superfast, veryfast float64) map[string]float64 {
		return map[string]float64{"ultrafast": ultrafast, "superfast": superfast, "veryfast": veryfast}
	}
	for _, tt := range []struct {
		name   string
		speeds Speeds
		want   Pace
	}{
		{"a netbook", Speeds{fps(14, 9, 5), 0}, Pace{"ultrafast", "superfast", 360, 360, 480}},
		{"two cores", Speeds{fps(83, 60, 40), 45}, Pace{"ultrafast", "veryfast", 720, 720, 1080}},
		{"eight", Speeds{fps(300, 220, 150), 150}, Pace{"veryfast", "veryfast", 1440, 1440, 2160}},
		{"thirty-two", Speeds{fps(900, 700, 500), 400}, Pace{"veryfast", "veryfast", 2160, 2160, 2160}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, paceOf(tt.speeds)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAComputerIsMeasuredAndRemembered, the better of two measurements counts, and another computer's is worth nothing.
func TestAComputerIsMeasuredAndRemembered(t *testing.T) {
	e := newTestEngine(t, nil)
	kept := &notes{}
	e.keeper = kept
	if m, _ := e.Machine(canceled()); m.Studied || m.Pace != guessedPace(e.threads) {
		t.Errorf("before it was measured: %+v", m)
	}
	m, err := e.Machine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, preset := range presets {
		if times := m.Speeds.Times(preset, 1080); times <= 0.05 || times > 100 {
			t.Errorf("%s: %.2f times as fast as it plays", preset, times)
		}
	}
	if e.tools.CanToneMap() && m.Speeds.TimesHDR(720) <= 0 {
		t.Error("tone mapping is not measured")
	}
	if want := paceOf(m.Speeds); m.Pace != want || !m.Studied {
		t.Errorf("%+v, want the pace %+v", m, want)
	}
	t.Logf("%+v", m)

	again := newTestEngine(t, nil)
	again.keeper = kept
	if s := again.remember(t.Context()); s.Times != 1 || again.pace() != m.Pace {
		t.Errorf("remembered %+v, %+v", s, again.pace())
	}
	if known, _ := again.Machine(canceled()); known.Speeds.Times("ultrafast", 1080) == 0 {
		t.Error("what is remembered is not told")
	}
	var s study
	if err := json.Unmarshal([]byte(kept.values[machineKey]), &s); err != nil {
		t.Fatal(err)
	}
	s.Of = "another"
	text, _ := json.Marshal(s)
	kept.values[machineKey] = string(text)
	other := newTestEngine(t, nil)
	other.keeper = kept
	if s := other.remember(t.Context()); s.Times != 0 || other.pace() != guessedPace(other.threads) {
		t.Errorf("another's was believed: %+v", s)
	}
	kept.values[machineKey] = "{"
	if s := other.remember(t.Context()); s.Times != 0 {
		t.Errorf("nonsense was believed: %+v", s)
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestPaceSaysHowLargePicturesAre(t *testing.T) {
	e := newTestEngine(t, nil)
	e.measured.Store(&Pace{LargestSide: 1440, LargestHDRSide: 480})
	if n := e.largestSide(media.VideoFormat{}); n != 1440 {
		t.Errorf("standard range: %d", n)
	}
	if n := e.largestSide(media.VideoFormat{Transfer: "smpte2084"}); n != 480 {
		t.Errorf("HDR: %d", n)
	}
}
