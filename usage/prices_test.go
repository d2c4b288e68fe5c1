package usage

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	gb = int64(Gigabyte)
	tb = 1 << 10 * gb
)

func TestWhatTheTableMakesOfQuantities(t *testing.T) {
	november := Month{2026, time.November} // of 720 hours
	month := int64(720 * 3600)
	for _, c := range []struct {
		name     string
		d        dimension
		quantity Amount
		free     Amount
		cost     string
	}{
		{"two gigabytes all month are free", dimension{Storage, ""}, Of(2 * gb).Times(month), Of(2 * gb).Times(month), "0.00"},
		{"the third is five cents", dimension{Storage, ""}, Of(3 * gb).Times(month), Of(2 * gb).Times(month), "0.05"},
		{"six for half the month are one too many", dimension{Storage, ""}, Of(6 * gb).Times(month / 2), Of(2 * gb).Times(month), "0.05"},
		{"a petabyte", dimension{Storage, ""}, Of(1<<20*gb + 2*gb).Times(month), Of(2 * gb).Times(month), "52428.80"},
		{"a hundred thousand requests are free", dimension{Requests, ""}, Of(100_000), Of(100_000), "0.00"},
		{"ten thousand more are five cents", dimension{Requests, ""}, Of(110_000), Of(100_000), "0.05"},
		{"one more is five millionths", dimension{Requests, ""}, Of(100_001), Of(100_000), "0.000005"},
		{"within the region", dimension{Transfer, "us-east-1"}, Of(5 * tb), Of(5 * tb), "0.00"},
		{"to another region", dimension{Transfer, "eu-west-1"}, Of(5 * gb), Of(0), "0.10"},
		{"a hundred gigabytes to the internet are free", dimension{Transfer, Internet}, Of(100 * gb), Of(100 * gb), "0.00"},
		{"one more is nine cents", dimension{Transfer, Internet}, Of(101 * gb), Of(100 * gb), "0.09"},
		{"ten terabytes", dimension{Transfer, Internet}, Of(10 * tb), Of(100 * gb), "912.60"},
		{"the next forty", dimension{Transfer, Internet}, Of(50 * tb), Of(100 * gb), "4394.20"},
		{"the next hundred", dimension{Transfer, Internet}, Of(150 * tb), Of(100 * gb), "11562.20"},
		{"and beyond", dimension{Transfer, Internet}, Of(151 * tb), Of(100 * gb), "11613.40"},
	} {
		l := DefaultPrices().line(c.d, c.quantity, november, "us-east-1")
		if l.Cost.String() != c.cost || l.Free.Cmp(c.free) != 0 {
			t.Errorf("%s: got %s with %s free, want %s with %s", c.name, l.Cost, l.Free, c.cost, c.free)
		}
	}
}

func TestATableWithoutAnEndIsRefused(t *testing.T) {
	for name, tiers := range map[string][]Tier{
		"none": nil, "that end": {{10, 1}}, "that fall": {{10, 1}, {5, 1}, {0, 1}}, "that stand": {{10, 1}, {10, 1}, {0, 1}}, "in two ends": {{0, 1}, {0, 2}},
	} {
		p := DefaultPrices()
		if p.Internet = tiers; p.Check() == nil {
			t.Errorf("tiers %s are taken", name)
		}
	}
	if err := DefaultPrices().Check(); err != nil {
		t.Error(err)
	}
}

// TestPartsAddUp wants the parts of a cost to be what they are a part of, each within a billionth of its share.
func TestPartsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cost := Money(rapid.Int64Range(0, 1<<50).Draw(t, "cost"))
		amounts := rapid.SliceOfN(rapid.Int64Range(0, 1<<40), 1, 20).Draw(t, "amounts")
		var parts []Amount
		var whole Amount
		for _, n := range amounts {
			parts, whole = append(parts, Of(n)), whole.Plus(Of(n))
		}
		var sum Money
		for i, share := range split(cost, parts) {
			sum += share
			if exact := Of(int64(cost)).share(parts[i], whole); exact.Cmp(Of(int64(share))) != 0 && exact.Cmp(Of(int64(share)-1)) != 0 {
				t.Fatalf("part %d of %d: got %d, want %s or one more", i, cost, share, exact)
			}
		}
		if !whole.IsZero() && sum != cost {
			t.Fatalf("the parts of %d add up to %d", cost, sum)
		}
	})
}
