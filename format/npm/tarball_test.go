package npm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"entrepot/artifact"
)

const minimal = `{"name":"widget","version":"1.0.0"}`

func TestInspectTellsWhatInstallersNeed(t *testing.T) {
	tarball := pack(t,
		entry{tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header",
			PAXRecords: map[string]string{"comment": "c"}}, ""},
		entry{tar.Header{Typeflag: tar.TypeDir, Name: "widget-main/", Mode: 0o755}, ""},
		file("widget-main/README", "plain"),
		file("widget-main/readme.md", "# marked"),
		file("widget-main/package.json", "\uFEFF"+`{"name":"widget","version":"1.0.0","directories":{"bin":"./tools"}}`),
		file("widget-main/npm-shrinkwrap.json", "{}"),
		file("widget-main/binding.gyp", "{}"),
		file("widget-main/tools/run.js", "1"),
		file("widget-main/tools/deep/go", "2"),
		file("widget-main/tools/.hidden", "3"),
		file("widget-main/lib/npm-shrinkwrap.json", "{}"),
	)
	c, err := inspect(bytes.NewReader(tarball), int64(len(tarball)))
	if err != nil {
		t.Fatal(err)
	}
	if name, _ := c.manifest.Text("name"); name != "widget" {
		t.Errorf("got name %q", name)
	}
	if c.files != 9 || !c.shrinkwrap || !c.gyp || c.readme != "# marked" || c.readmeFile != "readme.md" {
		t.Errorf("got %d files, shrinkwrap %v, gyp %v, readme %q in %q", c.files, c.shrinkwrap, c.gyp, c.readme, c.readmeFile)
	}
	if len(c.executables) != 2 || c.executables["run.js"] != "tools/run.js" || c.executables["go"] != "tools/deep/go" {
		t.Errorf("got executables %v", c.executables)
	}
}

func TestHostileArchivesAreRefused(t *testing.T) {
	good := file("package/package.json", minimal)
	link := func(kind byte, name, to string) entry {
		return entry{tar.Header{Typeflag: kind, Name: name, Linkname: to, Mode: 0o644}, ""}
	}
	setuid := file("package/run", "x")
	setuid.Mode = 0o4755
	whole := pack(t, good)
	for _, row := range []struct {
		name    string
		tarball []byte
		words   string
	}{
		{"nothing", nil, "not gzip"},
		{"text", []byte("hello"), "not gzip"},
		{"gzip without a tar", zip(t, []byte("hello")), "not readable"},
		{"an empty tar", pack(t), "no package.json"},
		{"no package.json", pack(t, file("package/index.js", "")), "no package.json"},
		{"package.json too deep", pack(t, file("package/a/package.json", minimal)), "no package.json"},
		{"package.json without a folder", pack(t, file("package.json", minimal)), "outside the package folder"},
		{"two package.json", pack(t, good, good), "twice"},
		{"two package.json by case", pack(t, good, file("package/Package.JSON", minimal)), "twice"},
		{"two files by composition", pack(t, good, file("package/\u00e4", ""), file("package/a\u0308", "")), "twice"},
		{"two folders", pack(t, good, file("other/x", "")), "one package folder"},
		{"symbolic link", pack(t, good, link(tar.TypeSymlink, "package/l", "../../etc/passwd")), "link"},
		{"link inside", pack(t, good, link(tar.TypeSymlink, "package/l", "package.json")), "link"},
		{"hard link", pack(t, good, link(tar.TypeLink, "package/l", "/etc/passwd")), "link"},
		{"device", pack(t, good, link(tar.TypeChar, "package/d", "")), "device"},
		{"pipe", pack(t, good, link(tar.TypeFifo, "package/p", "")), "device"},
		{"absolute", pack(t, good, file("/etc/passwd", "")), "clean path"},
		{"parent", pack(t, good, file("package/../../x", "")), "clean path"},
		{"dot", pack(t, good, file("package/./x", "")), "clean path"},
		{"double slash", pack(t, good, file("package//x", "")), "clean path"},
		{"backslash", pack(t, good, file("package/a\\b", "")), "clean path"},
		{"drive", pack(t, file("C:/package.json", minimal)), "package folder"},
		{"control character", pack(t, good, file("package/a\nb", "")), "clean path"},
		{"file below a file", pack(t, good, file("package/a", ""), file("package/a/b", "")), "below a file"},
		{"too deep", pack(t, good, file("package/"+strings.Repeat("a/", 64)+"f", "")), "folders deep"},
		{"folder over a file", pack(t, good, file("package/a/b", ""), file("package/a", "")), "twice"},
		{"set user id", pack(t, good, setuid), "somebody else"},
		{"a second gzip member", append(bytes.Clone(whole), whole...), "follow the end"},
		{"trailing bytes", append(bytes.Clone(whole), 'x'), "follow the end"},
		{"truncated", whole[:len(whole)-6], ""},
		{"bytes after the tar", zip(t, append(unzip(t, whole), 'x')), "end of its tar"},
		{"package.json is no JSON", pack(t, file("package/package.json", "{")), "usable JSON"},
		{"package.json is no object", pack(t, file("package/package.json", "[]")), "usable JSON"},
		{"package.json with a key twice", pack(t, file("package/package.json", `{"name":"a","name":"b"}`)), "twice"},
		{"a large package.json", pack(t, file("package/package.json", `"`+strings.Repeat("x", maxPackageJSON)+`"`)),
			"larger than"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := inspect(bytes.NewReader(row.tarball), int64(len(row.tarball)))
			if !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), row.words) {
				t.Errorf("got %v, want invalid with %q", err, row.words)
			}
		})
	}
}

func TestABombIsGivenUpEarly(t *testing.T) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "package/zeros", Size: 300 << 20,
		Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeroReader{}, 300<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	counted := &countingAt{r: bytes.NewReader(out.Bytes())}
	_, err = inspect(counted, int64(out.Len()))
	if !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), "unpacks to too much") {
		t.Errorf("got %v", err)
	}
	if counted.n >= int64(out.Len()) {
		t.Errorf("read all %d bytes", counted.n)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type countingAt struct {
	r io.ReaderAt
	n int64
}

func (c *countingAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

func zip(t testing.TB, p []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unzip(t testing.TB, p []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
