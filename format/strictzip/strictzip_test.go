package strictzip

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/unpacked"
)

// contentsOf reads everything that there is.
func contentsOf(archive []byte, l Limits) (map[string]string, error) {
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), l)
	if err != nil {
		return nil, err
	}
	found := make(map[string]string)
	for _, e := range a.Entries {
		var content bytes.Buffer
		if err := a.Copy(&content, e); err != nil {
			return nil, err
		}
		found[e.Name] = content.String()
	}
	return found, nil
}

func TestArchivesAsToolsWriteThem(t *testing.T) {
	long := strings.Repeat("long ", 1000)
	full := uint32(math.MaxUint32)
	file := builtFile("a.txt", "some")
	packed := builtDeflated(t, "b.txt", long)
	n, m := packed.packed, packed.unpacked
	wideOf := func(all ...any) []byte {
		p := numbers(all...)
		return append(numbers(uint16(wideField), uint16(len(p))), p...)
	}
	wide := packed
	wide.packed, wide.unpacked, wide.localPacked, wide.localUnpacked = full, full, full, full
	wide.extra = wideOf(uint64(m), uint64(n))
	wide.localExtra = wide.extra
	whole := packed
	whole.extra = wideOf(uint64(m), uint64(n), uint64(0), uint32(0))
	ditto := packed.described(descriptorSignature, packed.sum, n, m)
	ditto.localUnpacked = m
	padded := file
	padded.localExtra = []byte{0, 0, 0}
	stamped := file
	stamped.extra = numbers(uint16(0x5455), uint16(5), "\x01\x00\x00\x00\x00")
	jar := file
	jar.localExtra = numbers(uint16(0xcafe), uint16(0))
	named := builtFile("é", "some")
	named.extra = numbers(uint16(unicodeField), uint16(7), "\x01\x00\x00\x00\x00é")
	named.localExtra = named.extra
	link := builtFile("docs/l", "../a.txt")
	link.attributes = (unixLink | 0o777) << 16
	folder := builtFile("docs/", "")
	folder.attributes = unixNone << 16
	empty := builtOf("docs/", deflate(t, ""), "", deflated)
	for name, entries := range map[string][]builtEntry{
		"nothing":                                   nil,
		"one file":                                  {file},
		"compressed or not":                         {file, packed},
		"a stream, with signatures":                 {packed.described(descriptorSignature, packed.sum, n, m)},
		"a stream, without signatures":              {packed.described(packed.sum, n, m), file},
		"a stream, in wide numbers":                 {packed.described(descriptorSignature, packed.sum, uint64(n), uint64(m)), file},
		"a stream, in wide numbers, no signature":   {packed.described(packed.sum, uint64(n), uint64(m))},
		"a stream of macOS, which knows some":       {ditto},
		"a stream that is not compressed":           {file.described(descriptorSignature, file.sum, file.packed, file.unpacked)},
		"zip64 without need":                        {wide, file},
		"zip64 beside numbers that are good enough": {whole},
		"aligned":                     {padded, packed},
		"times":                       {stamped},
		"the mark of a jar":           {jar},
		"a name in two places":        {named},
		"a link inside":               {file, link},
		"folders of old Java tools":   {folder, link, file},
		"folders that are compressed": {empty},
		"a folder twice":              {folder, folder},
		"names that differ in case":   {file, builtFile("A.TXT", "")},
	} {
		for _, end := range []func(*built){
			func(*built) {},
			func(b *built) { b.comment = "a comment" },
			func(b *built) { b.wide = &builtEnd{-1, -1, -1, -1} },
			func(b *built) {
				b.wide, b.end = &builtEnd{-1, -1, -1, -1}, builtEnd{math.MaxUint16, math.MaxUint16, int64(full), int64(full)}
			},
		} {
			b := builtArchive(entries...)
			end(b)
			found, err := contentsOf(b.bytes(), Default)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, e := range entries {
				want := map[string]string{"a.txt": "some", "b.txt": long, "é": "some", "docs/l": "../a.txt"}[e.name]
				if found[e.name] != want {
					t.Errorf("%s: %s: got %.20q, want %.20q", name, e.name, found[e.name], want)
				}
			}
		}
	}
}

func TestArchivesOfTheStandardLibrary(t *testing.T) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range []string{"META-INF/", "META-INF/MANIFEST.MF", "é.txt"} {
		file, err := w.Create(name)
		if err == nil && !strings.HasSuffix(name, "/") {
			_, err = io.WriteString(file, strings.Repeat(name, 100))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.SetComment("comment"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := contentsOf(out.Bytes(), Default)
	if err != nil || len(found) != 3 || found["é.txt"] != strings.Repeat("é.txt", 100) {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestWhatReadersWouldTakeInTwoWays(t *testing.T) {
	a, b := builtFile("a", "aa"), builtFile("b", "bb")
	packed := builtDeflated(t, "p", strings.Repeat("p", 1000))
	named := func(name string) builtEntry { return builtFile(name, "x") }
	with := func(e builtEntry, change func(*builtEntry)) []builtEntry {
		change(&e)
		return []builtEntry{e, b}
	}
	linked := func(target string) []builtEntry {
		e := builtFile("docs/l", target)
		e.attributes = unixLink << 16
		return []builtEntry{e}
	}
	wideOf := func(all ...any) []byte {
		p := numbers(all...)
		return append(numbers(uint16(wideField), uint16(len(p))), p...)
	}
	full := uint32(math.MaxUint32)
	inner := builtArchive(a).bytes()
	for name, c := range map[string]struct {
		entries []builtEntry
		change  func(*built)
		want    string
	}{
		// What stands where nothing may.
		"bytes before":               {[]builtEntry{a}, func(b *built) { b.before = []byte("#!/bin/sh\n") }, `"a" does not follow what is before it`},
		"bytes before, as if none":   {with(a, func(e *builtEntry) { e.offset = 0 }), func(b *built) { b.before = []byte("MZ") }, `"a" has no header where`},
		"bytes between":              {[]builtEntry{with(a, func(e *builtEntry) { e.trailing = []byte("gap") })[0], b}, nil, `3 bytes follow "a"`},
		"bytes before the directory": {[]builtEntry{a}, func(b *built) { b.between = []byte("gap") }, `3 bytes follow "a"`},
		"bytes and no entry":         {nil, func(b *built) { b.between = []byte("gap") }, "3 bytes before its directory"},
		"bytes before the end":       {[]builtEntry{a}, func(b *built) { b.middle = []byte("gap") }, "does not lie right before its end"},
		"bytes behind":               {[]builtEntry{a}, func(b *built) { b.behind = []byte("x") }, "bytes follow its end"},
		"another archive behind":     {[]builtEntry{b}, func(b *built) { b.behind = inner }, "does not lie right before its end"},
		"an entry that the directory lacks": {[]builtEntry{with(a, func(e *builtEntry) {
			e.trailing = builtArchive(named("hidden")).bytes()[:32]
		})[0], b}, nil, `32 bytes follow "a"`},
		"an end in the comment":      {[]builtEntry{a}, func(b *built) { b.comment = string(builtArchive().bytes()) }, "does not lie right before its end"},
		"half an end in the comment": {[]builtEntry{a}, func(b *built) { b.comment = endSignature + "x" }, "it has no end"},
		"an end that ends too early": {[]builtEntry{a}, func(b *built) { b.comment = endSignature + strings.Repeat("\x00", 20) }, "bytes follow its end"},

		// The end.
		"fewer entries than there are": {[]builtEntry{a, b}, func(b *built) { b.end.entries, b.end.here = 1, 1 }, "holds more than the 1 entries"},
		"more entries than there are":  {[]builtEntry{a, b}, func(b *built) { b.end.entries, b.end.here = 3, 3 }, "has no room for the 3 entries"},
		"a part of an archive":         {[]builtEntry{a, b}, func(b *built) { b.end.here = 1 }, "one of several parts"},
		"a part of an archive, zip64":  {[]builtEntry{a, b}, func(b *built) { b.wide = &builtEnd{-1, 1, -1, -1} }, "one of several parts"},
		"a directory elsewhere":        {[]builtEntry{a}, func(b *built) { b.end.directory = 1 }, "does not lie right before its end"},
		"a longer directory":           {[]builtEntry{a}, func(b *built) { b.end.length = 1000 }, "does not lie right before its end"},
		"two ends that differ":         {[]builtEntry{a}, func(b *built) { b.wide, b.end.directory = &builtEnd{-1, -1, -1, -1}, 1 }, "say different things"},
		"two ends that count in two ways": {[]builtEntry{a}, func(b *built) {
			b.wide, b.end.entries, b.end.here = &builtEnd{-1, -1, -1, -1}, 0, 0
		}, "say different things"},
		"a locator of another end": {[]builtEntry{a}, func(b *built) {
			b.middle = numbers(locatorSignature, uint32(0), uint64(0), uint32(1))
		}, "its zip64 locator does not point to the record before it"},
		"a locator that leads away": {[]builtEntry{a}, func(b *built) {
			b.middle = append(make([]byte, wideEndLength), numbers(locatorSignature, uint32(0), uint64(86), uint32(1))...)
		}, "its zip64 locator does not point to the record before it"},
		"a zip64 end out of the archive": {[]builtEntry{a}, func(b *built) {
			b.wide = &builtEnd{-1, -1, math.MaxInt64, math.MaxInt64}
			b.end = builtEnd{-1, -1, int64(full), int64(full)}
		}, "does not lie right before its end"},

		// Headers and directory.
		"two names":              {with(a, func(e *builtEntry) { e.localName = "c" }), nil, `"a" has one name in its header`},
		"a longer name":          {with(a, func(e *builtEntry) { e.localName = "aa" }), nil, `"a" has one name in its header`},
		"two methods":            {with(packed, func(e *builtEntry) { e.local = stored }), nil, `"p" has one method of compression`},
		"two checksums":          {with(a, func(e *builtEntry) { e.localSum++ }), nil, `"a" has one checksum`},
		"two sizes":              {with(packed, func(e *builtEntry) { e.localUnpacked++ }), nil, `"p" has one size`},
		"two packed sizes":       {with(packed, func(e *builtEntry) { e.localPacked++ }), nil, `"p" has one size`},
		"no sizes in the header": {with(a, func(e *builtEntry) { e.localPacked, e.localUnpacked, e.localSum = 0, 0, 0 }), nil, `"a" has one checksum`},
		"flags for one reader":   {with(a, func(e *builtEntry) { e.localFlags = utf8Name }), nil, `"a" has one set of flags`},
		"no header":              {with(a, func(e *builtEntry) { e.localSignature = "PK\x03\x05" }), nil, `"a" has no header where`},
		"no entry":               {with(a, func(e *builtEntry) { e.signature = "PK\x01\x03" }), nil, "entry 0 of its directory is not whole"},
		"an entry on a disk":     {with(a, func(e *builtEntry) { e.disk = 1 }), nil, "in another part of an archive"},
		"one place for two":      {[]builtEntry{a, with(named("c"), func(e *builtEntry) { e.offset = 0 })[0]}, nil, `"a" reaches into what follows it`},
		"an entry inside another": {[]builtEntry{builtFile("a", string(inner)), with(named("c"), func(e *builtEntry) { e.offset = 31 })[0]},
			nil, `reaches into what follows it`},
		"a name into the next entry": {with(a, func(e *builtEntry) { e.localName = strings.Repeat("a", 200); e.name = e.localName; e.contents = nil }),
			func(b *built) { b.entries[1].offset = 40 }, "reaches into what follows it"},
		"a descriptor of another size":     {with(packed, func(e *builtEntry) { *e = e.described(descriptorSignature, e.sum, e.packed, e.unpacked+1) }), nil, `"p" has one size`},
		"a descriptor of another checksum": {with(packed, func(e *builtEntry) { *e = e.described(e.sum+1, e.packed, e.unpacked) }), nil, `"p" has one checksum`},
		"a descriptor that is none":        {with(packed, func(e *builtEntry) { *e = e.described("PK\x07\x09", e.sum, e.packed, e.unpacked) }), nil, `"p" has one descriptor`},
		"no descriptor":                    {with(packed, func(e *builtEntry) { *e = e.described() }), nil, `is not followed by its checksum`},
		"a descriptor for one reader": {with(packed, func(e *builtEntry) {
			flags := e.flags
			*e = e.described(e.sum, e.packed, e.unpacked)
			e.flags = flags
		}), nil, `"p" has one set of flags`},

		// Extra fields.
		"a wide size and a narrow one":  {with(a, func(e *builtEntry) { e.extra = wideOf(uint64(3), uint64(3)) }), nil, "zip64 field that does not fit"},
		"a wide size that is missing":   {with(a, func(e *builtEntry) { e.unpacked = full }), nil, "zip64 field that does not fit"},
		"half a wide size":              {with(a, func(e *builtEntry) { e.unpacked, e.extra = full, wideOf(uint32(2)) }), nil, "zip64 field that does not fit"},
		"a wide size that is too wide":  {with(a, func(e *builtEntry) { e.unpacked, e.extra = full, wideOf(uint64(math.MaxUint64)) }), nil, "zip64 field that does not fit"},
		"a wide size on a disk":         {with(a, func(e *builtEntry) { e.unpacked, e.extra = full, wideOf(uint64(2), uint32(1)) }), nil, "zip64 field that does not fit"},
		"wide sizes in the header only": {with(a, func(e *builtEntry) { e.localExtra = wideOf(uint64(3), uint64(3)) }), nil, "zip64 field that does not fit"},
		"zip64 twice":                   {with(a, func(e *builtEntry) { e.extra = append(wideOf(), wideOf()...) }), nil, "has an extra field twice"},
		"half an extra field":           {with(a, func(e *builtEntry) { e.extra = numbers(uint16(1), uint16(9), "x") }), nil, "extra field that is not whole"},
		"another name in an extra field": {with(a, func(e *builtEntry) {
			e.extra = numbers(uint16(unicodeField), uint16(6), "\x01\x00\x00\x00\x00c")
		}), nil, `"a" is also called "c"`},
		"another name in the header's extra field": {with(a, func(e *builtEntry) {
			e.localExtra = numbers(uint16(unicodeField), uint16(6), "\x01\x00\x00\x00\x00c")
		}), nil, `"a" is also called "c"`},

		// Entries.
		"a name twice":              {[]builtEntry{a, a}, nil, `"a" is there twice`},
		"a file and a folder":       {[]builtEntry{a, builtFile("a/", "")}, nil, "as two kinds of entries"},
		"a file below a file":       {[]builtEntry{a, builtFile("a/b", "")}, nil, `"a/b" is below a file or a link`},
		"a file below a link":       {append(linked("."), builtFile("docs/l/x", "")), nil, `"docs/l/x" is below a file or a link`},
		"a folder with contents":    {[]builtEntry{builtFile("a/", "x")}, nil, `"a/" is a folder with contents`},
		"no name":                   {[]builtEntry{named("")}, nil, "no or too many bytes"},
		"the root":                  {[]builtEntry{named("/etc/passwd")}, nil, `"/etc/passwd" leads out`},
		"a folder above":            {[]builtEntry{named("a/../../b")}, nil, `"a/../../b" leads out`},
		"a drive":                   {[]builtEntry{named("c:/x")}, nil, `"c:/x" leads out`},
		"a backslash":               {[]builtEntry{named(`a\b`)}, nil, "has a backslash in its path"},
		"NUL":                       {[]builtEntry{named("a\x00.py")}, nil, "has a control character in its path"},
		"a name that is not clean":  {[]builtEntry{named("a//b")}, nil, "has an empty segment"},
		"a dot":                     {[]builtEntry{named("./a")}, nil, "has an empty segment or a dot"},
		"not UTF-8":                 {[]builtEntry{named("\xff")}, nil, "is not in UTF-8"},
		"very deep":                 {[]builtEntry{named(strings.Repeat("a/", 64) + "b")}, nil, "too many folders deep"},
		"encryption":                {with(a, func(e *builtEntry) { e.flags, e.localFlags = encrypted, encrypted }), nil, `"a" is encrypted`},
		"a patch":                   {with(a, func(e *builtEntry) { e.flags, e.localFlags = patched, patched }), nil, `"a" is a patch`},
		"another compression":       {with(a, func(e *builtEntry) { e.method, e.local = 12, 12 }), nil, "compressed in a way that not every reader knows (method 12)"},
		"two sizes, not compressed": {with(a, func(e *builtEntry) { e.unpacked, e.localUnpacked = 1, 1 }), nil, "is not compressed, and yet has two sizes"},
		"a device":                  {with(a, func(e *builtEntry) { e.attributes = 0o020644 << 16 }), nil, `"a" is a device`},
		"a folder by its mode":      {with(a, func(e *builtEntry) { e.attributes = unixFolder << 16 }), nil, "of one kind by its name and of another by its mode"},
		"a file by its mode":        {with(builtFile("a/", ""), func(e *builtEntry) { e.attributes = unixFile << 16 }), nil, "of one kind by its name and of another by its mode"},
		"a link to the root":        {linked("/etc/passwd"), nil, `"docs/l" is a link out of`},
		"a link above":              {linked("../../x"), nil, `"docs/l" is a link out of`},
		"a link through a link":     {linked("x/../../y"), nil, `"docs/l" is a link out of`},
		"a link to a drive":         {linked(`c:\x`), nil, `"docs/l" is a link out of`},
		"a very long link":          {linked(strings.Repeat("x", unpacked.MaxPath+1)), nil, `"docs/l" is larger than`},

		// Contents.
		"other contents":           {with(a, func(e *builtEntry) { e.contents = []byte("xx") }), nil, `"a" has another checksum`},
		"contents that go on":      {with(packed, func(e *builtEntry) { e.unpacked--; e.localUnpacked-- }), nil, `"p" has another size`},
		"contents that end before": {with(packed, func(e *builtEntry) { e.unpacked++; e.localUnpacked++ }), nil, `"p" has another size`},
		"contents that cannot be unpacked": {with(packed, func(e *builtEntry) { e.contents = bytes.Repeat([]byte{0xff}, len(e.contents)) }), nil,
			`"p" cannot be unpacked`},
		"bytes behind compressed contents": {with(packed, func(e *builtEntry) {
			e.contents = append(bytes.Clone(e.contents), "hidden"...)
			e.packed, e.localPacked = e.packed+6, e.localPacked+6
		}), nil, `"p" has bytes behind its compressed contents`},
	} {
		b := builtArchive(c.entries...)
		if c.change != nil {
			c.change(b)
		}
		if _, err := contentsOf(b.bytes(), Default); !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	archive := builtArchive(builtDeflated(t, "a", strings.Repeat("x", 10_000)), builtFile("b", "")).bytes()
	for name, c := range map[string]struct {
		change func(*Limits)
		want   string
	}{
		"as they are":                {func(*Limits) {}, ""},
		"entries":                    {func(l *Limits) { l.Entries = 1 }, "has more than 1 entries"},
		"the directory":              {func(l *Limits) { l.Directory = 50 }, "names are too long together"},
		"what is unpacked":           {func(l *Limits) { l.Unpacked = 9_999 }, "unpacks to too much"},
		"ratio":                      {func(l *Limits) { l.Ratio, l.Free = 10, 5_000 }, "unpacks to too much"},
		"ratio, but it is so little": {func(l *Limits) { l.Ratio, l.Free = 10, 10_000 }, ""},
	} {
		l := Default
		c.change(&l)
		_, err := contentsOf(archive, l)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// broken fails from a place on.
type broken struct {
	r  io.ReaderAt
	at int64
}

var errBroken = errors.New("the disk is broken")

func (b broken) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > b.at {
		return 0, errBroken
	}
	return b.r.ReadAt(p, at)
}

func TestFailuresOfTheReaderAreNotTheArchives(t *testing.T) {
	archive := builtArchive(builtFile("a", "aa"), builtDeflated(t, "b", strings.Repeat("b", 1000))).bytes()
	failures := 0
	for at := range int64(len(archive)) {
		r := broken{bytes.NewReader(archive), at}
		a, err := Open(r, int64(len(archive)), Default)
		if err == nil {
			t.Fatalf("a reader that fails at %d is read to its end", at)
		}
		if !errors.Is(err, errBroken) || artifact.Is(err, artifact.Invalid) || a != nil {
			t.Fatalf("at %d: got %v, %v", at, a, err)
		}
		failures++
	}
	// What fails only when contents are read.
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), Default)
	if err != nil {
		t.Fatal(err)
	}
	a.r = broken{a.r, 0}
	for _, e := range a.Entries {
		if err := a.Copy(io.Discard, e); !errors.Is(err, errBroken) {
			t.Errorf("%s: got %v", e.Name, err)
		}
	}
	if failures == 0 {
		t.Error("nothing has failed")
	}
}

func TestFailuresOfTheWriterAreReturned(t *testing.T) {
	archive := builtArchive(builtFile("a", "aa")).bytes()
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), Default)
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	r.CloseWithError(errBroken)
	if err := a.Copy(w, a.Entries[0]); !errors.Is(err, errBroken) || artifact.Is(err, artifact.Invalid) {
		t.Errorf("got %v", err)
	}
	if _, err := a.Read(a.Entries[0], 1); !artifact.Is(err, artifact.Invalid) {
		t.Errorf("got %v", err)
	}
}

// What is accepted, the standard library reads in the same way.
func FuzzOpen(f *testing.F) {
	packed := builtDeflated(f, "b/c", strings.Repeat("x", 100))
	b := builtArchive(builtFile("a", "some"), packed.described(descriptorSignature, packed.sum, packed.packed, packed.unpacked))
	f.Add(b.bytes())
	b.wide = &builtEnd{-1, -1, -1, -1}
	f.Add(b.bytes())
	f.Add(builtArchive(builtFile("a/", "")).bytes())
	l := Limits{Entries: 100, Directory: 1 << 20, Unpacked: 1 << 20, Ratio: 100, Free: 1 << 20}
	f.Fuzz(func(t *testing.T, archive []byte) {
		found, err := contentsOf(archive, l)
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) {
				t.Fatalf("got %v", err)
			}
			return
		}
		z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
		if err != nil {
			t.Fatalf("accepted what the standard library refuses: %v", err)
		}
		for _, file := range z.File {
			r, err := file.Open()
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(r)
			if err != nil || found[file.Name] != string(content) {
				t.Fatalf("%s: got %q, the standard library %q, %v", file.Name, found[file.Name], content, err)
			}
		}
	})
}
