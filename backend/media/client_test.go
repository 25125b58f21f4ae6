package media

import "testing"

func TestClient(t *testing.T) {
	for c := Client(0); c < clientEnd; c = c<<1 | 1 {
		if got := ParseClient(c.String()); got != c {
			t.Errorf("ParseClient(%q) = %b, want %b", c, got, c)
		}
	}
	if got := ParseClient("hevc.../../etc.opus.HEVC10"); got != PlaysHEVC|PlaysOpus {
		t.Errorf("unknown names count: %v", got)
	}
	if !(PlaysHEVC | PlaysOpus).Can(PlaysOpus) || PlaysHEVC.Can(PlaysHEVC|PlaysHEVC10) {
		t.Error("Can is not about all of what is asked")
	}
	if 1<<len(clientNames) != clientEnd {
		t.Error("a capability has no name")
	}
}
