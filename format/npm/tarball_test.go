package npm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/unpacked"
)

const minimal = `{"name":"widget","version":"1.0.0"}`

func TestInspectTellsWhatInstallersNeed(t *testing.T) {
	tarball := pack(t,
		entry{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header",
			PAXRecords: map[string]string{"comment": "c"}}, Body: ""},
		entry{Header: tar.Header{Typeflag: tar.TypeDir, Name: "widget-main/", Mode: 0o755}, Body: ""},
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

func linkEntryOf(kind byte, name, to string) entry {
	return entry{Header: tar.Header{Typeflag: kind, Name: name, Linkname: to, Mode: 0o644}, Body: ""}
}

func folderOf(name string, mode int64) entry {
	return entry{Header: tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}, Body: ""}
}

// patched is a tarball whose first header was changed as no writer of archives lets one.
func patched(t *testing.T, change func(header []byte), entries ...entry) []byte {
	t.Helper()
	raw := unzip(t, pack(t, entries...))
	header := raw[:512]
	change(header)
	copy(header[148:156], "        ")
	sum := 0
	for _, c := range header {
		sum += int(c)
	}
	copy(header[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return zip(t, raw)
}

// records is a tarball that begins with pax records.
func records(t *testing.T, kind byte, body string, after ...entry) []byte {
	t.Helper()
	return patched(t, func(header []byte) { header[156] = kind }, append([]entry{file("pax", body)}, after...)...)
}

// slashed is a tarball that begins with a file whose name ends in a slash.
func slashed(t *testing.T, body string, after ...entry) []byte {
	t.Helper()
	return patched(t, func(header []byte) { header[len("package/folder")] = '/' },
		append([]entry{file("package/folder_", body)}, after...)...)
}

// rawEntry is an entry whose header says what no writer of archives lets one say.
func rawEntry(name string, kind byte, link string, size int, body string) []byte {
	p := make([]byte, 512, 1024)
	copy(p, name)
	copy(p[100:], "0000644\x00")
	copy(p[124:], fmt.Sprintf("%011o\x0000000000000\x00        ", size))
	p[156] = kind
	copy(p[157:], link)
	copy(p[257:], "ustar\x0000")
	sum := 0
	for _, c := range p {
		sum += int(c)
	}
	copy(p[148:], fmt.Sprintf("%06o\x00 ", sum))
	p = append(p, body...)
	return append(p, make([]byte, -len(p)&511)...)
}

// twoReadings is a tar in which those who give links contents see another package.json than those who do not.
func twoReadings() []byte {
	other := `{"name":"other"}`
	return slices.Concat(
		rawEntry("package/l", tar.TypeSymlink, "y", 512, ""),
		rawEntry("package/x", tar.TypeReg, "", 1024+512, ""), // holds the next two and the header of the link
		rawEntry("package/package.json", tar.TypeReg, "", len(other), other),
		rawEntry("package/m", tar.TypeSymlink, "y", 1024, ""),
		rawEntry("package/package.json", tar.TypeReg, "", len(minimal), minimal),
		make([]byte, 1024),
	)
}

// gnuLong is a tarball as GNU tar writes one: a link whose name and whose target are longer than a header holds.
func gnuLong(t *testing.T, good entry) []byte {
	t.Helper()
	long := strings.Repeat("long/", 30)
	link := linkEntryOf(tar.TypeSymlink, "package/"+long+"l", long+"x")
	link.Format = tar.FormatGNU
	return pack(t, good, link)
}

func TestTarballsThatClientsUnpackAreTaken(t *testing.T) {
	good := file("package/package.json", minimal)
	whole := pack(t, good, file("package/index.js", "x"))
	raw := unzip(t, whole)
	contiguous := file("package/run", "x")
	contiguous.Typeflag = tar.TypeCont
	for _, row := range []struct {
		name    string
		tarball []byte
		files   int
	}{
		{"names that differ in case only", pack(t, good, file("package/README.md", "1"), file("package/readme.md", "2")), 3},
		{"names that differ in composition only", pack(t, good, file("package/\u00e4", ""), file("package/a\u0308", "")), 3},
		{"AppleDouble files", pack(t, file("._package", "x"), good, file("package/._package.json", "x"),
			file("package/._index.js", "")), 3},
		{"a dot as the folder", pack(t, folderOf("./", 0o755), file("./package.json", minimal), file("./lib/x.js", "")), 2},
		{"folders of two names", pack(t, good, file("other/x", "")), 2},
		{"a file beside the folder", pack(t, good, file("pack.log", "")), 1},
		{"a folder of another system's", pack(t, file("widget-main/package.json", minimal)), 1},
		{"unclean paths", pack(t, good, file("package//lib/./x", "")), 2},
		{"a backslash in a name", pack(t, good, file("package/a\\b", "")), 2},
		{"a name with a carriage return", pack(t, good, file("package/Icon\r", "")), 2},
		{"a name that is not UTF-8", pack(t, good, file("package/caf\xe9", "")), 2},
		{"a file twice", pack(t, good, file("package/a", "1"), file("package/a", "22")), 2},
		{"package.json twice, the same", pack(t, good, good), 1},
		{"links inside", pack(t, good, linkEntryOf(tar.TypeSymlink, "package/lib/l", "../package.json"),
			linkEntryOf(tar.TypeLink, "package/h", "package/package.json")), 1},
		{"odd modes", pack(t, folderOf("package/", 0o7777), good, entry{Header: tar.Header{Name: "package/x", Mode: 0o1000}, Body: ""}), 2},
		{"a contiguous file", pack(t, good, contiguous), 2},
		{"a record for all before one for the next", records(t, 'g', "12 comment=\n", entry{Header: tar.Header{Name: "package/package.json",
			Mode: 0o644, Size: int64(len(minimal)), PAXRecords: map[string]string{"comment": "x"}}, Body: minimal}), 1},
		{"a long name and a long link of GNU's", gnuLong(t, good), 1},
		{"a folder from before tar had any", slashed(t, "", good), 1},
		{"several gzip members", append(zip(t, raw[:700]), zip(t, raw[700:])...), 2},
		{"another tar after the end of the first", append(bytes.Clone(whole), whole...), 2},
		{"bytes after the end of the tar", zip(t, append(bytes.Clone(raw), 'x')), 2},
		{"zeros after gzip", append(bytes.Clone(whole), make([]byte, 10_000)...), 2},
		{"no gzip", raw, 2},
		{"a comment for all files", records(t, 'g', "13 comment=x\n", good), 1},
		{"a time for a file", records(t, 'x', "13 mtime=1.5\n", good), 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := inspect(bytes.NewReader(row.tarball), int64(len(row.tarball)))
			if err != nil {
				t.Fatal(err)
			}
			if name, _ := c.manifest.Text("name"); name != "widget" || c.files != row.files {
				t.Errorf("got %d files of %q, want %d", c.files, name, row.files)
			}
		})
	}
}

func TestHostileArchivesAreRefused(t *testing.T) {
	good := file("package/package.json", minimal)
	setuid := file("package/run", "x")
	setuid.Mode = 0o4755
	both := file("package/x", "")
	both.Linkname = "package/y"
	whole := pack(t, good)
	// before is a tarball of an entry in the raw before a good one.
	before := func(entry ...byte) []byte { return append(entry, unzip(t, whole)...) }
	for _, row := range []struct {
		name    string
		tarball []byte
		words   string
	}{
		{"nothing", nil, "no package.json"},
		{"text", []byte("hello"), "not readable"},
		{"gzip without a tar", zip(t, []byte("hello")), "not readable"},
		{"an empty tar", pack(t), "no package.json"},
		{"no package.json", pack(t, file("package/index.js", "")), "no package.json"},
		{"package.json too deep", pack(t, file("package/a/package.json", minimal)), "no package.json"},
		{"package.json too deep below a dot", pack(t, file("./package/package.json", minimal)), "no package.json"},
		{"package.json without a folder", pack(t, file("package.json", minimal)), "beside the package's folder"},
		{"package.json beside the folder", pack(t, good, file("package.json", minimal)), "beside the package's folder"},
		{"two package.json", pack(t, good, file("package/package.json", "{}")), "another package.json"},
		{"two package.json in two folders", pack(t, good, file("other/package.json", "{}")), "another package.json"},
		{"two package.json by case", pack(t, good, file("package/Package.JSON", minimal)), "another package.json"},
		{"two package.json by folding", pack(t, good, file("package/pac\u212aage.json", minimal)), "another package.json"},
		{"two package.json on Windows", pack(t, good, file("package\\package.json", minimal)), "on Windows"},
		{"a package.json that is a link", pack(t, linkEntryOf(tar.TypeSymlink, "package/package.json", "x"), good), "link out"},
		{"symbolic link", pack(t, good, linkEntryOf(tar.TypeSymlink, "package/l", "../../etc/passwd")), "link out"},
		{"absolute link", pack(t, good, linkEntryOf(tar.TypeSymlink, "package/l", "/etc/passwd")), "link out"},
		{"link to a drive", pack(t, good, linkEntryOf(tar.TypeSymlink, "package/l", "c:\\x")), "link out"},
		{"link that leads out through another", pack(t, good, linkEntryOf(tar.TypeSymlink, "package/d", "."),
			linkEntryOf(tar.TypeSymlink, "package/l", "d/../x")), "link out"},
		{"link in place of the folder", pack(t, linkEntryOf(tar.TypeSymlink, "package", "/etc"), good), "link out"},
		{"file below a link", pack(t, good, linkEntryOf(tar.TypeSymlink, "package/d", "lib"), file("package/d/x", "")),
			"below a file or a link"},
		{"hard link", pack(t, good, linkEntryOf(tar.TypeLink, "package/l", "/etc/passwd")), "link out"},
		{"file and link in one", pack(t, good, both), "a link in one"},
		{"device", pack(t, good, linkEntryOf(tar.TypeChar, "package/d", "")), "device"},
		{"pipe", pack(t, good, linkEntryOf(tar.TypeFifo, "package/p", "")), "device"},
		{"absolute", pack(t, good, file("/etc/passwd", "")), "leads out"},
		{"parent", pack(t, good, file("package/../../x", "")), "leads out"},
		{"parent on Windows", pack(t, good, file("package/..\\..\\x", "")), "leads out"},
		{"drive", pack(t, file("C:/package.json", minimal)), "leads out"},
		{"drive below the folder", pack(t, good, file("package/C:/package.json", minimal)), "leads out"},
		{"line feed", pack(t, good, file("package/a\nb", "")), "no path"},
		{"file below a file", pack(t, good, file("package/a", ""), file("package/a/b", "")), "below a file"},
		{"folder over a file", pack(t, good, file("package/a/b", ""), file("package/a", "")), "two kinds"},
		{"too deep", pack(t, good, file("package/"+strings.Repeat("a/", 64)+"f", "")), "folders deep"},
		{"set user id", pack(t, good, setuid), "rights of whoever"},
		{"a folder with contents", slashed(t, "abc", good), "contents of its own"},
		{"links with contents that hide another package.json", twoReadings(), "yet has a size"},
		{"a symbolic link with a size", before(rawEntry("package/l", tar.TypeSymlink, "y", 512, "")...), "yet has a size"},
		{"a hard link with a size", before(rawEntry("package/l", tar.TypeLink, "package/y", 512, "")...), "yet has a size"},
		{"a folder with a size", before(rawEntry("package/d/", tar.TypeDir, "", 512, "")...), "yet has a size"},
		{"an old folder with a size", before(rawEntry("package/d/", 0, "", 3, "abc")...), "yet has a size"},
		{"a link with a size by a record", records(t, 'x', "12 size=512\n", linkEntryOf(tar.TypeSymlink, "package/l", "y"), good),
			"another in a record"},
		{"a link whose size a record takes back", before(slices.Concat(rawEntry("pax", 'x', "", 10, "10 size=0\n"),
			rawEntry("package/l", tar.TypeSymlink, "y", 512, ""))...), "another in a record"},
		{"a size by a record before a long name", before(slices.Concat(rawEntry("pax", 'x', "", 10, "10 size=1\n"),
			rawEntry("long", tar.TypeGNULongName, "", 10, "package/n\x00"), rawEntry("package/x", tar.TypeReg, "", 1, "x"))...),
			"in a row"},
		{"a record that another one hides", before(slices.Concat(rawEntry("pax", 'x', "", 29, "29 path=package/package.json\n"),
			rawEntry("pax", 'x', "", 12, "12 comment=\n"), rawEntry("package/data.js", tar.TypeReg, "", 2, "{}"))...), "in a row"},
		{"a record that one for all hides", before(slices.Concat(rawEntry("pax", 'x', "", 29, "29 path=package/package.json\n"),
			rawEntry("pax", 'g', "", 12, "12 comment=\n"), rawEntry("package/data.js", tar.TypeReg, "", 2, "{}"))...), "in a row"},
		{"a long name that another one hides", before(slices.Concat(rawEntry("long", tar.TypeGNULongName, "", 10, "package/a\x00"),
			rawEntry("long", tar.TypeGNULongName, "", 10, "package/b\x00"), rawEntry("package/x", tar.TypeReg, "", 1, "x"))...),
			"in a row"},
		{"a file whose size a record corrects", before(slices.Concat(rawEntry("pax", 'x', "", 10, "10 size=1\n"),
			rawEntry("package/x", tar.TypeReg, "", 600, "x"), make([]byte, 512))...), "another in a record"},
		{"a sparse file of GNU's", before(rawEntry("package/s", tar.TypeGNUSparse, "", 0, "")...), "not readable"},
		{"a sparse file by records", records(t, 'x', "22 GNU.sparse.major=1\n", good), "a sparse file"},
		{"a path for all files", records(t, 'g', "18 path=package/x\n", good), "several ways"},
		{"another type by a record", records(t, 'x', "10 type=2\n", good), "several ways"},
		{"a record that looks like two", records(t, 'x', "41 comment=x\n30 path=package/package.jsn\n", good), "several ways"},
		{"trailing bytes", append(bytes.Clone(whole), 'x'), "follow the end"},
		{"bytes after trailing zeros", append(append(bytes.Clone(whole), make([]byte, 10_000)...), 'x'), "follow the end"},
		{"truncated", whole[:len(whole)-6], "not readable"},
		{"package.json is no JSON", pack(t, file("package/package.json", "{")), "usable JSON"},
		{"package.json is no object", pack(t, file("package/package.json", "[]")), "usable JSON"},
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

func TestTheBestReadmeIsTaken(t *testing.T) {
	for _, row := range []struct {
		files []string
		want  string
	}{
		{[]string{"README", "readme.md"}, "readme.md"},
		{[]string{"readme.md", "README"}, "readme.md"},
		{[]string{"README.markdown", "Readme.txt"}, "README.markdown"},
		{[]string{"README.rst", "README"}, "README"},
		{[]string{"README.rst"}, "README.rst"},
		{[]string{"readmenot.md", "docs/README.md"}, ""},
	} {
		entries := []entry{file("package/package.json", minimal)}
		for _, name := range row.files {
			entries = append(entries, file("package/"+name, "of "+name))
		}
		tarball := pack(t, entries...)
		c, err := inspect(bytes.NewReader(tarball), int64(len(tarball)))
		if err != nil || c.readmeFile != row.want || row.want != "" && c.readme != "of "+row.want {
			t.Errorf("%q: got %q as %q, %v, want %q", row.files, c.readme, c.readmeFile, err, row.want)
		}
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

func TestFoldersOnTheWayAreBoundedToo(t *testing.T) {
	entries := []entry{file("package/package.json", minimal)}
	below := strings.Repeat("/a", unpacked.MaxDepth-3)
	for i := range unpacked.MaxPlaces/(unpacked.MaxDepth-3) + 2 {
		entries = append(entries, file(fmt.Sprintf("package/%d%s", i, below), ""))
	}
	tarball := pack(t, entries...)
	_, err := inspect(bytes.NewReader(tarball), int64(len(tarball)))
	if !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), "files and folders are more than") {
		t.Errorf("got %v", err)
	}
}
