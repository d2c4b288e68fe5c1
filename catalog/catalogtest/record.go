package catalogtest

import (
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
}

func testEvents(t *testing.T, open func(t *testing.T) catalog.Store) {
	f := &fixture{TB: t, Store: open(t)}
	d := f.domain("acme")
	id := f.repository(d, "team")
	wanted := []catalog.Event{
		{Time: moment(3), Kind: catalog.AuditEvent, RequestID: "r1", Account: "1", Principal: "arn:p", Action: "a:B",
			Resource: "arn:r", Detail: []byte(`{"b": 1,"a":2}`)},
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
		}
	})
	want(t, "events", got, wanted)
}
