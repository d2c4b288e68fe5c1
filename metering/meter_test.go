package metering_test

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/metering"
	"entrepot/usage"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestRequestsAreCountedWhereTheyWereMade(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	f.tag("web", "team", "web")
	f.call("web", "10.1.1.1", 3, 300)
	f.call("web", "10.9.1.1", 1, 20)
	f.call("web", "198.51.100.1", 2, 4000, writing)
	f.call("web", "10.1.1.1", 1, 0, func(n *usage.Note) { n.Account, n.Principal = "", "" }) // nobody: the domain's owner pays
	f.call("web", "10.1.1.1", 0, 1<<40)
	f.call("nowhere", "10.1.1.1", 5, 0)
	f.call("web", "10.1.1.1", 7, 0, func(n *usage.Note) { n.Domain = artifact.DomainKey{Owner: us, Name: "no-domain"} })
	f.call("", "10.1.1.1", 11, 0, func(n *usage.Note) { *n = usage.Note{At: n.At, Account: us, Client: n.Client, Count: 11} })
	f.call("", "10.1.1.1", 1, 0, func(n *usage.Note) { *n = usage.Note{At: n.At, Client: n.Client, Count: 1} }) // nobody, about nothing
	f.flush()
	got := map[string]usage.Counters{}
	for _, c := range f.counted(us) {
		got[fmt.Sprintf("%s/%s %s %s %s", c.Domain.Name, c.Repository, c.Format, c.Tags, c.Network)] = c.Counters
	}
	want := map[string]usage.Counters{
		`shop/web npm {"team":"web"} us-east-1`: {Reads: 4, Sent: 300}, `shop/web npm {"team":"web"} eu-west-1`: {Reads: 1, Sent: 20},
		`shop/web npm {"team":"web"} internet`: {Writes: 2, Sent: 4000}, "shop/ npm  us-east-1": {Reads: 5}, "/   us-east-1": {Reads: 18},
	}
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for what, counters := range want {
		if got[what] != counters {
			t.Errorf("%s: got %v, want %v", what, got[what], counters)
		}
	}
}

func TestRequestsAreOfTheHourInWhichTheyWereAnswered(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	f.clock.wait(time.Hour - time.Nanosecond)
	f.call("web", "10.1.1.1", 1, 0)
	f.clock.wait(time.Nanosecond)
	f.call("web", "10.1.1.1", 2, 0)
	f.flush()
	all := f.counted(us)
	if len(all) != 2 || all[0].Hour+1 != all[1].Hour || all[0].Reads != 1 || all[1].Reads != 2 {
		t.Errorf("got %v", all)
	}
}

func TestARepositoryThatWasDeletedHasItsRequests(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	f.tag("web", "team", "web")
	f.call("web", "10.1.1.1", 1, 0)
	f.flush()
	if _, _, err := f.rules.DeleteRepository(t.Context(), f.administrator(us), shop.Repository("web")); err != nil {
		t.Fatal(err)
	}
	f.call("web", "10.1.1.1", 2, 0)
	f.flush()
	if all := f.counted(us); len(all) != 1 || all[0].Repository != "web" || all[0].Tags == "" || all[0].Reads != 3 {
		t.Errorf("got %v, want three requests of the repository", all)
	}
}

func TestTagsAreThoseOfThen(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	f.tag("web", "team", "web")
	f.call("web", "10.1.1.1", 1, 0)
	f.flush()
	f.tag("web", "team", "core")
	f.call("web", "10.1.1.1", 2, 0)
	f.flush()
	r := f.report(f.administrator(us), usage.Question{By: usage.By("tag:team")})
	if len(r.Groups) != 2 || r.Groups[0].Name != "team=core" || r.Groups[0].Reads.String() != "2" || r.Groups[1].Reads.String() != "1" {
		t.Errorf("got %v", r.Groups)
	}
}

func TestAnIntervalIsCountedOnceWhateverBecomesOfItsWrite(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	f.call("web", "10.1.1.1", 1, 100)
	f.store.after = true // it is written, and nobody is told
	if err := f.Flush(t.Context()); err == nil {
		t.Fatal("the write did not fail")
	}
	f.call("web", "10.1.1.1", 10, 0) // meanwhile
	if err := f.Flush(t.Context()); err == nil {
		t.Fatal("the write did not fail")
	}
	f.store.after = false
	f.flush()
	if got := sum(f.counted(us)); got != (usage.Counters{Reads: 11, Sent: 100}) {
		t.Errorf("got %v, want 11 requests", got)
	}
	f.call("web", "10.1.1.1", 100, 0)
	f.store.before = true
	for range 3 {
		if err := f.Flush(t.Context()); err == nil {
			t.Fatal("the write did not fail")
		}
	}
	f.store.before = false
	f.flush()
	f.flush()
	if got := sum(f.counted(us)); got != (usage.Counters{Reads: 111, Sent: 100}) {
		t.Errorf("got %v, want 111 requests", got)
	}
}

func TestAKillLosesWhatWasNotWrittenAndNothingElse(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	f.call("web", "10.1.1.1", 1, 0)
	f.flush()
	f.call("web", "10.1.1.1", 10, 0)
	f.restart()
	f.call("web", "10.1.1.1", 100, 0)
	f.flush()
	f.call("web", "10.1.1.1", 1000, 0)
	f.store.after = true // it dies when the write is done and before it hears of it
	_ = f.Flush(t.Context())
	f.store.after = false
	f.restart()
	f.flush()
	if got := sum(f.counted(us)); got != (usage.Counters{Reads: 1101}) {
		t.Errorf("got %v, want all but the ten", got)
	}
}

func TestNothingIsWrittenWhileNothingHappens(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	f.measure()
	before := f.store.writes
	for range 30 {
		f.flush()
		f.measure()
		f.clock.wait(time.Minute)
	}
	if f.store.writes != before {
		t.Errorf("got %d writes in half an hour", f.store.writes-before)
	}
}

func TestManyAtOnceAreAllCounted(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	var all sync.WaitGroup
	done := make(chan struct{})
	var flushing sync.WaitGroup
	flushing.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				if err := f.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for range 8 {
		all.Go(func() {
			for range 1000 {
				f.call("web", "10.1.1.1", 1, 3)
			}
		})
	}
	all.Wait()
	close(done)
	flushing.Wait()
	f.flush()
	if got := sum(f.counted(us)); got != (usage.Counters{Reads: 8000, Sent: 24000}) {
		t.Errorf("got %v, want 8000 requests", got)
	}
	if got := testutil.CollectAndCount(f.Meter); got == 0 {
		t.Error("there are no metrics")
	}
}

func TestNamesThatClientsMakeUpTakeNoRoom(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	const many = 60_000
	for i := range many {
		f.call(fmt.Sprintf("r-%d", i), "10.1.1.1", 1, 1, func(n *usage.Note) {
			n.Package.Name = fmt.Sprintf("p-%d", i)
			n.Domain.Name = fmt.Sprintf("d-%d", i)
		})
	}
	f.flush()
	for i := range many {
		f.call(fmt.Sprintf("r-%d", i), "10.1.1.1", 1, 1, func(n *usage.Note) { n.Package.Name = fmt.Sprintf("p-%d", i) })
	}
	f.flush()
	all := f.counted(us)
	if got := sum(all); got != (usage.Counters{Reads: 2 * many, Sent: 2 * many}) || len(all) != 2 {
		t.Errorf("got %v in %d rows, want all in one for the domain and one for what there is not", got, len(all))
	}
	f.read(func(r catalog.Reader) error {
		drivers, err := r.UsageDrivers(us, 0, 1<<40)
		var requests, packages int64
		for _, d := range drivers {
			if d.Kind == usage.OfPackage {
				requests, packages = requests+d.Reads, packages+1
			}
		}
		if requests != many || packages != 201 {
			t.Errorf("got %d requests of %d packages, want all, two hundred told apart and the rest", requests, packages)
		}
		return err
	})
}

func TestMetricsAreWhatWasWritten(t *testing.T) {
	f := open(t)
	f.rules.Repository(shop.Repository("web"))
	f.hold("web", "a", 1, 5000)
	f.call("web", "10.9.1.1", 2, 20)
	f.call("web", "198.51.100.1", 1, 7, writing)
	f.store.before = true
	_ = f.Flush(t.Context())
	f.store.before = false
	f.flush()
	f.measure()
	f.call("web", "198.51.100.1", 1000, 0) // not written yet
	if got := values(t, f.Meter); got != "read=2 write=1 eu-west-1=20 internet=7 storage=5000 failures=1" {
		t.Error("got", got)
	}
}

// BenchmarkCount is what counting one request costs.
func BenchmarkCount(b *testing.B) {
	networks, err := usage.ParseNetworks("us-east-1", []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "fc00::/7", "::1/128", "fe80::/10"})
	if err != nil {
		b.Fatal(err)
	}
	m := metering.New(metering.Options{Networks: networks, NewID: func() string { return "m" }, Now: time.Now})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		n := usage.Note{At: time.Now(), Account: us, Principal: "arn:aws:iam::" + string(us) + ":user/ci", Client: netip.MustParseAddr("198.51.100.1"),
			Domain: shop, Repository: "web", Package: artifact.PackageKey{Format: artifact.NPM, Name: "left-pad"}, Count: 1, Sent: 100}
		for pb.Next() {
			m.Count(&n)
		}
	})
}
