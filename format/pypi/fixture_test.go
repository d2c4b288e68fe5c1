package pypi

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/formattest"
	"entrepot/iam"
)

type object = map[string]any

// The repository that most tests work in, and the connection it has.
const (
	shelf     = "shelf"
	publicOne = "public:pypi"
)

// site is a repository with the format's handlers before it. It is connected to a registry that has nothing.
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
	return s
}

// serve has what follows be asked of a repository.
func (s *site) serve(repository string) {
	s.Handler = formattest.Handler(Format(), s.Shelf(repository, artifact.PyPI))
}

// page is the page about a project in JSON.
func (s *site) page(project string) object {
	s.T.Helper()
	var page object
	if err := json.Unmarshal([]byte(s.Get("simple/"+project+"/", "Accept", jsonType)), &page); err != nil {
		s.T.Fatal(err)
	}
	return page
}

// fileNamed is what the page about a project says about a file; nil if it does not list it.
func (s *site) fileNamed(project, file string) object {
	s.T.Helper()
	for _, one := range s.page(project)["files"].([]any) {
		if one.(object)["filename"] == file {
			return one.(object)
		}
	}
	return nil
}

// names are those of the files that the page about a project lists.
func (s *site) names(project string) []string {
	s.T.Helper()
	var names []string
	for _, one := range s.page(project)["files"].([]any) {
		names = append(names, one.(object)["filename"].(string))
	}
	return names
}

func key(project, version string) artifact.VersionKey {
	return artifact.PackageKey{Format: artifact.PyPI, Name: project}.At(version)
}

// held is a version as a repository holds it.
func (s *site) held(repository string, v artifact.VersionKey) artifact.Version {
	s.T.Helper()
	found, err := s.Shelf(repository, artifact.PyPI).Held(s.T.Context(), v)
	if err != nil {
		s.T.Fatal(err)
	}
	return found
}

// offered is a file that the registry has.
type offeredFile struct {
	name    string
	content string
	say     object // members of its page besides those that follow from name and content; nil values leave members out
}

// offer has the registry have a project with the files, and nothing else of it.
func (s *site) offer(project string, files ...offeredFile) {
	s.T.Helper()
	registry := s.Registry(publicOne)
	for _, f := range files {
		registry.Put("files/"+f.name, "application/octet-stream", []byte(f.content))
	}
	registry.Put(project+"/", jsonType, pageOfFiles(s.T, project, files...))
}

// pageOfFiles is a registry's page in JSON.
func pageOfFiles(t testing.TB, project string, files ...offeredFile) []byte {
	t.Helper()
	all := []any{}
	for _, f := range files {
		one := object{"filename": f.name, "url": "../files/" + f.name, "hashes": object{"sha256": sha256Of(f.content)},
			"size": len(f.content), "upload-time": "2024-05-06T07:08:09.123456Z", "yanked": false, "core-metadata": false}
		for key, value := range f.say {
			one[key] = value
			if value == nil {
				delete(one, key)
			}
		}
		all = append(all, one)
	}
	p, err := json.Marshal(object{"meta": object{"api-version": "1.4"}, "name": project, "files": all})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func md5Of(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// metadataText is core metadata of a version with further lines.
func metadataText(name, version string, lines ...string) string {
	return "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n" + strings.Join(lines, "")
}

// archived is a file in an archive: its path and its content.
type archived [2]string

// wheelFiles are those of a wheel with the metadata and one module, but for its RECORD.
func wheelFiles(name, version, metadata string) []archived {
	name = strings.ReplaceAll(name, "-", "_")
	folder := name + "-" + version + distInfo + "/"
	return []archived{
		{name + "/__init__.py", "value = 1\n"},
		{folder + "METADATA", metadata},
		{folder + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
	}
}

// recordOf is the RECORD at a path of a wheel with the files.
func recordOf(at string, files []archived) archived {
	text := ""
	for _, f := range files {
		sum := sha256.Sum256([]byte(f[1]))
		text += fmt.Sprintf("%s,sha256=%s,%d\n", f[0], base64.RawURLEncoding.EncodeToString(sum[:]), len(f[1]))
	}
	return archived{at, text + at + ",,\n"}
}

// wheelOf makes a wheel with the metadata, one module and further files.
func wheelOf(t testing.TB, name, version, metadata string, more ...archived) string {
	t.Helper()
	files := append(wheelFiles(name, version, metadata), more...)
	return zipOf(t, append(files, recordOf(path.Dir(files[1][0])+"/RECORD", files))...)
}

// zipOf makes a zip archive of the files, not compressed.
func zipOf(t testing.TB, files ...archived) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, entry := range files {
		f, err := w.CreateHeader(&zip.FileHeader{Name: entry[0]})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(entry[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// formOf is the form that twine sends with a file, as a body and its type. change may spoil it before the file goes in.
func formOf(t testing.TB, file, content string, change ...func(fields *[][2]string)) (body, contentType string) {
	t.Helper()
	kind := "sdist"
	if strings.HasSuffix(file, ".whl") {
		kind = "bdist_wheel"
	}
	fields := [][2]string{{":action", "file_upload"}, {"protocol_version", "1"}, {"filetype", kind}, {"summary", ""},
		{"sha256_digest", sha256Of(content)}, {"md5_digest", md5Of(content)}}
	if named, err := parseFilename(file, ""); err == nil {
		fields = append(fields, [2]string{"name", named.name}, [2]string{"version", named.version})
	}
	for _, f := range change {
		f(&fields)
	}
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	if err := w.SetBoundary("boundary-of-the-test"); err != nil {
		t.Fatal(err)
	}
	for _, field := range fields {
		if err := w.WriteField(field[0], field[1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("content", file)
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), w.FormDataContentType()
}

// set replaces a field of a form, or adds it.
func set(name, value string) func(*[][2]string) {
	return func(fields *[][2]string) {
		unset(name)(fields)
		*fields = append(*fields, [2]string{name, value})
	}
}

func unset(name string) func(*[][2]string) {
	return func(fields *[][2]string) {
		*fields = slices.DeleteFunc(*fields, func(f [2]string) bool { return f[0] == name })
	}
}

// upload sends a file to the repository.
func (s *site) upload(file, content string, change ...func(*[][2]string)) *httptest.ResponseRecorder {
	s.T.Helper()
	body, contentType := formOf(s.T, file, content, change...)
	return s.Do("POST", "", body, "Content-Type", contentType)
}

// sdistOf makes a source distribution with the metadata.
func sdistOf(t testing.TB, stem, metadata string) string {
	t.Helper()
	return tarGz(t, gzip.DefaultCompression, fileAt(stem+"/PKG-INFO", metadata),
		fileAt(stem+"/pyproject.toml", "[build-system]\n"))
}

// caller may do the actions.
func caller(actions ...string) iam.Caller { return formattest.Caller("somebody", actions...) }

// handlerOf serves the repository as the domain's caller sees it.
func handlerOf(d *formattest.Domain) http.Handler {
	return formattest.Handler(Format(), d.Shelf(shelf, artifact.PyPI))
}
