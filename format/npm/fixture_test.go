package npm

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/formattest"
	"entrepot/iam"
	"entrepot/repository"
)

// entry is an entry of a tarball.
type entry = formattest.TarEntry

func file(name, body string) entry {
	return entry{Header: tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}, Body: body}
}

// pack makes a tarball of the entries as they are.
func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	return formattest.Tarball(t, gzip.BestSpeed, entries...)
}

type object = map[string]any

// packed makes a tarball with the package.json and other files below package/.
func packed(t testing.TB, packageJSON object, files map[string]string) []byte {
	t.Helper()
	entries := []entry{file("package/package.json", text(t, packageJSON))}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, file("package/"+name, files[name]))
	}
	return pack(t, entries...)
}

func text(t testing.TB, v any) string {
	t.Helper()
	p, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

func sri(p []byte) string {
	sum := sha512.Sum512(p)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

func shasum(p []byte) string {
	sum := sha1.Sum(p)
	return hex.EncodeToString(sum[:])
}

// putOf is the document npm sends to publish a tarball. change may spoil it.
func putOf(name, version, tag string, tarball []byte, packageJSON object, change ...func(object)) object {
	v := maps.Clone(packageJSON)
	v["_id"] = name + "@" + version
	v["_nodeVersion"] = "22.1.0"
	v["readme"] = "# read me"
	v["dist"] = object{
		"integrity": sri(tarball), "shasum": shasum(tarball),
		"tarball": "http://junk.example.test/" + name + "/-/" + name + "-" + version + ".tgz",
	}
	doc := object{
		"_id": name, "name": name, "description": "d", "access": nil,
		"dist-tags": object{tag: version},
		"versions":  object{version: v},
		"_attachments": object{name + "-" + version + ".tgz": object{
			"content_type": "application/octet-stream",
			"data":         base64.StdEncoding.EncodeToString(tarball),
			"length":       len(tarball),
		}},
	}
	for _, f := range change {
		f(doc)
	}
	return doc
}

// The repository that most tests work in, and the connection it has.
const (
	shelf = "shelf"
	npmjs = "public:npmjs"
)

// site is a repository with the format's handlers before it. It is connected to a registry that has nothing.
type site struct {
	*formattest.Domain
	formattest.Client
}

func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteOf(t, repository.Quotas{})
}

// newSiteOf is newSite within other quotas.
func newSiteOf(t *testing.T, quotas repository.Quotas) *site {
	t.Helper()
	d := formattest.Open(t, formattest.Options{Formats: []format.Format{Format()}, Quotas: quotas})
	d.Repository(shelf)
	d.Connect(shelf, npmjs)
	s := &site{Domain: d, Client: formattest.Client{T: t}}
	s.serve(s.Shelf(shelf, artifact.NPM))
	return s
}

// serve has the handlers work on the shelf from now on.
func (s *site) serve(on format.Shelf) { s.Handler = formattest.Handler(Format(), on) }

// by has the caller do what follows.
func (s *site) by(c iam.Caller) { s.serve(s.As(c).Shelf(shelf, artifact.NPM)) }

func (s *site) json(w *httptest.ResponseRecorder) object {
	s.T.Helper()
	s.Must(http.StatusOK, w)
	var v object
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		s.T.Fatalf("%v in %.500s", err, w.Body)
	}
	return v
}

// publish publishes a small package and returns its tarball.
func (s *site) publish(name, version, tag string, more ...object) []byte {
	s.T.Helper()
	packageJSON := object{"name": name, "version": version, "description": "d", "license": "MIT"}
	for _, m := range more {
		maps.Copy(packageJSON, m)
	}
	tarball := packed(s.T, packageJSON, map[string]string{"index.js": "x"})
	w := s.Do("PUT", url.PathEscape(name), text(s.T, putOf(name, version, tag, tarball, packageJSON)))
	s.Must(http.StatusCreated, w)
	return tarball
}

// dig follows keys into nested objects.
func dig(v any, keys ...string) any {
	for _, key := range keys {
		o, _ := v.(object)
		v = o[key]
	}
	return v
}

// registry is a packument as a public registry gives it.
func registry(name string, versions ...string) object {
	all, times := object{}, object{"created": "2020-01-01T00:00:00.000Z", "modified": "2024-01-01T00:00:00.000Z"}
	for i, v := range versions {
		all[v] = object{
			"name": name, "version": v, "_id": name + "@" + v, "readme": strings.Repeat("long ", 100),
			"dependencies": object{"left": "^1.0.0"}, "scripts": object{"postinstall": "node x.js"},
			"_npmUser": object{"name": "bob"}, "description": "from outside",
			"dist": object{
				"tarball":   "https://registry.example.test/" + name + "/-/x-" + v + ".tgz",
				"shasum":    shasum([]byte(v)),
				"integrity": sri([]byte(v)),
				"fileCount": 3, "signatures": []any{object{"keyid": "SHA256:k", "sig": "s"}},
			},
		}
		times[v] = "2021-01-0" + string(rune('1'+i%9)) + "T10:00:00.000Z"
	}
	doc := object{
		"_id": name, "_rev": "3-abc", "name": name, "versions": all, "time": times, "readme": "# outside",
		"description": "from outside", "maintainers": []any{object{"name": "bob", "email": "b@example.test"}},
		"users": object{"ada": true},
	}
	if len(versions) > 0 {
		doc["dist-tags"] = object{"latest": versions[len(versions)-1]}
	}
	return doc
}
