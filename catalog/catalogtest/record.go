package catalogtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

func testDocuments(t *testing.T, open func(t *testing.T) catalog.Store) {
	f := &fixture{TB: t, Store: open(t)}
	key := catalog.DocumentKey{Connection: "public:npmjs", Path: "@scope%2fname"}
	referenced := func(d artifact.Digest) bool {
		var yes bool
		f.read(func(r catalog.Reader) (err error) {
			yes, err = r.DocumentReferenced(d)
			return err
		})
		return yes
	}
	f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, err := r.Document(key); return err })
	for _, d := range []catalog.Document{
		{DocumentKey: key, ETag: `W/"x"`, LastModified: "yesterday", FetchedAt: moment(0), CheckedAt: moment(1),
			Digest: artifact.Digest{1}, Size: 1 << 40, Form: "npm/1"},
		{DocumentKey: key, FetchedAt: moment(2), CheckedAt: moment(3), Digest: artifact.Digest{2}, Form: "npm/2", Gone: true},
	} {
		f.write(func(w catalog.Writer) error { return w.PutDocument(d) })
		f.read(func(r catalog.Reader) error {
			got, err := r.Document(key)
			want(t, "document", got, d)
			return err
		})
	}
	want(t, "the replaced digest is referenced", referenced(artifact.Digest{1}), false)
	want(t, "the digest is referenced", referenced(artifact.Digest{2}), true)
	f.unreadable(artifact.NotFound, func(r catalog.Reader) error {
		_, err := r.Document(catalog.DocumentKey{Connection: "public:pypi", Path: key.Path})
		return err
	})
	testDocumentsOfAConnection(f, key)
}

// testDocumentsOfAConnection removes the documents of one connection beside some of which the names are nearly the same.
func testDocumentsOfAConnection(f *fixture, other catalog.DocumentKey) {
	const gone, near, far = "remote:a@1/npm", "remote:a@1/npm2", "remote:a@10/npm"
	f.write(func(w catalog.Writer) error {
		for _, connection := range []string{gone, near, far} {
			for _, path := range []string{"c", "a", "b"} {
				d := catalog.Document{DocumentKey: catalog.DocumentKey{Connection: connection, Path: path}, Digest: artifact.Digest{9}}
				if err := w.PutDocument(d); err != nil {
					return err
				}
			}
		}
		return nil
	})
	connections := func() (all []string) {
		f.read(func(r catalog.Reader) error {
			all = nil
			for last := ""; ; {
				next, err := r.DocumentConnection(last)
				if err != nil || next == "" {
					return err
				}
				all, last = append(all, next), next
			}
		})
		return all
	}
	remove := func(connection string, limit int) (n int) {
		f.write(func(w catalog.Writer) (err error) {
			n, err = w.DeleteDocuments(connection, limit)
			return err
		})
		return n
	}
	want(f, "connections", connections(), []string{other.Connection, gone, near, far})
	want(f, "removed of none", remove("remote:a@1", 10), 0)
	want(f, "removed with a limit", remove(gone, 2), 2)
	f.read(func(r catalog.Reader) error {
		_, err := r.Document(catalog.DocumentKey{Connection: gone, Path: "c"})
		return err
	})
	f.unreadable(artifact.NotFound, func(r catalog.Reader) error {
		_, err := r.Document(catalog.DocumentKey{Connection: gone, Path: "b"})
		return err
	})
	want(f, "removed of the rest", remove(gone, 1000), 1)
	want(f, "removed of nothing", remove(gone, 1000), 0)
	want(f, "connections that are left", connections(), []string{other.Connection, near, far})
	want(f, "removed of the next", remove(near, 1000), 3)
	want(f, "removed of the last", remove(far, 1000), 3)
	f.read(func(r catalog.Reader) error {
		referenced, err := r.DocumentReferenced(artifact.Digest{9})
		want(f, "the digest of what was removed is referenced", referenced, false)
		return err
	})
}

func testEvents(t *testing.T, open func(t *testing.T) catalog.Store) {
	f := &fixture{TB: t, Store: open(t)}
	d := f.domain("acme")
	id := f.repository(d, "team")
	lastEvent := func() (last int64) {
		f.read(func(r catalog.Reader) (err error) {
			last, err = r.LastEvent()
			return err
		})
		return last
	}
	want(t, "the last event of none", lastEvent(), 0)
	wanted := []catalog.Event{
		{Time: moment(3), Kind: catalog.AuditEvent, RequestID: "r1", Account: "1", Owner: "2", Administrator: "3",
			Principal: "arn:p", Action: "a:B", Resource: "arn:r", Detail: []byte(`{"b": 1,"a":2}`), Call: []byte(`{"c": 3}`)},
		{Time: moment(1), Kind: catalog.VersionEvent},
		{Time: moment(2), Kind: catalog.VersionEvent, Resource: "arn:s"},
	}
	f.write(func(w catalog.Writer) error {
		for _, e := range wanted[:2] {
			if err := w.Record(e); err != nil {
				return err
			}
		}
		return nil
	})
	f.refused(artifact.Internal, func(w catalog.Writer) error {
		if err := w.Record(catalog.Event{Action: "rolled back"}); err != nil {
			return err
		}
		return errOnPurpose
	})
	f.write(func(w catalog.Writer) error { return w.Record(wanted[2]) })
	f.write(func(w catalog.Writer) error { return w.DeleteRepository(id) })
	f.write(func(w catalog.Writer) error { return w.DeleteDomain(d) })

	var got []catalog.Event
	var newest int64
	f.read(func(r catalog.Reader) error {
		var last int64
		for {
			events, err := r.Events(last, 2)
			if err != nil || len(events) == 0 {
				return err
			}
			if len(events) > 2 {
				t.Errorf("%d events under the limit 2", len(events))
			}
			for _, e := range events {
				if e.Sequence <= last {
					t.Errorf("sequence %d comes after %d", e.Sequence, last)
				}
				last = e.Sequence
				e.Sequence = 0
				got = append(got, e)
			}
			newest = last
		}
	})
	want(t, "events", got, wanted)
	want(t, "the last event", lastEvent(), newest)

	remove := func(kind catalog.EventKind, at, limit, wanted int) {
		t.Helper()
		f.write(func(w catalog.Writer) error {
			n, err := w.DeleteEvents(kind, moment(at), limit)
			want(t, "removed events", n, wanted)
			return err
		})
	}
	remove(catalog.AuditEvent, 3, 10, 0) // before, and not at that time
	remove(catalog.VersionEvent, 10, 1, 1)
	f.read(func(r catalog.Reader) error {
		events, err := r.Events(0, 10)
		if len(events) != 2 || events[0].Kind != catalog.AuditEvent || events[1].Resource != "arn:s" {
			t.Errorf("after removing the oldest event of its kind: got %v", events)
		}
		return err
	})
	remove(catalog.VersionEvent, 10, 10, 1)
	remove(catalog.AuditEvent, 10, 10, 1)
	want(t, "the last event, when all are removed", lastEvent(), newest)
	f.write(func(w catalog.Writer) error { return w.Record(wanted[0]) })
	if next := lastEvent(); next <= newest {
		t.Errorf("number %d was given again after %d", next, newest)
	}

	t.Run("an_account_is_told_what_concerns_it", func(t *testing.T) { testEventsOf(t, open) })
	t.Run("a_reader_that_follows_misses_none", func(t *testing.T) { testFollowing(t, open) })
}

// testFollowing has writers record events, some in transactions that last and some in ones that are given up, while a
// reader goes on from the last number it was given.
func testFollowing(t *testing.T, open func(t *testing.T) catalog.Store) {
	const writers, each = 4, 50
	f := &fixture{TB: t, Store: open(t)}
	var all sync.WaitGroup
	var left atomic.Int32
	left.Store(writers)
	for writer := range writers {
		all.Go(func() {
			defer left.Add(-1)
			for i := range each {
				err := f.Write(context.Background(), func(w catalog.Writer) error {
					for part := range 2 {
						if err := w.Record(catalog.Event{Action: fmt.Sprintf("%d.%d.%d", writer, i, part)}); err != nil {
							return err
						}
						if _, err := w.Events(0, 1); err != nil { // the transaction is open a little longer
							return err
						}
					}
					if i%5 == 4 {
						return errOnPurpose
					}
					return nil
				})
				if (err != nil) != (i%5 == 4) {
					t.Error(err)
				}
			}
		})
	}
	var got []string
	for last := int64(0); ; {
		ended := left.Load() == 0 // asked before reading: what was written by then is there
		var events []catalog.Event
		f.read(func(r catalog.Reader) (err error) {
			events, err = r.Events(last, 7)
			return err
		})
		for _, e := range events {
			if e.Sequence <= last {
				t.Errorf("sequence %d comes after %d", e.Sequence, last)
			}
			last = e.Sequence
			got = append(got, e.Action)
		}
		if ended && len(events) == 0 {
			break
		}
	}
	all.Wait()
	var wanted []string
	for writer := range writers {
		for i := range each {
			for part := range 2 {
				if i%5 != 4 {
					wanted = append(wanted, fmt.Sprintf("%d.%d.%d", writer, i, part))
				}
			}
		}
	}
	slices.Sort(got)
	slices.Sort(wanted)
	want(t, "events", got, wanted)
}

// testEventsOf compares the pages of each account, of every size and from several times on, with all events looked through.
func testEventsOf(t *testing.T, open func(t *testing.T) catalog.Store) {
	f := &fixture{TB: t, Store: open(t)}
	accounts := []string{"", "1", "2", "3"}
	f.write(func(w catalog.Writer) error {
		for i := range 64 * 3 {
			e := catalog.Event{Time: moment(i * 7 % 11), Kind: catalog.AuditEvent, Account: accounts[i%4], Owner: accounts[i/4%4],
				Administrator: accounts[i/16%4], Action: fmt.Sprint(i)}
			if i%5 == 4 {
				e.Kind = catalog.VersionEvent
			}
			if err := w.Record(e); err != nil {
				return err
			}
		}
		return nil
	})
	var all []catalog.Event
	f.read(func(r catalog.Reader) (err error) {
		all, err = r.Events(0, 1000)
		return err
	})
	slices.SortFunc(all, func(a, b catalog.Event) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.Sequence, a.Sequence))
	})
	for _, account := range append(accounts[1:], "4") {
		for _, from := range []int{-1, 4, 11} {
			wanted := slices.DeleteFunc(slices.Clone(all), func(e catalog.Event) bool {
				return e.Kind != catalog.AuditEvent || e.Time.Before(moment(from)) ||
					e.Account != account && e.Owner != account && e.Administrator != account
			})
			for _, limit := range []int{1, 3, 1000} {
				var got []catalog.Event
				behind := catalog.EventMark{Time: moment(100)}
				f.read(func(r catalog.Reader) error {
					for {
						page, err := r.EventsOf(account, moment(from), behind, limit)
						if err != nil || len(page) == 0 {
							return err
						}
						if len(page) > limit {
							t.Errorf("%d events under the limit %d", len(page), limit)
						}
						got = append(got, page...)
						last := page[len(page)-1]
						behind = catalog.EventMark{Time: last.Time, Sequence: last.Sequence}
					}
				})
				want(t, fmt.Sprintf("events of %q from %d on, %d a page", account, from, limit), got, wanted)
			}
		}
	}
}
