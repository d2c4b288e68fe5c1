package stricttar

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/unpacked"
)

// list reads an archive to its end: the entries, and in place of a file's size what stands in it.
func list(archive []byte, l Limits) ([]string, error) {
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), l)
	if err != nil {
		return nil, err
	}
	var found []string
	err = a.Each(func(e Entry, contents io.Reader) error {
		text, err := io.ReadAll(contents)
		found = append(found, fmt.Sprintf("%s %d %s%s", e.Name, e.Kind, text, e.Target))
		return err
	})
	return found, err
}

// mark is an entry after the odd one: whoever takes the odd one in another way sees another.
var mark = regular("d/mark", "m")

func TestWhatWritersMakeIsRead(t *testing.T) {
	whole := tarOf(regular("d/a", "some"), mark)
	both := []string{"d/a 1 some", "d/mark 1 m"}
	long := strings.Repeat("n", 120)
	for name, c := range map[string]struct {
		archive []byte
		want    []string
	}{
		"gzip":                      {zipped(t, whole), both},
		"several gzip members":      {zipped(t, whole[:700], whole[700:]), both},
		"zeros after gzip":          {append(zipped(t, whole), make([]byte, 10_000)...), both},
		"a bare tar":                {whole, both},
		"bytes after the end":       {append(bytes.Clone(whole), 'x'), both},
		"another tar after the end": {append(bytes.Clone(whole), whole...), both},
		"nothing in it":             {tarOf(), nil},
		"a folder":                  {tarOf(raw("d/", tar.TypeDir, "", 0, ""), mark), []string{"d/ 0 ", "d/mark 1 m"}},
		"a folder from before":      {tarOf(raw("d/", 0, "", 0, ""), mark), []string{"d/ 0 ", "d/mark 1 m"}},
		"a contiguous file":         {tarOf(raw("d/a", tar.TypeCont, "", 4, "some"), mark), both},
		"a symbolic link":           {tarOf(link("d/l", "a"), mark), []string{"d/l 2 a", "d/mark 1 m"}},
		"a hard link": {tarOf(raw("d/l", tar.TypeLink, "d/a", 0, ""), mark),
			[]string{"d/l 2 d/a", "d/mark 1 m"}},
		"a comment for all":  {tarOf(pax('g', "comment", "c"), regular("d/a", "some"), mark), both},
		"a time for one":     {tarOf(pax('x', "mtime", "1.5"), regular("d/a", "some"), mark), both},
		"a path by a record": {tarOf(pax('x', "path", "d/a"), regular("d/b", "some"), mark), both},
		"a comment for all, then one": {tarOf(pax('g', "comment", "c"), pax('x', "path", "d/a"), regular("d/b", "some"), mark),
			both},
		"a size in bytes": {tarOf(rawField("d/a", tar.TypeReg, "", "\x80"+strings.Repeat("\x00", 10)+"\x04", 0o644, "some"), mark),
			both},
		"a size in spaces": {tarOf(rawField("d/", tar.TypeDir, "", strings.Repeat(" ", 12), 0o755, ""), mark),
			[]string{"d/ 0 ", "d/mark 1 m"}},
		"a long name and a long link": {tarOf(raw("", tar.TypeGNULongName, "", len(long), long),
			raw("", tar.TypeGNULongLink, "", len(long), long), link("d/l", "a"), mark), []string{long + " 2 " + long, "d/mark 1 m"}},
	} {
		got, err := list(c.archive, Default)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %.300q, %v, want %.300q", name, got, err, c.want)
		}
	}
}

func TestWhatReadersTakeInTwoWaysIsRefused(t *testing.T) {
	whole := zipped(t, tarOf(regular("d/a", "some"), mark))
	few := Limits{Entries: 1, Names: 100, Unpacked: 1 << 20, Ratio: 100, Free: 1 << 20}
	one := Limits{Entries: 10, Names: 100, Unpacked: 1 << 20, Ratio: 100, Free: 1 << 20, OneMember: true}
	small := Limits{Entries: 10, Names: 100, Unpacked: 1 << 20, Ratio: 9, Free: 9}
	for name, c := range map[string]struct {
		archive []byte
		limits  Limits
		want    string
	}{
		"text":               {[]byte("hello"), Default, "entry 0 is not readable"},
		"text in gzip":       {zipped(t, []byte("hello")), Default, "entry 0 is not readable"},
		"half a gzip header": {whole[:5], Default, "its gzip stream does not begin"},
		"no checksum":        {whole[:len(whole)-6], Default, "is not readable"},
		"bytes after gzip":   {append(bytes.Clone(whole), 'x'), Default, "bytes follow the end"},
		"bytes after zeros after gzip": {append(append(bytes.Clone(whole), make([]byte, 10_000)...), 'x'),
			Default, "bytes follow the end"},
		"a second member, for those who read one": {zipped(t, tarOf(mark), make([]byte, 1<<10)), one, "has several members"},
		"half a member after the first":           {append(bytes.Clone(whole), whole[:20]...), Default, "is not readable"},
		"an entry that breaks off":                {regular("d/a", strings.Repeat("x", 1000))[:1000], Default, `"d/a" is not readable`},
		"a device":                                {tarOf(raw("d/n", tar.TypeChar, "", 0, ""), mark), Default, `"d/n" is a device`},
		"a pipe":                                  {tarOf(raw("d/n", tar.TypeFifo, "", 0, ""), mark), Default, `"d/n" is a device`},
		"an unknown kind":                         {tarOf(raw("d/n", 'Z', "", 0, ""), mark), Default, `"d/n" is a device`},
		"a file for its user": {tarOf(rawField("d/n", '0', "", "0", 0o4755, ""), mark),
			Default, `"d/n" would run`},
		"a file for its group": {tarOf(rawField("d/n", '0', "", "0", 0o2755, ""), mark),
			Default, `"d/n" would run`},
		"a file that is a link": {tarOf(raw("d/n", '0', "a", 0, ""), mark),
			Default, `"d/n" is a file and a link`},
		"a folder with contents": {tarOf(raw("d/n/", 0, "", 3, "abc"), mark),
			Default, `"d/n/" is no file and yet`},
		"a file like a folder": {tarOf(raw("d/n/", tar.TypeReg, "", 3, "abc"), mark),
			Default, `"d/n/" is a folder with contents`},
		"a link with a size": {tarOf(raw("d/n", tar.TypeSymlink, "a", 512, ""), mark),
			Default, `"d/n" is no file and yet`},
		"a sparse file by records": {tarOf(pax('x', "GNU.sparse.major", "1"), mark),
			Default, `"d/mark" is a sparse file`},
		"a sparse file": {tarOf(raw("d/n", tar.TypeGNUSparse, "", 0, ""), mark),
			Default, "entry 0 is not readable"},
		"a kind by a record": {tarOf(pax('x', "type", "2"), mark),
			Default, `"d/mark" has a pax record "type"`},
		"a path for all": {tarOf(pax('g', "path", "d/x"), mark), Default, "has a pax record \"path\""},
		"a link for all": {tarOf(pax('g', "linkpath", "d/x"), mark),
			Default, "has a pax record \"linkpath\""},
		"a size for all": {tarOf(pax('g', "size", "1"), mark), Default, "has a pax record \"size\""},
		"a record like two": {tarOf(pax('x', "comment", "x\n11 path=x"), mark),
			Default, `"d/mark" has a pax record "comment"`},
		"a size by a record": {tarOf(pax('x', "size", "512"), raw("d/n", '0', "", 0, ""), mark),
			Default, `"d/n" has one size`},
		"a size that a record takes back": {tarOf(pax('x', "size", "0"), raw("d/n", '0', "", 512, ""), mark),
			Default, `"d/n" has one size`},
		"two records in a row": {tarOf(pax('x', "path", "d/x"), pax('x', "comment", "c"), mark),
			Default, "two headers in a row"},
		"one for all after one": {tarOf(pax('x', "path", "d/x"), pax('g', "comment", "c"), mark),
			Default, "two headers in a row"},
		"two long names": {tarOf(raw("", 'L', "", 2, "a\x00"), raw("", 'L', "", 2, "b\x00"), mark), Default,
			"two headers in a row"},
		"a long name after a record": {tarOf(pax('x', "path", "d/x"), raw("", 'L', "", 2, "b\x00"), mark), Default,
			"two headers in a row"},
		"a size that is no number": {tarOf(rawField("d/n", '0', "", "nine", 0o644, ""), mark), Default, "no number"},
		"a size below nothing": {tarOf(rawField("d/n", '0', "", "\xff"+strings.Repeat("\xff", 11), 0o644, ""), mark),
			Default, "no number"},
		"a size above all": {tarOf(rawField("d/n", '0', "", "77777777777\x00", 0o644, ""), mark),
			few, "no number"},
		"a size above all, in bytes": {tarOf(rawField("d/n", '0', "", "\x80"+strings.Repeat("\x7f", 11), 0o644, ""), mark),
			few, "no number"},
		"too many entries": {tarOf(mark, mark), few, "more than 1 entries"},
		"too many bytes of names": {tarOf(pax('x', "path", strings.Repeat("n", 101)), mark),
			few, "its paths have more than 100 bytes"},
		"too much, as it says": {tarOf(regular("d/a", "x"), raw("d/b", '0', "", 1<<20, "")),
			small, "unpacks to too much"},
		"too much for its size": {zipped(t, tarOf(regular("d/a", strings.Repeat("x", 1<<19)))),
			small, "unpacks to too much"},
		"too much behind it": {zipped(t, tarOf(mark), make([]byte, 2<<20)), few, "unpacks to too much"},
	} {
		_, err := list(c.archive, c.limits)
		if !artifact.Is(err, artifact.Invalid) || !strings.HasPrefix(err.Error(), "invalid: The tarball cannot be accepted: ") ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestScanJudgesNoEntry(t *testing.T) {
	archive := tarOf(pax('g', "comment", "c"), raw("d/n", tar.TypeChar, "", 0, ""), mark)
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), Default)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	err = a.Scan(func(h *tar.Header, _ io.Reader) error { names = append(names, h.Name); return nil })
	if err != nil || len(names) != 3 || names[1] != "d/n" {
		t.Errorf("got %q, %v", names, err)
	}
}

func TestWhoReadsEndsIt(t *testing.T) {
	archive, enough := tarOf(mark, mark), errors.New("enough")
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), Default)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Each(func(Entry, io.Reader) error { return enough }); err != enough {
		t.Errorf("got %v", err)
	}
}

// lossy fails behind so many bytes.
type lossy struct {
	r    io.Reader
	left int
}

var errLost = errors.New("the disk is gone")

func (l *lossy) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, errLost
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

func TestAFailureOfTheSourceIsNotTheArchivesFault(t *testing.T) {
	whole := tarOf(regular("d/a", "some"), mark)
	for _, archive := range [][]byte{whole, zipped(t, whole)} {
		for at := range len(archive) {
			a, err := Open(&lossy{bytes.NewReader(archive), at}, int64(len(archive)), Default)
			if err == nil {
				err = a.Each(func(_ Entry, contents io.Reader) error { _, err := io.ReadAll(contents); return err })
			}
			if !errors.Is(err, errLost) || artifact.Is(err, artifact.Invalid) {
				t.Fatalf("after %d of %d bytes: got %v", at, len(archive), err)
			}
		}
	}
}

// walk reads a tar by its raw headers alone, in the most simple way there is: each header is followed by as many bytes as it
// says.
func walk(archive []byte) (entries int) {
	for len(archive) >= block && !bytes.Equal(archive[:block], make([]byte, block)) {
		if kind := archive[156]; !describing[kind] && kind != tar.TypeXGlobalHeader {
			entries++
		}
		size, _ := sizeIn(archive[124:136], 1<<20)
		archive = archive[min(len(archive), block+int(size+block-1)/block*block):]
	}
	return entries
}

// What is accepted a simple reader and the standard library see the same entries in. The fuzzed bytes are the bare tar, so
// that the fuzzer need not find out about gzip's checksum; in gzip it must be the same.
func FuzzEach(f *testing.F) {
	f.Add(tarOf(regular("d/a", "some"), link("d/l", "a"), mark))
	f.Add(tarOf(pax('g', "comment", "c"), pax('x', "path", "d/a"), regular("d/b", "some"), mark))
	f.Add(tarOf(raw("", 'L', "", 2, "a\x00"), raw("", 'K', "", 2, "b\x00"), link("d/l", "a")))
	f.Add(tarOf(pax('x', "size", "512"), raw("d/n", '0', "", 0, ""), mark))
	l := Limits{Entries: 100, Names: 1 << 16, Unpacked: 1 << 20, Ratio: 100, Free: 1 << 20}
	f.Fuzz(func(t *testing.T, archive []byte) {
		if len(archive) > 1 && archive[0] == 0x1f && archive[1] == 0x8b {
			return
		}
		found, err := list(archive, l)
		again, errAgain := list(zipped(t, archive), l)
		if (err == nil) != (errAgain == nil) || err == nil && !slices.Equal(found, again) {
			t.Fatalf("bare %q, %v, in gzip %q, %v", found, err, again, errAgain)
		}
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) {
				t.Fatalf("got %v", err)
			}
			return
		}
		if n := walk(archive); n != len(found) {
			t.Fatalf("got %q, a simple reader sees %d", found, n)
		}
		var standard []string
		for in := tar.NewReader(bytes.NewReader(archive)); ; {
			h, err := in.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("accepted what the standard library refuses: %v", err)
			}
			if h.Typeflag == tar.TypeXGlobalHeader {
				continue
			}
			text, err := io.ReadAll(in)
			if err != nil {
				t.Fatal(err)
			}
			kind := kinds[h.Typeflag]
			if strings.HasSuffix(h.Name, "/") && kind == unpacked.File {
				kind = unpacked.Folder
			}
			standard = append(standard, fmt.Sprintf("%s %d %s%s", h.Name, kind, text, h.Linkname))
		}
		if !slices.Equal(found, standard) {
			t.Fatalf("got %q, the standard library %q", found, standard)
		}
	})
}
