package metering_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/usage"
)

// TestFiguresAreWrittenAtFullMinutesAndAtTheEnd lets the meter run in a time of its own.
func TestFiguresAreWrittenAtFullMinutesAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := open(t)
		f.clock.real = true
		f.rules.Repository(shop.Repository("web"))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); f.Meter.Run(ctx) }()
		synctest.Wait()
		step := func(what string, d time.Duration, want int64) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if got := sum(f.counted(us)).Reads; got != want {
				t.Errorf("%s: got %d requests, want %d", what, got, want)
			}
		}
		f.call("web", "10.1.1.1", 1, 0)
		step("before the minute is over", 59*time.Second, 0)
		step("when it is", 2*time.Second, 1)
		f.call("web", "10.1.1.1", 10, 0)
		step("a minute later", time.Minute, 11)
		for i := range 8000 { // much at once is not waited with
			f.call("web", "10.1.1.1", 1, 0, func(n *usage.Note) { n.Repository = "r" + time.Duration(i).String() })
		}
		step("when much has come together", 0, 8011)
		f.hold("web", "a", 1, 3600)
		step("at the next minute", time.Minute, 8011)
		time.Sleep(time.Hour)
		f.call("web", "10.1.1.1", 100, 0)
		stop()
		<-done
		if got := sum(f.counted(us)).Reads; got != 8111 {
			t.Errorf("at the end: got %d requests, want 8111", got)
		}
		own, _ := f.lay("shop/web")
		if own != usage.Of(3600*(3600+1)).String() { // since the minute behind the one in which it came, to the second
			t.Errorf("got %s byte-seconds", own)
		}
	})
}

func TestWhoIsStoppedBeforeItHasBegunEnds(t *testing.T) {
	for range 20 { // whichever of its goroutines comes first
		synctest.Test(t, func(t *testing.T) {
			f := open(t)
			ctx, stop := context.WithCancel(t.Context())
			stop()
			done := make(chan struct{})
			go func() { defer close(done); f.Meter.Run(ctx) }()
			select {
			case <-done:
			case <-time.After(time.Hour):
				t.Fatal("it goes on without end")
			}
		})
	}
}
