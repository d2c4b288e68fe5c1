package repository_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
)

// policy is a document with one statement.
func policy(effect, principal, action, resource string) string {
	who := ""
	if principal != "" {
		who = fmt.Sprintf(`"Principal":{"AWS":%q},`, principal)
	}
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":%q,%s"Action":%q,"Resource":%q}}`, effect, who,
		action, resource)
}

func (h *fixture) domainPolicy(document string) {
	h.t.Helper()
	_, err := h.rules.PutPolicy(h.t.Context(), h.owner, repository.Target{DomainKey: domainKey}, document, "")
	h.check(err)
}

func (h *fixture) repositoryPolicy(repo, document string) {
	h.t.Helper()
	on := repository.Target{DomainKey: domainKey, Repository: repo}
	_, err := h.rules.PutPolicy(h.t.Context(), h.owner, on, document, "")
	h.check(err)
}

func (h *fixture) as(c iam.Caller, repo string) *repository.Shelf {
	return h.rules.Shelf(c, key(repo), "http://house.test/"+repo+"/")
}

func TestAuthorize(t *testing.T) {
	bob := "arn:aws:iam::" + account + ":user/bob"
	repoARN := "arn:aws:codeartifact:us-east-1:" + account + ":repository/house/r"
	packages := "arn:aws:codeartifact:us-east-1:" + account + ":package/house/r/npm/*"
	cases := []struct {
		name               string
		account            string // of the caller
		identity           string
		domain, repository string // resource policies, if any
		action             string
		on                 repository.Subject
		allowed            bool
		because            string // part of the refusal
	}{
		{name: "C37 I18 the repository policy names a user of the same account", identity: allowNone,
			repository: policy("Allow", bob, "codeartifact:ReadFromRepository", "*"), action: "ReadFromRepository",
			allowed: true},
		{name: "I19 a grant to the account root delegates and does not allow", identity: allowNone,
			repository: policy("Allow", account, "codeartifact:ReadFromRepository", "*"), action: "ReadFromRepository",
			because: "no identity-based policy allows"},
		{name: "I19 the identity policy allows what the root was granted",
			identity:   policy("Allow", "", "codeartifact:Read*", "*"),
			repository: policy("Allow", account, "codeartifact:ReadFromRepository", "*"), action: "ReadFromRepository",
			allowed: true},
		{name: "C35 across accounts the resource policy alone is not enough", account: stranger, identity: allowNone,
			domain: policy("Allow", stranger, "codeartifact:ReadFromRepository", "*"), action: "ReadFromRepository",
			because: "no identity-based policy allows the codeartifact:ReadFromRepository action"},
		{name: "C36 I20 across accounts the identity policy alone is not enough", account: stranger, identity: allowAll,
			action:  "ReadFromRepository",
			because: "no resource-based policy allows the codeartifact:ReadFromRepository action"},
		{name: "C39 a domain policy lets another account read every repository", account: stranger, identity: allowAll,
			domain: policy("Allow", stranger, "codeartifact:ReadFromRepository", "*"), action: "ReadFromRepository",
			allowed: true},
		{name: "a repository policy lets another account read this repository", account: stranger, identity: allowAll,
			repository: policy("Allow", stranger, "codeartifact:ReadFromRepository", repoARN),
			action:     "ReadFromRepository", allowed: true},
		{name: "and nothing else", account: stranger, identity: allowAll,
			repository: policy("Allow", stranger, "codeartifact:ReadFromRepository", "*"), action: "ListPackages"},
		{name: "an explicit deny in the repository policy wins", identity: allowAll,
			repository: policy("Deny", bob, "codeartifact:ReadFromRepository", "*"), action: "ReadFromRepository",
			because: "with an explicit deny in a resource-based policy"},
		{name: "an explicit deny in the domain policy reaches the packages", identity: allowAll,
			domain: policy("Deny", bob, "codeartifact:*", packages), action: "PublishPackageVersion",
			on:      repository.OnPackage(key("r"), npm("left")),
			because: "with an explicit deny in a resource-based policy"},
		{name: "publishing one package is not publishing another", account: stranger, identity: allowAll,
			repository: policy("Allow", stranger, "codeartifact:PublishPackageVersion",
				strings.TrimSuffix(packages, "*")+"parity/ui"),
			action: "PublishPackageVersion", on: repository.OnPackage(key("r"), npm("left"))},
		{name: "a scoped package is published by its ARN", account: stranger, identity: allowAll,
			repository: policy("Allow", stranger, "codeartifact:PublishPackageVersion",
				strings.TrimSuffix(packages, "*")+"parity/ui"),
			action: "PublishPackageVersion", on: repository.OnPackage(key("r"),
				artifact.PackageKey{Format: artifact.NPM, Namespace: "parity", Name: "ui"}), allowed: true},
		{name: "C38 the owner puts a new domain policy although the old one denies all", identity: allowAll,
			domain: policy("Deny", "*", "codeartifact:*", "*"), action: "PutDomainPermissionsPolicy",
			on: repository.OnDomain(domainKey), allowed: true},
		{name: "the owner puts a new repository policy although the old one denies all", identity: allowAll,
			repository: policy("Deny", "*", "codeartifact:*", "*"), action: "PutRepositoryPermissionsPolicy",
			allowed: true},
		{name: "deleting that policy is subject to it", identity: allowAll,
			repository: policy("Deny", "*", "codeartifact:*", "*"), action: "DeleteRepositoryPermissionsPolicy"},
		{name: "a domain policy cannot give away its own replacement", account: stranger, identity: allowAll,
			domain: policy("Allow", stranger, "codeartifact:*", "*"), action: "PutDomainPermissionsPolicy",
			on: repository.OnDomain(domainKey)},
		{name: "but that of a repository's policy", account: stranger, identity: allowAll,
			domain: policy("Allow", stranger, "codeartifact:*", "*"), action: "PutRepositoryPermissionsPolicy",
			allowed: true},
		{name: "a copy is denied on the package", identity: allowAll,
			repository: policy("Deny", bob, "codeartifact:CopyPackageVersions", packages),
			action:     "CopyPackageVersions",
			on:         repository.OnPackage(key("r"), npm("left")), because: "explicit deny"},
		{name: "a copy is denied on the repository", identity: allowAll,
			repository: policy("Deny", bob, "codeartifact:CopyPackageVersions", repoARN), action: "CopyPackageVersions",
			on: repository.OnPackage(key("r"), npm("left")), because: "explicit deny"},
		{name: "a copy is allowed on the repository",
			identity: policy("Allow", "", "codeartifact:CopyPackageVersions", repoARN),
			action:   "CopyPackageVersions", on: repository.OnPackage(key("r"), npm("left")), allowed: true},
		{name: "a domain policy lets another account create repositories", account: stranger, identity: allowAll,
			domain: policy("Allow", stranger, "codeartifact:CreateRepository",
				"arn:aws:codeartifact:us-east-1:"+account+":domain/house"),
			action: "CreateRepository", on: repository.OnRepository(key("new")), allowed: true},
		{name: "listing domains is granted on domains", identity: policy("Allow", "", "codeartifact:ListDomains",
			"arn:aws:codeartifact:us-east-1:"+account+":domain/my*"),
			action: "ListDomains", on: repository.Subject{Domain: artifact.DomainKey{Owner: account}}, allowed: true},
		{name: "what does not exist is denied like what does", account: stranger, identity: allowAll,
			action:  "DescribeRepository",
			on:      repository.OnRepository(artifact.RepositoryKey{Owner: account, Domain: "nowhere", Name: "r"}),
			because: "no resource-based policy allows"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := newFixture(t)
			h.repo("r")
			if c.domain != "" {
				h.domainPolicy(c.domain)
			}
			if c.repository != "" {
				h.repositoryPolicy("r", c.repository)
			}
			if c.account == "" {
				c.account = account
			}
			if c.on == (repository.Subject{}) {
				c.on = repository.OnRepository(key("r"))
			}
			err := h.rules.Authorize(t.Context(), h.caller(c.account, "bob", c.identity), c.action, c.on, nil)
			if (err == nil) != c.allowed || err != nil && !artifact.Is(err, artifact.Denied) {
				t.Fatalf("got %v, want allowed %v", err, c.allowed)
			}
			if err != nil && !strings.Contains(err.Error(), c.because) {
				t.Errorf("got %q, want it to say %q", err, c.because)
			}
		})
	}
}

func TestPermissionOnTheShelf(t *testing.T) {
	t.Run("the story of a reader", func(t *testing.T) {
		h := newFixture(t)
		h.repo("private")
		h.repo("r", "private")
		h.publish("private", "left@1.0.0", "bytes")
		reader := h.caller(account, "reader", policy("Allow", "", "codeartifact:ReadFromRepository",
			"arn:aws:codeartifact:us-east-1:"+account+":repository/house/r"))
		if got, err := fetch(t.Context(), h.as(reader, "r"), "left@1.0.0"); err != nil || got != "bytes" {
			t.Errorf("I25 reading through r: got %q, %v", got, err)
		}
		_, err := fetch(t.Context(), h.as(reader, "private"), "left@1.0.0")
		h.refuses(artifact.Denied, err)
		_, err = fetch(t.Context(), h.as(reader, "absent"), "left@1.0.0")
		h.refuses(artifact.Denied, err)
		upload, err := h.as(reader, "r").Stage(t.Context())
		h.check(err)
		defer upload.Discard()
		_, err = h.as(reader, "r").Publish(t.Context(), repository.Publication{VersionKey: at("left@2.0.0"),
			Assets: []repository.StagedAsset{{Name: tarball, Upload: upload}}})
		h.refuses(artifact.Denied, err)
		h.refuses(artifact.Denied, h.as(reader, "r").SetLabel(t.Context(), npm("left"), "latest", "1.0.0"))
		h.holds("r", "left", "1.0.0")
	})
	t.Run("I23 a token may be had by one who may read nothing", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.publish("r", "left@1.0.0", "bytes")
		holder := h.caller(account, "holder", policy("Allow", "", "codeartifact:GetAuthorizationToken", "*"))
		h.check(h.rules.Authorize(t.Context(), holder, "GetAuthorizationToken", repository.OnDomain(domainKey), nil))
		_, err := fetch(t.Context(), h.as(holder, "r"), "left@1.0.0")
		h.refuses(artifact.Denied, err)
		_, err = h.as(holder, "r").View(t.Context(), npm("left"))
		h.refuses(artifact.Denied, err)
	})
	t.Run("I26 a copy needs reading the source", func(t *testing.T) {
		h := newFixture(t)
		h.repo("s")
		h.repo("d")
		h.publish("s", "left@1.0.0", "bytes")
		copier := h.caller(account, "copier", policy("Allow", "", "codeartifact:CopyPackageVersions", "*"))
		_, err := h.rules.Copy(t.Context(), copier,
			repository.CopySpec{From: key("s"), To: key("d"), PackageKey: npm("left"),
				Selection: repository.Selection{Versions: []string{"1.0.0"}}})
		h.refuses(artifact.Denied, err)
	})
	t.Run("upstreams need AssociateWithDownstreamRepository", func(t *testing.T) {
		h := newFixture(t)
		h.repo("u")
		maker := h.caller(account, "maker", policy("Allow", "", "codeartifact:CreateRepository", "*"))
		_, err := h.rules.CreateRepository(t.Context(), maker,
			repository.RepositorySpec{RepositoryKey: key("r"), Upstreams: []string{"u"}})
		h.refuses(artifact.Denied, err)
		_, err = h.rules.CreateRepository(t.Context(), maker, repository.RepositorySpec{RepositoryKey: key("r")})
		h.check(err)
	})
	t.Run("a policy change works at once", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.publish("r", "left@1.0.0", "bytes")
		bob := h.caller(account, "bob", allowAll)
		for range 3 {
			if _, err := fetch(t.Context(), h.as(bob, "r"), "left@1.0.0"); err != nil {
				t.Fatal(err)
			}
			h.repositoryPolicy("r", policy("Deny", bob.Principal.ARN, "codeartifact:ReadFromRepository", "*"))
			_, err := fetch(t.Context(), h.as(bob, "r"), "left@1.0.0")
			h.refuses(artifact.Denied, err)
			_, err = h.rules.DeletePolicy(t.Context(), h.owner,
				repository.Target{DomainKey: domainKey, Repository: "r"}, "")
			h.check(err)
		}
	})
	t.Run("tags of a repository decide, those of a package do not exist", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.check(h.rules.PutTags(t.Context(), h.owner, repository.Target{DomainKey: domainKey, Repository: "r"},
			map[string]string{"Key1": "Value1"}))
		tagged := h.caller(account, "tagged", `{"Version":"2012-10-17","Statement":{
			"Effect":"Allow","Action":"codeartifact:*","Resource":"*",
			"Condition":{"StringEquals":{"aws:ResourceTag/Key1":"Value1"}}}}`)
		h.check(h.rules.Authorize(t.Context(), tagged, "ListPackages", repository.OnRepository(key("r")), nil))
		h.refuses(artifact.Denied, h.rules.Authorize(t.Context(), tagged, "ListPackageVersions",
			repository.OnPackage(key("r"), npm("left")), nil))
		h.refuses(artifact.Denied,
			h.rules.Authorize(t.Context(), tagged, "DescribeDomain", repository.OnDomain(domainKey), nil))
	})
}

func TestI27PolicyRevisions(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	for _, on := range []repository.Target{{DomainKey: domainKey}, {DomainKey: domainKey, Repository: "r"}} {
		document := policy("Allow", account, "codeartifact:*", "*")
		_, err := h.rules.Policy(t.Context(), on)
		h.refuses(artifact.NotFound, err)
		_, err = h.rules.PutPolicy(t.Context(), h.owner, on, document, "none yet")
		h.refuses(artifact.Conflict, err)
		put, err := h.rules.PutPolicy(t.Context(), h.owner, on, document, "")
		h.check(err)
		got, err := h.rules.Policy(t.Context(), on)
		h.check(err)
		if got.Document != document || got.Revision != put.Revision {
			t.Errorf("got %v, want what was put: %v", got, put)
		}
		_, err = h.rules.PutPolicy(t.Context(), h.owner, on, document, "stale")
		h.refuses(artifact.Conflict, err)
		again, err := h.rules.PutPolicy(t.Context(), h.owner, on, document, put.Revision)
		h.check(err)
		if again.Revision == put.Revision {
			t.Error("putting the same text again did not make a new revision")
		}
		_, err = h.rules.PutPolicy(t.Context(), h.owner, on, `{"Statement":{"Effect":"Deny","eFFECT":"Allow"}}`, "")
		h.refuses(artifact.Invalid, err)
		_, err = h.rules.DeletePolicy(t.Context(), h.owner, on, put.Revision)
		h.refuses(artifact.Conflict, err)
		if gone, err := h.rules.DeletePolicy(t.Context(), h.owner, on, again.Revision); err != nil ||
			gone.Document != document {
			t.Errorf("got %v, %v", gone, err)
		}
		_, err = h.rules.DeletePolicy(t.Context(), h.owner, on, "")
		h.refuses(artifact.NotFound, err)
	}
}

func TestI21APolicyForEverybodyAdmitsNobodyWhomNoAccountAllows(t *testing.T) {
	for name, put := range map[string]func(h *fixture, document string){
		"of the domain":     (*fixture).domainPolicy,
		"of the repository": func(h *fixture, document string) { h.repositoryPolicy("r", document) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			h.repo("r")
			h.publish("r", "left@1.0.0", "bytes")
			reads := func(c iam.Caller) error { _, err := fetch(t.Context(), h.as(c, "r"), "left@1.0.0"); return err }
			colleague, uninvited := h.caller(account, "colleague", allowNone), h.caller(stranger, "uninvited", allowNone)
			invited := h.caller(stranger, "invited",
				`{"Statement":{"Effect":"Allow","Action":"codeartifact:ReadFromRepository","Resource":"*"}}`)
			for _, c := range []iam.Caller{colleague, uninvited, invited} {
				h.refuses(artifact.Denied, reads(c))
			}
			put(h, policy("Allow", "*", "codeartifact:*", "*"))
			h.check(reads(colleague))
			h.refuses(artifact.Denied, reads(uninvited))
			h.check(reads(invited))
			put(h, policy("Allow", "*", "codeartifact:DescribeRepository", "*"))
			h.refuses(artifact.Denied, reads(colleague))
			h.refuses(artifact.Denied, reads(invited))
		})
	}
}

func TestI28TheAnonymousMayReadWhatAPolicyGivesEverybodyAndDoNothingElse(t *testing.T) {
	h := newFixture(t)
	var log strings.Builder
	h.rules.AnonymousReads, h.rules.Log = true, slog.New(slog.NewTextHandler(&log, nil))
	h.repo("open")
	h.repo("closed")
	h.publish("open", "left@1.0.0", "bytes")
	h.publish("closed", "left@1.0.0", "bytes")
	var anonymous iam.Caller
	reads := func(repo string) error {
		_, err := fetch(t.Context(), h.as(anonymous, repo), "left@1.0.0")
		return err
	}
	h.refuses(artifact.Unauthenticated, reads("open"))
	h.repositoryPolicy("open", policy("Allow", "*", "codeartifact:*", "*"))
	if said := log.String(); !strings.Contains(said, "level=WARN") || !strings.Contains(said, domainKey.Name+"/open") {
		t.Errorf("the log does not warn of the open repository: %s", said)
	}
	h.check(reads("open"))
	for _, repo := range []string{"closed", "nowhere"} {
		h.refuses(artifact.Unauthenticated, reads(repo))
	}
	shelf := h.as(anonymous, "open")
	h.refuses(artifact.Unauthenticated, shelf.MayPublish(t.Context(), npm("left")))
	h.refuses(artifact.Unauthenticated, shelf.SetLabel(t.Context(), npm("left"), "a", "1.0.0"))
	h.refuses(artifact.Unauthenticated, shelf.SetStatus(t.Context(), npm("left"), []string{"1.0.0"}, artifact.Archived))
	_, err := shelf.Publish(t.Context(), repository.Publication{VersionKey: at("left@2.0.0")})
	h.refuses(artifact.Unauthenticated, err)
	h.refuses(artifact.Unauthenticated, h.rules.Authorize(t.Context(), anonymous, "DescribeRepository",
		repository.OnRepository(domainKey.Repository("open")), nil))
	h.repositoryPolicy("open", policy("Deny", "*", "codeartifact:ReadFromRepository", "*"))
	h.refuses(artifact.Unauthenticated, reads("open"))
}

func TestP49EveryMutationAndEveryRefusedOneIsRecordedOnce(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	h.publish("r", "left@1.0.0", "bytes")
	count := func() (n int) {
		t.Helper()
		h.check(h.catalog.Read(t.Context(), func(r catalog.Reader) error {
			events, err := r.Events(0, 1000)
			for _, e := range events {
				if e.Kind == catalog.AuditEvent {
					n++
				}
			}
			return err
		}))
		return n
	}
	nobody := h.caller(account, "nobody", allowNone)
	on := repository.Target{DomainKey: domainKey, Repository: "r"}
	steps := []struct {
		name string
		do   func() error
		rows int
	}{
		{"a read", func() error { _, err := fetch(t.Context(), h.shelf("r"), "left@1.0.0"); return err }, 0},
		{"a refused read", func() error { _, _ = fetch(t.Context(), h.as(nobody, "r"), "left@1.0.0"); return nil }, 0},
		{"a label", func() error { return h.shelf("r").SetLabel(t.Context(), npm("left"), "a", "1.0.0") }, 1},
		{"a refused label", func() error { _ = h.as(nobody, "r").SetLabel(t.Context(), npm("left"), "a", "1.0.0"); return nil }, 1},
		{"a tag", func() error { return h.rules.PutTags(t.Context(), h.owner, on, map[string]string{"k": "v"}) }, 1},
		{"a policy", func() error {
			_, err := h.rules.PutPolicy(t.Context(), h.owner, on,
				policy("Deny", "*", "codeartifact:DeleteRepository", "*"), "")
			return err
		}, 1},
		{"a status", func() error { h.setStatus("r", "left@1.0.0", artifact.Unlisted); return nil }, 1},
		{"a failed change", func() error {
			_ = h.rules.PutTags(t.Context(), h.owner, repository.Target{DomainKey: domainKey, Repository: "nowhere"},
				map[string]string{"k": "v"})
			return nil
		}, 0},
		{"a deletion", func() error { h.deleteVersion("r", "left@1.0.0"); return nil }, 1},
	}
	for _, step := range steps {
		before := count()
		h.check(step.do())
		if got := count() - before; got != step.rows {
			t.Errorf("%s: %d rows, want %d", step.name, got, step.rows)
		}
	}
	err := h.rules.PutTags(t.Context(), h.owner, on, map[string]string{"K": "v"})
	h.refuses(artifact.Invalid, err)
}

func TestARefusedReadIsRecordedWhileNobodyWaits(t *testing.T) {
	h := newFixture(t)
	h.repo("r")
	nobody := h.caller(account, "nobody", allowNone)
	_, err := fetch(t.Context(), h.as(nobody, "r"), "left@1.0.0")
	h.refuses(artifact.Denied, err)
	h.refuses(artifact.Denied, h.rules.Authorize(t.Context(), nobody, "GetAuthorizationToken", repository.OnDomain(domainKey), nil))
	events := h.recordedLater()
	if len(events) != 2 {
		t.Fatalf("%d events, want 2", len(events))
	}
	for i, want := range []struct {
		action, administrator string
		reads                 bool
	}{{"codeartifact:ReadFromRepository", account, true}, {"codeartifact:GetAuthorizationToken", "", false}} {
		e := events[i]
		call, err := audit.Parse(e.Call)
		h.check(err)
		if e.Action != want.action || e.Kind != catalog.AuditEvent || e.Owner != account || e.Administrator != want.administrator ||
			call.Reads != want.reads || call.Error != audit.AccessDenied || call.Decision.Reason != "no identity-based policy allows" {
			t.Errorf("got %+v with %+v", e, call)
		}
	}
	_, _ = fetch(t.Context(), h.shelf("r"), "left@1.0.0")
	if events := h.recordedLater(); len(events) != 0 {
		t.Errorf("of a read that was allowed: got %+v", events)
	}
}

func TestAChangeIsRecordedForAllWhomItConcerns(t *testing.T) {
	const tenant = "999988887777"
	h := newFixture(t)
	h.domainPolicy(policy("Allow", "arn:aws:iam::"+tenant+":root", "codeartifact:*", "*"))
	guest := h.caller(tenant, "guest", repositorytest.AllowAll)
	guest.Rulings = &iam.Rulings{}
	_, err := h.rules.CreateRepository(t.Context(), guest, repository.RepositorySpec{RepositoryKey: domainKey.Repository("theirs")})
	h.check(err)
	h.check(h.rules.Authorize(t.Context(), guest, "DeleteRepository", repository.OnRepository(domainKey.Repository("theirs")), nil))
	_, _, err = h.rules.DeleteRepository(t.Context(), guest, domainKey.Repository("theirs"))
	h.check(err)
	h.check(h.catalog.Read(t.Context(), func(r catalog.Reader) error {
		events, err := r.EventsOf(account, time.Time{}, catalog.EventMark{Time: h.clock()}, 2)
		if err != nil || len(events) != 2 {
			t.Fatalf("got %d events, %v", len(events), err)
		}
		for i, action := range []string{"codeartifact:DeleteRepository", "codeartifact:CreateRepository"} {
			e := events[i]
			if e.Action != action || e.Account != tenant || e.Owner != account || e.Administrator != tenant {
				t.Errorf("got %+v, want %s", e, action)
			}
		}
		call, err := audit.Parse(events[0].Call)
		if err != nil || call.Decision == nil || !call.Decision.Allowed || !strings.HasPrefix(call.Decision.Reason, "allowed by") {
			t.Errorf("got %+v, %v, want what allowed it", call, err)
		}
		return nil
	}))
}
