package access

import (
	"errors"
	"testing"
	"time"

	"entrepot/catalog"
)

func TestTheLastUseOfAKeyIsRecordedNowAndThen(t *testing.T) {
	f := newFixture(t)
	for range 2 {
		if _, err := f.call(f.key); err != nil {
			t.Fatal(err)
		}
		f.clock = f.clock.Add(time.Second)
	}
	if got := f.store.lastUse(f.key.ID); got != (catalog.KeyUse{}) {
		t.Errorf("got %+v before it was recorded", got)
	}
	f.store.fail = func() error { return errors.New("full") }
	if err := f.RecordUses(t.Context()); err == nil {
		t.Error("a use that could not be recorded is no error")
	}
	f.store.fail = nil
	if err := f.RecordUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := catalog.KeyUse{At: f.clock.Add(-time.Second), Service: "codeartifact", Region: "eu-west-1"}
	if got := f.store.lastUse(f.key.ID); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	f.store.fail = func() error { return errors.New("nothing was used, and something is written") }
	if err := f.RecordUses(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAUseDoesNotMakeLaterOnesForgotten(t *testing.T) {
	var u uses
	late := catalog.KeyUse{At: time.Unix(2, 0)}
	u.note("a", late)
	u.note("a", catalog.KeyUse{At: time.Unix(1, 0)})
	if got := u.take()["a"]; got != late {
		t.Errorf("got %+v", got)
	}
}
