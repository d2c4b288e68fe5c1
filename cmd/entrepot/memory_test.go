package main

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryIsGivenBackWhenAPeakIsOver(t *testing.T) {
	const mib = 1 << 20
	busy := func(n int) heap { // 20 MiB more at each look, collected at 400
		return heap{held: 500 * mib, objects: int64(300+20*n) * mib, goal: 400 * mib, allocated: int64(1000+20*n) * mib}
	}
	quiet := heap{held: 40 * mib, objects: 25 * mib, goal: 50 * mib, allocated: 1020 * mib}
	for _, c := range []struct {
		name  string
		looks []heap
		want  int
	}{
		{"a server that has just started", []heap{{held: 20 * mib, objects: 5 * mib, goal: 10 * mib}}, 0},
		{"a server that is busy collects by itself", []heap{busy(0), busy(1), busy(2)}, 0},
		{"a peak that is over", []heap{busy(0), busy(1), busy(1)}, 1},
		{"a peak that is over stays over", []heap{busy(1), busy(1), quiet, quiet}, 1},
		{"two peaks", []heap{busy(1), busy(1), busy(2), busy(2)}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			freed := 0
			var now heap
			trim := &trimmer{read: func() heap { return now }}
			trim.free = func() {
				freed++
				now.held, now.objects = 30*mib, 20*mib
			}
			for _, now = range c.looks {
				trim.look()
			}
			if freed != c.want {
				t.Errorf("memory was given back %d times, want %d", freed, c.want)
			}
		})
	}
}

func TestMemoryThatIsInUseIsNotLookedForAgain(t *testing.T) {
	const mib = 1 << 20
	freed := 0
	trim := &trimmer{read: func() heap { return heap{held: 300 * mib, objects: 200 * mib, goal: 400 * mib} }, free: func() { freed++ }}
	for range 10 {
		trim.look()
	}
	if freed != 1 {
		t.Errorf("memory was given back %d times, want once: what is left is in use", freed)
	}
}

func TestTrimmingLooksAgainAndAgainUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		a := &app{}
		a.background((&trimmer{read: func() heap { looks++; return heap{} }}).run)
		time.Sleep(3*trimEvery + time.Second)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if looks != 3 {
			t.Errorf("it looked %d times, want 3", looks)
		}
	})
}

func TestTheRuntimeSaysWhatItHolds(t *testing.T) {
	if h := readHeap(); h.held < h.objects || h.objects <= 0 || h.goal <= 0 || h.allocated < h.objects {
		t.Errorf("got %+v", h)
	}
}
