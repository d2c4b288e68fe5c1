package catalogtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/usage"
)

// stored is MeasureStored by looking at everything, in the order of names.
func (m *model) stored() []usage.Stored {
	type held struct {
		domain     catalog.DomainID
		content    artifact.Digest
		repository catalog.RepositoryID
	}
	format, size := map[held]artifact.Format{}, map[artifact.Digest]int64{}
	for v, version := range m.versions {
		for _, a := range version.Assets {
			h := held{m.repositories[v.in].Domain, a.SHA256, v.in}
			if first, there := format[h]; !a.Promised && (!there || v.Format < first) {
				format[h], size[a.SHA256] = v.Format, a.Size
			}
		}
	}
	levels := map[usage.Subject]usage.Level{}
	for h, f := range format {
		d, holders, first := m.domains[h.domain].DomainKey, 0, h.repository
		for other := range format {
			if other.domain == h.domain && other.content == h.content {
				holders++
				first = min(first, other.repository)
			}
		}
		at := usage.Subject{Domain: d, Repository: m.repositories[h.repository].Name, Format: f,
			Tags: usage.TagsOf(m.tags[catalog.Holder{Domain: h.domain, Repository: h.repository}])}
		level := levels[at]
		if holders == 1 {
			level.Own += size[h.content]
		} else {
			level.Shared += size[h.content]
		}
		levels[at] = level
		if holders > 1 && first == h.repository {
			at = usage.Subject{Domain: d, Format: f, Tags: usage.TagsOf(m.tags[catalog.Holder{Domain: h.domain}])}
			levels[at] = usage.Level{Own: levels[at].Own + size[h.content]}
		}
	}
	maps.DeleteFunc(levels, func(_ usage.Subject, l usage.Level) bool { return l == usage.Level{} })
	var all []usage.Stored
	for s, l := range levels {
		all = append(all, usage.Stored{Subject: s, Level: l})
	}
	slices.SortFunc(all, func(a, b usage.Stored) int {
		return cmp.Or(strings.Compare(a.Domain.Name, b.Domain.Name), strings.Compare(a.Repository, b.Repository), strings.Compare(string(a.Format), string(b.Format)))
	})
	return all
}

// noon is a full hour, and noonHour the one that begins then.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

var noonHour = usage.HourOf(noon)

func testMetering(t *testing.T, open func(t *testing.T) catalog.Store) {
	web := usage.Subject{Domain: artifact.DomainKey{Owner: owner, Name: "acme"}, Repository: "web", Format: artifact.NPM, Tags: `{"team":"web"}`}
	domain := usage.Subject{Domain: web.Domain, Format: artifact.NPM}
	theirs := usage.Subject{Domain: artifact.DomainKey{Owner: other, Name: "theirs"}, Repository: "r"}
	requests := func(hour usage.Hour, s usage.Subject, account artifact.AccountID, reads, writes, sent int64) usage.Counted {
		return usage.Counted{Hour: noonHour + hour, Subject: s, Account: account, Network: usage.Internet,
			Counters: usage.Counters{Reads: reads, Writes: writes, Sent: sent}}
	}
	count := func(f *fixture, meter string, number int64, counted ...usage.Counted) {
		f.Helper()
		f.write(func(w catalog.Writer) error {
			return w.CountRequests(usage.Interval{Meter: meter, Number: number, Counted: counted}, noon)
		})
	}
	wantCounted := func(f *fixture, account artifact.AccountID, from, until, step usage.Hour, wanted ...usage.Counted) {
		f.Helper()
		f.read(func(r catalog.Reader) error {
			got, err := r.CountedRequests(account, noonHour+from, noonHour+until, step)
			want(f.TB, "requests", got, wanted)
			return err
		})
	}
	lie := func(f *fixture, after time.Duration, stored ...usage.Stored) {
		f.Helper()
		f.write(func(w catalog.Writer) error { return w.SetStored(stored, noon.Add(after)) })
	}
	lay := func(f *fixture, s usage.Subject, from, to time.Duration) usage.Lay {
		f.Helper()
		var mine []usage.StoredHour
		f.read(func(r catalog.Reader) error {
			hours, err := r.StoredHours(s.Domain.Owner, usage.HourOf(noon.Add(from)), usage.HourOf(noon.Add(to))+1)
			for _, h := range hours {
				if h.Subject == s {
					mine = append(mine, h)
				}
			}
			return err
		})
		return usage.Between(mine, noon.Add(from), noon.Add(to))
	}
	wantLay := func(f *fixture, s usage.Subject, from, to time.Duration, own, shared int64) {
		f.Helper()
		got := lay(f, s, from, to)
		if got.Own.Cmp(usage.Of(own)) != 0 || got.Shared.Cmp(usage.Of(shared)) != 0 {
			f.Errorf("%v to %v: got %s and %s, want %d and %d", from, to, got.Own, got.Shared, own, shared)
		}
	}
	level := func(s usage.Subject, own, shared int64) usage.Stored {
		return usage.Stored{Subject: s, Level: usage.Level{Own: own, Shared: shared}}
	}
	drivers := func(f *fixture, wanted ...usage.Driver) {
		f.Helper()
		f.read(func(r catalog.Reader) error {
			got, err := r.UsageDrivers(owner, usage.DayOf(noonHour), usage.DayOf(noonHour)+24)
			want(f.TB, "drivers", got, wanted)
			return err
		})
	}
	driver := func(name string, reads int64) usage.Driver {
		return usage.Driver{Hour: usage.DayOf(noonHour), Domain: web.Domain, Kind: usage.OfPackage, Name: name, Counters: usage.Counters{Reads: reads, Writes: 1, Sent: 2}}
	}
	runRows(t, open, []row{
		{"requests_of_an_hour_are_added_up", func(t *testing.T, f *fixture) {
			count(f, "a", 1, requests(0, web, owner, 1, 2, 3), requests(0, web, other, 10, 0, 0), requests(1, web, owner, 5, 0, 0))
			count(f, "a", 2, requests(0, web, owner, 100, 200, 300))
			count(f, "b", 1, requests(0, domain, owner, 7, 0, 0), requests(0, theirs, owner, 8, 0, 0), requests(0, theirs, other, 9, 0, 0))
			wantCounted(f, owner, 0, 24, 1, requests(0, domain, owner, 7, 0, 0), requests(0, web, owner, 101, 202, 303),
				requests(1, web, owner, 5, 0, 0), requests(0, web, other, 10, 0, 0), requests(0, theirs, owner, 8, 0, 0))
			wantCounted(f, other, 0, 24, 1, requests(0, web, other, 10, 0, 0), requests(0, theirs, owner, 8, 0, 0), requests(0, theirs, other, 9, 0, 0))
			wantCounted(f, "777777777777", 0, 24, 1)
		}},
		{"steps_are_added_up_from_the_first_hour", func(t *testing.T, f *fixture) {
			count(f, "a", 1, requests(0, web, owner, 1, 0, 0), requests(1, web, owner, 2, 0, 0), requests(2, web, owner, 4, 0, 0), requests(5, web, owner, 8, 0, 0))
			wantCounted(f, owner, 1, 6, 2, requests(1, web, owner, 6, 0, 0), requests(5, web, owner, 8, 0, 0))
			wantCounted(f, owner, 0, 5, 0, requests(0, web, owner, 7, 0, 0))
			wantCounted(f, owner, 6, 7, 0)
			wantCounted(f, owner, 1, 1, 0)
		}},
		{"an_interval_counts_once", func(t *testing.T, f *fixture) {
			count(f, "a", 2, requests(0, web, owner, 1, 0, 0))
			count(f, "a", 2, requests(0, web, owner, 1, 0, 0))
			count(f, "a", 1, requests(0, web, owner, 1, 0, 0)) // it comes late; whoever told of the second told of this one before
			count(f, "b", 1, requests(0, web, owner, 10, 0, 0))
			count(f, "a", 3)
			count(f, "a", 3, requests(0, web, owner, 1, 0, 0))
			wantCounted(f, owner, 0, 1, 1, requests(0, web, owner, 11, 0, 0))
		}},
		{"an_interval_that_was_given_up_counts_again", func(t *testing.T, f *fixture) {
			f.refused(artifact.Internal, func(w catalog.Writer) error {
				if err := w.CountRequests(usage.Interval{Meter: "a", Number: 1, Counted: []usage.Counted{requests(0, web, owner, 1, 0, 0)}}, noon); err != nil {
					return err
				}
				return errOnPurpose
			})
			wantCounted(f, owner, 0, 1, 1)
			count(f, "a", 1, requests(0, web, owner, 1, 0, 0))
			wantCounted(f, owner, 0, 1, 1, requests(0, web, owner, 1, 0, 0))
		}},
		{"drivers_of_a_day_are_added_up", func(t *testing.T, f *fixture) {
			of := func(hour usage.Hour, d usage.Driver) usage.Driver { d.Hour = noonHour + hour; return d }
			principal := driver("arn", 1)
			principal.Kind = usage.OfPrincipal
			f.write(func(w catalog.Writer) error {
				return w.CountRequests(usage.Interval{Meter: "a", Number: 1, Drivers: []usage.Driver{of(0, driver("x", 1)), of(3, driver("x", 5)),
					of(0, principal), of(24, driver("x", 100))}}, noon)
			})
			x := driver("x", 6)
			x.Writes, x.Sent = 2, 4
			drivers(f, x, principal)
			f.read(func(r catalog.Reader) error {
				got, err := r.UsageDrivers(other, 0, noonHour*2)
				want(t, "another's drivers", got, nil)
				return err
			})
		}},
		{"drivers_without_room_are_the_rest", func(t *testing.T, f *fixture) {
			var all, wanted []usage.Driver
			for i := range usage.MaxDrivers {
				all = append(all, driver(fmt.Sprintf("%04d", i), 1))
			}
			wanted = append(wanted, all...)
			rest := driver(usage.Rest, 1001)
			rest.Writes, rest.Sent = 2, 4
			wanted = append([]usage.Driver{rest}, wanted...)
			wanted[1] = driver("0000", 8)
			wanted[1].Writes, wanted[1].Sent = 2, 4
			all = append(all, driver("late", 1), driver("later", 1000), driver("0000", 7))
			elsewhere := driver("elsewhere", 1)
			elsewhere.Domain.Name = "other"
			f.write(func(w catalog.Writer) error {
				return w.CountRequests(usage.Interval{Meter: "a", Number: 1, Drivers: append(all, elsewhere)}, noon)
			})
			drivers(f, append(wanted, elsewhere)...)
		}},
		{"a_level_lasts_until_it_changes", func(t *testing.T, f *fixture) {
			lie(f, 30*time.Minute, level(web, 100, 7), level(domain, 7, 0), level(theirs, 5, 0))
			lie(f, 40*time.Minute, level(web, 100, 7), level(domain, 7, 0), level(theirs, 5, 0))
			lie(f, 5*time.Hour, level(web, 40, 0), level(theirs, 5, 0))
			wantLay(f, web, 0, time.Hour, 100*1800, 7*1800)
			wantLay(f, web, 2*time.Hour, 3*time.Hour, 100*3600, 7*3600)
			wantLay(f, web, 0, 6*time.Hour, 100*(1800+4*3600)+40*3600, 7*(1800+4*3600))
			wantLay(f, domain, 4*time.Hour, 100*time.Hour, 7*3600, 0)
			wantLay(f, theirs, 0, 10*time.Hour, 5*(1800+9*3600), 0)
			wantLay(f, web, -2*time.Hour, 0, 0, 0)
		}},
		{"a_level_changes_often_in_an_hour", func(t *testing.T, f *fixture) {
			for minute := range 60 {
				lie(f, time.Duration(minute)*time.Minute, level(web, int64(minute), 0))
			}
			wantLay(f, web, 0, time.Hour, 60*59*60/2, 0)
			f.read(func(r catalog.Reader) error {
				hours, err := r.StoredHours(owner, 0, noonHour+10)
				want(t, "hours", len(hours), 1)
				return err
			})
		}},
		{"what_comes_back_lies_again", func(t *testing.T, f *fixture) {
			lie(f, 0, level(web, 10, 0))
			lie(f, time.Hour)
			lie(f, 2*time.Hour, level(web, 10, 0))
			wantLay(f, web, 0, 3*time.Hour, 2*10*3600, 0)
		}},
		{"old_figures_go_and_what_lies_stays", func(t *testing.T, f *fixture) {
			count(f, "a", 1, requests(0, web, owner, 1, 0, 0), requests(9, web, owner, 2, 0, 0), requests(10, web, owner, 3, 0, 0))
			f.write(func(w catalog.Writer) error {
				return w.CountRequests(usage.Interval{Meter: "b", Number: 1, Drivers: []usage.Driver{driver("x", 1)}}, noon.Add(100*time.Hour))
			})
			lie(f, 0, level(web, 10, 0), level(theirs, 3, 0))
			lie(f, 2*time.Hour, level(web, 20, 0), level(theirs, 4, 0))
			lie(f, 3*time.Hour, level(web, 20, 0))
			forget := func(before usage.Hour, limit int) (n int) {
				f.write(func(w catalog.Writer) (err error) {
					n, err = w.ForgetUsage(noonHour+before, limit)
					return err
				})
				return n
			}
			want(t, "rows with a limit", forget(10, 1), 1)
			for rounds := 0; forget(10, 1) == 1; rounds++ {
				if rounds > 20 {
					t.Fatal("there is always more to forget")
				}
			}
			wantCounted(f, owner, 0, 24, 1, requests(10, web, owner, 3, 0, 0))
			drivers(f)
			wantLay(f, web, 10*time.Hour, 11*time.Hour, 20*3600, 0)
			wantLay(f, theirs, 10*time.Hour, 11*time.Hour, 0, 0)
			wantLay(f, web, 0, time.Hour, 0, 0)
			lie(f, 12*time.Hour, level(web, 20, 0), level(theirs, 1, 0))
			wantLay(f, theirs, 12*time.Hour, 13*time.Hour, 3600, 0)
			want(t, "rows left", forget(10, 1000), 0)
			// The meter that went is one that told of nothing for long; the other one is known.
			count(f, "b", 1, requests(10, web, owner, 50, 0, 0))
			wantCounted(f, owner, 0, 24, 1, requests(10, web, owner, 3, 0, 0))
		}},
		{"what_is_shared_is_measured_once", func(t *testing.T, f *fixture) {
			d := f.domain("acme")
			a, b := f.repository(d, "a"), f.repository(d, "b")
			key := npm("lodash")
			maven := artifact.PackageKey{Format: artifact.Maven, Namespace: "org", Name: "x"}
			for _, id := range []catalog.RepositoryID{a, b} {
				f.pack(id, key, maven)
			}
			promised := asset("p", 9, 1000)
			promised.Promised = true
			f.publish(a, version(key, "1", asset("own", 1, 100), asset("again", 1, 100), asset("both", 2, 20), promised), version(maven, "1", asset("own too", 1, 100)))
			f.publish(b, version(key, "1", asset("both", 2, 20)), version(maven, "1", asset("alone", 3, 3), asset("empty", 4, 0)))
			f.write(func(w catalog.Writer) error {
				if err := w.PutTags(catalog.Holder{Domain: d}, map[string]string{"of": "domain"}); err != nil {
					return err
				}
				return w.PutTags(catalog.Holder{Domain: d, Repository: b}, map[string]string{"of": "b"})
			})
			f.read(func(r catalog.Reader) error {
				got, err := r.MeasureStored()
				at := func(repository string, format artifact.Format, tags usage.Tags) usage.Subject {
					return usage.Subject{Domain: artifact.DomainKey{Owner: owner, Name: "acme"}, Repository: repository, Format: format, Tags: tags}
				}
				// The content that lies as npm and as Maven counts as Maven's, the first by name.
				want(t, "levels", got, []usage.Stored{
					level(at("", artifact.NPM, `{"of":"domain"}`), 20, 0),
					level(at("a", artifact.Maven, ""), 100, 0), level(at("a", artifact.NPM, ""), 0, 20),
					level(at("b", artifact.Maven, `{"of":"b"}`), 3, 0), level(at("b", artifact.NPM, `{"of":"b"}`), 0, 20),
				})
				return err
			})
			want(t, "bytes of the domain", f.bytes(d), 123)
		}},
	})
}
