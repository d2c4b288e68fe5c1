package ratelimit

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestASecondsWorthIsAdmittedAtOnceAndThenWithTime(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := New[string](5, func() time.Time { return now })
	admitted := func(key string, times int) (n int) {
		for range times {
			if l.Admit(key) {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		name  string
		pause time.Duration
		key   string
		want  int
	}{
		{"a second's worth", 0, "a", 5},
		{"none beyond", 0, "a", 0},
		{"another key has its own", 0, "b", 5},
		{"one after its part of a second", 200 * time.Millisecond, "a", 1},
		{"no more than a second's worth after a long time", time.Hour, "a", 5},
	} {
		now = now.Add(step.pause)
		if got := admitted(step.key, 20); got != step.want {
			t.Errorf("%s: %d admitted, want %d", step.name, got, step.want)
		}
	}
}

func TestWithoutARateEverythingIsAdmitted(t *testing.T) {
	for _, perSecond := range []int{0, -1} {
		l := New[string](perSecond, time.Now)
		for range 1000 {
			if !l.Admit("a") {
				t.Fatalf("%d a second: one was not admitted", perSecond)
			}
		}
		if l.PerSecond() != 0 {
			t.Errorf("got %d a second, want 0 for any number", l.PerSecond())
		}
	}
}

func TestManyAtOnceShareOneRate(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := New[string](10, func() time.Time { return now })
	var admitted atomic.Int64
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if l.Admit("a") {
				admitted.Add(1)
			}
		})
	}
	all.Wait()
	if n := admitted.Load(); n != 10 {
		t.Errorf("%d admitted, want 10", n)
	}
}
