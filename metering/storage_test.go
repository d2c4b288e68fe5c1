package metering_test

import (
	"testing"
	"time"

	"entrepot/usage"
)

// lay is what a group of the report has, in bytes times seconds.
func (f *fixture) lay(group string) (own, shared string) {
	f.Helper()
	for _, g := range f.report(f.administrator(us), usage.Question{By: usage.ByRepository}).Groups {
		if g.Name == group {
			return g.Storage.String(), g.Shared.String()
		}
	}
	return "0", "0"
}

func (f *fixture) wantLay(group string, own, shared int64) {
	f.Helper()
	gotOwn, gotShared := f.lay(group)
	if gotOwn != usage.Of(own).String() || gotShared != usage.Of(shared).String() {
		f.Errorf("%s: got %s and %s, want %d and %d", group, gotOwn, gotShared, own, shared)
	}
}

func TestWhatLiesIsMeasuredWhenItHasChanged(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("a"))
	f.rules.Repository(shop.Repository("b"))
	f.hold("a", "x", 1, 1000)
	f.measure()
	f.clock.wait(10 * time.Minute)
	f.hold("b", "x", 1, 1000) // the same bytes
	f.hold("b", "y", 2, 30)
	f.measure()
	f.clock.wait(20 * time.Minute)
	f.wantLay("shop/a", 1000*600, 1000*1200)
	f.wantLay("shop/b", 30*1200, 1000*1200)
	f.wantLay("shop (shared)", 1000*1200, 0)
	if _, _, err := f.rules.DeleteRepository(t.Context(), f.administrator(us), shop.Repository("a")); err != nil {
		t.Fatal(err)
	}
	f.measure()
	f.clock.wait(10 * time.Minute)
	f.wantLay("shop/a", 1000*600, 1000*1200)
	f.wantLay("shop/b", 30*1800+1000*600, 1000*1200)
	f.wantLay("shop (shared)", 1000*1200, 0)
}

func TestHoursInWhichTheServerWasDownAreFilled(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("a"))
	f.hold("a", "x", 1, 1000)
	f.measure()
	f.clock.wait(50 * time.Hour)
	f.restart()
	f.measure()
	f.wantLay("shop/a", 1000*50*3600, 0)
}

func TestAnHourlyMeasurementSeesWhatIsOnNoRecord(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("a"))
	f.measure()
	f.rules.Hold(shop.Repository("a"), version("x", 1000), nil)
	f.clock.wait(59 * time.Minute)
	f.measure()
	f.wantLay("shop/a", 0, 0)
	f.clock.wait(time.Minute)
	f.measure()
	f.clock.wait(time.Second)
	f.wantLay("shop/a", 1000, 0)
}

func TestBytesMoveToTheTagsOfTheirRepository(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("a"))
	f.hold("a", "x", 1, 1000)
	f.measure()
	f.clock.wait(time.Minute)
	f.tag("a", "team", "web")
	f.measure()
	f.clock.wait(2 * time.Minute)
	groups := f.report(f.administrator(us), usage.Question{By: usage.By("tag:team")}).Groups
	if len(groups) != 2 || groups[0].Name != "team=web" || groups[0].Storage.String() != "120000" || groups[1].Storage.String() != "60000" {
		t.Errorf("got %v", groups)
	}
}
