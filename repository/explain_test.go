package repository_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/repository"
)

// told is the sentence of an error that whoever asked is told.
func (h *fixture) told(kind artifact.Kind, err error) string {
	h.t.Helper()
	h.refuses(kind, err)
	e, _ := errors.AsType[*artifact.Error](err)
	return e.Reason
}

// only is a user who may do the actions on the repositories.
func (h *fixture) only(actions string, repositories ...string) iam.Caller {
	h.t.Helper()
	var statements []string
	for _, name := range repositories {
		statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Action":[%s],"Resource":"arn:aws:codeartifact:us-east-1:%s:repository/house/%s"}`,
			actions, account, name))
	}
	return h.caller(account, "only", `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`)
}

const (
	mayRead     = `"codeartifact:ReadFromRepository"`
	mayDescribe = `"codeartifact:DescribeRepository"`
)

func TestAnErrorSaysWhatWasSearched(t *testing.T) {
	const nowhere = "Version 1.0.0 of left is neither in repository team nor in the 2 repositories upstream of it."
	start := func(t *testing.T) *fixture {
		h := newFixture(t)
		h.repo("gateway")
		h.connect("gateway")
		h.repo("shared", "gateway")
		h.repo("team", "shared")
		return h
	}
	t.Run("who may read everything is told every place", func(t *testing.T) {
		h := start(t)
		got := h.told(artifact.NotFound, h.fetchFails("team", "left@1.0.0", artifact.NotFound))
		want := nowhere + " Searched: team (not there), shared (not there), gateway (not there), public:npmjs (not there)."
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	for _, test := range []struct {
		name   string
		caller func(*fixture) iam.Caller
		want   string
	}{
		{"I25 who may only read here is told no repository behind", func(h *fixture) iam.Caller { return h.only(mayRead, "team") },
			"team (not there), an upstream repository that you may not see (not there), an upstream repository that you may not see (not there)"},
		{"who may describe it is told those that it would name", func(h *fixture) iam.Caller { return h.only(mayRead+","+mayDescribe, "team") },
			"team (not there), shared (not there), an upstream repository that you may not see (not there)"},
		{"who may read one behind is told that", func(h *fixture) iam.Caller { return h.only(mayRead, "team", "gateway") },
			"team (not there), an upstream repository that you may not see (not there), gateway (not there)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := start(t)
			_, err := fetch(t.Context(), h.as(test.caller(h), "team"), "left@1.0.0")
			if got, want := h.told(artifact.NotFound, err), nowhere+" Searched: "+test.want+", public:npmjs (not there)."; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	t.Run("a registry that does not answer cannot say", func(t *testing.T) {
		h := start(t)
		h.registry.goDown()
		got := h.told(artifact.Unavailable, h.fetchFails("team", "left@1.0.0", artifact.Unavailable))
		want := "The registry does not answer. Searched: team (not there), shared (not there), gateway (not there), public:npmjs (cannot say)."
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		_, err := h.shelf("team").View(t.Context(), npm("left"))
		if got := h.told(artifact.Unavailable, err); got != want {
			t.Errorf("the list: got  %s\nwant %s", got, want)
		}
	})
	t.Run("a version that is withdrawn upstream ends the search", func(t *testing.T) {
		h := start(t)
		h.publish("shared", "left@1.0.0", "bytes")
		h.setStatus("shared", "left@1.0.0", artifact.Archived)
		err := h.fetchFails("team", "left@1.0.0", artifact.NotFound)
		want := "Version 1.0.0 of left is withdrawn: an upstream repository holds it with a status that does not serve it. " +
			"Searched: team (not there), shared (there with the status Archived). Not asked: gateway, public:npmjs. " +
			"The origin controls of this package in repository 'shared' block upstream versions (upstream=BLOCK)."
		if got := h.told(artifact.NotFound, err); got != want || !errors.Is(err, repository.ErrWithheld) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("of one in a repository that he may not see the reader is told no status", func(t *testing.T) {
		h := start(t)
		h.publish("shared", "left@1.0.0", "bytes")
		h.setStatus("shared", "left@1.0.0", artifact.Archived)
		_, err := fetch(t.Context(), h.as(h.only(mayRead, "team"), "team"), "left@1.0.0")
		want := "Version 1.0.0 of left is withdrawn: an upstream repository holds it with a status that does not serve it. Searched: team " +
			"(not there), an upstream repository that you may not see (there with nothing to serve)."
		if got := h.told(artifact.NotFound, err); !strings.HasPrefix(got, want) || strings.Contains(got, "Archived") {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("one version of a view that is withdrawn says so", func(t *testing.T) {
		h := start(t)
		h.publish("team", "left@1.0.0", "bytes")
		h.publish("team", "left@1.1.0", "more bytes")
		h.publish("shared", "right@1.0.0", "bytes")
		h.publish("shared", "right@1.1.0", "more bytes")
		for name, want := range map[string]string{
			"left":  "Version 1.0.0 of left is withdrawn in repository team: its status is Archived.",
			"right": "Version 1.0.0 of right is withdrawn: an upstream repository holds it with a status that does not serve it.",
		} {
			h.setStatus(map[string]string{"left": "team", "right": "shared"}[name], name+"@1.0.0", artifact.Archived)
			view, err := h.shelf("team").View(t.Context(), npm(name))
			h.check(err)
			_, err = view.Version("1.0.0")
			if got := h.told(artifact.NotFound, err); got != want || !errors.Is(err, repository.ErrWithheld) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			_, err = view.Version("9.0.0")
			if got := h.told(artifact.NotFound, err); !strings.HasPrefix(got, "Package not found in repository.") {
				t.Errorf("got %s", got)
			}
		}
	})
	t.Run("what origin controls keep away is not asked", func(t *testing.T) {
		h := start(t)
		h.control("team", "left", artifact.Allow, artifact.Block)
		err := h.fetchFails("team", "left@1.0.0", artifact.NotFound)
		want := nowhere + " Searched: team (not there). Not asked: shared, gateway, public:npmjs. The origin controls of this package " +
			"in repository 'team' block upstream versions (upstream=BLOCK)."
		if got := h.told(artifact.NotFound, err); got != want || !errors.Is(err, repository.ErrWithheld) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if asked := h.registry.asked("left"); asked > 0 {
			t.Errorf("the registry was asked %d times", asked)
		}
	})
	t.Run("what a group keeps away is not asked", func(t *testing.T) {
		h := start(t)
		h.group("/npm//left$")
		h.origin("/npm//left$", "EXTERNAL_UPSTREAM=BLOCK")
		_, err := h.shelf("team").View(t.Context(), npm("left"))
		want := "The npm package 'left' does not exist in repository 'team'. Searched: team (not there), shared (not there), " +
			"gateway (not there). Not asked: public:npmjs. Package group '/npm//left$' does not allow versions from external " +
			"connections (EXTERNAL_UPSTREAM is BLOCK)."
		if got := h.told(artifact.NotFound, err); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("a repository with nothing behind it has said it all", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		want := "Version 1.0.0 of left is neither in repository r nor in the 0 repositories upstream of it."
		if got := h.told(artifact.NotFound, h.fetchFails("r", "left@1.0.0", artifact.NotFound)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestADenialNamesTheStatementToWhoMayReadIt(t *testing.T) {
	const stop = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"codeartifact:List*","Resource":"*"},
		{"Sid":"Stop","Effect":"Deny","Principal":"*","Action":"codeartifact:ReadFromRepository","Resource":"*"}]}`
	const own = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Sid":"NoReading","Effect":"Deny","Action":"codeartifact:ReadFromRepository","Resource":"*"}%s]}`
	for _, test := range []struct {
		name, identity, repository, domain, want string
	}{
		{"the repository's", allowAll, stop, "", " with an explicit deny in a resource-based policy (statement 2 'Stop' of the repository's policy)"},
		{"the domain's", allowAll, "", stop, " with an explicit deny in a resource-based policy (statement 2 'Stop' of the domain's policy)"},
		{"the repository's, which he may not read",
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"codeartifact:ReadFromRepository","Resource":"*"}}`, stop, "",
			" with an explicit deny in a resource-based policy"},
		{"one of his own", fmt.Sprintf(own, ""), "", "", " with an explicit deny in an identity-based policy (statement 2 'NoReading')"},
		{"one of his own, which he may not have simulated", fmt.Sprintf(own, `,{"Effect":"Deny","Action":"iam:*","Resource":"*"}`), "", "",
			" with an explicit deny in an identity-based policy"},
		{"none", allowNone, "", "", " because no identity-based policy allows the codeartifact:ReadFromRepository action"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newFixture(t)
			h.repo("r")
			if test.repository != "" {
				h.repositoryPolicy("r", test.repository)
			}
			if test.domain != "" {
				h.domainPolicy(test.domain)
			}
			_, err := h.as(h.caller(account, "bob", test.identity), "r").View(t.Context(), npm("left"))
			want := "User: arn:aws:iam::" + account + ":user/bob is not authorized to perform: codeartifact:ReadFromRepository on resource: " +
				"arn:aws:codeartifact:us-east-1:" + account + ":repository/house/r" + test.want
			if got := h.told(artifact.Denied, err); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// walk is the places of an explanation in short: NAME SAYS, with what follows in brackets.
func walk(e repository.Explanation) (all []string) {
	for _, p := range e.Places {
		name := p.Repository
		if p.Connection != "" {
			name = p.Connection
		}
		text := fmt.Sprintf("%d %s %s", p.Depth, name, p.Says)
		if p.Status != "" {
			text += " (" + string(p.Status) + ")"
		}
		all = append(all, text)
	}
	return all
}

func TestAnExplanation(t *testing.T) {
	start := func(t *testing.T) *fixture {
		h := newFixture(t)
		h.repo("gateway")
		h.connect("gateway")
		h.repo("shared", "gateway")
		h.repo("team", "shared")
		h.registry.offer("right@1.0.0", "bytes")
		return h
	}
	ask := func(coordinate string) repository.Question {
		v := at(coordinate)
		return repository.Question{Repository: key("team"), Package: v.PackageKey, Version: v.Version}
	}
	publish := func(coordinate string) repository.Question {
		q := ask(coordinate)
		q.Action = "PublishPackageVersion"
		return q
	}
	asset := func(coordinate, name string) repository.Question {
		q := ask(coordinate)
		q.Asset = name
		return q
	}
	const four = "0 team has-not; 1 shared has-not; 2 gateway has-not; 2 public:npmjs has-not"
	for _, test := range []struct {
		name    string
		prepare func(*fixture)
		q       repository.Question
		walk    string
		ends    repository.Ending
		why     string
	}{
		{"a version that is nowhere", nil, ask("left@1.0.0"), four, repository.Absent, "neither in repository team nor in the 2 repositories"},
		{"a package that is nowhere", nil, ask("left"), four, repository.Absent, "The npm package 'left' does not exist"},
		{"a version of the registry is not brought in", nil, ask("right@1.0.0"),
			"0 team has-not; 1 shared has-not; 2 gateway has-not; 2 public:npmjs has (Published)", repository.Served, "fetched from public:npmjs"},
		{"a package of the registry", nil, ask("right"),
			"0 team has-not; 1 shared has-not; 2 gateway has-not; 2 public:npmjs has", repository.Served, "has versions to serve"},
		{"an asset of it that there is", nil, asset("right@1.0.0", tarball),
			"0 team has-not; 1 shared has-not; 2 gateway has-not; 2 public:npmjs has (Published)", repository.Served, "fetched from public:npmjs"},
		{"an asset of it that there is not", nil, asset("right@1.0.0", "other"),
			"0 team has-not; 1 shared has-not; 2 gateway has-not; 2 public:npmjs has (Published)", repository.Absent, "has no asset 'other'"},
		{"a version of its own", func(h *fixture) { h.publish("team", "left@1.0.0", "bytes") }, ask("left@1.0.0"),
			"0 team has (Published); 1 shared not-asked; 2 gateway not-asked; 2 public:npmjs not-asked", repository.Served, "has the version itself"},
		{"a version upstream", func(h *fixture) { h.publish("shared", "left@1.0.0", "bytes") }, ask("left@1.0.0"),
			"0 team has-not; 1 shared has (Published); 2 gateway not-asked; 2 public:npmjs not-asked", repository.Served,
			"taken from repository 'shared'"},
		{"an archived version", func(h *fixture) {
			h.publish("team", "left@1.0.0", "bytes")
			h.setStatus("team", "left@1.0.0", artifact.Archived)
		}, ask("left@1.0.0"), "0 team withholds (Archived); 1 shared not-asked; 2 gateway not-asked; 2 public:npmjs not-asked",
			repository.Withheld, "is withdrawn in repository team: its status is Archived"},
		{"a version archived upstream", func(h *fixture) {
			h.publish("shared", "left@1.0.0", "bytes")
			h.setStatus("shared", "left@1.0.0", artifact.Archived)
		}, ask("left@1.0.0"), "0 team has-not; 1 shared withholds (Archived); 2 gateway not-asked; 2 public:npmjs not-asked",
			repository.Withheld, "an upstream repository holds it"},
		{"a package that is closed", func(h *fixture) { h.control("team", "right", artifact.Allow, artifact.Block) }, ask("right@1.0.0"),
			"0 team has-not; 1 shared not-asked; 2 gateway not-asked; 2 public:npmjs not-asked", repository.Withheld, "upstream=BLOCK"},
		{"a package that its group closes", func(h *fixture) {
			h.group("/npm//right$")
			h.origin("/npm//right$", "EXTERNAL_UPSTREAM=BLOCK")
		}, ask("right@1.0.0"), "0 team has-not; 1 shared has-not; 2 gateway has-not; 2 public:npmjs not-asked",
			repository.Withheld, "EXTERNAL_UPSTREAM is BLOCK"},
		{"a registry that is down", func(h *fixture) { h.registry.goDown() }, ask("right@1.0.0"),
			"0 team has-not; 1 shared has-not; 2 gateway has-not; 2 public:npmjs cannot-say", repository.Unreachable, "does not answer"},
		{"a package of a registry that is down", func(h *fixture) { h.registry.goDown() }, ask("right"),
			"0 team has-not; 1 shared has-not; 2 gateway has-not; 2 public:npmjs cannot-say", repository.Unreachable, "does not answer"},
		{"publishing what is nowhere", nil, publish("left@1.0.0"), four, repository.Permitted, "can be published"},
		{"publishing what is upstream", nil, publish("right@1.0.0"),
			"0 team has-not; 1 shared has-not; 2 gateway has-not; 2 public:npmjs has (Published)", repository.Conflicting, "can be had from public:npmjs"},
		{"publishing what is there", func(h *fixture) { h.publish("team", "left@1.0.0", "bytes") }, publish("left@1.0.0"),
			"0 team has (Published); 1 shared not-asked; 2 gateway not-asked; 2 public:npmjs not-asked", repository.Conflicting, "has the version already"},
		{"publishing what is closed", func(h *fixture) { h.control("team", "left", artifact.Block, artifact.Allow) }, publish("left"),
			"0 team withholds; 1 shared has-not; 2 gateway has-not; 2 public:npmjs has-not", repository.Conflicting, "publish=BLOCK"},
		{"a repository that is not there", nil, repository.Question{Repository: key("nowhere"), Package: npm("left")}, "",
			repository.Absent, "Repository 'nowhere'"},
		{"no package", nil, repository.Question{Repository: key("team")}, "", repository.Permitted, "allowed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := start(t)
			if test.prepare != nil {
				test.prepare(h)
			}
			before, requests := h.assetBytes(), h.registry.requests.Load()
			got, err := h.rules.Explain(t.Context(), h.owner, h.owner, test.q)
			h.check(err)
			if walked := strings.Join(walk(got), "; "); walked != test.walk {
				t.Errorf("got  %s\nwant %s", walked, test.walk)
			}
			if got.Verdict.Ending != test.ends || !strings.Contains(got.Verdict.Why, test.why) {
				t.Errorf("got %s: %s; want %s: … %s …", got.Verdict.Ending, got.Verdict.Why, test.ends, test.why)
			}
			if h.assetBytes() != before || h.registry.requests.Load() != requests {
				t.Error("something was fetched")
			}
		})
	}
	t.Run("tells the group and the controls", func(t *testing.T) {
		h := start(t)
		h.publish("team", "left@1.0.0", "bytes")
		h.group("/npm/*", "/npm//left$")
		h.origin("/npm/*", "INTERNAL_UPSTREAM=BLOCK")
		got, err := h.rules.Explain(t.Context(), h.owner, h.owner, ask("left"))
		h.check(err)
		if got.Group == nil || got.Group.Pattern != "/npm//left$" {
			t.Fatalf("got the group %+v", got.Group)
		}
		var inherited []string
		for _, r := range got.Group.Restrictions {
			inherited = append(inherited, fmt.Sprintf("%s %s from %s closed %v", r.Type, r.Mode, r.From, r.Closed))
		}
		h.wantTexts("restrictions", inherited, []string{"EXTERNAL_UPSTREAM ALLOW from /* closed false",
			"INTERNAL_UPSTREAM BLOCK from /npm/* closed true", "PUBLISH ALLOW from /* closed false"})
		if want := (repository.ControlsHere{Repository: "team", Controls: artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Block}}); len(got.Controls) != 1 || got.Controls[0] != want {
			t.Errorf("got the controls %+v", got.Controls)
		}
	})
}

func TestAnExplanationTellsNobodyMoreThanTheRequestWould(t *testing.T) {
	start := func(t *testing.T) *fixture {
		h := newFixture(t)
		h.repo("far")
		h.repo("r", "far")
		h.publish("r", "left@1.0.0", "bytes")
		h.group("/npm//left$")
		return h
	}
	q := repository.Question{Repository: key("r"), Package: npm("left"), Version: "1.0.0"}
	explain := func(h *fixture, asker, as iam.Caller, q repository.Question) repository.Explanation {
		h.t.Helper()
		got, err := h.rules.Explain(h.t.Context(), asker, as, q)
		h.check(err)
		return got
	}
	t.Run("I29 who may not read learns what he is refused, and the same of what is not there", func(t *testing.T) {
		h := start(t)
		nobody := h.caller(account, "nobody", allowNone)
		elsewhere := q
		elsewhere.Repository = key("nowhere")
		there, nowhere := explain(h, nobody, nobody, q), explain(h, nobody, nobody, elsewhere)
		for _, got := range []repository.Explanation{there, nowhere} {
			if got.Verdict.Ending != repository.Refused || got.Group != nil || got.Places != nil || got.Controls != nil ||
				got.Permission.Statement != nil {
				t.Errorf("got %+v", got)
			}
		}
		if a, b := strings.ReplaceAll(there.Verdict.Why, "house/r", "X"), strings.ReplaceAll(nowhere.Verdict.Why, "house/nowhere", "X"); a != b {
			t.Errorf("got %q and %q", a, b)
		}
	})
	t.Run("who may only read is told no group, no controls and no repository behind", func(t *testing.T) {
		h := start(t)
		reader := h.only(mayRead, "r")
		got := explain(h, reader, reader, q)
		if got.Verdict.Ending != repository.Served || got.Group != nil || got.Controls != nil || got.Permission.Statement != nil {
			t.Errorf("got %+v", got)
		}
		h.wantTexts("walk", walk(got), []string{"0 r has (Published)", "1  not-asked"})
	})
	t.Run("who may ask for another is told what he may read himself", func(t *testing.T) {
		h := start(t)
		bob := h.only(mayRead, "r")
		simulator := h.caller(account, "sim", policy("Allow", "", "iam:SimulatePrincipalPolicy", "*"))
		got := explain(h, simulator, bob, q)
		if got.Verdict.Ending != repository.Permitted || got.Places != nil || got.Permission.Statement == nil || got.Permission.Statement.Position != 1 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a denial has its statement for whoever may ask", func(t *testing.T) {
		h := start(t)
		h.repositoryPolicy("r", `{"Version":"2012-10-17","Statement":[{"Sid":"Stop","Effect":"Deny","Principal":"*","Action":"codeartifact:ReadFromRepository","Resource":"*"}]}`)
		got := explain(h, h.owner, h.owner, q)
		if s := got.Permission.Statement; s == nil || s.Sid != "Stop" || s.Position != 1 || s.Policy != "the repository's policy" {
			t.Errorf("got %+v", got.Permission)
		}
		if got.Verdict.Ending != repository.Refused || !strings.Contains(got.Verdict.Next, "Deny") {
			t.Errorf("got %+v", got.Verdict)
		}
	})
	t.Run("an action that there is not is refused", func(t *testing.T) {
		h := start(t)
		for _, action := range []string{"NoSuchThing", "ListDomains", "DeletePackageVersions"} {
			q := repository.Question{Repository: key("r"), Action: action}
			_, err := h.rules.Explain(t.Context(), h.owner, h.owner, q)
			h.refuses(artifact.Invalid, err)
		}
	})
}
