package repository_test

import (
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
)

func TestI30APolicyNamesWhoWasThereAndNobodyWhoTakesTheName(t *testing.T) {
	const user, role = "arn:aws:iam::" + account + ":user/ann", "arn:aws:iam::" + account + ":role/jobs/ci"
	for _, c := range []struct {
		name, arn string // as the policy has it
		principal catalog.Principal
		session   string // in which the caller is, empty for a user
	}{
		{"a user", user, catalog.Principal{ID: "AIDAAAAAAAAAAAAAAAAAA", Kind: catalog.UserPrincipal, Path: "/", Name: "ann", ARN: user}, ""},
		{"a role", role, catalog.Principal{ID: "AROAAAAAAAAAAAAAAAAAA", Kind: catalog.RolePrincipal, Path: "/jobs/", Name: "ci", ARN: role}, "job"},
		{"a session", "arn:aws:sts::" + account + ":assumed-role/ci/job",
			catalog.Principal{ID: "AROAAAAAAAAAAAAAAAAAA", Kind: catalog.RolePrincipal, Path: "/jobs/", Name: "ci", ARN: role}, "job"},
	} {
		for _, repo := range []string{"", "r"} {
			t.Run(c.name+" in the policy of "+repo, func(t *testing.T) {
				h := newFixture(t)
				h.repo("r")
				write := func(fn func(w catalog.Writer) error) { h.check(h.catalog.Write(t.Context(), fn)) }
				c.principal.Account = account
				write(func(w catalog.Writer) error { return w.CreatePrincipal(c.principal) })
				on, action, what := repository.Target{DomainKey: domainKey, Repository: repo}, "DescribeDomain", repository.OnDomain(domainKey)
				if repo != "" {
					action, what = "ListPackages", repository.OnRepository(key("r"))
				}
				document := policy("Allow", c.arn, "codeartifact:*", "*")
				_, err := h.rules.PutPolicy(t.Context(), h.owner, on, document, "")
				h.check(err)
				asks := func(id string) error {
					who := iam.Principal{Account: account, ARN: c.principal.ARN, ID: id, Name: c.principal.Name}
					if c.session != "" {
						who = iam.Principal{Account: account, ARN: "arn:aws:sts::" + account + ":assumed-role/ci/" + c.session,
							Role: c.principal.ARN, ID: id + ":" + c.session}
					}
					return h.rules.Authorize(t.Context(), iam.Caller{Principal: who}, action, what, nil)
				}
				shown := func() string {
					t.Helper()
					p, err := h.rules.Policy(t.Context(), on)
					h.check(err)
					return p.Document
				}
				h.check(asks(c.principal.ID))
				if shown() != document {
					t.Errorf("got %s", shown())
				}

				write(func(w catalog.Writer) error { return w.DeletePrincipal(c.principal.ID) })
				again := c.principal
				again.ID = again.ID[:20] + "B"
				write(func(w catalog.Writer) error { return w.CreatePrincipal(again) })
				h.refuses(artifact.Denied, asks(again.ID))
				if !strings.Contains(shown(), `"`+c.principal.ID) {
					t.Errorf("who is gone is shown by the identifier: got %s", shown())
				}
				_, err = h.rules.PutPolicy(t.Context(), h.owner, on, shown(), "")
				h.refuses(artifact.Invalid, err)
				_, err = h.rules.PutPolicy(t.Context(), h.owner, on, document, "")
				h.check(err)
				h.check(asks(again.ID))
				gone, err := h.rules.DeletePolicy(t.Context(), h.owner, on, "")
				h.check(err)
				if gone.Document != document {
					t.Errorf("got %s", gone.Document)
				}
			})
		}
	}
}

func TestAPolicyThatNamesNobodyIsRefused(t *testing.T) {
	h := newFixture(t)
	h.check(h.catalog.Write(t.Context(), func(w catalog.Writer) error {
		return w.CreatePrincipal(catalog.Principal{ID: "AIDAAAAAAAAAAAAAAAAAA", Account: account, Kind: catalog.UserPrincipal, Path: "/",
			Name: "ann", ARN: "arn:aws:iam::" + account + ":user/ann"})
	}))
	_, err := h.rules.PutPolicy(t.Context(), h.owner, repository.Target{DomainKey: domainKey},
		policy("Allow", "arn:aws:iam::"+account+":user/none", "codeartifact:*", "*"), "")
	h.refuses(artifact.Invalid, err)
	if !strings.Contains(err.Error(), `Invalid principal in policy: "AWS":"arn:aws:iam::`+account+`:user/none"`) {
		t.Errorf("got %v", err)
	}
}
