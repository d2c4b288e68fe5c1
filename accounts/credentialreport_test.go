package accounts

import (
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

func TestTheCredentialReportHasALineForEachUserAndTheAccount(t *testing.T) {
	f := newFixture(t)
	f.user("ann", "")
	f.user("bob", "")
	_, key, _, err := f.CreateAccessKey(t.Context(), f.root, "ann")
	f.must(err)
	f.must(f.UpdateAccessKey(t.Context(), f.root, "ann", key.ID, false))
	f.write(func(w catalog.Writer) error {
		return w.SetAccessKeyUse(key.ID, catalog.KeyUse{At: f.clock.Add(time.Hour), Service: "codeartifact", Region: "us-east-1"})
	})
	report, err := f.CredentialReport(t.Context(), f.root)
	f.must(err)
	lines := strings.Split(strings.TrimSuffix(report, "\n"), "\n")
	const made = "2026-11-20T12:00:00+00:00"
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "user,arn,user_creation_time,password_enabled,") || strings.Count(lines[0], ",") != 21 {
		t.Fatalf("got %s", report)
	}
	noKey := ",false,N/A,N/A,N/A,N/A"
	for i, want := range []string{
		"<root_account>,arn:aws:iam::" + account + ":root," + made + ",false,N/A,N/A,N/A,false" + noKey + noKey + ",false,N/A,false,N/A",
		"ann,arn:aws:iam::" + account + ":user/ann," + made + ",false,N/A,N/A,N/A,false,false," + reported(key.CreatedAt) +
			",2026-11-20T13:00:00+00:00,us-east-1,codeartifact" + noKey + ",false,N/A,false,N/A",
		"bob,arn:aws:iam::" + account + ":user/bob," + made + ",false,N/A,N/A,N/A,false" + noKey + noKey + ",false,N/A,false,N/A",
	} {
		if lines[i+1] != want {
			t.Errorf("got  %s\nwant %s", lines[i+1], want)
		}
	}
	_, err = f.CredentialReport(t.Context(), f.callerOf(f.user("eve", mayRead).ID))
	if !artifact.Is(err, artifact.Denied) {
		t.Errorf("got %v, want Denied", err)
	}
}
