package iam

import (
	"fmt"
	"testing"
)

func TestRulingsKeepTheLastDecisionOnEachAction(t *testing.T) {
	var r Rulings
	r.Keep("s:A", Decision{Sid: "first"})
	r.Keep("s:B", Decision{Sid: "other"})
	r.Keep("s:A", Decision{Sid: "second"})
	for action, want := range map[string]string{"s:A": "second", "s:B": "other"} {
		if d, ok := r.On(action); !ok || d.Sid != want {
			t.Errorf("%s: got %+v, %v, want %s", action, d, ok, want)
		}
	}
	if d, ok := r.On("s:C"); ok {
		t.Errorf("of what was never asked: got %+v", d)
	}
	for i := range 3 * maxRulings {
		r.Keep(fmt.Sprintf("s:%d", i), Decision{})
	}
	if len(r.made) != maxRulings {
		t.Errorf("%d are kept, want at most %d", len(r.made), maxRulings)
	}
	var none *Rulings
	none.Keep("s:A", Decision{})
	if _, ok := none.On("s:A"); ok {
		t.Error("nothing has kept something")
	}
}
