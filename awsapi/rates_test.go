package awsapi

import (
	"testing"
	"time"

	"entrepot/artifact"
)

func TestRates(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	th := newThrottle(Rates{Copies: 5, Lists: 3, Publishes: 2, Reads: 8, Writes: 6}, func() time.Time { return now })
	admitted := func(account, operation string, times int) (n int) {
		t.Helper()
		for range times {
			err := th.admit(account, action(operation))
			if err == nil {
				n++
			} else if !artifact.Is(err, artifact.Throttled) || err.(*artifact.Error).RetryAfter <= 0 {
				t.Fatalf("got %v, want Throttled with a time to wait", err)
			}
		}
		return n
	}
	for _, c := range []struct {
		name, account, operation string
		times, want              int
	}{
		{"copies have a rate of their own", "1", "CopyPackageVersions", 10, 5},
		{"publishing has one too", "1", "PublishPackageVersion", 10, 1}, // of six writes five were copies
		{"publishing has one too, of another account", "4", "PublishPackageVersion", 10, 2},
		{"another account has limits of its own", "2", "CopyPackageVersions", 10, 5},
		{"each list is counted apart", "1", "ListPackages", 10, 3},
		{"each list is counted apart, the second", "1", "ListPackageVersions", 10, 3},
		{"an operation without a rate counts with the others", "3", "DescribeDomain", 20, 8},
		{"writes have another count than reads", "3", "CreateRepository", 20, 6},
	} {
		if got := admitted(c.account, c.operation, c.times); got != c.want {
			t.Errorf("%s: %d of %d admitted, want %d", c.name, got, c.times, c.want)
		}
	}
	now = now.Add(time.Second)
	if got := admitted("2", "CopyPackageVersions", 10); got != 5 {
		t.Errorf("a second later: %d admitted, want 5", got)
	}
	free := newThrottle(Rates{}, func() time.Time { return now })
	for range 1000 {
		if err := free.admit("1", action("CopyPackageVersions")); err != nil {
			t.Fatal(err)
		}
	}
}
