package swift

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/formattest"
)

type object = map[string]any

// shelf is the repository that most tests work in.
const shelf = "shelf"

// site is a repository with the format's handlers before it.
type site struct {
	*formattest.Domain
	formattest.Client
}

func newSite(t testing.TB) *site {
	t.Helper()
	d := formattest.Open(t, formattest.Options{Formats: []format.Format{Format()}})
	d.Repository(shelf)
	s := &site{Domain: d, Client: formattest.Client{T: t}}
	s.serve(shelf)
	return s
}

// serve has what follows be asked of a repository.
func (s *site) serve(repository string) {
	s.Handler = formattest.Handler(Format(), s.Shelf(repository, artifact.Swift))
}

// want fails the test unless a GET is answered with the status.
func (s *site) want(status int, path string, header ...string) *httptest.ResponseRecorder {
	s.T.Helper()
	w := s.Do("GET", path, "", header...)
	if w.Code != status {
		s.T.Fatalf("%s: got %d %.500s, want %d", path, w.Code, w.Body, status)
	}
	return w
}

// json is the object that a GET is answered with.
func (s *site) json(path string) object {
	s.T.Helper()
	var read object
	if err := json.Unmarshal(s.want(http.StatusOK, path).Body.Bytes(), &read); err != nil {
		s.T.Fatal(err)
	}
	return read
}

// held is a version as a repository holds it.
func (s *site) held(repository, scope, name, version string) artifact.Version {
	s.T.Helper()
	found, err := s.Shelf(repository, artifact.Swift).Held(s.T.Context(), identity{scope, name}.key().At(version))
	if err != nil {
		s.T.Fatal(err)
	}
	return found
}

// detail is what a problem says.
func detail(w *httptest.ResponseRecorder) string {
	var p problem
	_ = json.Unmarshal(w.Body.Bytes(), &p)
	return p.Detail
}

// archived is a file in an archive: its path and its content.
type archived [2]string

// simple is the manifest of a package for the tools of a version.
func simple(tools string) string {
	return "// swift-tools-version:" + tools + "\nimport PackageDescription\nlet package = Package(name: \"Geometry\")\n"
}

// zipped makes an archive of files as they are named.
func zipped(t testing.TB, files ...archived) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		into, err := w.Create(f[0])
		if err == nil {
			_, err = into.Write([]byte(f[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// packed makes the archive of a package: a manifest, a source and further files.
func packed(t testing.TB, files ...archived) string {
	t.Helper()
	all := []archived{{"acme.Geometry/", ""}, {"acme.Geometry/Package.swift", simple("5.5")},
		{"acme.Geometry/Sources/Geometry/Geometry.swift", "public let answer = 42\n"}}
	for _, f := range files {
		f[0] = "acme.Geometry/" + f[0]
		all = append(all, f)
	}
	return zipped(t, all...)
}

// sentPart is a part of a form: its name, its content, and its transfer encoding.
type sentPart struct{ name, content, encoding string }

// formOf is the form that SwiftPM sends, as a body and its type.
func formOf(t testing.TB, parts ...sentPart) (body, contentType string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, p := range parts {
		header := textproto.MIMEHeader{}
		header.Set("Content-Disposition", `form-data; name="`+p.name+`"`)
		if p.encoding != "" {
			header.Set("Content-Transfer-Encoding", p.encoding)
		}
		into, err := w.CreatePart(header)
		if err == nil {
			_, err = into.Write([]byte(p.content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), `multipart/form-data;boundary="` + w.Boundary() + `"`
}

// archivePart is the part that every publication has.
func archivePart(archive string) sentPart { return sentPart{"source-archive", archive, "binary"} }

// metadataPart is the part that SwiftPM labels as what it is not.
func metadataPart(text string) sentPart { return sentPart{"metadata", text, "quoted-printable"} }

// put sends a form as SwiftPM does.
func (s *site) put(path string, header []string, parts ...sentPart) *httptest.ResponseRecorder {
	s.T.Helper()
	body, contentType := formOf(s.T, parts...)
	return s.Do("PUT", path, body, append([]string{"Content-Type", contentType, "Accept", mediaType + ".v1+json",
		"Prefer", "respond-async"}, header...)...)
}

// publish publishes a version of acme.Geometry, or ends the test.
func (s *site) publish(version string, parts ...sentPart) string {
	s.T.Helper()
	return s.publishAs("acme/Geometry/"+version, parts...)
}

// publishAs publishes at a path, or ends the test. It returns the archive.
func (s *site) publishAs(path string, parts ...sentPart) string {
	s.T.Helper()
	archive := packed(s.T, archived{"version", path})
	if w := s.put(path, nil, append([]sentPart{archivePart(archive)}, parts...)...); w.Code != http.StatusCreated {
		s.T.Fatalf("publishing %s: got %d %s, want 201", path, w.Code, w.Body)
	}
	return archive
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// dig follows keys and indexes.
func dig(v any, path ...any) any {
	for _, step := range path {
		switch at := step.(type) {
		case string:
			all, _ := v.(object)
			v = all[at]
		case int:
			all, _ := v.([]any)
			if at >= len(all) {
				return nil
			}
			v = all[at]
		}
	}
	return v
}

// entries cuts a Link header as SwiftPM does: at every comma, then at every semicolon.
func entries(t testing.TB, w *httptest.ResponseRecorder) []map[string]string {
	t.Helper()
	var all []map[string]string
	for _, line := range w.Header()["Link"] {
		for entry := range strings.SplitSeq(line, ",") {
			fields := strings.Split(entry, ";")
			found := map[string]string{"url": strings.Trim(strings.TrimSpace(fields[0]), "<>"), "fields": fmt.Sprint(len(fields))}
			for _, f := range fields[1:] {
				key, value, ok := strings.Cut(strings.TrimSpace(f), "=")
				if !ok || strings.Contains(value, "=") {
					t.Errorf("the field %q of %q is not key=value", f, line)
				}
				found[key] = strings.Trim(value, `"`)
			}
			all = append(all, found)
		}
	}
	return all
}
