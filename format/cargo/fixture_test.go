package cargo

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/formattest"
	"entrepot/format/keptpage"
	"entrepot/iam"
)

type object = map[string]any

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	p, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

func file(name, body string) formattest.TarEntry {
	return formattest.TarEntry{Header: tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}, Body: body}
}

// pack makes an archive of the entries as they are.
func pack(t testing.TB, entries ...formattest.TarEntry) []byte {
	t.Helper()
	return formattest.Tarball(t, gzip.BestSpeed, entries...)
}

// packaged makes a crate as cargo package does; more follows the table [package].
func packaged(t testing.TB, name, number, more string) []byte {
	t.Helper()
	root := name + "-" + number + "/"
	return pack(t, file(root+"Cargo.toml", cargoToml(name, number, more)), file(root+"README.md", "# "+name),
		file(root+"src/lib.rs", "pub fn x() {}\n"))
}

func cargoToml(name, number, more string) string {
	return "[package]\nname = \"" + name + "\"\nversion = \"" + number + "\"\ndescription = \"A crate.\"\n" +
		"license = \"MIT\"\nreadme = \"README.md\"\n" + more
}

// described is the document that cargo publish sends first. change may spoil it.
func described(name, number string, change ...func(object)) object {
	doc := object{"name": name, "vers": number, "deps": []any{}, "features": object{}, "authors": []any{}, "description": "A crate.",
		"keywords": []any{}, "categories": []any{}, "license": "MIT", "badges": object{}, "links": nil, "rust_version": nil}
	for _, f := range change {
		f(doc)
	}
	return doc
}

// framed puts a document and an archive behind their lengths.
func framed(document string, archive []byte) string {
	var out bytes.Buffer
	for _, part := range [][]byte{[]byte(document), archive} {
		_ = binary.Write(&out, binary.LittleEndian, uint32(len(part))) // a buffer takes everything
		out.Write(part)
	}
	return out.String()
}

// The repository that most tests work in, and the connection it has.
const (
	shelf    = "shelf"
	cratesIO = "public:crates-io"
	newCrate = "api/v1/crates/new"
)

// site is a repository with the format's handlers before it. It is connected to a registry that has nothing.
type site struct {
	*formattest.Domain
	formattest.Client
}

func newSite(t *testing.T) *site {
	t.Helper()
	d := formattest.Open(t, formattest.Options{Formats: []format.Format{Format()}})
	d.Repository(shelf)
	d.Connect(shelf, cratesIO)
	s := &site{Domain: d, Client: formattest.Client{T: t}}
	s.by(formattest.Caller("ada", "*"))
	return s
}

// by has the caller do what follows.
func (s *site) by(c iam.Caller) {
	s.Handler = formattest.Handler(Format(), s.As(c).Shelf(shelf, artifact.Cargo))
}

// in is the site in a subtest.
func (s *site) in(t *testing.T) *site {
	return &site{s.In(t), formattest.Client{T: t, Handler: s.Handler}}
}

// refused fails the test unless the answer has the status and the words, as cargo shows them.
func (s *site) refused(status int, words string, w *httptest.ResponseRecorder) {
	s.T.Helper()
	var told problem
	if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil || len(told.Errors) != 1 {
		s.T.Errorf("got %d %.500s, %v, which cargo would not show", w.Code, w.Body, err)
		return
	}
	if got := told.Errors[0].Detail; w.Code != status || !strings.Contains(got, words) {
		s.T.Errorf("got %d %.500s, want %d and %q", w.Code, got, status, words)
	}
}

// publish publishes a small crate and returns it.
func (s *site) publish(name, number string) []byte {
	s.T.Helper()
	crate := packaged(s.T, name, number, "")
	s.Must(http.StatusOK, s.Do("PUT", newCrate, framed(jsonOf(s.T, described(name, number)), crate)))
	return crate
}

// lines are those of an index file.
func (s *site) lines(path string) []object {
	s.T.Helper()
	return linesOf(s.T, []byte(s.Get(path)))
}

func linesOf(t testing.TB, index []byte) (lines []object) {
	t.Helper()
	for line := range bytes.Lines(index) {
		var one object
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatalf("%v in %.500s", err, line)
		}
		lines = append(lines, one)
	}
	return lines
}

func key(name string) artifact.PackageKey {
	return artifact.PackageKey{Format: artifact.Cargo, Name: name}
}

// pageOf reads what is kept of a registry's file about the crate bar.
func pageOf(t testing.TB, kept []byte) *keptpage.Page {
	t.Helper()
	page, err := indexFiles.Page(t.Context(), key("bar"), cratesIO, keptpage.Stored{ID: "id", Size: int64(len(kept)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(kept)), nil }})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// needs has a description name a dependency; what is not said is what cargo says of a plain one.
func needs(said object) func(object) {
	d := object{"name": "base", "version_req": "^1", "features": []any{}, "optional": false, "default_features": true,
		"target": nil, "kind": "normal"}
	maps.Copy(d, said)
	return func(doc object) { doc["deps"] = append(doc["deps"].([]any), d) }
}
