package maven

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"entrepot/artifact"
	"entrepot/format/keptpage"
)

// pageOf reads what regenerate has written.
func pageOf(t testing.TB, kept []byte) *keptpage.Page {
	t.Helper()
	page, err := documents.Page(t.Context(), key("lib:").PackageKey, central, keptpage.Stored{Size: int64(len(kept)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(kept)), nil }})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// What a registry's document says is kept without snapshots and what is no version, and a document that is written of it
// says the same.
func FuzzRegenerate(f *testing.F) {
	f.Add(`<metadata><versioning><versions><version>1.0</version><version>1.0</version><version>2-SNAPSHOT</version>` +
		`</versions><lastUpdated>20260301120000</lastUpdated></versioning></metadata>`)
	f.Add(`<metadata><plugins><plugin><name>D</name><prefix>d</prefix><artifactId>a</artifactId></plugin></plugins></metadata>`)
	f.Add(`<metadata><groupId>&lt;x&gt;</groupId><versioning><versions><version>a/b</version></versions></versioning></metadata>`)
	f.Fuzz(func(t *testing.T, text string) {
		var once, twice, document bytes.Buffer
		p := key("lib:").PackageKey
		if _, err := regenerate(&once, strings.NewReader(text), p); err != nil {
			return
		}
		page := pageOf(t, once.Bytes())
		m := metadata{artifact: p.Name}
		for v, err := range page.Each(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if isSnapshot(v.VersionKey.Version) || isBuild(v.VersionKey.Version) || !artifact.ValidCoordinate(v.VersionKey.Version) {
				t.Errorf("%q is kept as a version", v.VersionKey.Version)
			}
			m.versions = append(m.versions, v.VersionKey.Version)
		}
		about, err := keptpage.ReadManifest[said](page.Manifest())
		if err != nil {
			t.Fatal(err)
		}
		m.updated, m.plugins = stamp(about.Updated), about.Plugins
		if err := m.write(&document); err != nil {
			t.Fatal(err)
		}
		if _, err := regenerate(&twice, &document, p); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Errorf("got %v and %s, want %s", err, twice.Bytes(), once.Bytes())
		}
	})
}

// A checksum that is found in a file or a header is one of its algorithm, in whatever text it stands.
func FuzzSums(f *testing.F) {
	f.Add(sumOf(sha1Sum, "a") + "  a.jar")
	f.Add("MD5 (a.jar) = " + strings.ToUpper(sumOf(md5Sum, "a")))
	f.Add("\xff\xfe soon")
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range sumOrder {
			want := len(checksums[c].sum(artifact.Digests{}))
			if sum := sumIn(text, c); len(sum) != 0 && len(sum) != want {
				t.Errorf("got %d bytes, want %d", len(sum), want)
			}
		}
		_, _ = promisedIn(http.Header{"X-Checksum-Sha1": {text}}) // must only not panic
	})
}

// Notes that were written read as they were, and a mismatch that was put right leaves nothing.
func FuzzNotes(f *testing.F) {
	f.Add([]byte(`{"mismatched":{"a.jar":[1,2]},"prefix":"demo"}`), "a.jar")
	f.Add([]byte(nil), "b.jar")
	f.Add([]byte(`{"mismatched":{"a.jar":[200]}}`), "a.jar")
	f.Fuzz(func(t *testing.T, manifest []byte, asset string) {
		if !utf8.ValidString(asset) {
			return // no path has it
		}
		wrong, err := changeNotes(manifest, func(n *notes) { n.mismatch(asset, sha1Sum, true) })
		if err != nil {
			return
		}
		if err := ready(artifact.Version{Manifest: wrong}); !artifact.Is(err, artifact.Invalid) {
			t.Errorf("a version with a wrong checksum: got %v", err)
		}
		again, err := changeNotes(wrong, func(n *notes) { n.mismatch(asset, sha1Sum, true) })
		if err != nil || !bytes.Equal(wrong, again) {
			t.Errorf("got %s and %v, want %s", again, err, wrong)
		}
	})
}
