package pypi

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

// tarEntry is an entry of a tar.
type tarEntry = formattest.TarEntry

func fileAt(name, body string) tarEntry {
	return tarEntry{Header: tar.Header{Name: name, Mode: 0o644}, Body: body}
}

func linkAt(name, target string, kind byte) tarEntry {
	return tarEntry{Header: tar.Header{Name: name, Linkname: target, Typeflag: kind}, Body: ""}
}

// demoInfo is the metadata that every source distribution of demo 1.0 has.
var demoInfo = fileAt("demo-1.0/PKG-INFO", metadataText("demo", "1.0"))

// tarGz is a tar of the entries, in gzip of a level.
func tarGz(t testing.TB, level int, entries ...tarEntry) string {
	t.Helper()
	return string(formattest.Tarball(t, level, entries...))
}

// zipWithLink is a zip archive of the files, uncompressed, and a symbolic link.
func zipWithLink(t testing.TB, name, target string, files ...archived) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	link := &zip.FileHeader{Name: name}
	link.SetMode(fs.ModeSymlink | 0o777)
	add := func(h *zip.FileHeader, content string) {
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		add(&zip.FileHeader{Name: f[0]}, f[1])
	}
	add(link, target)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSourceDistributionsThatToolsMakeAreTaken(t *testing.T) {
	info := archived{demoInfo.Name, demoInfo.Body}
	folder := tarEntry{Header: tar.Header{Name: "demo-1.0/", Typeflag: tar.TypeDir, Mode: 0o755}, Body: ""}
	for name, c := range map[string]struct{ file, content string }{
		"a tarball":                     {demoSdist, sdistOf(t, "demo-1.0", metadataText("demo", "1.0"))},
		"with its folder, twice":        {demoSdist, tarGz(t, 6, folder, demoInfo, folder)},
		"with files packed twice over":  {demoSdist, tarGz(t, 6, demoInfo, fileAt("demo-1.0/x", "x"), demoInfo, fileAt("demo-1.0/x", "x"))},
		"with links inside":             {demoSdist, tarGz(t, 6, demoInfo, linkAt("demo-1.0/a/NEWS", "../NEWS", tar.TypeSymlink))},
		"with another name of a file":   {demoSdist, tarGz(t, 6, demoInfo, linkAt("demo-1.0/a", "demo-1.0/PKG-INFO", tar.TypeLink))},
		"with a folder of old spelling": {"zope_demo-1.0.tar.gz", sdistOf(t, "zope.demo-1.0", metadataText("zope.demo", "1.0"))},
		"of old metadata":               {demoSdist, tarGz(t, 6, fileAt(demoInfo.Name, "Metadata-Version: 1.0\nName: demo\nVersion: 1.0\n"))},
		"with metadata of its packages": {demoSdist, tarGz(t, 6, fileAt("demo-1.0/demo.egg-info/PKG-INFO", "x"), demoInfo)},
		"a zip archive":                 {"demo-1.0.zip", zipOf(t, info, archived{"demo-1.0/setup.py", "x"})},
		"a zip archive with a link":     {"demo-1.0.zip", zipWithLink(t, "demo-1.0/NEWS", "CHANGES", info)},
	} {
		got, err := inspectNamed(t, c.file, c.content)
		if err == nil {
			err = got.checkEnding(c.file)
		}
		if err != nil || got.metadata.version != "1.0" || got.core != nil {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestHostileSourceDistributionsAreRefused(t *testing.T) {
	at := func(entries ...tarEntry) string { return tarGz(t, 6, append([]tarEntry{demoInfo}, entries...)...) }
	setuid := fileAt("demo-1.0/run", "x")
	setuid.Mode = 0o4755
	whole := at()
	info := archived{demoInfo.Name, demoInfo.Body}
	ends := zipOf(t, archived{"evil.py", "x"})
	large := strings.Repeat("x", maxMetadata)
	for name, c := range map[string]struct{ content, want string }{
		"nothing":    {"", "neither a tar in gzip nor a zip"},
		"one byte":   {"\x1f", "neither a tar in gzip nor a zip"},
		"a bare tar": {demoInfo.Name + strings.Repeat("\x00", 1024), "neither a tar in gzip nor a zip"},
		"bzip2":      {"BZh91AY&SY", "neither a tar in gzip nor a zip"},
		"no metadata": {tarGz(t, 6, fileAt("demo-1.0/setup.py", "x")),
			`no file PKG-INFO in the folder at its top, such as "demo-1.0/PKG-INFO"`},
		"metadata further down": {tarGz(t, 6, fileAt("demo-1.0/demo.egg-info/PKG-INFO", demoInfo.Body)),
			"no file PKG-INFO"},
		"metadata in a link": {tarGz(t, 6, linkAt("demo-1.0/PKG-INFO", "x", tar.TypeSymlink)),
			`"demo-1.0/PKG-INFO" stands where`},
		"metadata in a folder":           {tarGz(t, 6, fileAt("demo-1.0/PKG-INFO/x", "")), "no file PKG-INFO"},
		"other metadata on some systems": {at(fileAt("demo-1.0/pkg-info", "x")), `"demo-1.0/pkg-info" stands where`},
		"two metadata": {at(fileAt("demo-1.0/PKG-INFO", demoInfo.Body+"\n")),
			`"demo-1.0/PKG-INFO" is there twice, as two contents`},
		"large metadata": {tarGz(t, 6, fileAt("demo-1.0/PKG-INFO", large+"x")),
			`"demo-1.0/PKG-INFO" is larger than`},
		"metadata of another project": {tarGz(t, 6, fileAt("demo-1.0/PKG-INFO", metadataText("other", "1.0"))),
			`says "other"`},
		"metadata of another version": {tarGz(t, 6, fileAt("demo-1.0/PKG-INFO", metadataText("demo", "1.1"))),
			`says version "1.1"`},
		"metadata that says no name": {tarGz(t, 6, fileAt("demo-1.0/PKG-INFO", "")), "no name or no version"},
		"two folders": {at(fileAt("other/setup.py", "x")),
			`"other/setup.py" does not lie in the folder at its top, "demo-1.0"`},
		"two folders by case":           {at(fileAt("Demo-1.0/setup.py", "x")), `"Demo-1.0/setup.py" does not lie in`},
		"a file beside the folder":      {at(fileAt("setup.py", "x")), `"setup.py" does not lie in`},
		"a file in place of the folder": {tarGz(t, 6, fileAt("demo-1.0", "x")), `"demo-1.0" lies beside the folder`},
		"a link in place of the folder": {tarGz(t, 6, linkAt("demo-1.0", "/etc", tar.TypeSymlink), demoInfo),
			`"demo-1.0" lies beside the folder`},
		"no folder": {tarGz(t, 6, fileAt("PKG-INFO", demoInfo.Body)),
			`"PKG-INFO" lies beside the folder`},
		"an absolute path":                 {at(fileAt("/etc/passwd", "x")), `"/etc/passwd" leads out`},
		"a path up":                        {at(fileAt("demo-1.0/../../x", "x")), `"demo-1.0/../../x" leads out`},
		"a path up in place of the folder": {tarGz(t, 6, fileAt("../PKG-INFO", demoInfo.Body)), `"../PKG-INFO" leads out`},
		"a dot in place of the folder": {tarGz(t, 6, fileAt("./PKG-INFO", demoInfo.Body)),
			`"./PKG-INFO" has an empty segment or a dot`},
		"a path up on Windows": {at(fileAt(`demo-1.0/..\..\x`, "x")), "has a backslash"},
		"a drive":              {at(fileAt("demo-1.0/c:/x", "x")), `"demo-1.0/c:/x" leads out`},
		"a control character":  {at(fileAt("demo-1.0/a\nb", "x")), "control character"},
		"too deep": {at(fileAt("demo-1.0/"+strings.Repeat("a/", 64)+"x", "x")),
			"too many folders deep"},
		"a link out": {at(linkAt("demo-1.0/l", "../x", tar.TypeSymlink)), `"demo-1.0/l" is a link out`},
		"an absolute link": {at(linkAt("demo-1.0/l", "/etc/passwd", tar.TypeSymlink)),
			`"demo-1.0/l" is a link out`},
		"a link out through another": {
			at(linkAt("demo-1.0/d", ".", tar.TypeSymlink), linkAt("demo-1.0/l", "d/../x", tar.TypeSymlink)),
			`"demo-1.0/l" is a link out`},
		"a file below a link": {at(linkAt("demo-1.0/d", "x", tar.TypeSymlink), fileAt("demo-1.0/d/y", "")),
			`"demo-1.0/d/y" is below a file or a link`},
		"a file over a link": {at(linkAt("demo-1.0/d", "x", tar.TypeSymlink), fileAt("demo-1.0/d", "")),
			`"demo-1.0/d" is there twice`},
		"a hard link out": {at(linkAt("demo-1.0/l", "/etc/passwd", tar.TypeLink)),
			`"demo-1.0/l" is a hard link to no file`},
		"a hard link up": {at(linkAt("demo-1.0/l", "demo-1.0/../../x", tar.TypeLink)),
			`"demo-1.0/l" is a hard link to no file`},
		"a hard link to a link": {
			at(linkAt("demo-1.0/d/e/l", "../../x", tar.TypeSymlink), linkAt("demo-1.0/m", "demo-1.0/d/e/l", tar.TypeLink)),
			`"demo-1.0/m" is a hard link to no file`},
		"a hard link to what comes later": {at(linkAt("demo-1.0/l", "demo-1.0/x", tar.TypeLink), fileAt("demo-1.0/x", "")),
			`"demo-1.0/l" is a hard link to no file`},
		"two files in one place": {at(fileAt("demo-1.0/setup.py", "x"), fileAt("demo-1.0/setup.py", "y")),
			`"demo-1.0/setup.py" is there twice, as two contents`},
		"a file over another's second name": {at(linkAt("demo-1.0/x", "demo-1.0/PKG-INFO", tar.TypeLink), fileAt("demo-1.0/x", "")),
			`"demo-1.0/x" is there twice`},
		"a device":                      {at(linkAt("demo-1.0/n", "", tar.TypeChar)), `"demo-1.0/n" is a device`},
		"a pipe":                        {at(linkAt("demo-1.0/n", "", tar.TypeFifo)), `"demo-1.0/n" is a device`},
		"the rights of whoever unpacks": {at(setuid), `"demo-1.0/run" would run with the rights`},
		"bytes behind it":               {whole + "x", "bytes follow the end"},
		"another archive behind it":     {whole + zipOf(t, info), "ends as a zip archive does"},
		"another archive in its end": {tarGz(t, gzip.NoCompression, demoInfo, fileAt("demo-1.0/x", ends)),
			"ends as a zip archive does"},
		"half of it":  {whole[:len(whole)/2], "not readable"},
		"no checksum": {whole[:len(whole)-4], "not readable"},
		"a bomb": {tarGz(t, 9, demoInfo, fileAt("demo-1.0/zeros", strings.Repeat("\x00", 65<<20))),
			"unpacks to too much"},

		"zip: half of it":         {zipOf(t, info)[:80], "archive cannot be accepted"},
		"zip: bytes before it":    {"PK" + zipOf(t, info), "archive cannot be accepted"},
		"zip: a path up":          {zipOf(t, info, archived{"demo-1.0/../x", ""}), `"demo-1.0/../x" leads out`},
		"zip: two folders":        {zipOf(t, info, archived{"x/y", ""}), `"x/y" does not lie in`},
		"zip: no folder":          {zipOf(t, archived{"PKG-INFO", info[1]}), `"PKG-INFO" lies beside`},
		"zip: no metadata":        {zipOf(t, archived{"demo-1.0/x", ""}), "no file PKG-INFO"},
		"zip: large metadata":     {zipOf(t, archived{info[0], large + "x"}), `"demo-1.0/PKG-INFO" is larger than`},
		"zip: metadata in a link": {zipWithLink(t, "demo-1.0/PKG-INFO", "x"), `"demo-1.0/PKG-INFO" stands where`},
		"zip: a link out":         {zipWithLink(t, "demo-1.0/l", "../x", info), `"demo-1.0/l" is a link out`},
		"zip: a file twice": {zipOf(t, info, archived{"demo-1.0/x", "1"}, archived{"demo-1.0/x", "2"}),
			`"demo-1.0/x" is there twice`},
		"zip: a false checksum": {strings.Replace(zipWithLink(t, "demo-1.0/l", "x", info, archived{"demo-1.0/x", "some"}), "some", "sick", 1),
			`"demo-1.0/x" has another checksum`},
		"zip: other metadata there": {zipOf(t, info, archived{"demo-1.0/Pkg-Info", ""}), `"demo-1.0/Pkg-Info" stands where`},
	} {
		_, err := inspectNamed(t, demoSdist, c.content)
		if !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestASourceDistributionIsCalledAsWhatItIs(t *testing.T) {
	s := newSite(t)
	tarball := sdistOf(t, "demo-1.0", metadataText("demo", "1.0"))
	zipped := zipOf(t, archived{demoInfo.Name, demoInfo.Body})
	for _, c := range []struct{ file, content, want string }{
		{"demo-1.0.tgz", tarball, ".tar.gz"}, {"demo-1.0.zip", tarball, ".tar.gz"}, {"demo-1.0.tar.bz2", tarball, ".tar.gz"},
		{"demo-1.0.tar", tarball, ".tar.gz"}, {"demo-1.0.tar.gz", zipped, ".zip"}, {"demo-1.0.tar.Z", zipped, ".zip"},
		{"demo-1.0.tar.bz2", "BZh91AY&SY", "Build it anew, as .tar.gz"}, {"demo-1.0.tar.xz", "\xfd7zXZ", "Build it anew, as .tar.gz"},
	} {
		w := s.Must(http.StatusBadRequest, s.upload(c.file, c.content))
		if !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: got %s, want %q", c.file, w.Body, c.want)
		}
	}
	s.Must(200, s.upload("demo-1.0.zip", zipped))
	s.Must(200, s.upload(demoSdist, tarball))
}

func TestAFailureToReadASourceDistributionIsNotItsFault(t *testing.T) {
	lost := errors.New("the disk is gone")
	for _, content := range []string{tarGz(t, 6, demoInfo), zipOf(t, archived{demoInfo.Name, demoInfo.Body})} {
		d, err := parseFilename(demoSdist, "")
		if err != nil {
			t.Fatal(err)
		}
		for at := range content {
			_, err := inspect(losingAt{strings.NewReader(content), int64(at), lost}, int64(len(content)), d)
			if !errors.Is(err, lost) || artifact.Is(err, artifact.Invalid) {
				t.Fatalf("lost at %d of %d: got %v, want that it was lost", at, len(content), err)
			}
		}
	}
}

// The first byte says what the rest is: a tar that is put in gzip, so that the fuzzer need not find out about its checksum, or
// a whole file.
func FuzzInspectSdist(f *testing.F) {
	bare := func(entries ...tarEntry) []byte {
		z, err := gzip.NewReader(strings.NewReader(tarGz(f, 0, entries...)))
		if err != nil {
			f.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := out.ReadFrom(z); err != nil {
			f.Fatal(err)
		}
		return append([]byte{0}, out.Bytes()...)
	}
	f.Add(bare(demoInfo, fileAt("demo-1.0/setup.py", "x")))
	f.Add(bare(demoInfo, linkAt("demo-1.0/l", "PKG-INFO", tar.TypeSymlink), linkAt("demo-1.0/h", demoInfo.Name, tar.TypeLink)))
	f.Add([]byte("\x01" + sdistOf(f, "demo-1.0", metadataText("demo", "1.0"))))
	f.Add([]byte("\x01" + zipOf(f, archived{demoInfo.Name, demoInfo.Body})))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) == 0 {
			return
		}
		content := in[1:]
		if in[0] == 0 {
			var out bytes.Buffer
			z := gzip.NewWriter(&out)
			_, _ = z.Write(content) // never fails, into memory
			_ = z.Close()
			content = out.Bytes()
		}
		d := distribution{kind: sdistKind, name: "demo", version: "1.0"}
		got, err := inspect(bytes.NewReader(content), int64(len(content)), d)
		switch {
		case err != nil && !artifact.Is(err, artifact.Invalid):
			t.Fatalf("got %v", err)
		case err == nil && (normalName(got.metadata.name) != "demo" || got.ending == ""):
			t.Fatalf("got %+v", got)
		}
	})
}
