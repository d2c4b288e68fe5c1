package artifact_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
)

func TestNamesFollowTheFieldGrammar(t *testing.T) {
	domain, repository, coordinate := artifact.ValidDomainName, artifact.ValidRepositoryName, artifact.ValidCoordinate
	cases := []struct {
		name  string
		valid func(string) bool
		text  string
		want  bool
	}{
		{"domain", domain, "my-domain", true},
		{"domain with an underscore", domain, "my_domain", false},
		{"domain of one letter", domain, "d", false},
		{"domain of two letters", domain, "d1", true},
		{"domain that ends in a dash", domain, "d-", false},
		{"domain that starts with a digit", domain, "1d", false},
		{"domain of 50 letters", domain, strings.Repeat("d", 50), true},
		{"domain of 51 letters", domain, strings.Repeat("d", 51), false},
		{"domain with a line feed at its end", domain, "domain\n", false},
		{"repository with capitals and dots", repository, "My.Repo_1-x", true},
		{"repository of one letter", repository, "r", false},
		{"repository of 101 letters", repository, strings.Repeat("r", 101), false},
		{"repository that starts with a dot", repository, ".repo", false},
		{"coordinate", coordinate, "lodash", true},
		{"coordinate with a plus and a tilde", coordinate, "1.0.0+build~1", true},
		{"empty coordinate", coordinate, "", false},
		{"coordinate with a slash", coordinate, "a/b", false},
		{"coordinate with a hash", coordinate, "a#b", false},
		{"coordinate with a space", coordinate, "a b", false},
		{"coordinate with NUL", coordinate, "a\x00b", false},
		{"dot segment", coordinate, ".", false},
		{"dot dot segment", coordinate, "..", false},
		{"three dots", coordinate, "...", true},
		{"coordinate of 255 characters of two bytes", coordinate, strings.Repeat("é", 255), true},
		{"coordinate of 256 characters", coordinate, strings.Repeat("a", 256), false},
		{"coordinate that is no UTF-8", coordinate, "a\xff", false},
	}
	for _, c := range cases {
		if got := c.valid(c.text); got != c.want {
			t.Errorf("%s: %.60q valid %v, want %v", c.name, c.text, got, c.want)
		}
	}
}

func TestStatusTable(t *testing.T) {
	cases := []struct {
		status               artifact.Status
		listed, downloadable bool
		becomes              []artifact.Status
	}{
		{artifact.Published, true, true, []artifact.Status{artifact.Published, artifact.Unlisted, artifact.Archived}},
		{artifact.Unfinished, false, false, []artifact.Status{artifact.Published, artifact.Unlisted, artifact.Archived}},
		{artifact.Unlisted, false, true, []artifact.Status{artifact.Published, artifact.Unlisted, artifact.Archived}},
		{artifact.Archived, false, false, []artifact.Status{artifact.Published, artifact.Unlisted, artifact.Archived}},
		{artifact.Disposed, false, false, nil},
		{artifact.Deleted, false, false, nil},
		{"Lost", false, false, nil},
	}
	for _, c := range cases {
		if c.status.Listed() != c.listed || c.status.Downloadable() != c.downloadable {
			t.Errorf("%s: listed %v, downloadable %v", c.status, c.status.Listed(), c.status.Downloadable())
		}
		var becomes []artifact.Status
		for _, target := range artifact.Statuses() {
			if c.status.MayBecome(target) {
				becomes = append(becomes, target)
			}
		}
		if fmt.Sprint(becomes) != fmt.Sprint(c.becomes) {
			t.Errorf("%s may become %v, want %v", c.status, becomes, c.becomes)
		}
	}
}

func TestFormatsAndTheirNamespaces(t *testing.T) {
	want := map[artifact.Format]artifact.NamespaceRule{
		"npm": artifact.NamespaceOptional, "pypi": artifact.NamespaceNever, "maven": artifact.NamespaceRequired,
		"nuget": artifact.NamespaceNever, "generic": artifact.NamespaceRequired, "ruby": artifact.NamespaceNever,
		"swift": artifact.NamespaceRequired, "cargo": artifact.NamespaceNever,
	}
	if got := artifact.Formats(); len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	for f, rule := range want {
		if !f.Valid() || f.Namespace() != rule {
			t.Errorf("%s: valid %v, rule %v", f, f.Valid(), f.Namespace())
		}
	}
	if artifact.Format("python").Valid() {
		t.Error("python is a slip of the guide: the token is pypi")
	}
}

func TestDigesterComputesAllFour(t *testing.T) {
	d := artifact.NewDigester()
	if _, err := io.WriteString(d, "ab"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(d, "c")
	sums, size := d.Sum()
	got := fmt.Sprintf("%d %x %x %s %x", size, sums.MD5, sums.SHA1, sums.SHA256, sums.SHA512[:8])
	// The test vectors of RFC 1321 and FIPS 180 for "abc".
	want := "3 900150983cd24fb0d6963f7d28e17f72 a9993e364706816aba3e25717850c26c9cd0d89d " +
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad ddaf35a193617aba"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	back, err := artifact.ParseDigest(sums.SHA256.String())
	if err != nil || back != sums.SHA256 {
		t.Errorf("parsed back: %v, %v", back, err)
	}
	for _, bad := range []string{"", "ab", strings.ToUpper(sums.SHA256.String()), sums.SHA256.String() + "00", strings.Repeat("g", 64)} {
		if _, err := artifact.ParseDigest(bad); err == nil {
			t.Errorf("%q was taken for a digest", bad)
		}
	}
}

func TestErrorsKeepTheirKindThroughWrapping(t *testing.T) {
	cause := errors.New("disk on fire")
	err := fmt.Errorf("publish left: %w", artifact.Errorf(artifact.Conflict, "Version %s exists.", "1.0.0").
		About(artifact.VersionResource, "d/r/npm//left@1.0.0").Causing(cause))
	if artifact.KindOf(err) != artifact.Conflict || !artifact.Is(err, artifact.Conflict) || !errors.Is(err, cause) {
		t.Errorf("got kind %v of %v", artifact.KindOf(err), err)
	}
	if got, want := err.Error(), "publish left: conflict: Version 1.0.0 exists.: disk on fire"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if artifact.KindOf(cause) != artifact.Internal || artifact.Is(nil, artifact.Internal) {
		t.Error("an error nobody classified is internal, and no error is of no kind")
	}
}

func TestASecretNeverPrints(t *testing.T) {
	const text = "canary"
	secret := artifact.NewSecret(text)
	type deep struct {
		inner struct{ secret artifact.Secret }
		Outer artifact.Secret
	}
	var d deep
	d.inner.secret, d.Outer = secret, secret
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p"} {
		fmt.Fprintf(&out, verb, secret)
		fmt.Fprintf(&out, verb, &secret)
		fmt.Fprintf(&out, verb, d)
		fmt.Fprintf(&out, verb, []artifact.Secret{secret})
		fmt.Fprintf(&out, verb, map[string]any{"k": secret})
	}
	marshalled, err := json.Marshal(map[string]any{"secret": secret, "deep": d})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(marshalled)
	for _, form := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("found %q in %s", form, out.String())
		}
	}
	var read artifact.Secret
	if err := json.Unmarshal([]byte(`"canary"`), &read); err != nil || !read.Equal(secret) || read.Reveal() != text {
		t.Errorf("reading gave %q, %v", read.Reveal(), err)
	}
	if !artifact.NewSecret("").IsZero() || secret.IsZero() || (artifact.Secret{}).Reveal() != "" {
		t.Error("only the empty secret is zero")
	}
}

func TestKeysWriteThemselves(t *testing.T) {
	repo := artifact.DomainKey{Owner: "123456789012", Name: "d"}.Repository("r")
	scoped := artifact.PackageKey{Format: artifact.NPM, Namespace: "acme", Name: "ui"}
	plain := artifact.PackageKey{Format: artifact.NPM, Name: "react"}
	for got, want := range map[string]string{
		repo.String():             "123456789012/d/r",
		repo.DomainKey().String(): "123456789012/d",
		scoped.String():           "npm/acme/ui",
		plain.String():            "npm//react",
		scoped.At("1.0").String(): "npm/acme/ui@1.0",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestASentenceCallsAPackageAsItsClientsDo(t *testing.T) {
	for key, want := range map[artifact.PackageKey]string{
		{Format: artifact.NPM, Namespace: "acme", Name: "ui"}:       "@acme/ui",
		{Format: artifact.NPM, Name: "react"}:                       "react",
		{Format: artifact.Maven, Namespace: "org.acme", Name: "ui"}: "org.acme:ui",
		{Format: artifact.Swift, Namespace: "acme", Name: "ui"}:     "acme.ui",
		{Format: artifact.Generic, Namespace: "acme", Name: "ui"}:   "acme/ui",
		{Format: artifact.Cargo, Name: "serde"}:                     "serde",
		{Format: "a ninth", Namespace: "acme", Name: "ui"}:          "acme/ui",
	} {
		if got := key.Qualified(); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
}

func TestATimeToWaitIsToldInWholeSecondsRoundedUp(t *testing.T) {
	for wait, want := range map[time.Duration]string{0: "0", time.Millisecond: "1", time.Second: "1",
		1200 * time.Millisecond: "2", time.Minute: "60"} {
		if got := artifact.WholeSeconds(wait); got != want {
			t.Errorf("%v: got %s, want %s", wait, got, want)
		}
	}
}
