package ruby

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/formattest"
)

// The repository that most tests work in, and the connection it has.
const (
	shelf     = "shelf"
	publicOne = "public:ruby-gems-org"
)

// site is a repository with the format's handlers before it.
type site struct {
	*formattest.Domain
	formattest.Client
}

// newSite has no upstream.
func newSite(t testing.TB) *site {
	t.Helper()
	d := formattest.Open(t, formattest.Options{Formats: []format.Format{Format()}})
	d.Repository(shelf)
	return &site{d, formattest.Client{T: t, Handler: formattest.Handler(Format(), d.Shelf(shelf, artifact.Ruby))}}
}

// newConnectedSite is connected to a registry that has nothing.
func newConnectedSite(t testing.TB) *site {
	t.Helper()
	s := newSite(t)
	s.Connect(shelf, publicOne)
	return s
}

// push pushes a gem that has the metadata.
func (s *site) push(metadata string) *httptest.ResponseRecorder {
	s.T.Helper()
	return s.Do("POST", "api/v1/gems", gemOfText(s.T, metadata), "Content-Type", octets)
}

// pushed pushes gems of a name, and lets a second pass after each.
func (s *site) pushed(name string, slugs ...string) {
	s.T.Helper()
	for _, slug := range slugs {
		version, platform, _ := strings.Cut(slug, "-")
		s.Must(http.StatusOK, s.push(metadataText(name, version, platform)))
		s.Clock.Pass(1_000_000_000)
	}
}

// offer has the registry have gems of a name, each by its metadata, and nothing else of that name.
func (s *site) offer(name string, all ...string) {
	s.T.Helper()
	registry, info := s.Registry(publicOne), "---\n"
	for _, metadata := range all {
		spec, err := parseMetadata([]byte(metadata))
		if err != nil {
			s.T.Fatal(err)
		}
		content := gemOfText(s.T, metadata)
		info += lineOf(spec, content)
		registry.Put("gems/"+spec.file(), octets, []byte(content))
	}
	registry.Put("info/"+name, plainText, []byte(info))
}

// lineOf is the line of a registry about a gem.
func lineOf(spec specification, content string) string {
	l := listedGem{gem: spec.gem, gemFacts: spec.facts(), sha256: sha256Of(content), at: formattest.Now}
	return l.line()
}

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// metadataText is what gem build writes about a gem, with further lines; an empty platform is every one.
func metadataText(name, version, platform string, lines ...string) string {
	if platform == "" {
		platform = anyPlatform
	}
	text := fmt.Sprintf(`--- !ruby/object:Gem::Specification
name: %s
version: !ruby/object:Gem::Version
  version: %s
platform: %s
authors:
- Ada
bindir: bin
cert_chain: []
date: 2026-03-01 00:00:00.000000000 Z
`, name, version, platform)
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "dependencies:") }) {
		text += "dependencies: []\n"
	}
	return text + strings.Join(lines, "") + `description: |
  It shows how.
  At length.
email:
- ada@example.test
files:
- lib/demo.rb
homepage: https://demo.example.test
licenses:
- MIT
metadata:
  source_code_uri: https://source.example.test/demo
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '2.7'
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
rubygems_version: 3.3.15
specification_version: 4
summary: A demonstration
test_files: []
...
`
}

// needing are dependencies in metadata: each a name and a version that must be reached, and those for development.
func needing(runtime, development string) string {
	text := "dependencies:\n"
	for _, d := range [][2]string{{runtime, "runtime"}, {development, "development"}} {
		if d[0] == "" {
			continue
		}
		name, version, _ := strings.Cut(d[0], " ")
		text += fmt.Sprintf(`- !ruby/object:Gem::Dependency
  name: %s
  requirement: !ruby/object:Gem::Requirement
    requirements:
    - - "~>"
      - !ruby/object:Gem::Version
        version: '%s'
  type: :%s
  prerelease: false
  version_requirements: !ruby/object:Gem::Requirement
    requirements:
    - - "~>"
      - !ruby/object:Gem::Version
        version: '%s'
`, name, version, d[1], version)
	}
	return text
}

// entry is a file in a tarball.
type entry struct{ name, content string }

// gemOfText makes a gem with the metadata and one file.
func gemOfText(t testing.TB, metadata string) string {
	t.Helper()
	return gemWith(t, metadata, "puts 'demo'\n")
}

// gemWith makes a gem with the metadata and one file of the content.
func gemWith(t testing.TB, metadata, content string) string {
	t.Helper()
	packed, data := zipped(t, metadata), zipped(t, tarOf(t, entry{"lib/demo.rb", content}))
	return tarOf(t, entry{metadataEntry, packed}, entry{dataEntry, data}, entry{checksumsEntry, zipped(t, fmt.Sprintf(
		"---\nSHA256:\n  metadata.gz: %s\n  data.tar.gz: %s\n", sha256Of(packed), sha256Of(data)))})
}

func tarOf(t testing.TB, entries ...entry) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		if err := w.WriteHeader(&tar.Header{Name: e.name, Size: int64(len(e.content)), Mode: 0o444}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write([]byte(text))
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}
