package repository_test

import (
	"errors"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/repository"
)

func TestAnActionThatIsNotInTheTableIsNobodysAndNoDecision(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	for _, c := range []struct {
		name, action string
		on           repository.Subject
	}{
		{"unknown", "PublishPackages", repository.OnRepository(key("r"))},
		{"with its prefix", "codeartifact:ListPackages", repository.OnRepository(key("r"))},
		{"on too little", "PublishPackageVersion", repository.OnRepository(key("r"))},
		{"on too much", "DeleteDomain", repository.OnRepository(key("r"))},
		{"on a package group", "CreatePackageGroup", repository.OnDomain(domainKey)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, caller := range []string{allowAll, allowNone} {
				err := h.rules.Authorize(t.Context(), h.caller(account, "bob", caller), c.action, c.on, nil)
				if _, forCallers := errors.AsType[*artifact.Error](err); err == nil || forCallers {
					t.Errorf("got %v, want an error that is the program's", err)
				}
			}
		})
	}
}

func TestRefusedChangesAreRecordedAndRefusedReadsAreNot(t *testing.T) {
	subjects := []repository.Subject{{}, repository.OnDomain(domainKey), repository.OnRepository(key("r")),
		repository.OnPackage(key("r"), npm("left"))}
	h := newFixture(t)
	h.repo("r")
	nobody := h.caller(stranger, "nobody", allowNone)
	for name, changes := range map[string]bool{
		"GetAuthorizationToken": false, "ListTagsForResource": false, "ReadFromRepository": false,
		"TagResource": true, "PublishPackageVersion": true, "AssociateWithDownstreamRepository": true,
		"CopyPackageVersions": true, "ListDomains": false,
	} {
		a, ok := repository.ActionNamed(name)
		if !ok || a.Changes != changes {
			t.Errorf("%s: got %+v, want changes %v", name, a, changes)
		}
		for _, on := range subjects {
			if !a.Fits(on) {
				continue
			}
			before := len(h.events())
			h.refuses(artifact.Denied, h.rules.Authorize(t.Context(), nobody, name, on, nil))
			if got := len(h.events()) > before; got != changes {
				t.Errorf("%s on %+v: recorded %v, want %v", name, on, got, changes)
			}
		}
	}
}

// events are all that is recorded.
func (h *fixture) events() (all []catalog.Event) {
	h.t.Helper()
	h.check(h.catalog.Read(h.t.Context(), func(r catalog.Reader) (err error) {
		all, err = r.Events(0, 10_000)
		return err
	}))
	return all
}

func TestATableOfActionsSaysOnWhatPermissionIsAskedAndWhosePoliciesCount(t *testing.T) {
	for name, want := range map[string][2]string{
		"CopyPackageVersions":            {"package or its repository", "domain's, repository's"},
		"CreateDomain":                   {"domain to be", "none"},
		"CreateRepository":               {"repository to be or its domain", "domain's"},
		"GetAuthorizationToken":          {"domain", "domain's"},
		"ListDomains":                    {"account", "none"},
		"PutDomainPermissionsPolicy":     {"domain", "none"},
		"PutRepositoryPermissionsPolicy": {"repository", "domain's"},
		"TagResource":                    {"domain or package group or repository", "domain's, repository's"},
	} {
		a, _ := repository.ActionNamed(name)
		if got := [2]string{a.JudgedOn(), a.ResourcePolicies()}; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
