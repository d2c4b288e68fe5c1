package npm

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

func TestAVersionFromARegistryHasTheReadmeOfItsOwnTarball(t *testing.T) {
	s := newSite(t)
	outside := s.Registry(npmjs)
	tarballs := map[string][]byte{
		"1.0.0": packed(t, object{"name": "bar", "version": "1.0.0"}, map[string]string{"readme.txt": "text", "Readme.md": "# one"}),
		"2.0.0": packed(t, object{"name": "bar", "version": "2.0.0"}, map[string]string{"README": "two"}),
		"3.0.0": packed(t, object{"name": "bar", "version": "3.0.0"}, nil),
		"4.0.0": []byte("no tarball at all"),
	}
	doc := registry("bar", "1.0.0", "2.0.0", "3.0.0", "4.0.0")
	for number, tarball := range tarballs {
		path := "bar/-/bar-" + number + ".tgz"
		dig(doc, "versions", number).(object)["dist"] = object{"tarball": outside.URL + path, "integrity": sri(tarball)}
		outside.Put(path, "application/octet-stream", tarball)
	}
	outside.Put("bar", "application/json", []byte(text(t, doc)))
	for number, want := range map[string]string{"1.0.0": "# one", "2.0.0": "two", "3.0.0": "", "4.0.0": ""} {
		s.Must(http.StatusOK, s.Do("GET", "bar/-/bar-"+number+".tgz", ""))
		v, err := s.Rules.Described(t.Context(), formattest.Caller("ada", "*"), s.Shelf(shelf, artifact.NPM).Repository(),
			key("bar").At(number))
		if err != nil || v.Details.Readme != want {
			t.Errorf("%s: got %q, %v, want %q", number, v.Details.Readme, err, want)
		}
	}
	if got := s.json(s.Do("GET", "bar", ""))["readme"]; got != "# outside" {
		t.Errorf("got the document's readme %q, want the registry's", got)
	}
}

func TestAReadmeIsReadOutOfAnyTarball(t *testing.T) {
	good := file("package/package.json", minimal)
	setuid := file("package/run", "x")
	setuid.Mode = 0o4755
	whole := pack(t, good, file("package/README.md", "# r"), file("package/last", strings.Repeat("x", 10_000)))
	for _, row := range []struct {
		name    string
		tarball []byte
		want    string
	}{
		{"one that nobody could publish", pack(t, setuid, file("../out", ""), file("package/README.md", "# r")), "# r"},
		{"one that breaks off after it", whole[:len(whole)-20], "# r"},
		{"a bare tar", unzip(t, whole), "# r"},
		{"too large a readme", pack(t, good, file("package/README.md", strings.Repeat("x", artifact.MaxMetadataField+1))), ""},
		{"a link", pack(t, good, linkEntryOf('2', "package/README.md", "package.json")), ""},
		{"nothing", nil, ""},
		{"a page", []byte("<html>"), ""},
	} {
		got, err := readmeOf(bytes.NewReader(row.tarball), int64(len(row.tarball)))
		if got != row.want || err != nil {
			t.Errorf("%s: got %.20q, %v, want %q", row.name, got, err, row.want)
		}
	}
}

type brokenAt struct{}

func (brokenAt) ReadAt([]byte, int64) (int, error) { return 0, errors.New("the disk is gone") }

func TestAFailureToReadATarballIsNotTheTarballsFault(t *testing.T) {
	if _, err := readmeOf(brokenAt{}, 1000); err == nil {
		t.Error("readme: got no error")
	}
	if _, err := inspect(brokenAt{}, 1000); err == nil || artifact.Is(err, artifact.Invalid) {
		t.Errorf("inspect: got %v", err)
	}
}

// Whatever is unpacked, a readme is found in bounds or not at all.
func FuzzReadme(f *testing.F) {
	f.Add(unzip(f, pack(f, file("package/package.json", minimal), file("package/README.md", "x"))))
	f.Fuzz(func(t *testing.T, archive []byte) {
		for _, p := range [][]byte{archive, zip(t, archive)} {
			text, err := readmeOf(bytes.NewReader(p), int64(len(p)))
			if err != nil && err != io.EOF || len(text) > 3*artifact.MaxMetadataField {
				t.Fatalf("got %d bytes, %v", len(text), err)
			}
		}
	})
}
