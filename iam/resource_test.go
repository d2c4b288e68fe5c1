package iam

import (
	"strings"
	"testing"
)

var here = Place{"aws", "us-east-1", "123456789012"}

const prefix = "arn:aws:codeartifact:us-east-1:123456789012:"

func TestResourceARNs(t *testing.T) {
	for _, test := range []struct {
		name string
		arn  ARN
		text string
		want Resource
	}{
		{"domain", here.DomainARN("d"), "domain/d", Resource{Kind: DomainResource, Domain: "d"}},
		{
			"repository", here.RepositoryARN("d", "r"), "repository/d/r",
			Resource{Kind: RepositoryResource, Domain: "d", Repository: "r"},
		},
		{
			"package of a scope", here.PackageARN("d", "r", "npm", "parity", "ui"), "package/d/r/npm/parity/ui",
			Resource{PackageResource, "d", "r", "npm", "parity", "ui", ""},
		},
		{
			"package without namespace", here.PackageARN("d", "r", "npm", "", "react"), "package/d/r/npm//react",
			Resource{PackageResource, "d", "r", "npm", "", "react", ""},
		},
		{
			"a package's percent sign is not encoded", here.PackageARN("d", "r", "generic", "n", "a%2a"),
			"package/d/r/generic/n/a%2a", Resource{PackageResource, "d", "r", "generic", "n", "a%2a", ""},
		},
		{
			"root group", here.PackageGroupARN("d", "/*"), "package-group/d/%2a",
			Resource{Kind: PackageGroupResource, Domain: "d", Pattern: "/*"},
		},
		{
			"group of a format", here.PackageGroupARN("d", "/npm/*"), "package-group/d/npm/%2a",
			Resource{Kind: PackageGroupResource, Domain: "d", Pattern: "/npm/*"},
		},
		{
			"group of one package", here.PackageGroupARN("d", "/nuget//alpha$"), "package-group/d/nuget//alpha%24",
			Resource{Kind: PackageGroupResource, Domain: "d", Pattern: "/nuget//alpha$"},
		},
		{
			"group with percent and tilde", here.PackageGroupARN("d", "/nuget//alpha%beta%gamma~"),
			"package-group/d/nuget//alpha%25beta%25gamma~",
			Resource{Kind: PackageGroupResource, Domain: "d", Pattern: "/nuget//alpha%beta%gamma~"},
		},
		{
			"group that looks encoded", here.PackageGroupARN("d", "/npm//%2a"), "package-group/d/npm//%252a",
			Resource{Kind: PackageGroupResource, Domain: "d", Pattern: "/npm//%2a"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.arn.String(); got != prefix+test.text {
				t.Errorf("got %s, want %s", got, prefix+test.text)
			}
			if got, err := ParseResource(test.arn); err != nil || got != test.want {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestParseResourceRefuses(t *testing.T) {
	for _, test := range []struct{ name, text, problem string }{
		{"another service", "arn:aws:s3:::bucket", "CodeArtifact"},
		{"no account", "arn:aws:codeartifact:us-east-1::domain/d", "CodeArtifact"},
		{"an unknown type", prefix + "asset/d", "unknown resource type"},
		{"a domain with a slash", prefix + "domain/d/r", "domain/DOMAIN"},
		{"a repository without domain", prefix + "repository/r", "repository/DOMAIN/REPOSITORY"},
		{"a repository with more", prefix + "repository/d/r/x", "repository/DOMAIN/REPOSITORY"},
		{"a package without name", prefix + "package/d/r/npm//", "package/"},
		{"a package with six parts", prefix + "package/d/r/npm/a/b/c", "package/"},
		{"a group without pattern", prefix + "package-group/d", "package-group/"},
		{"a raw star", prefix + "package-group/d/npm/*", "%2a"},
		{"upper-case hex", prefix + "package-group/d/npm/%2A", "%2a"},
		{"an encoded slash", prefix + "package-group/d/npm%2f%2a", "%2a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, err := ParseARN(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := ParseResource(a); err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("got %+v, %v; want an error about %q", r, err, test.problem)
			}
		})
	}
}
