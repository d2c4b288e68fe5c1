package repository_test

import (
	"maps"
	"strings"
	"testing"

	"entrepot/iam"
	"entrepot/repository"
)

// Policies and bills go by tags, so the record says which ones came and went.
func TestTheRecordSaysWhichTags(t *testing.T) {
	h := newFixture(t)
	tags := map[string]string{"team": "web"}
	_, err := h.rules.CreateDomain(t.Context(), h.owner, repository.DomainSpec{Name: "tagged", Tags: tags})
	h.check(err)
	_, err = h.rules.CreateRepository(t.Context(), h.owner, repository.RepositorySpec{RepositoryKey: key("r"), Tags: tags})
	h.check(err)
	_, err = h.rules.CreateGroup(t.Context(), h.owner, repository.GroupSpec{GroupKey: groupKey("/npm/*"), Tags: tags})
	h.check(err)
	on := repository.Target{DomainKey: domainKey, Repository: "r"}
	h.check(h.rules.PutTags(t.Context(), h.owner, on, map[string]string{"cost": "42"}))
	h.check(h.rules.DeleteTags(t.Context(), h.owner, on, []string{"team"}))
	h.repo("plain")

	got := map[string]string{}
	for _, e := range h.events() {
		resource := e.Resource[strings.LastIndexByte(e.Resource, ':')+1:]
		got[strings.TrimPrefix(e.Action, "codeartifact:")+" "+resource] = string(e.Detail)
	}
	for what, want := range map[string]string{
		"CreateDomain domain/tagged":                     `"tags":{"team":"web"}`,
		"CreateRepository repository/house/r":            `"tags":{"team":"web"}`,
		"CreatePackageGroup package-group/house/npm/%2a": `"tags":{"team":"web"}`,
		"TagResource repository/house/r":                 `"tags":{"cost":"42"}`,
		"UntagResource repository/house/r":               `"tagKeys":["team"]`,
	} {
		if !strings.Contains(got[what], want) {
			t.Errorf("%s: on record is %q, want %s", what, got[what], want)
		}
	}
	if plain := got["CreateRepository repository/house/plain"]; strings.Contains(plain, "tags") {
		t.Errorf("of a repository without tags: on record is %s", plain)
	}
}

// A read changes a repository when it has it keep a version: then it is on record, once, and as all changes are with it.
func TestTheRecordSaysWhoHadAVersionKept(t *testing.T) {
	h := newFixture(t)
	h.repo("public")
	h.connect("public")
	h.repo("team", "public")
	h.registry.offer("left@1.0.0", "bytes")
	h.owner.Rulings = &iam.Rulings{}
	for range 2 {
		h.fetches("team", "left@1.0.0", "bytes")
	}
	got := map[string]int{}
	for _, e := range h.events() {
		if e.Action != "codeartifact:ReadFromRepository" {
			continue
		}
		got[e.Resource[strings.LastIndexByte(e.Resource, ':')+1:]]++
		if detail := string(e.Detail); detail != `{"kept":true,"packageFormat":"npm","packageName":"left","packageVersion":"1.0.0"}` ||
			e.Principal != h.owner.Principal.String() || !strings.Contains(string(e.Call), `"reads":true`) ||
			!strings.Contains(string(e.Call), `"decision":{"allowed":true`) {
			t.Errorf("on record is %s of %s", detail, e.Principal)
		}
	}
	if want := map[string]int{"repository/house/team": 1, "repository/house/public": 1}; !maps.Equal(got, want) {
		t.Errorf("on record are %v, want %v", got, want)
	}
}
