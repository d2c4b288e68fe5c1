package iam

import (
	"strings"
	"testing"
)

func TestParseARN(t *testing.T) {
	for _, test := range []struct{ name, text, problem string }{
		{"a domain", "arn:aws:codeartifact:us-east-1:123456789012:domain/d", ""},
		{"a user has no region", "arn:aws:iam::123456789012:user/team/bob", ""},
		{"an AWS managed policy has no number", "arn:aws:iam::aws:policy/AdministratorAccess", ""},
		{"another partition", "arn:aws-cn:iam::123456789012:root", ""},
		{"colons in the resource", "arn:aws:codeartifact:us-east-1:123456789012:package/d/r/generic/a:b/c", ""},
		{"five parts", "arn:aws:iam::123456789012", "want arn:"},
		{"no arn in front", "urn:aws:iam::123456789012:root", "want arn:"},
		{"empty", "", "want arn:"},
		{"no partition", "arn::iam::123456789012:root", "partition"},
		{"service in capitals", "arn:aws:IAM::123456789012:root", "service"},
		{"wildcard region", "arn:aws:codeartifact:*:123456789012:domain/d", "region"},
		{"short account", "arn:aws:iam::1234:root", "account"},
		{"no resource", "arn:aws:iam::123456789012:", "resource"},
		{"a space", "arn:aws:iam::123456789012:user/a b", "white space"},
		{"a NUL", "arn:aws:iam::123456789012:user/a\x00", "control"},
		{"bad UTF-8", "arn:aws:iam::123456789012:user/\xff", "UTF-8"},
		{"too long", "arn:aws:iam::123456789012:user/" + strings.Repeat("x", 2048), "longer than 2048"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, err := ParseARN(test.text)
			if test.problem == "" {
				if err != nil || a.String() != test.text {
					t.Fatalf("got %v, %v; want it back", a, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("got error %v, want one about %q", err, test.problem)
			}
		})
	}
}

func FuzzParseARN(f *testing.F) {
	f.Add("arn:aws:codeartifact:us-east-1:123456789012:package/d/r/npm//react")
	f.Add("arn:aws:codeartifact:us-east-1:123456789012:package-group/d/nuget//a%25%24")
	f.Add("arn:aws:sts::123456789012:assumed-role/r/s")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseARN(text)
		if err != nil {
			return
		}
		if a.String() != text {
			t.Fatalf("%q came back as %q", text, a)
		}
		r, err := ParseResource(a)
		if err != nil {
			return
		}
		if again := rebuild(Place{a.Partition, a.Region, a.Account}, r); again != a {
			t.Errorf("%q was rebuilt as %q", a, again)
		}
	})
}

// rebuild writes the ARN of r.
func rebuild(p Place, r Resource) ARN {
	switch r.Kind {
	case DomainResource:
		return p.DomainARN(r.Domain)
	case RepositoryResource:
		return p.RepositoryARN(r.Domain, r.Repository)
	case PackageResource:
		return p.PackageARN(r.Domain, r.Repository, r.Format, r.Namespace, r.Name)
	}
	return p.PackageGroupARN(r.Domain, r.Pattern)
}
