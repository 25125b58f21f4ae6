package api

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dropstream/backend/fault"
)

func TestVerbNames(t *testing.T) {
	verbs := Verbs(newRig(t))
	got := slices.Sorted(maps.Keys(verbs))
	want := []string{
		"add", "doctor", "item", "items", "keep", "locate", "open", "pending", "play", "remove", "reportClient",
		"sample", "savePosition", "unkeep",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	// Every method of the interface is a verb but the stream.
	if n := reflect.TypeFor[API]().NumMethod(); n != len(want) { // minus Subscribe, plus open
		t.Errorf("the interface has %d methods", n)
	}
}

func TestVerbsDecodeStrictly(t *testing.T) {
	r := newRig(t)
	verbs := Verbs(r)
	id := r.add(t, r.file(t, "a.mkv", "VIDEO"))[0].Item.ID
	for _, c := range []struct {
		name, verb, body string
		want             fault.Code
	}{
		{"right", "item", `{"id":"` + id + `"}`, ""},
		{"spaces", "item", ` {"id":"` + id + `"} ` + "\n", ""},
		{"nothing", "items", ``, ""},
		{"empty object", "items", `{}`, ""},
		{"bare", "doctor", ``, ""},
		{"bare with an object", "doctor", `{}`, ""},
		{"bare with a field", "doctor", `{"id":"x"}`, fault.Invalid},
		{"unknown item", "item", `{"id":"x"}`, fault.NotFound},
		{"unknown field", "item", `{"id":"x","path":"/etc"}`, fault.Invalid},
		{"wrong type", "item", `{"id":7}`, fault.Invalid},
		{"array", "item", `[]`, fault.Invalid},
		{"null", "items", `null`, fault.Invalid},
		{"two values", "items", `{}{}`, fault.Invalid},
		{"cut", "items", `{"query":"a`, fault.Invalid},
		{"float", "items", `{"limit":1.5}`, fault.Invalid},
		{"out of range", "savePosition", `{"id":"x","positionMs":1e99}`, fault.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := verbs[c.verb](t.Context(), json.RawMessage(c.body))
			if fault.CodeOf(err) != c.want || (err == nil) == (out == nil) {
				t.Errorf("got %v, %v", out, err)
			}
		})
	}
}

func TestVerbAnswers(t *testing.T) {
	r := newRig(t)
	body, err := json.Marshal(AddRequest{Paths: []string{r.file(t, "a.mkv", "VIDEO")}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := Verbs(r)["add"](t.Context(), body)
	res, ok := out.(AddResult)
	if err != nil || !ok || len(res.Added) != 1 || res.Added[0].Item == nil {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestProblemOf(t *testing.T) {
	got := ProblemOf(fault.Wrap(fault.New(fault.Internal, "inside /home/x"), fault.Damaged, "It is damaged."))
	if got != (Problem{Code: "damaged", Message: "It is damaged."}) {
		t.Errorf("got %+v", got)
	}
}
