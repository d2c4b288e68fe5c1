package maven

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
)

// What a registry says of a package is kept in a form that reads as what was written, and holds no snapshots.
func FuzzRegenerate(f *testing.F) {
	f.Add(`<metadata><versioning><versions><version>1.0</version><version>1.0</version><version>2-SNAPSHOT</version>` +
		`</versions><lastUpdated>20260301120000</lastUpdated></versioning></metadata>`)
	f.Add(`<metadata><plugins><plugin><name>D</name><prefix>d</prefix><artifactId>a</artifactId></plugin></plugins></metadata>`)
	f.Add(`<metadata><groupId>&lt;x&gt;</groupId><versioning><versions><version>a/b</version></versions></versioning></metadata>`)
	f.Fuzz(func(t *testing.T, text string) {
		var once, twice bytes.Buffer
		if err := regenerate(&once, strings.NewReader(text), key("lib:").PackageKey); err != nil {
			return
		}
		kept, err := readMetadata(bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatalf("the kept form cannot be read: %v in %s", err, once.Bytes())
		}
		for _, v := range kept.versions {
			if isSnapshot(v) || isBuild(v) || !artifact.ValidCoordinate(v) {
				t.Errorf("%q is kept as a version", v)
			}
		}
		if err := regenerate(&twice, bytes.NewReader(once.Bytes()), key("lib:").PackageKey); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Errorf("got %v and %s, want %s", err, twice.Bytes(), once.Bytes())
		}
		if _, err := newListing(key("lib:").PackageKey, central, "id", kept); err != nil {
			t.Error(err)
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
