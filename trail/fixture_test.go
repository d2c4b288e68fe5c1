package trail

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/iam"
)

const (
	ours   = "123456789012"
	theirs = "210987654321"
	region = "eu-west-1"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// fixture is rules over a catalog of the test's own.
type fixture struct {
	*testing.T
	*Service
	later []catalog.Event
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	store := sqlcatalogtest.Open(t, filepath.Join(t.TempDir(), "catalog.sqlite"), sqlcatalog.Options{Rehearse: true})
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &fixture{T: t}
	f.Service = New(Options{Catalog: store, Region: region, Now: func() time.Time { return noon },
		RecordLater: func(e catalog.Event) { f.later = append(f.later, e) }})
	return f
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) record(events ...catalog.Event) {
	f.Helper()
	f.must(f.Catalog.Write(f.Context(), func(w catalog.Writer) error {
		for _, e := range events {
			if err := w.Record(e); err != nil {
				return err
			}
		}
		return nil
	}))
}

// auditor is a user of an account who may look events up.
func auditor(t testing.TB, account string) iam.Caller {
	t.Helper()
	p, err := iam.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"cloudtrail:LookupEvents","Resource":"*"}}`),
		iam.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	return iam.Caller{Identity: []*iam.Policy{p}, Principal: iam.Principal{Account: account, ID: "AIDAEVE", Name: "eve",
		ARN: "arn:aws:iam::" + account + ":user/eve"}}
}

// event is one of a user of ours, on a repository of ours.
func event(at time.Time, user, action, repository string) catalog.Event {
	call := audit.Call{Kind: audit.User, ID: "AIDA" + user, User: user, AccessKey: "AKIA" + user, Source: "192.0.2.7", UserAgent: "aws-cli"}
	return catalog.Event{Time: at, Kind: catalog.AuditEvent, RequestID: "request-" + action, Account: ours, Owner: ours, Administrator: ours,
		Principal: "arn:aws:iam::" + ours + ":user/" + user, Action: action, Detail: json.RawMessage("{}"), Call: call.Encode(),
		Resource: "arn:aws:codeartifact:" + region + ":" + ours + ":repository/house/" + repository}
}

// lookup looks all pages up.
func (f *fixture) lookup(c iam.Caller, q Query) []Record {
	f.Helper()
	var all []Record
	for pages := 0; ; pages++ {
		found, err := f.Lookup(f.Context(), c, q)
		f.must(err)
		if len(found.Records) > q.Limit {
			f.Fatalf("%d records on a page of %d", len(found.Records), q.Limit)
		}
		all = append(all, found.Records...)
		if q.Token = found.Next; q.Token == "" {
			return all
		}
		if pages > 1000 {
			f.Fatal("there is always another page")
		}
	}
}

// named are the names of events, in order.
func named(records []Record) string {
	text := ""
	for _, r := range records {
		text += fmt.Sprintf("%s by %s, ", r.EventName, r.Username())
	}
	return text
}
