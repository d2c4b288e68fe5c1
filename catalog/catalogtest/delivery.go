package catalogtest

import (
	"context"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

func testEventRules(t *testing.T, open func(t *testing.T) catalog.Store) {
	none, minute := 0, 60
	rule := func(account artifact.AccountID, name string) catalog.EventRule {
		return catalog.EventRule{Account: account, Name: name, Pattern: "{}", Description: "<\x00>", Role: "arn:r\x00", Enabled: true, CreatedAt: moment(1),
			Tags: map[string]string{"a": "1"}, Targets: []catalog.RuleTarget{
				{ID: "a", ARN: "arn:a", Role: "arn:r", Group: "g", Input: `{"x":1}`}, {ID: "b", ARN: "arn:b", InputPath: "$.detail",
					Retries: &catalog.RetryPolicy{Attempts: &none, Seconds: &minute}},
				{ID: "c", Retries: &catalog.RetryPolicy{},
					Transformer: &catalog.InputTransformer{Template: `"<a\u0000>"`, Paths: map[string]string{"a": "$.a"}}},
				{ID: "d", Transformer: &catalog.InputTransformer{}}}}
	}
	put := func(f *fixture, rules ...catalog.EventRule) {
		f.write(func(w catalog.Writer) error {
			for _, r := range rules {
				if err := w.PutEventRule(r); err != nil {
					return err
				}
			}
			return nil
		})
	}
	runRows(t, open, []row{
		{"come_back_as_put_and_put_again", func(t *testing.T, f *fixture) {
			r := rule(owner, "r")
			put(f, r, rule(other, "r"))
			changed := catalog.EventRule{Account: owner, Name: "r", Pattern: "[]", CreatedAt: moment(9)}
			for _, step := range []struct{ put, want catalog.EventRule }{{r, r}, {changed, catalog.EventRule{Account: owner, Name: "r",
				Pattern: "[]", CreatedAt: moment(1)}}} {
				put(f, step.put)
				f.read(func(r catalog.Reader) error {
					got, err := r.EventRule(owner, "r")
					want(t, "rule", got, step.want)
					return err
				})
			}
			f.read(func(r catalog.Reader) error {
				got, err := r.EventRule(other, "r")
				want(t, "the other account's", got, rule(other, "r"))
				return err
			})
		}},
		{"are_listed_by_account_and_prefix", func(t *testing.T, f *fixture) {
			put(f, rule(owner, "b"), rule(owner, "a"), rule(owner, "ab"), rule(owner, "a_"), rule(other, "a"))
			for prefix, wanted := range map[string][]string{"": {"a", "a_", "ab", "b"}, "a": {"a", "a_", "ab"}, "a_": {"a_"}, "x": nil} {
				wantPages(f, wanted, names(func(r catalog.Reader, page catalog.Page) (catalog.Listing[catalog.EventRule], error) {
					return r.EventRules(owner, prefix, page)
				}, func(r catalog.EventRule) string { return r.Name }))
			}
			wantPages(f, []string{"111122223333/a", "111122223333/a_", "111122223333/ab", "111122223333/b", "444455556666/a"},
				names(catalog.Reader.AllEventRules, func(r catalog.EventRule) string { return string(r.Account) + "/" + r.Name }))
		}},
		{"go", func(t *testing.T, f *fixture) {
			put(f, rule(owner, "r"), rule(other, "r"))
			f.write(func(w catalog.Writer) error { return w.DeleteEventRule(owner, "r") })
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.EventRule(owner, "r"); return err })
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeleteEventRule(owner, "r") })
			f.read(func(r catalog.Reader) error { _, err := r.EventRule(other, "r"); return err })
		}},
	})
}

func testDeliveries(t *testing.T, open func(t *testing.T) catalog.Store) {
	target := func(name string) catalog.EventTarget {
		return catalog.EventTarget{Name: name, Cursor: 7, Disabled: true, FailingSince: moment(1), Problem: "<\x00>"}
	}
	delivery := func(target string, sequence int64, dead int) catalog.Delivery {
		d := catalog.Delivery{Target: target, Sequence: sequence, Lane: "l", Event: []byte{0, '{', 255}, Attempts: 3, DueAt: moment(2),
			FailedAt: moment(1), Problem: "p"}
		if dead != 0 {
			d.DeadAt = moment(dead)
		}
		return d
	}
	put := func(f *fixture, all ...catalog.Delivery) {
		f.write(func(w catalog.Writer) error {
			for _, d := range all {
				if err := w.PutDelivery(d); err != nil {
					return err
				}
			}
			return nil
		})
	}
	targets := func(f *fixture, all ...catalog.EventTarget) {
		f.write(func(w catalog.Writer) error {
			for _, t := range all {
				if err := w.PutEventTarget(t); err != nil {
					return err
				}
			}
			return nil
		})
	}
	wantDeliveries := func(t *testing.T, f *fixture, target string, dead bool, after int64, limit int, wanted ...catalog.Delivery) {
		t.Helper()
		f.read(func(r catalog.Reader) error {
			got, err := r.Deliveries(target, dead, after, limit)
			want(t, "deliveries of "+target, got, wanted)
			return err
		})
	}
	runRows(t, open, []row{
		{"a_target_comes_back_as_put_and_as_it_progresses", func(t *testing.T, f *fixture) {
			targets(f, target("t"), catalog.EventTarget{Name: "bare"})
			for _, step := range []struct {
				do   func(w catalog.Writer) error
				want catalog.EventTarget
			}{
				{func(w catalog.Writer) error { return nil }, target("t")},
				{func(w catalog.Writer) error { return w.Progress(catalog.EventTarget{Name: "t", Cursor: 8}) }, catalog.EventTarget{Name: "t", Cursor: 8}},
				{func(w catalog.Writer) error { return w.PutEventTarget(target("t")) }, target("t")},
			} {
				f.write(step.do)
				f.read(func(r catalog.Reader) error {
					got, err := r.EventTarget("t")
					want(t, "target", got, step.want)
					return err
				})
			}
			wantPages(f, []string{"bare", "t"}, names(catalog.Reader.EventTargets, func(t catalog.EventTarget) string { return t.Name }))
		}},
		{"progress_touches_nothing", func(t *testing.T, f *fixture) {
			targets(f, target("t"))
			before := f.stamp(catalog.EventTargetsTopic())
			f.write(func(w catalog.Writer) error { return w.Progress(target("t")) })
			put(f, delivery("t", 1, 0))
			want(t, "stamp", f.stamp(catalog.EventTargetsTopic()), before)
		}},
		{"deliveries_come_back_as_put_and_put_again", func(t *testing.T, f *fixture) {
			targets(f, target("t"), target("u"))
			put(f, delivery("t", 3, 0), delivery("t", 1, 0), delivery("u", 2, 0), delivery("t", 2, 5))
			wantDeliveries(t, f, "t", false, 0, 9, delivery("t", 1, 0), delivery("t", 3, 0))
			wantDeliveries(t, f, "t", false, 0, 1, delivery("t", 1, 0))
			wantDeliveries(t, f, "t", false, 1, 9, delivery("t", 3, 0))
			wantDeliveries(t, f, "t", true, 0, 9, delivery("t", 2, 5))
			bare := catalog.Delivery{Target: "t", Sequence: 1, DueAt: moment(4)}
			put(f, bare)
			wantDeliveries(t, f, "t", false, 0, 1, bare)
			f.read(func(r catalog.Reader) error {
				counts, err := r.CountDeliveries("t")
				want(t, "counts", counts, catalog.DeliveryCounts{Waiting: 2, Dead: 1})
				return err
			})
		}},
		{"what_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.EventTarget("x"); return err })
			for _, fn := range []func(w catalog.Writer) error{
				func(w catalog.Writer) error { return w.Progress(target("x")) },
				func(w catalog.Writer) error { return w.DeleteEventTarget("x") },
				func(w catalog.Writer) error { return w.PutDelivery(delivery("x", 1, 0)) },
				func(w catalog.Writer) error { return w.DeleteDelivery("x", 1) },
			} {
				f.refused(artifact.NotFound, fn)
			}
		}},
		{"a_target_takes_its_deliveries_along", func(t *testing.T, f *fixture) {
			targets(f, target("t"), target("u"))
			put(f, delivery("t", 1, 0), delivery("t", 2, 5), delivery("u", 1, 0))
			f.write(func(w catalog.Writer) error { return w.DeleteEventTarget("t") })
			wantDeliveries(t, f, "t", false, 0, 9)
			wantDeliveries(t, f, "t", true, 0, 9)
			wantDeliveries(t, f, "u", false, 0, 9, delivery("u", 1, 0))
		}},
		{"what_was_told_and_what_is_long_dead_goes", func(t *testing.T, f *fixture) {
			targets(f, target("t"), target("u"))
			put(f, delivery("t", 1, 0), delivery("t", 2, 5), delivery("t", 3, 6), delivery("u", 4, 4))
			f.write(func(w catalog.Writer) error { return w.DeleteDelivery("t", 1) })
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeleteDelivery("t", 1) })
			for _, step := range []struct{ before, limit, removed int }{{4, 9, 0}, {9, 1, 1}, {6, 9, 1}, {6, 9, 0}} {
				f.write(func(w catalog.Writer) error {
					n, err := w.DeleteDeadDeliveries(moment(step.before), step.limit)
					want(t, "removed", n, step.removed)
					return err
				})
			}
			wantDeliveries(t, f, "t", true, 0, 9, delivery("t", 3, 6))
		}},
		{"who_watches_hears_of_what_is_committed", watches},
		{"an_event_makes_nothing_else_stale", func(t *testing.T, f *fixture) {
			others := []catalog.Topic{catalog.DomainsTopic(), catalog.PrincipalsTopic(), catalog.TokensTopic(), catalog.EventTargetsTopic()}
			before := f.stamp(others...)
			f.write(func(w catalog.Writer) error { return w.Record(catalog.Event{Kind: catalog.VersionEvent}) })
			want(t, "stamp of the rest", f.stamp(others...), before)
		}},
	})
}

func watches(t *testing.T, f *fixture) {
	events, stopEvents := f.Watch(catalog.VersionEventsTopic())
	both, stop := f.Watch(catalog.VersionEventsTopic(), catalog.EventTargetsTopic())
	ready := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	record := func(w catalog.Writer) error { return w.Record(catalog.Event{Kind: catalog.VersionEvent}) }
	_ = f.Write(context.Background(), func(w catalog.Writer) error {
		if err := record(w); err != nil {
			t.Error(err)
		}
		return errOnPurpose
	})
	want(t, "heard of what was rolled back", ready(events) || ready(both), false)
	f.write(record)
	f.write(record)
	want(t, "heard of an event", ready(events) && ready(both), true)
	want(t, "heard twice of what was heard", ready(events) || ready(both), false)
	f.write(func(w catalog.Writer) error { return w.PutEventTarget(catalog.EventTarget{Name: "t"}) })
	want(t, "heard of a target", ready(both), true)
	stopEvents()
	f.write(record)
	want(t, "heard after the end", ready(events), false)
	want(t, "heard by the other", ready(both), true)
	stop()
	stop()
}
