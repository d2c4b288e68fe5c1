package metering_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/repository"
	"entrepot/usage"
)

// books are kept by hand, from what the script does and not from what the server says: gigabytes in each group, and what was
// requested of each repository.
type books struct {
	lie      map[string]int64 // megabytes, now
	hours    map[string]int64 // megabytes times hours
	requests map[string]int64
	internet map[string]int64 // gigabytes
	europe   map[string]int64
}

// pass lets hours pass.
func (b *books) pass(hours int64) {
	for group, megabytes := range b.lie {
		b.hours[group] += megabytes * hours
	}
}

// total adds a column up.
func total(column map[string]int64) (sum int64) {
	for _, n := range column {
		sum += n
	}
	return sum
}

// dollars is a share of a price, exactly.
func dollars(cost *big.Rat, part, whole int64) *big.Rat {
	if whole == 0 {
		return new(big.Rat)
	}
	return new(big.Rat).Mul(cost, big.NewRat(part, whole))
}

// beyond is n less what is free.
func beyond(n, free int64) int64 { return max(0, n-free) }

// TestAMonthsBillIsTheOneOfTheBooks lets a month pass with publications, copies into fifty repositories, installations by four
// clients from three networks, deletions, and two kills, and compares the bill with the one that follows from the script. What is stored is real, so its prices are those of megabytes.
func TestAMonthsBillIsTheOneOfTheBooks(t *testing.T) {
	f := open(t)
	f.prices.Storage, f.prices.FreeBytes = 1024*usage.Dollar/20, 2<<20
	f.restart()
	begins := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	f.clock.set(begins)
	admin := f.administrator(us)
	repositories := []string{"team"}
	for i := range 50 {
		repositories = append(repositories, fmt.Sprintf("r%02d", i+1))
	}
	for _, r := range repositories {
		f.rules.Repository(shop.Repository(r))
	}
	b := books{map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}}
	npm := func(name string) artifact.PackageKey { return artifact.PackageKey{Format: artifact.NPM, Name: name} }
	publish := func(repository, pkg string, megabytes int64) {
		v := artifact.Version{VersionKey: npm(pkg).At("1.0.0"), Revision: "r", Status: artifact.Published,
			Origin: artifact.Origin{Type: artifact.OriginInternal, Repository: repository}, PublishedAt: f.clock.Now()}
		f.rules.Hold(shop.Repository(repository), v, map[string]string{pkg + ".tgz": strings.Repeat(pkg, int(megabytes)<<20)})
		f.record()
		b.lie["shop/"+repository] += megabytes
	}
	remove := func(repository, pkg string) {
		if _, err := f.rules.DeletePackage(t.Context(), admin, shop.Repository(repository), npm(pkg)); err != nil {
			t.Fatal(err)
		}
	}
	// install is what a client does: requests, and gigabytes that are sent to it. The last one is counted in the books only if
	// it is written down.
	clients := []struct{ name, from string }{{"npm", "10.1.1.1"}, {"pip", "10.9.3.4"}, {"mvn", "198.51.100.7"}, {"cargo", "10.2.2.2"}}
	install := func(client int, repository string, requests int, gigabytes int64, survives bool) {
		f.call(repository, clients[client].from, requests, gigabytes*gb)
		if !survives {
			return
		}
		b.requests["shop/"+repository] += int64(requests)
		switch clients[client].name {
		case "pip":
			b.europe["shop/"+repository] += gigabytes
		case "mvn":
			b.internet["shop/"+repository] += gigabytes
		}
	}
	script := []struct {
		at int64 // hours since the month began
		do func()
	}{
		{0, func() { publish("team", "a", 4); publish("team", "b", 6) }},
		{24, func() {
			for client := range clients {
				install(client, "team", 40_000, 20, true)
			}
		}},
		{120, func() { // copies into fifty repositories: what was team's own is shared
			for _, r := range repositories[1:] {
				outcome, err := f.rules.Copy(t.Context(), admin, repository.CopySpec{From: shop.Repository("team"), To: shop.Repository(r), PackageKey: npm("a"),
					Selection: repository.Selection{Versions: []string{"1.0.0"}}})
				if err != nil || len(outcome.Successful) != 1 {
					t.Fatal(outcome, err)
				}
			}
			b.lie["shop/team"] -= 4
			b.lie["shop (shared)"] += 4
		}},
		{200, func() {
			for client := range clients {
				for n, r := range repositories[1:] {
					install(client, r, 500+n, 1, true)
				}
			}
		}},
		{240, func() { // the first kill: what was counted since the last interval is lost
			f.flush()
			f.measure()
			install(0, "team", 1_000, 3, false)
			f.restart()
		}},
		{270, func() { install(2, "r01", 2_000, 60, true) }}, // it was down for thirty hours
		{360, func() { remove("team", "b"); b.lie["shop/team"] -= 6 }},
		{400, func() { // the second kill: between the commit and what is known of it
			install(2, "team", 3_000, 30, true)
			f.store.after = true
			_ = f.Flush(t.Context())
			f.store.after = false
			f.restart()
		}},
		{480, func() { publish("r01", "c", 2) }},
		{600, func() { // where it stays alone it is the repository's own
			for _, r := range repositories[:50] {
				remove(r, "a")
			}
			b.lie["shop (shared)"] -= 4
			b.lie["shop/r50"] += 4
		}},
		{719, func() { install(1, "r50", 100, 5, true) }},
		{720, func() {}},
	}
	passed := int64(0)
	for _, step := range script {
		for ; passed < step.at; passed++ { // every hour has its intervals, but while the server is down
			b.pass(1)
			f.clock.wait(time.Hour)
			if passed < 240 || passed >= 270 {
				f.flush()
				f.measure()
			}
		}
		step.do()
		f.measure()
	}
	f.flush()
	f.clock.set(begins.AddDate(0, 1, 0).Add(50 * time.Hour))

	month := usage.Month{Year: 2026, Month: time.November}
	r := f.report(admin, usage.Question{Month: month, By: usage.ByRepository})

	stored, requests, internet, europe := total(b.hours), total(b.requests), total(b.internet), total(b.europe)
	storage := big.NewRat(5*beyond(stored, 2*720), 100*720)
	calls := big.NewRat(5*beyond(requests, 100_000), 100*10_000)
	out := big.NewRat(9*beyond(internet, 100), 100)
	away := big.NewRat(2*europe, 100)
	if stored != 5520 || requests == 0 || internet < 100 || europe == 0 {
		t.Fatalf("the script is not what it was: %d, %d, %d, %d", stored, requests, internet, europe)
	}
	near := func(what string, got usage.Money, want *big.Rat) {
		t.Helper()
		off := new(big.Rat).Sub(new(big.Rat).SetFrac64(int64(got), int64(usage.Dollar)), want)
		if off.Abs(off).Cmp(big.NewRat(4, int64(usage.Dollar))) > 0 { // a billionth for each line that is divided
			t.Errorf("%s: got $%s, want $%s", what, got, want.FloatString(9))
		}
	}
	lines := map[string]usage.Line{}
	for _, l := range r.Lines {
		lines[string(l.Dimension)+l.Network] = l
	}
	if got := lines["storage"].Quantity; got.Cmp(usage.Of(stored*3600).Times(1<<20)) != 0 {
		t.Errorf("got %s byte-seconds, want %d megabyte-hours", got, stored)
	}
	if got := lines["requests"].Quantity; got.Cmp(usage.Of(requests)) != 0 {
		t.Errorf("got %s requests, want %d", got, requests)
	}
	near("storage", lines["storage"].Cost, storage)
	near("requests", lines["requests"].Cost, calls)
	near("transfer to the internet", lines["transferinternet"].Cost, out)
	near("transfer to Europe", lines["transfereu-west-1"].Cost, away)
	if lines["transferus-east-1"].Cost != 0 || lines["transferus-east-1"].Quantity.IsZero() {
		t.Errorf("within the region: got %+v, want something for nothing", lines["transferus-east-1"])
	}
	bill := new(big.Rat).Add(new(big.Rat).Add(storage, calls), new(big.Rat).Add(out, away))
	near("the bill", r.Cost, bill)

	var sum usage.Money
	for _, g := range r.Groups {
		sum += g.Cost
		want := new(big.Rat).Add(
			new(big.Rat).Add(dollars(storage, b.hours[g.Name], stored), dollars(calls, b.requests[g.Name], requests)),
			new(big.Rat).Add(dollars(out, b.internet[g.Name], internet), dollars(away, b.europe[g.Name], europe)))
		near(g.Name, g.Cost, want)
	}
	if len(r.Groups) != 52 || sum != r.Cost {
		t.Errorf("got %d groups of $%s together, want 51 repositories and what they share, $%s", len(r.Groups), sum, r.Cost)
	}
	t.Logf("the bill is $%s: storage %s, requests %s, internet %s, Europe %s", r.Cost, lines["storage"].Cost, lines["requests"].Cost,
		lines["transferinternet"].Cost, lines["transfereu-west-1"].Cost)
}
