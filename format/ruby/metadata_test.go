package ruby

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func wantSpecification(t *testing.T, text string, want specification) {
	t.Helper()
	got, err := parseMetadata([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(specification{}, gem{}, dependency{}, constraint{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMetadataIsReadAsGemBuildWritesIt(t *testing.T) {
	wantSpecification(t, metadataText("demo", "1.10", "x86_64-linux", needing("other 1.0", "rake 13")), specification{
		gem: gem{"demo", "1.10", "x86_64-linux"}, rubygemsVersion: "3.3.15", date: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		summary: "A demonstration", description: "It shows how.\nAt length.\n", homepage: "https://demo.example.test",
		email: []string{"ada@example.test"}, authors: []string{"Ada"}, licenses: []string{"MIT"},
		metadata: [][2]string{{"source_code_uri", "https://source.example.test/demo"}},
		ruby:     requirement{{">=", "2.7"}}, rubygems: requirement{{">=", "0"}},
		dependencies: []dependency{{"other", requirement{{"~>", "1.0"}}, false}, {"rake", requirement{{"~>", "13"}}, true}},
	})
}

// ofOld is as RubyGems of before 1.3 wrote it, with the YAML of its time.
const ofOld = `--- !ruby/object:Gem::Specification 
name: demo
version: !ruby/object:Gem::Version 
  version: 0.8.2
platform: !ruby/object:Gem::Platform 
  cpu: x86
  os: mswin32
  version: "60"
authors: 
- Ada
autorequire: 
cert_chain: []

date: 2008-05-03 00:00:00 -04:00
default_executable: 
dependencies: 
- !ruby/object:Gem::Dependency 
  name: other
  version_requirement: 
  version_requirements: !ruby/object:Gem::Requirement 
    requirements: 
    - - ">="
      - !ruby/object:Gem::Version 
        version: "1.0"
    version: 
- !ruby/object:Gem::Dependency 
  name: another
  version_requirement: 
  version_requirements: !ruby/object:Gem::Version::Requirement 
    requirements: 
    - - ">"
      - !ruby/object:Gem::Version 
        version: 0.0.0
    version: 
description: "It shows: how."
email: ada@example.test
required_ruby_version: !ruby/object:Gem::Version::Requirement 
  requirements: 
  - - ">"
    - !ruby/object:Gem::Version 
      version: 0.0.0
  version: 
rubygems_version: 1.1.1
summary: A demonstration

`

func TestMetadataOfOldIsRead(t *testing.T) {
	wantSpecification(t, ofOld, specification{
		gem: gem{"demo", "0.8.2", "x86-mswin32-60"}, rubygemsVersion: "1.1.1", date: time.Date(2008, 5, 3, 0, 0, 0, 0, time.UTC),
		summary: "A demonstration", description: "It shows: how.", email: []string{"ada@example.test"}, authors: []string{"Ada"},
		ruby:         requirement{{">", "0.0.0"}},
		dependencies: []dependency{{"other", requirement{{">=", "1.0"}}, false}, {"another", requirement{{">", "0.0.0"}}, false}},
	})
}

func TestAPlatformTakenApartMayHaveNoVersion(t *testing.T) {
	of := strings.Replace(metadataText("demo", "1.0", ""), "platform: ruby\n",
		"platform: !ruby/object:Gem::Platform \n  cpu: x86\n  os: mswin32\n  version: \n", 1)
	if got, err := parseMetadata([]byte(of)); err != nil || got.platform != "x86-mswin32" {
		t.Errorf("got %q, %v", got.platform, err)
	}
}

func TestMetadataThatMisleadsIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ from, to string }{
		"no specification":               {"--- !ruby/object:Gem::Specification", "---"},
		"no name":                        {"name: demo\n", "name:\n"},
		"a name that is a path":          {"name: demo\n", "name: ../demo\n"},
		"a name that forges a line":      {"name: demo\n", "name: \"demo 1\\n2\"\n"},
		"no version":                     {"  version: 1.0\n", "  version:\n"},
		"a version that forges a line":   {"  version: 1.0\n", "  version: \"1.0 |checksum\"\n"},
		"a version with a dash":          {"  version: 1.0\n", "  version: 1.0-java\n"},
		"a platform that forges a line":  {"platform: ruby\n", "platform: \"java |checksum:0\"\n"},
		"a platform that is a path":      {"platform: ruby\n", "platform: ../java\n"},
		"an operator that is none":       {"  - - \">=\"\n    - !ruby/object:Gem::Version\n      version: '2.7'", "  - - \"=>\"\n    - !ruby/object:Gem::Version\n      version: '2.7'"},
		"a requirement that is no pair":  {"  - - \">=\"\n    - !ruby/object:Gem::Version\n      version: '2.7'", "  - - \">=\""},
		"a version that is not one":      {"      version: '2.7'", "      version: '2.7,ruby:0'"},
		"a dependency that forges":       {"dependencies: []", "dependencies:\n- !ruby/object:Gem::Dependency\n  name: 'a:>= 1,b'\n  type: :runtime"},
		"a dependency that is no object": {"dependencies: []", "dependencies:\n- other"},
	} {
		text := metadataText("demo", "1.0", "")
		if !strings.Contains(text, c.from) {
			t.Fatalf("%s: %q is not there", name, c.from)
		}
		if got, err := parseMetadata([]byte(strings.Replace(text, c.from, c.to, 1))); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
