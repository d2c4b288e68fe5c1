package events

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"

	"github.com/google/go-cmp/cmp"
)

// sample is an event with the members of the guide's sample, in their order and with their kinds of values.
const sample = `{
  "version": "0",
  "id": "ID",
  "detail-type": "CodeArtifact Package Version State Change",
  "source": "aws.codeartifact",
  "account": "111122223333",
  "time": "2019-11-21T23:19:54Z",
  "region": "us-west-2",
  "resources": [
    "arn:aws:codeartifact:us-west-2:111122223333:package/my-domain/myrepo/npm//mypackage"
  ],
  "detail": {
    "domainName": "my-domain",
    "domainOwner": "111122223333",
    "repositoryName": "myrepo",
    "repositoryAdministrator": "123456789012",
    "packageFormat": "npm",
    "packageNamespace": null,
    "packageName": "mypackage",
    "packageVersion": "1.0.0",
    "packageVersionState": "Published",
    "packageVersionRevision": "0E5DE26A4CD79FDF3EBC4924FFFFFFFF",
    "changes": {
      "assetsAdded": 1,
      "assetsRemoved": 0,
      "metadataUpdated": true,
      "assetsUpdated": 0,
      "statusChanged": true
    },
    "operationType": "Created",
    "sequenceNumber": 1,
    "eventDeduplicationId": "DEDUPLICATION"
  }
}`

// recorded is the change that the sample tells of.
func recorded(t *testing.T) Record {
	t.Helper()
	text, err := json.Marshal(Change{Domain: "my-domain", DomainOwner: "111122223333", Repository: "myrepo",
		Administrator: "123456789012", Format: "npm", Package: "mypackage", Version: "1.0.0", State: artifact.Published,
		Revision: "0E5DE26A4CD79FDF3EBC4924FFFFFFFF", Operation: Created,
		Changes: Changes{AssetsAdded: 1, MetadataUpdated: true, StatusChanged: true}})
	if err != nil {
		t.Fatal(err)
	}
	return Record{Sequence: 1, Time: time.Date(2019, 11, 22, 0, 19, 54, 999_999_000, time.FixedZone("", 3600)),
		Resource: "arn:aws:codeartifact:us-west-2:111122223333:package/my-domain/myrepo/npm//mypackage", Detail: text}
}

func told(t *testing.T, r Record) []Event {
	t.Helper()
	copies, err := Told(r, "us-west-2")
	if err != nil {
		t.Fatal(err)
	}
	return copies
}

func TestAnEventHasTheMembersOfTheGuidesSampleInTheirOrder(t *testing.T) {
	e := told(t, recorded(t))[0]
	var got strings.Builder
	w := json.NewEncoder(&got)
	w.SetIndent("", "  ")
	if err := w.Encode(e); err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(`"ID"`, `"`+e.ID+`"`, "DEDUPLICATION", e.Detail.Deduplication).Replace(sample)
	if diff := cmp.Diff(want+"\n", got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOwnerAndAdministratorAreEachToldOnce(t *testing.T) {
	r := recorded(t)
	copies := told(t, r)
	if len(copies) != 2 || copies[0].Account != "111122223333" || copies[1].Account != "123456789012" {
		t.Fatalf("got %+v, want a copy for the owner and one for the administrator", copies)
	}
	if copies[0].ID == copies[1].ID {
		t.Error("both copies have one id")
	}
	if copies[0].Detail.Deduplication != copies[1].Detail.Deduplication {
		t.Error("the copies of one change are not duplicates of each other")
	}
	r.Detail = json.RawMessage(strings.ReplaceAll(string(r.Detail), "123456789012", "111122223333"))
	if copies = told(t, r); len(copies) != 1 || copies[0].Account != "111122223333" {
		t.Errorf("got %+v, want one copy where both are one account", copies)
	}
}

func TestARecordToldAgainIsTheSameEventAndAnotherIsNot(t *testing.T) {
	first, again := told(t, recorded(t))[0], told(t, recorded(t))[0]
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("(-first +again):\n%s", diff)
	}
	for name, change := range map[string]func(*Record){
		"sequence": func(r *Record) { r.Sequence++ },
		"time":     func(r *Record) { r.Time = r.Time.Add(time.Microsecond) },
		"resource": func(r *Record) { r.Resource += "x" },
		"detail":   func(r *Record) { r.Detail = json.RawMessage(strings.Replace(string(r.Detail), "1.0.0", "1.0.1", 1)) },
	} {
		r := recorded(t)
		change(&r)
		other := told(t, r)[0]
		if other.ID == first.ID || other.Detail.Deduplication == first.Detail.Deduplication {
			t.Errorf("another %s gives the same ids", name)
		}
	}
}

func TestAnEventIsOneLineWithLettersAsTheyAre(t *testing.T) {
	r := recorded(t)
	r.Detail = json.RawMessage(strings.Replace(string(r.Detail), `"mypackage"`, `"a<b&c\n\u2028"`, 1))
	line := string(told(t, r)[0].JSON())
	if strings.Contains(line, "\n") || !strings.Contains(line, `"a<b&c\n`) {
		t.Errorf("got %s", line)
	}
	var back Event
	if err := json.Unmarshal([]byte(line), &back); err != nil || back.Detail.Package != "a<b&c\n\u2028" {
		t.Errorf("got %q (%v)", back.Detail.Package, err)
	}
}

func TestARecordThatIsNoChangeIsAnError(t *testing.T) {
	if _, err := Told(Record{Sequence: 7, Detail: json.RawMessage("[]")}, "us-west-2"); err == nil || !strings.Contains(err.Error(), "event 7") {
		t.Errorf("got %v", err)
	}
}
