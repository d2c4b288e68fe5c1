package nuget

import (
	"archive/zip"
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/formattest"
)

type object = map[string]any

// The repository that most tests work in, and the connection it has.
const (
	shelf     = "shelf"
	publicOne = "public:nuget-org"
)

// site is a repository with the format's handlers before it. It is connected to a registry that has nothing but a service index.
type site struct {
	*formattest.Domain
	formattest.Client
}

func newSite(t testing.TB) *site {
	t.Helper()
	d := formattest.Open(t, formattest.Options{Formats: []format.Format{Format()}})
	d.Repository(shelf)
	d.Connect(shelf, publicOne)
	s := &site{Domain: d, Client: formattest.Client{T: t}}
	s.serve(shelf)
	s.put("", servicesOf(s.Registry(publicOne).URL))
	return s
}

// serve has what follows be asked of a repository.
func (s *site) serve(repository string) {
	s.Handler = formattest.Handler(Format(), s.Shelf(repository, artifact.NuGet))
}

// put has the registry answer a document.
func (s *site) put(path string, document any) {
	s.T.Helper()
	s.Registry(publicOne).Put(path, "application/json", jsonOf(s.T, document))
}

// json is what a GET answers.
func (s *site) json(path string) object {
	s.T.Helper()
	var read object
	if err := json.Unmarshal([]byte(s.Get(path)), &read); err != nil {
		s.T.Fatal(err)
	}
	return read
}

// push pushes a package.
func (s *site) push(content string) *httptest.ResponseRecorder {
	s.T.Helper()
	return pushOf(content).Do(s.Handler)
}

// held is a version as a repository holds it.
func (s *site) held(repository string, v artifact.VersionKey) artifact.Version {
	s.T.Helper()
	found, err := s.Shelf(repository, artifact.NuGet).Held(s.T.Context(), v)
	if err != nil {
		s.T.Fatal(err)
	}
	return found
}

// key is a version as it is kept.
func key(id, version string) artifact.VersionKey {
	return canonical(artifact.PackageKey{Format: artifact.NuGet, Name: id}.At(version))
}

// pushOf is what clients send to push a package.
func pushOf(content string) formattest.Request {
	const boundary = "8b1f4b4e-0000-4000-8000-0123456789ab"
	body := "--" + boundary + "\r\nContent-Type: application/octet-stream\r\nContent-Disposition: form-data; name=package; " +
		"filename=package.nupkg; filename*=utf-8''package.nupkg\r\n\r\n" + content + "\r\n--" + boundary + "--\r\n"
	return formattest.Request{Method: "PUT", Path: "v3/package/", Body: body, Header: map[string]string{
		"Content-Type": `multipart/form-data; boundary="` + boundary + `"`, "X-NuGet-Client-Version": "4.9.3"}}
}

// formOf is a form with parts of these contents, in their order.
func formOf(t testing.TB, parts ...string) formattest.Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i, content := range parts {
		part, err := form.CreateFormFile(fmt.Sprintf("part%d", i), "a.nupkg")
		if err == nil {
			_, err = io.WriteString(part, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return formattest.Request{Method: "PUT", Path: "v3/package", Body: body.String(),
		Header: map[string]string{"Content-Type": form.FormDataContentType()}}
}

// archived is a file of a package.
type archived struct{ name, content string }

// nuspecText is a nuspec with further elements in its metadata.
func nuspecText(id, version string, more ...string) string {
	return "\ufeff" + `<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata minClientVersion="2.12">
    <id>` + id + `</id>
    <version>` + version + `</version>
    <authors>Ada, Grace</authors>
    <description>What it is for.</description>
    ` + strings.Join(more, "\n    ") + `
  </metadata>
</package>`
}

// packageOfFiles is an archive of the files.
func packageOfFiles(t testing.TB, files ...archived) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		one, err := w.Create(f.name)
		if err == nil {
			_, err = io.WriteString(one, f.content)
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

// packed is a package as dotnet pack makes it, with further elements in its nuspec.
func packed(t testing.TB, id, version string, more ...string) string {
	t.Helper()
	return packedWith(t, nuspecText(id, version, more...), id+".nuspec")
}

func packedWith(t testing.TB, nuspec, name string, files ...archived) string {
	t.Helper()
	return packageOfFiles(t, append([]archived{{"_rels/.rels", "<Relationships/>"}, {name, nuspec}, {"lib/net45/_._", ""},
		{"[Content_Types].xml", "<Types/>"}}, files...)...)
}

func jsonOf(t testing.TB, v any) []byte {
	t.Helper()
	if text, ok := v.(string); ok {
		return []byte(text)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// servicesOf is the service index of a registry.
func servicesOf(address string) object {
	return object{"version": "3.0.0", "resources": []any{
		object{"@id": address + "reg/", "@type": "RegistrationsBaseUrl"},
		object{"@id": address + "reg-semver2", "@type": []string{"RegistrationsBaseUrl/3.6.0"}},
	}}
}

// offered is a version that the registry has.
type offeredVersion struct {
	id, version string
	content     string // of the package
	say         object // of its entry, besides what follows from id and version; nil values leave members out
}

// path is where the registry has the package.
func (o offeredVersion) path() string {
	return "files/" + strings.ToLower(o.id+"."+o.version) + ".nupkg"
}

// leaf is what a page says of the version.
func (o offeredVersion) leaf(address string) object {
	entry := object{"@id": address + o.entryPath(), "id": o.id, "version": o.version, "description": "About " + o.id,
		"authors": "Ada", "published": "2024-05-06T07:08:09.123Z", "listed": true, "packageContent": "ignored"}
	for key, value := range o.say {
		entry[key] = value
		if value == nil {
			delete(entry, key)
		}
	}
	return object{"@id": address + "leaf", "catalogEntry": entry, "packageContent": address + o.path()}
}

func (o offeredVersion) entryPath() string {
	return "catalog/" + strings.ToLower(o.id+"."+o.version) + ".json"
}

// catalogEntry is the document about the version alone.
func (o offeredVersion) catalogEntry() object {
	sum := sha512.Sum512([]byte(o.content))
	return object{"id": o.id, "packageHash": base64.StdEncoding.EncodeToString(sum[:]), "packageHashAlgorithm": "SHA512",
		"packageSize": len(o.content), "packageEntries": []any{object{"name": "a"}}}
}

// offer has the registry have a package with the versions, and no others.
func (s *site) offer(versions ...offeredVersion) {
	s.T.Helper()
	address := s.Registry(publicOne).URL
	var leaves []any
	for _, o := range versions {
		s.Registry(publicOne).Put(o.path(), "application/octet-stream", []byte(o.content))
		s.put(o.entryPath(), o.catalogEntry())
		leaves = append(leaves, o.leaf(address))
	}
	s.put(indexOf(versions[0].id), registrationOf(leaves...))
}

// indexOf is where the registry has the registration of a package.
func indexOf(id string) string { return "reg-semver2/" + strings.ToLower(id) + "/index.json" }

// registrationOf is a registration with one page.
func registrationOf(leaves ...any) object {
	return object{"count": 1, "items": []any{object{"@id": "page", "count": len(leaves), "lower": "0.0.0", "upper": "9.0.0",
		"items": leaves}}}
}

// version makes a version that a registry offers, as it is packed.
func offeredAs(t testing.TB, id, version string, say object) offeredVersion {
	t.Helper()
	return offeredVersion{id, version, packed(t, id, version), say}
}

// dig follows keys and positions into a document.
func dig(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			v = v.(object)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}
