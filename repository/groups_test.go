package repository_test

import (
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/packagegroup"
	"entrepot/repository"
)

func groupKey(pattern string) repository.GroupKey {
	return repository.GroupKey{DomainKey: domainKey, Pattern: pattern}
}

// group makes package groups.
func (h *fixture) group(patterns ...string) {
	h.t.Helper()
	for _, pattern := range patterns {
		_, err := h.rules.CreateGroup(h.t.Context(), h.owner, repository.GroupSpec{GroupKey: groupKey(pattern)})
		h.check(err)
	}
}

// origin changes the restrictions of a group: each is TYPE=MODE, or TYPE=MODE and the repositories that its list is to have
// more. It returns what came of it.
func (h *fixture) tryOrigin(pattern string, restrictions ...string) (repository.OriginOutcome, error) {
	h.t.Helper()
	change := repository.OriginChange{Modes: map[artifact.RestrictionType]artifact.RestrictionMode{}}
	for _, text := range restrictions {
		words := strings.Fields(text)
		restriction, mode, _ := strings.Cut(words[0], "=")
		if mode != "" {
			change.Modes[artifact.RestrictionType(restriction)] = artifact.RestrictionMode(mode)
		}
		for _, name := range words[1:] {
			entry := repository.GroupRepository{Type: artifact.RestrictionType(restriction), Name: strings.TrimPrefix(name, "-")}
			if strings.HasPrefix(name, "-") {
				change.Disallow = append(change.Disallow, entry)
			} else {
				change.Allow = append(change.Allow, entry)
			}
		}
	}
	return h.rules.UpdateGroupOrigin(h.t.Context(), h.owner, groupKey(pattern), change)
}

func (h *fixture) origin(pattern string, restrictions ...string) repository.OriginOutcome {
	h.t.Helper()
	out, err := h.tryOrigin(pattern, restrictions...)
	h.check(err)
	return out
}

// says checks the restrictions of a group, each TYPE=MODE EFFECTIVE FROM.
func (h *fixture) says(pattern string, want ...string) {
	h.t.Helper()
	info, err := h.rules.Group(h.t.Context(), groupKey(pattern))
	h.check(err)
	for _, text := range want {
		restriction, rest, _ := strings.Cut(text, "=")
		r := info.Restrictions[artifact.RestrictionType(restriction)]
		got := strings.TrimSpace(string(r.Mode) + " " + string(r.Effective) + " " + r.From)
		if len(info.Restrictions) != 3 || got != rest {
			h.t.Errorf("%s of %s: got %s, want %s", restriction, pattern, got, rest)
		}
	}
}

// belongs checks to which group an npm package belongs, and how.
func (h *fixture) belongs(name, pattern string, how packagegroup.Association) {
	h.t.Helper()
	info, got, err := h.rules.AssociatedGroup(h.t.Context(), domainKey, npm(name))
	h.check(err)
	if info.Pattern != pattern || got != how {
		h.t.Errorf("%s belongs to %s, %s, want %s, %s", name, info.Pattern, got, pattern, how)
	}
}

func patternsOf(l catalog.Listing[repository.GroupInfo]) []string {
	var patterns []string
	for _, g := range l.Items {
		patterns = append(patterns, g.Pattern)
	}
	return patterns
}

func (h *fixture) wantTexts(what string, got, want []string) {
	h.t.Helper()
	if strings.Join(got, " ") != strings.Join(want, " ") {
		h.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestPackageGroups(t *testing.T) {
	everything := catalog.Page{Limit: 100}
	t.Run("T82 a domain begins with the group of all packages, which allows everything and stays", func(t *testing.T) {
		h := newFixture(t)
		l, err := h.rules.Groups(t.Context(), domainKey, "", everything)
		h.check(err)
		h.wantTexts("groups", patternsOf(l), []string{"/*"})
		h.says("/*", "PUBLISH=ALLOW ALLOW", "EXTERNAL_UPSTREAM=ALLOW ALLOW", "INTERNAL_UPSTREAM=ALLOW ALLOW")
		if root := l.Items[0]; root.Parent != "" || root.CreatedAt.IsZero() {
			t.Errorf("got %+v", root)
		}
		_, err = h.rules.DeleteGroup(t.Context(), h.owner, groupKey("/*"))
		h.refuses(artifact.Invalid, err)
		_, err = h.rules.CreateGroup(t.Context(), h.owner, repository.GroupSpec{GroupKey: groupKey("/*")})
		h.refuses(artifact.Conflict, err)
		_, err = h.tryOrigin("/*", "PUBLISH=INHERIT")
		h.refuses(artifact.Invalid, err)
	})
	t.Run("T84 T85 a group inherits from the nearest above it that does not, and from the next when that is gone", func(t *testing.T) {
		h := newFixture(t)
		h.group("/npm/space/*", "/npm/*")
		h.origin("/npm/*", "PUBLISH=BLOCK")
		h.says("/npm/space/*", "PUBLISH=INHERIT BLOCK /npm/*", "EXTERNAL_UPSTREAM=INHERIT ALLOW /*")
		deleted, err := h.rules.DeleteGroup(t.Context(), h.owner, groupKey("/npm/*"))
		h.check(err)
		if deleted.Restrictions[artifact.Publishing].Mode != artifact.ForNone || deleted.Parent != "/*" {
			t.Errorf("got %+v of what was deleted", deleted)
		}
		h.says("/npm/space/*", "PUBLISH=INHERIT ALLOW /*")
		_, err = h.rules.Group(t.Context(), groupKey("/npm/*"))
		h.refuses(artifact.NotFound, err)
		_, err = h.rules.DeleteGroup(t.Context(), h.owner, groupKey("/npm/*"))
		h.refuses(artifact.NotFound, err)
	})
	t.Run("lists are of one domain, in the order of patterns, and sub-groups are direct ones", func(t *testing.T) {
		h := newFixture(t)
		h.group("/npm/space/foo~", "/npm/space/*", "/npm/*", "/pypi/*")
		for prefix, want := range map[string][]string{"": {"/*", "/npm/*", "/npm/space/*", "/npm/space/foo~", "/pypi/*"},
			"/npm": {"/npm/*", "/npm/space/*", "/npm/space/foo~"}, "/maven": nil} {
			var got []string
			for g, err := range catalog.Each(func(p catalog.Page) (catalog.Listing[repository.GroupInfo], error) {
				return h.rules.Groups(t.Context(), domainKey, prefix, catalog.Page{Limit: 2, After: p.After})
			}) {
				h.check(err)
				got = append(got, g.Pattern)
			}
			h.wantTexts("groups of "+prefix, got, want)
		}
		for parent, want := range map[string][]string{"/*": {"/npm/*", "/pypi/*"}, "/npm/*": {"/npm/space/*"}, "/pypi/*": nil} {
			l, err := h.rules.SubGroups(t.Context(), groupKey(parent), everything)
			h.check(err)
			h.wantTexts("below "+parent, patternsOf(l), want)
		}
	})
	t.Run("what is written about a group can be changed, its pattern cannot", func(t *testing.T) {
		h := newFixture(t)
		made, err := h.rules.CreateGroup(t.Context(), h.owner, repository.GroupSpec{GroupKey: groupKey("/npm/*"),
			ContactInfo: "us", Description: "all of npm"})
		h.check(err)
		empty := ""
		changed, err := h.rules.UpdateGroup(t.Context(), h.owner, groupKey("/npm/*"), repository.GroupChange{ContactInfo: &empty})
		h.check(err)
		if made.ContactInfo != "us" || changed.ContactInfo != "" || changed.Description != "all of npm" {
			t.Errorf("got %+v, then %+v", made, changed)
		}
		_, err = h.rules.UpdateGroup(t.Context(), h.owner, groupKey("/pypi/*"), repository.GroupChange{})
		h.refuses(artifact.NotFound, err)
	})
	t.Run("a pattern is refused that is none or that no package could match", func(t *testing.T) {
		h := newFixture(t)
		for _, pattern := range []string{"/npm", "/npm/foo*", "/pypi/acme/*", "/MAVEN/*"} {
			_, err := h.rules.CreateGroup(t.Context(), h.owner, repository.GroupSpec{GroupKey: groupKey(pattern)})
			h.refuses(artifact.Invalid, err)
		}
		h.group("/npm/foo~")
		_, err := h.rules.CreateGroup(t.Context(), h.owner, repository.GroupSpec{GroupKey: groupKey("/npm/foo~")})
		h.refuses(artifact.Conflict, err)
		_, err = h.rules.CreateGroup(t.Context(), h.owner, repository.GroupSpec{
			GroupKey: repository.GroupKey{DomainKey: artifact.DomainKey{Owner: account, Name: "nowhere"}, Pattern: "/npm/*"}})
		h.refuses(artifact.NotFound, err)
	})
	t.Run("a list is there while its mode is, and tells what came and went", func(t *testing.T) {
		h := newFixture(t)
		h.repo("p")
		h.repo("q")
		h.group("/npm/*")
		_, err := h.tryOrigin("/npm/*", "PUBLISH p")
		h.refuses(artifact.Invalid, err) // T90 as well
		out := h.origin("/npm/*", "PUBLISH=ALLOW_SPECIFIC_REPOSITORIES q p")
		h.wantTexts("added", out.Added[artifact.Publishing], []string{"p", "q"})
		if n := out.Group.Restrictions[artifact.Publishing].Repositories; n != 2 || len(out.Removed) != 0 {
			t.Errorf("got %+v", out)
		}
		out = h.origin("/npm/*", "PUBLISH p -q")
		if len(out.Added) != 0 {
			t.Errorf("what is there was added again: %+v", out)
		}
		h.wantTexts("removed", out.Removed[artifact.Publishing], []string{"q"})
		l, err := h.rules.AllowedRepositories(t.Context(), groupKey("/npm/*"), artifact.Publishing, everything)
		h.check(err)
		h.wantTexts("allowed", l.Items, []string{"p"})
		for _, change := range [][]string{{"PUBLISH nowhere"}, {"PUBLISH -nowhere"}} {
			_, err := h.tryOrigin("/npm/*", change...)
			h.refuses(artifact.NotFound, err)
		}
		_, err = h.tryOrigin("/npm/*", "PUBLISH p -p")
		h.refuses(artifact.Invalid, err)
		_, err = h.tryOrigin("/npm/*", "PUBLISH"+strings.Repeat(" p", 101))
		h.refuses(artifact.Invalid, err)
		out = h.origin("/npm/*", "PUBLISH=BLOCK")
		h.wantTexts("removed with the mode", out.Removed[artifact.Publishing], []string{"p"})
		h.origin("/npm/*", "PUBLISH=ALLOW_SPECIFIC_REPOSITORIES")
		l, err = h.rules.AllowedRepositories(t.Context(), groupKey("/npm/*"), artifact.Publishing, everything)
		h.check(err)
		h.wantTexts("allowed", l.Items, nil)
	})
	t.Run("T90 a repository is not listed where the mode is another", func(t *testing.T) {
		h := newFixture(t)
		h.repo("p")
		_, err := h.tryOrigin("/*", "PUBLISH p")
		h.refuses(artifact.Invalid, err)
	})
	t.Run("there are so many groups and no more, and each change of one is on record", func(t *testing.T) {
		h := newFixture(t)
		h.rules.Quotas.PackageGroups = 2
		h.group("/npm/*")
		_, err := h.rules.CreateGroup(t.Context(), h.owner, repository.GroupSpec{GroupKey: groupKey("/pypi/*")})
		h.refuses(artifact.Quota, err)
		h.origin("/npm/*", "PUBLISH=BLOCK")
		last := h.events()[len(h.events())-1]
		if last.Action != "codeartifact:UpdatePackageGroupOriginConfiguration" ||
			!strings.HasSuffix(last.Resource, ":package-group/house/npm/%2a") || !strings.Contains(string(last.Detail), `"PUBLISH":"BLOCK"`) {
			t.Errorf("got %s on %s with %s", last.Action, last.Resource, last.Detail)
		}
	})
}

func TestPackagesOfGroups(t *testing.T) {
	h := newFixture(t)
	h.repo("a")
	h.repo("b")
	for _, coordinate := range []string{"foo@1.0.0", "foo-bar@1.0.0", "food@1.0.0", "other@1.0.0"} {
		h.publish("a", coordinate, "bytes")
	}
	h.publish("b", "foo@1.0.0", "bytes")
	h.publish("b", "FOO-baz@1.0.0", "bytes")
	list := func(pattern string, preview bool) (got []string) {
		for p, err := range catalog.Each(func(p catalog.Page) (catalog.Listing[repository.AssociatedPackage], error) {
			return h.rules.AssociatedPackages(t.Context(), groupKey(pattern), preview, catalog.Page{Limit: 1, After: p.After})
		}) {
			h.check(err)
			got = append(got, p.Name+" "+string(p.Association))
		}
		return got
	}
	h.wantTexts("of all", list("/*", false), []string{"FOO-baz STRONG", "foo STRONG", "foo-bar STRONG", "food STRONG", "other STRONG"})
	_, err := h.rules.AssociatedPackages(t.Context(), groupKey("/npm//foo~"), false, catalog.Page{Limit: 1})
	h.refuses(artifact.NotFound, err)
	want := []string{"FOO-baz WEAK", "foo STRONG", "foo-bar STRONG"}
	h.wantTexts("of one to be", list("/npm//foo~", true), want)
	_, err = h.rules.AssociatedPackages(t.Context(), groupKey("/npm//foo*"), true, catalog.Page{Limit: 1})
	h.refuses(artifact.Invalid, err)
	_, err = h.rules.AssociatedPackages(t.Context(), groupKey("/*"), false, catalog.Page{Limit: 1, After: "lodash"})
	h.refuses(artifact.Invalid, err)
	h.belongs("FOO-baz", "/*", packagegroup.Strong)
	h.group("/npm//foo~")
	h.wantTexts("of one", list("/npm//foo~", false), want)
	h.wantTexts("of all others", list("/*", false), []string{"food STRONG", "other STRONG"})
	h.belongs("FOO-baz", "/npm//foo~", packagegroup.Weak)
	h.belongs("nowhere", "/*", packagegroup.Strong)
}

func TestGroupsSayWhatMayBePublished(t *testing.T) {
	t.Run("T89 into the repositories of a list and no others", func(t *testing.T) {
		h := newFixture(t)
		h.repo("p")
		h.repo("q")
		h.origin("/*", "PUBLISH=ALLOW_SPECIFIC_REPOSITORIES p")
		h.publish("p", "left@1.0.0", "bytes")
		_, err := h.tryPublish("q", "left@1.0.0", "bytes")
		h.refuses(artifact.Conflict, err)
		if !strings.Contains(err.Error(), "Package group '/*' does not allow publishing package 'left' into repository 'q'") {
			t.Errorf("got %v", err)
		}
		h.origin("/*", "PUBLISH q")
		h.publish("q", "left@1.0.0", "bytes")
	})
	t.Run("T87 a variant of a name that a group is about is not published", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.group("/npm//my-package$")
		h.origin("/npm//my-package$", "PUBLISH=ALLOW")
		_, err := h.tryPublish("r", "My_Package@1.0.0", "bytes")
		h.refuses(artifact.Conflict, err)
		if !strings.Contains(err.Error(), "'/npm//my-package$' blocks publishing package 'My_Package'") {
			t.Errorf("got %v", err)
		}
		h.publish("r", "my-package@1.0.0", "bytes")
		h.group("/npm//My_Package$")
		h.publish("r", "My_Package@1.0.0", "bytes")
	})
	t.Run("T78 where a group restricts anything the package leaves all to it", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.group("/npm//left$")
		h.origin("/npm//left$", "EXTERNAL_UPSTREAM=BLOCK")
		h.publish("r", "left@1.0.0", "bytes")
		if got := h.controls("r", "left"); got != (artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Allow}) {
			t.Errorf("got %v", got)
		}
		h.publish("r", "right@1.0.0", "bytes")
		if got := h.controls("r", "right"); got != (artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Block}) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a package's own control blocks what its group allows", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.control("r", "left", artifact.Block, artifact.Allow)
		h.origin("/*", "PUBLISH=ALLOW_SPECIFIC_REPOSITORIES r")
		_, err := h.tryPublish("r", "left@1.0.0", "bytes")
		h.refuses(artifact.Conflict, err)
	})
	t.Run("a repository of a name that was deleted is not in the list", func(t *testing.T) {
		h := newFixture(t)
		h.repo("r")
		h.origin("/*", "PUBLISH=ALLOW_SPECIFIC_REPOSITORIES r")
		h.publish("r", "left@1.0.0", "bytes")
		_, _, err := h.rules.DeleteRepository(t.Context(), h.owner, key("r"))
		h.check(err)
		h.repo("r")
		_, err = h.tryPublish("r", "left@1.0.0", "bytes")
		h.refuses(artifact.Conflict, err)
	})
}

func TestGroupsSayWhatMayComeFromUpstream(t *testing.T) {
	t.Run("T86 from outside into those that are listed for it, through those that are listed for that", func(t *testing.T) {
		h := newFixture(t)
		h.repo("repo-b")
		h.connect("repo-b")
		h.repo("repo-a", "repo-b")
		h.repo("repo-c", "repo-b")
		h.registry.offer("left@1.0.0", "bytes")
		h.origin("/*", "PUBLISH=BLOCK", "EXTERNAL_UPSTREAM=ALLOW_SPECIFIC_REPOSITORIES repo-b",
			"INTERNAL_UPSTREAM=ALLOW_SPECIFIC_REPOSITORIES repo-a")
		err := h.fetchFails("repo-c", "left@1.0.0", artifact.NotFound)
		if !strings.Contains(err.Error(), "INTERNAL_UPSTREAM is ALLOW_SPECIFIC_REPOSITORIES") {
			t.Errorf("got %v", err)
		}
		h.shows("repo-c", "left")
		if n := h.registry.asked("left"); n != 0 {
			t.Errorf("the registry was asked %d times", n)
		}
		h.fetches("repo-a", "left@1.0.0", "bytes")
		h.holds("repo-b", "left", "1.0.0")
		h.fetchFails("repo-c", "left@1.0.0", artifact.NotFound)
		h.shows("repo-c", "left")
	})
	t.Run("T88 what is stored is served whatever its group says, and nothing more comes", func(t *testing.T) {
		h := newFixture(t)
		h.repo("x")
		h.connect("x")
		h.repo("r", "x")
		h.registry.offer("left@1.0.0", "bytes")
		h.registry.offer("left@1.1.0", "more")
		h.fetches("r", "left@1.0.0", "bytes")
		h.shows("r", "left", "1.0.0", "1.1.0")
		h.origin("/*", "PUBLISH=BLOCK", "EXTERNAL_UPSTREAM=BLOCK", "INTERNAL_UPSTREAM=BLOCK")
		asked := h.registry.asked("left")
		h.fetches("r", "left@1.0.0", "bytes")
		h.fetchFails("r", "left@1.1.0", artifact.NotFound)
		h.shows("r", "left", "1.0.0")
		if n := h.registry.asked("left"); n != asked {
			t.Errorf("the registry was asked %d times more", n-asked)
		}
		h.origin("/*", "EXTERNAL_UPSTREAM=ALLOW", "INTERNAL_UPSTREAM=ALLOW")
		h.fetches("r", "left@1.1.0", "more")
	})
	t.Run("a private name may come from within and not from outside", func(t *testing.T) {
		h := newFixture(t)
		h.repo("x")
		h.connect("x")
		h.repo("inner")
		h.repo("r", "inner", "x")
		h.group("/npm//acme~")
		h.origin("/npm//acme~", "PUBLISH=ALLOW", "EXTERNAL_UPSTREAM=BLOCK", "INTERNAL_UPSTREAM=ALLOW")
		h.registry.offer("acme-lib@9.0.0", "theirs")
		h.registry.offer("Acme.lib@9.0.0", "theirs")
		h.publish("inner", "acme-lib@1.0.0", "ours")
		h.shows("r", "acme-lib", "1.0.0")
		h.fetches("r", "acme-lib@1.0.0", "ours")
		h.publish("r", "acme-lib@1.1.0", "ours too")
		h.shows("r", "acme-lib", "1.0.0", "1.1.0")
		for _, coordinate := range []string{"acme-lib@9.0.0", "Acme.lib@9.0.0", "ACME-lib@9.0.0"} {
			err := h.fetchFails("r", coordinate, artifact.NotFound)
			if !strings.Contains(err.Error(), "Package group '/npm//acme~'") {
				t.Errorf("got %v", err)
			}
			name, _, _ := strings.Cut(coordinate, "@")
			if n := h.registry.asked(name); n != 0 {
				t.Errorf("the registry was asked for %s %d times", name, n)
			}
		}
	})
	t.Run("lists are asked of the repositories that keep something, not of those between", func(t *testing.T) {
		h := newFixture(t)
		h.repo("x")
		h.connect("x")
		h.repo("between", "x")
		h.repo("r", "between")
		h.registry.offer("left@1.0.0", "bytes")
		h.origin("/*", "EXTERNAL_UPSTREAM=ALLOW_SPECIFIC_REPOSITORIES x", "INTERNAL_UPSTREAM=ALLOW_SPECIFIC_REPOSITORIES r")
		h.fetchFails("between", "left@1.0.0", artifact.NotFound)
		h.fetches("r", "left@1.0.0", "bytes")
	})
	t.Run("what a repository's own connection has is not from a repository upstream", func(t *testing.T) {
		h := newFixture(t)
		h.repo("x")
		h.connect("x")
		h.registry.offer("left@1.0.0", "bytes")
		h.origin("/*", "INTERNAL_UPSTREAM=BLOCK")
		h.fetches("x", "left@1.0.0", "bytes")
		if got := h.controls("x", "left"); got != (artifact.Controls{Publish: artifact.Allow, Upstream: artifact.Allow}) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a package's own control ends the search at every repository, whatever groups allow", func(t *testing.T) {
		h := newFixture(t)
		h.repo("x")
		h.connect("x")
		h.repo("between", "x")
		h.repo("r", "between")
		h.registry.offer("left@1.0.0", "bytes")
		h.control("between", "left", artifact.Allow, artifact.Block)
		h.fetchFails("r", "left@1.0.0", artifact.NotFound)
		if n := h.registry.asked("left"); n != 0 {
			t.Errorf("the registry was asked %d times", n)
		}
	})
	t.Run("a copy is let in by neither groups nor controls", func(t *testing.T) {
		h := newFixture(t)
		h.repo("apart")
		h.repo("r")
		h.publish("apart", "left@1.0.0", "patched")
		h.origin("/*", "PUBLISH=BLOCK", "EXTERNAL_UPSTREAM=BLOCK", "INTERNAL_UPSTREAM=BLOCK")
		out, err := h.rules.Copy(t.Context(), h.owner, repository.CopySpec{From: key("apart"), To: key("r"),
			PackageKey: npm("left"), Selection: repository.Selection{Versions: []string{"1.0.0"}}})
		h.check(err)
		if len(out.Successful) != 1 {
			t.Errorf("got %v", out)
		}
		h.fetches("r", "left@1.0.0", "patched")
	})
	t.Run("what may not be retained is not found by searching either", func(t *testing.T) {
		h := newFixture(t)
		h.repo("inner")
		h.repo("r", "inner")
		h.publish("inner", "left@1.0.0", "bytes")
		h.publish("inner", "right@1.0.0", "bytes")
		h.group("/npm//left$")
		h.origin("/npm//left$", "INTERNAL_UPSTREAM=BLOCK")
		for repo, want := range map[string][]string{"r": {"right"}, "inner": {"left", "right"}} {
			found, err := h.shelf(repo).Search(t.Context(), artifact.NPM, nil, catalog.Page{Limit: 10})
			h.check(err)
			var names []string
			for _, p := range found.Items {
				names = append(names, p.Name)
			}
			h.wantTexts("found through "+repo, names, want)
		}
	})
}

func TestPermissionOnGroups(t *testing.T) {
	const arns = "arn:aws:codeartifact:us-east-1:" + account + ":package-group/house"
	h := newFixture(t)
	h.group("/npm/*", "/npm//left$")
	h.check(h.rules.PutTags(t.Context(), h.owner, repository.Target{DomainKey: domainKey, Group: "/npm/*"},
		map[string]string{"team": "web"}))
	tagged := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",` +
		`"Condition":{"StringEquals":{"aws:ResourceTag/team":"web"}}}}`
	for _, row := range []struct {
		name, identity, action string
		on                     repository.Subject
		allowed                bool
	}{
		{"on its ARN, in which nothing is a wildcard", policy("Allow", "", "codeartifact:*", arns+"/npm/%2a"), "DescribePackageGroup",
			repository.OnGroup(groupKey("/npm/*")), true},
		{"and on no other", policy("Allow", "", "codeartifact:*", arns+"/npm/%2a"), "DescribePackageGroup",
			repository.OnGroup(groupKey("/npm//left$")), false},
		{"on those that begin so", policy("Allow", "", "codeartifact:*", arns+"/npm/*"), "DeletePackageGroup",
			repository.OnGroup(groupKey("/npm//left$")), true},
		{"on one that is not there yet", policy("Allow", "", "codeartifact:*", arns+"/pypi/%2a"), "CreatePackageGroup",
			repository.OnGroup(groupKey("/pypi/*")), true},
		{"T91 on the group of a package, by its ARN", policy("Allow", "", "codeartifact:*", arns+"/npm//left%24"), "GetAssociatedPackageGroup",
			repository.OnGroupOf(domainKey, npm("left")), true},
		{"on the group of another package", policy("Allow", "", "codeartifact:*", arns+"/npm//left%24"), "GetAssociatedPackageGroup",
			repository.OnGroupOf(domainKey, npm("right")), false},
		{"by a tag", tagged, "UpdatePackageGroup", repository.OnGroup(groupKey("/npm/*")), true},
		{"by a tag that another has", tagged, "UpdatePackageGroup", repository.OnGroup(groupKey("/npm//left$")), false},
		{"by a tag of one that is not there", tagged, "DescribePackageGroup", repository.OnGroup(groupKey("/maven/*")), false},
	} {
		err := h.rules.Authorize(t.Context(), h.caller(account, "bob", row.identity), row.action, row.on, nil)
		if (err == nil) != row.allowed || err != nil && !artifact.Is(err, artifact.Denied) {
			t.Errorf("%s: got %v, want allowed %t", row.name, err, row.allowed)
		}
	}
	h.domainPolicy(policy("Allow", stranger, "codeartifact:ListSubPackageGroups", "*"))
	other := h.caller(stranger, "eve", allowAll)
	h.check(h.rules.Authorize(t.Context(), other, "ListSubPackageGroups", repository.OnGroup(groupKey("/npm/*")), nil))
	h.refuses(artifact.Denied, h.rules.Authorize(t.Context(), other, "UpdatePackageGroup", repository.OnGroup(groupKey("/npm/*")), nil))
}

func TestTagsOfGroups(t *testing.T) {
	h := newFixture(t)
	_, err := h.rules.CreateGroup(t.Context(), h.owner, repository.GroupSpec{GroupKey: groupKey("/npm/*"),
		Tags: map[string]string{"a": "1"}})
	h.check(err)
	on := repository.Target{DomainKey: domainKey, Group: "/npm/*"}
	h.check(h.rules.PutTags(t.Context(), h.owner, on, map[string]string{"b": "2"}))
	h.check(h.rules.DeleteTags(t.Context(), h.owner, on, []string{"a"}))
	tags, err := h.rules.Tags(t.Context(), on)
	if h.check(err); len(tags) != 1 || tags["b"] != "2" {
		t.Errorf("got %v", tags)
	}
	of, err := h.rules.Tags(t.Context(), repository.Target{DomainKey: domainKey})
	if h.check(err); len(of) != 0 {
		t.Errorf("the domain has %v", of)
	}
	_, err = h.rules.Tags(t.Context(), repository.Target{DomainKey: domainKey, Group: "/pypi/*"})
	h.refuses(artifact.NotFound, err)
	nobody := h.caller(account, "bob", policy("Allow", "", "codeartifact:CreatePackageGroup", "*"))
	_, err = h.rules.CreateGroup(t.Context(), nobody, repository.GroupSpec{GroupKey: groupKey("/pypi/*"), Tags: map[string]string{"a": "1"}})
	h.refuses(artifact.Denied, err)
}
