package swift

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
)

func inspected(archive string) (contents, error) {
	return inspect(strings.NewReader(archive), int64(len(archive)))
}

func TestWhatAnArchiveMayHold(t *testing.T) {
	manifest := archived{"p/Package.swift", simple("5.5")}
	many := []archived{manifest}
	for n := range maxManifests + 1 {
		many = append(many, archived{fmt.Sprintf("p/Package@swift-5.%d.swift", n), simple("5.5")})
	}
	for name, c := range map[string]struct {
		archive string
		reason  string // empty: it may
	}{
		"a package":                              {zipped(t, manifest), ""},
		"folders with entries of their own":      {zipped(t, archived{"p/", ""}, archived{"p/Sources/", ""}, manifest), ""},
		"a folder of any name":                   {zipped(t, archived{"é x/Package.swift", simple("5.5")}), ""},
		"hidden files":                           {zipped(t, manifest, archived{"p/.gitignore", "x"}), ""},
		"the same name in two folders":           {zipped(t, manifest, archived{"p/a/x", "1"}, archived{"p/b/x", "2"}), ""},
		"folders that differ by case":            {zipped(t, manifest, archived{"p/Tests/a", "1"}, archived{"p/tests/b", "2"}), ""},
		"nothing":                                {zipped(t), "doesn't contain a valid manifest"},
		"no manifest":                            {zipped(t, archived{"p/README.md", "x"}), "doesn't contain a valid manifest"},
		"a manifest too deep":                    {zipped(t, archived{"p/q/Package.swift", simple("5.5")}), "doesn't contain a valid manifest"},
		"a manifest in lower case":               {zipped(t, archived{"p/package.swift", simple("5.5")}), "doesn't contain a valid manifest"},
		"a manifest that is a folder":            {zipped(t, archived{"p/Package.swift/", ""}), "doesn't contain a valid manifest"},
		"a manifest that is a link":              {linkedManifest(t, manifest), "is no file"},
		"a manifest without the tools":           {zipped(t, archived{"p/Package.swift", "import PackageDescription\n"}), "version of the tools"},
		"a manifest that is no text":             {zipped(t, archived{"p/Package.swift", simple("5.5") + "\xff"}), "version of the tools"},
		"a large manifest":                       {zipped(t, archived{"p/Package.swift", simple("5.5") + strings.Repeat("x", maxManifest)}), "larger than"},
		"many manifests":                         {zipped(t, many...), "more than"},
		"no folder at the top":                   {zipped(t, archived{"Package.swift", simple("5.5")}), "beside the folder"},
		"a file beside the folder":               {zipped(t, manifest, archived{"x", "x"}), "beside the folder"},
		"two folders":                            {zipped(t, manifest, archived{"q/x", "x"}), "two folders"},
		"a folder of the Finder's":               {zipped(t, manifest, archived{"__MACOSX/._x", "x"}), "two folders"},
		"files that differ by case":              {zipped(t, manifest, archived{"p/package.swift", "x"}), "by case alone"},
		"a folder and a file that differ so":     {zipped(t, manifest, archived{"p/A/x", "x"}, archived{"p/a", "x"}), "by case alone"},
		"what leaves the folder":                 {zipped(t, manifest, archived{"p/../../x", "x"}), "leads out"},
		"a file twice":                           {zipped(t, manifest, manifest), "twice"},
		"something before the archive":           {"x" + zipped(t, manifest), "cannot be accepted"},
		"bytes that are not what they should be": {strings.Replace(stored(t, manifest, archived{"p/x", "0123456789"}), "0123456789", "0123456780", 1), "checksum"},
	} {
		_, err := inspected(c.archive)
		if c.reason == "" && err != nil || c.reason != "" && (!artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), c.reason)) {
			t.Errorf("%s: got %v, want %q", name, err, c.reason)
		}
	}
}

// stored makes an archive that compresses nothing.
func stored(t *testing.T, files ...archived) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		into, err := w.CreateHeader(&zip.FileHeader{Name: f[0], Method: zip.Store})
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

// linkedManifest makes an archive with a variant of a manifest that is a link to it.
func linkedManifest(t *testing.T, manifest archived) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	variant := &zip.FileHeader{Name: "p/Package@swift-6.0.swift"}
	variant.SetMode(fs.ModeSymlink | 0o777)
	for header, content := range map[*zip.FileHeader]string{{Name: manifest[0]}: manifest[1], variant: "Package.swift"} {
		into, err := w.CreateHeader(header)
		if err == nil {
			_, err = into.Write([]byte(content))
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

func TestTheBestReadmeIsTaken(t *testing.T) {
	manifest := archived{"p/Package.swift", simple("5.5")}
	for want, files := range map[string][]archived{
		"":         {{"p/docs/README.md", "deep"}, {"p/README.md", strings.Repeat("x", artifact.MaxMetadataField+1)}},
		"plain":    {{"p/README", "plain"}, {"p/README.txt", "text"}},
		"mark":     {{"p/ReadMe.md", "mark"}, {"p/README.txt", "text"}},
		"b\uFFFDd": {{"p/README.markdown", "b\xffd"}},
	} {
		found, err := inspected(zipped(t, slices.Concat([]archived{manifest}, files)...))
		if err != nil || found.readme != want {
			t.Errorf("got %q, %v, want %q", found.readme, err, want)
		}
	}
}

func TestAManifestSaysItsToolsAtItsBeginning(t *testing.T) {
	for text, want := range map[string]bool{
		"// swift-tools-version:5.9\n": true, "// swift-tools-version: 5.9": true, "//swift-tools-version:5\r\nx": true,
		"// SWIFT-Tools-Version:6.0.1;(experimental)\n": true, "\n\n  // swift-tools-version : 5.9\n": true, "// swift-tools-version:5.9-dev": true,
		"": false, "import PackageDescription": false, "import X // swift-tools-version:5.9": false, "// swift-tools-version:": false,
		"// swift-tools-version:x": false, "// swift-tools-version:5.9.1.2\n": false, "// swift tools version:5.9": false,
		"x\n// swift-tools-version:5.9\n": false, "// swift-tools-version:5.\n": false, "// swift-tools-version:5.9\n\xff": false,
	} {
		if got := saysTools([]byte(text)); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}
