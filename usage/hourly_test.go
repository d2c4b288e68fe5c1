package usage_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/usage"
)

// changing are the hours of a subject whose level changes now and then from some time before a month on.
func changing(r *rand.Rand, s usage.Subject, from, until time.Time) []usage.StoredHour {
	level := func() usage.Level { return usage.Level{Own: r.Int64N(1000), Shared: r.Int64N(1000)} }
	at := from.Add(time.Duration(r.IntN(100)) * time.Hour)
	hours := []usage.StoredHour{usage.First(usage.Stored{Subject: s, Level: level()}, at)}
	for {
		at = at.Add(time.Duration(r.IntN(100_000)) * time.Second)
		if !at.Before(until) {
			return hours
		}
		next := hours[len(hours)-1].Change(level(), at)
		if next.Hour == hours[len(hours)-1].Hour {
			hours = hours[:len(hours)-1]
		}
		hours = append(hours, next)
	}
}

func TestWhatLayByTheHourIsWhatLayInEachHour(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, now := range []time.Time{november.Begins(), november.Begins().Add(time.Second), day(13).Add(17 * time.Minute), november.Ends(), day(30).AddDate(0, 1, 0)} {
		until := now
		if until.After(november.Ends()) {
			until = november.Ends()
		}
		want := map[string]usage.Lay{}
		var f usage.Figures
		for i := range 20 {
			s := usage.Subject{Domain: shop, Repository: fmt.Sprint(i), Format: artifact.NPM}
			hours := changing(r, s, november.Begins().AddDate(0, 0, -3), until)
			f.Stored = append(f.Stored, hours...)
			for h := usage.HourOf(november.Begins()); h.Begins().Before(until); h++ {
				to := (h + 1).Begins()
				if to.After(until) {
					to = until
				}
				lay := usage.Between(hours, h.Begins(), to)
				for _, layout := range []string{"2006-01-02", "2006-01-02T15"} {
					name := h.Begins().Format(layout)
					want[name] = want[name].Plus(lay)
				}
			}
		}
		var told int
		for _, by := range []usage.By{usage.ByHour, usage.ByDay} {
			report := usage.Make(usage.Question{Account: us, Month: november, By: by}, f, usage.DefaultPrices(), "us-east-1", now)
			for _, g := range report.Groups {
				told++
				if g.Storage.Cmp(want[g.Name].Own) != 0 || g.Shared.Cmp(want[g.Name].Shared) != 0 {
					t.Errorf("at %s, in %s: got %s and %s, want %v", now, g.Name, g.Storage, g.Shared, want[g.Name])
				}
			}
		}
		for name, lay := range want {
			if lay.IsZero() {
				delete(want, name)
			}
		}
		if told != len(want) {
			t.Errorf("at %s: got %d groups, want %d", now, told, len(want))
		}
	}
}

// A month of three thousand repositories has two million hours.
func TestAReportByTheHourKeepsNoFigureForEachHourOfEachRepository(t *testing.T) {
	var f usage.Figures
	for i := range 3000 {
		s := usage.Subject{Domain: shop, Repository: fmt.Sprint(i), Format: artifact.NPM}
		f.Stored = append(f.Stored, usage.First(usage.Stored{Subject: s, Level: usage.Level{Own: 1}}, november.Begins()))
	}
	allocations := testing.AllocsPerRun(1, func() {
		usage.Make(usage.Question{Account: us, Month: november, By: usage.ByHour}, f, usage.DefaultPrices(), "us-east-1", november.Ends())
	})
	if allocations > 1_000_000 {
		t.Errorf("got %.0f allocations", allocations)
	}
}
