package trail

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/iam"
)

func TestEventsAreLookedUpByEachAttribute(t *testing.T) {
	f := newFixture(t)
	read := event(noon.Add(3*time.Second), "bob", "codeartifact:ReadFromRepository", "team")
	read.Call = audit.Call{Kind: audit.User, User: "bob", AccessKey: "AKIAbob", Reads: true, Error: audit.AccessDenied}.Encode()
	job := event(noon.Add(4*time.Second), "", "codeartifact:PublishPackageVersion", "gate")
	job.Principal, job.Call = "arn:aws:sts::"+ours+":assumed-role/ci/build-7", audit.Call{Kind: audit.AssumedRole, AccessKey: "ASIAJOB",
		Session: &audit.Session{Role: "arn:aws:iam::" + ours + ":role/ci"}}.Encode()
	user := event(noon.Add(5*time.Second), "ann", "iam:CreateUser", "")
	user.Resource = "arn:aws:iam::" + ours + ":user/people/cat"
	f.record(
		event(noon.Add(time.Second), "ann", "codeartifact:CreateRepository", "team"),
		event(noon.Add(2*time.Second), "bob", "codeartifact:CreateRepository", "gate"),
		read, job, user,
		catalog.Event{Time: noon, Kind: catalog.VersionEvent, Account: ours, Action: "Created"},
		catalog.Event{Time: noon, Kind: catalog.AuditEvent, Account: theirs, Action: "iam:CreateUser"},
	)
	c := auditor(t, ours)
	all := f.lookup(c, Query{Limit: 50})
	for _, row := range []struct {
		by          Attribute
		value, want string
	}{
		{"", "", "CreateUser by ann, PublishPackageVersion by build-7, ReadFromRepository by bob, CreateRepository by bob, CreateRepository by ann, "},
		{ByEventName, "CreateRepository", "CreateRepository by bob, CreateRepository by ann, "},
		{ByEventName, "createrepository", ""},
		{ByReadOnly, "true", "ReadFromRepository by bob, "},
		{ByReadOnly, "false", "CreateUser by ann, PublishPackageVersion by build-7, CreateRepository by bob, CreateRepository by ann, "},
		{ByUsername, "bob", "ReadFromRepository by bob, CreateRepository by bob, "},
		{ByUsername, "build-7", "PublishPackageVersion by build-7, "},
		{ByResourceType, "AWS::IAM::User", "CreateUser by ann, "},
		{ByResourceName, "arn:aws:codeartifact:eu-west-1:123456789012:repository/house/team", "ReadFromRepository by bob, CreateRepository by ann, "},
		{ByResourceName, "gate", "PublishPackageVersion by build-7, CreateRepository by bob, "},
		{ByResourceName, "cat", "CreateUser by ann, "},
		{ByResourceName, "at", ""},
		{ByEventSource, "iam.amazonaws.com", "CreateUser by ann, "},
		{ByAccessKeyID, "ASIAJOB", "PublishPackageVersion by build-7, "},
		{ByEventID, all[3].EventID, "CreateRepository by bob, "},
		{ByEventID, "5f2c8f0a-3c63-8f6e-9d0a-2f4f0d1c9b11", ""},
		{ByEventID, "none", ""},
	} {
		for _, limit := range []int{1, 2, 50} {
			if got := named(f.lookup(c, Query{By: row.by, Value: row.value, Limit: limit})); got != row.want {
				t.Errorf("%s %s, %d a page: got %q, want %q", row.by, row.value, limit, got, row.want)
			}
		}
	}
	if got := f.lookup(auditor(t, theirs), Query{By: ByEventID, Value: all[0].EventID, Limit: 1}); len(got) != 0 {
		t.Errorf("another account sees %s", named(got))
	}
}

func TestTimesOfALookupAreInclusive(t *testing.T) {
	f := newFixture(t)
	for i := range 5 {
		f.record(event(noon.Add(time.Duration(i)*time.Second+300*time.Millisecond), "ann", fmt.Sprintf("iam:Act%d", i), "r"))
	}
	at := func(i int) time.Time { return noon.Add(time.Duration(i) * time.Second) }
	c := auditor(t, ours)
	for _, row := range []struct {
		q    Query
		want string
	}{
		{Query{From: at(3)}, "Act4 by ann, Act3 by ann, "},
		{Query{To: at(1)}, "Act1 by ann, Act0 by ann, "},
		{Query{From: at(2), To: at(2)}, "Act2 by ann, "},
		{Query{From: at(9)}, ""},
	} {
		row.q.Limit = 1
		if got := named(f.lookup(c, row.q)); got != row.want {
			t.Errorf("from %v to %v: got %q, want %q", row.q.From, row.q.To, got, row.want)
		}
	}
	id := f.lookup(c, Query{Limit: 50})[0].EventID
	if got := f.lookup(c, Query{By: ByEventID, Value: id, To: at(3), Limit: 50}); len(got) != 0 {
		t.Errorf("an event of later, by its id: got %s", named(got))
	}
}

func TestAPageLooksAtSoManyEventsAndNoMore(t *testing.T) {
	f := newFixture(t)
	events := []catalog.Event{event(noon.Add(-time.Hour), "ann", "iam:Rare", "r")}
	for i := range maxLooked + 10 {
		events = append(events, event(noon.Add(time.Duration(i)), "bob", "iam:Often", "r"))
	}
	f.record(events...)
	q := Query{By: ByUsername, Value: "ann", Limit: 50}
	found, err := f.Lookup(t.Context(), auditor(t, ours), q)
	if err != nil || len(found.Records) != 0 || found.Next == "" {
		t.Fatalf("got %d records, next %q, %v, want an empty page that is not the last", len(found.Records), found.Next, err)
	}
	if got := named(f.lookup(auditor(t, ours), q)); got != "Rare by ann, " {
		t.Errorf("over all pages: got %q", got)
	}
}

func TestWhatIsWrongWithAQueryHasAName(t *testing.T) {
	f := newFixture(t)
	f.record(event(noon, "ann", "iam:A", "r"), event(noon, "ann", "iam:B", "r"))
	c := auditor(t, ours)
	first, err := f.Lookup(t.Context(), c, Query{Limit: 1})
	f.must(err)
	for name, row := range map[string]struct {
		q    Query
		want Problem
	}{
		"no results":                  {Query{}, InvalidMaxResults},
		"too many":                    {Query{Limit: 51}, InvalidMaxResults},
		"an attribute there is not":   {Query{By: "Color", Value: "red", Limit: 1}, InvalidAttributes},
		"neither true nor false":      {Query{By: ByReadOnly, Value: "yes", Limit: 1}, InvalidAttributes},
		"an end before the beginning": {Query{From: noon, To: noon.Add(-time.Second), Limit: 1}, InvalidTimeRange},
		"a token of nobody's":         {Query{Limit: 1, Token: "bm9uZQ"}, InvalidNextToken},
		"a token of another query":    {Query{By: ByUsername, Value: "ann", Limit: 1, Token: first.Next}, InvalidNextToken},
		"a token of other times":      {Query{From: noon, Limit: 1, Token: first.Next}, InvalidNextToken},
		"a very long token":           {Query{Limit: 1, Token: strings.Repeat("a", 1<<20)}, InvalidNextToken},
	} {
		_, err := f.Lookup(t.Context(), c, row.q)
		if problem, ok := errors.AsType[Problem](err); !ok || problem != row.want || !artifact.Is(err, artifact.Invalid) {
			t.Errorf("%s: got %v, want %s", name, err, row.want)
		}
	}
}

func TestLookingUpTakesPermissionAndARefusalIsRecorded(t *testing.T) {
	f := newFixture(t)
	c := auditor(t, ours)
	c.Identity = nil
	c.RequestID = "r-9"
	if _, err := f.Lookup(t.Context(), c, Query{Limit: 1}); !artifact.Is(err, artifact.Denied) {
		t.Fatalf("got %v, want Denied", err)
	}
	if len(f.later) != 1 || f.later[0].Action != "cloudtrail:LookupEvents" || f.later[0].RequestID != "r-9" {
		t.Fatalf("recorded %+v", f.later)
	}
	f.record(f.later...)
	found := f.lookup(auditor(t, ours), Query{By: ByEventSource, Value: "cloudtrail.amazonaws.com", Limit: 1})
	if len(found) != 1 || !found[0].ReadOnly || found[0].ErrorCode != "AccessDenied" {
		t.Errorf("got %+v", found)
	}
	if _, err := f.Lookup(t.Context(), iam.Caller{}, Query{Limit: 1}); !artifact.Is(err, artifact.Unauthenticated) {
		t.Errorf("nobody in particular: got %v", err)
	}
}

// What becomes old while somebody pages is not looked for again, and what is new comes on no later page.
func TestPagesGoOnWhereTheyEndedWhateverIsRecordedMeanwhile(t *testing.T) {
	f := newFixture(t)
	for i := range 6 {
		f.record(event(noon.Add(time.Duration(i)*time.Second), "ann", fmt.Sprintf("iam:Act%d", i), "r"))
	}
	c := auditor(t, ours)
	q := Query{Limit: 2}
	var got []string
	for i := 0; ; i++ {
		found, err := f.Lookup(t.Context(), c, q)
		f.must(err)
		for _, r := range found.Records {
			got = append(got, r.EventName)
		}
		if q.Token = found.Next; q.Token == "" {
			break
		}
		f.record(event(noon.Add(time.Hour), "ann", "iam:New", "r"))
		if i == 1 {
			f.must(f.Catalog.Write(context.Background(), func(w catalog.Writer) error {
				_, err := w.DeleteEvents(catalog.AuditEvent, noon.Add(time.Second), 10)
				return err
			}))
		}
	}
	if want := []string{"Act5", "Act4", "Act3", "Act2", "Act1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLookupsOfTheSameAreTheSame(t *testing.T) {
	f := newFixture(t)
	f.record(event(noon, "ann", "iam:A", "r"))
	c := auditor(t, ours)
	if a, b := f.lookup(c, Query{Limit: 1}), f.lookup(c, Query{Limit: 50}); !reflect.DeepEqual(a, b) || len(a) != 1 {
		t.Errorf("got %+v and %+v", a, b)
	}
}

// What is taken for a token is one that this query could have given out, and leads where it says.
func FuzzToken(f *testing.F) {
	q := Query{By: ByUsername, Value: "ann", Limit: 1}
	f.Add(q.token(catalog.EventMark{Time: noon, Sequence: 7}))
	f.Add(Query{}.token(catalog.EventMark{Time: noon, Sequence: 7}))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		q.Token = token
		if m, err := q.mark(); err == nil && q.token(m) != token {
			t.Errorf("%q is read as %v, whose token is %q", token, m, q.token(m))
		}
	})
}

// What is taken for an id has a number that it hides.
func FuzzEventID(f *testing.F) {
	f.Add(eventID(catalog.Event{Sequence: 7}, ours))
	f.Add("5f2c8f0a-3c63-8f6e-9d0a-2f4f0d1c9b11")
	f.Fuzz(func(t *testing.T, id string) {
		if n, ok := sequenceOf(id); ok && (n < 0 || len(id) != 36) {
			t.Errorf("%q has the number %d", id, n)
		}
	})
}
