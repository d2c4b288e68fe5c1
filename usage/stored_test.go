package usage_test

import (
	"testing"
	"time"

	"entrepot/usage"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

// change adds the hour in which a level changes to those there are.
func change(hours []usage.StoredHour, to usage.Level, at time.Time) []usage.StoredHour {
	if len(hours) == 0 {
		return []usage.StoredHour{usage.First(usage.Stored{Level: to}, at)}
	}
	last := len(hours) - 1
	next := hours[last].Change(to, at)
	if next.Hour == hours[last].Hour {
		hours[last] = next
		return hours
	}
	return append(hours, next)
}

func TestWhatLiesIsAddedUpToTheSecond(t *testing.T) {
	var hours []usage.StoredHour
	hours = change(hours, usage.Level{Own: 100}, noon.Add(30*time.Minute))
	hours = change(hours, usage.Level{Own: 40, Shared: 7}, noon.Add(45*time.Minute))
	hours = change(hours, usage.Level{Own: 0, Shared: 7}, noon.Add(5*time.Hour+time.Second)) // the server was down for hours
	if len(hours) != 2 {
		t.Fatalf("got %d hours, want those in which something changed: 2", len(hours))
	}
	for _, c := range []struct {
		name     string
		from, to time.Duration
		own      int64
		shared   int64
	}{
		{"before anything", -3 * time.Hour, 0, 0, 0},
		{"the first hour", 0, time.Hour, 100*900 + 40*900, 7 * 900},
		{"an hour in which nothing changed", 2 * time.Hour, 3 * time.Hour, 40 * 3600, 7 * 3600},
		{"the hour of the last change", 5 * time.Hour, 6 * time.Hour, 40, 7 * 3600},
		{"long after", 100 * time.Hour, 101 * time.Hour, 0, 7 * 3600},
		{"all of it", -time.Hour, 6 * time.Hour, 100*900 + 40*900 + 40*(4*3600+1), 7*900 + 7*5*3600},
		{"nothing", time.Hour, time.Hour, 0, 0},
		{"backwards", 2 * time.Hour, time.Hour, 0, 0},
	} {
		got := usage.Between(hours, noon.Add(c.from), noon.Add(c.to))
		if got.Own.String() != usage.Of(c.own).String() || got.Shared.String() != usage.Of(c.shared).String() {
			t.Errorf("%s: got %s and %s, want %d and %d", c.name, got.Own, got.Shared, c.own, c.shared)
		}
	}
}

func TestAClockThatGoesBackTakesNothingBack(t *testing.T) {
	hours := change(nil, usage.Level{Own: 10}, noon.Add(30*time.Minute))
	hours = change(hours, usage.Level{Own: 20}, noon.Add(-2*time.Hour))
	if got := usage.Between(hours, noon, noon.Add(time.Hour)).Own.String(); got != "36000" {
		t.Errorf("got %s, want 20 bytes for half an hour", got)
	}
}

// TestHoursAreWhatTheirSecondsAre compares with a list of every second.
func TestHoursAreWhatTheirSecondsAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const span = 6 * 3600
		seconds := make([]int64, span)
		var hours []usage.StoredHour
		at := 0
		for range rapid.IntRange(1, 12).Draw(t, "changes") {
			at = rapid.IntRange(at, span-1).Draw(t, "second")
			level := rapid.Int64Range(0, 5).Draw(t, "level")
			for i := at; i < span; i++ {
				seconds[i] = level
			}
			hours = change(hours, usage.Level{Own: level}, noon.Add(time.Duration(at)*time.Second))
		}
		for h := range 6 {
			var want int64
			for _, level := range seconds[h*3600 : (h+1)*3600] {
				want += level
			}
			begins := noon.Add(time.Duration(h) * time.Hour)
			if got := usage.Between(hours, begins, begins.Add(time.Hour)).Own; got.Cmp(usage.Of(want)) != 0 {
				t.Fatalf("hour %d: got %s, want %d", h, got, want)
			}
		}
	})
}
