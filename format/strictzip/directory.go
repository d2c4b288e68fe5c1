package strictzip

import (
	"bufio"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"entrepot/format/unpacked"
)

const (
	entrySignature = "PK\x01\x02"
	entryLength    = 46 // bytes, without what is as long as it likes
)

// readDirectory reads the directory: as many entries as the end says, and not a byte more or less than it says.
func readDirectory(r io.ReaderAt, e end, l Limits) ([]Entry, error) {
	if e.length > l.Directory || e.entries > uint64(l.Entries) {
		return nil, bad("it has more than %d entries, or their names are too long together", l.Entries)
	}
	if e.entries > uint64(e.length/entryLength) {
		return nil, bad("its directory has no room for the %d entries that it is said to have", e.entries)
	}
	watched := &watchedReader{r: io.NewSectionReader(r, e.directory, e.length)}
	in := bufio.NewReaderSize(watched, 64<<10)
	entries := make([]Entry, e.entries)
	for i := range entries {
		if err := readEntry(in, &entries[i], i); err != nil {
			return nil, watched.or(err)
		}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return nil, watched.or(bad("its directory holds more than the %d entries that its end counts", e.entries))
	}
	return entries, nil
}

// readEntry reads the n-th entry of the directory.
func readEntry(in *bufio.Reader, e *Entry, n int) error {
	short := bad("entry %d of its directory is not whole", n)
	var fixed [entryLength]byte
	if _, err := io.ReadFull(in, fixed[:]); err != nil || string(fixed[:4]) != entrySignature {
		return short
	}
	nameLength := int(little.Uint16(fixed[28:]))
	text := make([]byte, nameLength+int(little.Uint16(fixed[30:]))+int(little.Uint16(fixed[32:])))
	if _, err := io.ReadFull(in, text); err != nil {
		return short
	}
	e.Name = string(text[:nameLength])
	e.header = header{flags: little.Uint16(fixed[8:]), method: little.Uint16(fixed[10:]), checksum: little.Uint32(fixed[16:])}
	extra, err := readExtra(text[nameLength:][:little.Uint16(fixed[30:])])
	if err != nil {
		return bad("%.200q %s", e.Name, err)
	}
	numbers, err := extra.widen(little.Uint32(fixed[24:]), little.Uint32(fixed[20:]), little.Uint32(fixed[42:]))
	if err != nil {
		return bad("%.200q %s", e.Name, err)
	}
	e.size, e.packed, e.offset = numbers[0], numbers[1], numbers[2]
	e.Size = e.size
	if little.Uint16(fixed[34:]) != 0 {
		return bad("%.200q lies in another part of an archive in several parts", e.Name)
	}
	if err := e.kind(little.Uint32(fixed[38:])); err != nil {
		return err
	}
	return e.judge(extra)
}

// The types of files in the modes of Unix, which stand in the upper half of the attributes.
const (
	unixType   = 0o170000
	unixFile   = 0o100000
	unixFolder = 0o040000
	unixLink   = 0o120000
	unixNone   = 0o170000 // from a mode of -1, which old Java tools wrote
)

// kind reads what an entry is. Some readers go by the slash at the end of a folder's name, others by its mode.
func (e *Entry) kind(attributes uint32) error {
	e.Kind = unpacked.File
	folder := strings.HasSuffix(e.Name, "/")
	if folder {
		e.Kind = unpacked.Folder
	}
	switch mode := attributes >> 16 & unixType; {
	case mode == 0, mode == unixNone, mode == unixFile && !folder, mode == unixFolder && folder:
		return nil
	case mode == unixLink && !folder:
		e.Kind = unpacked.Link
		return nil
	case mode == unixFile, mode == unixFolder, mode == unixLink:
		return bad("%.200q is of one kind by its name and of another by its mode", e.Name)
	}
	return bad("%.200q is a device, a pipe or something else that no package needs", e.Name)
}

// judge refuses entries that cannot be unpacked, or not by every reader in the same way.
func (e *Entry) judge(x extra) error {
	if err := unpacked.Path(e.Name); err != nil {
		return bad("%.200q %s", e.Name, err)
	}
	switch {
	case !utf8.ValidString(e.Name):
		return bad("%.200q is not in UTF-8", e.Name)
	case x.unicodeName != "" && x.unicodeName != e.Name:
		return bad("%.200q is also called %.200q", e.Name, x.unicodeName)
	case e.flags&(encrypted|strongCrypt|maskedHeaders) != 0:
		return bad("%.200q is encrypted", e.Name)
	case e.flags&patched != 0:
		return bad("%.200q is a patch of another file", e.Name)
	case e.method != stored && e.method != deflated:
		return bad("%.200q is compressed in a way that not every reader knows (method %d)", e.Name, e.method)
	case e.method == stored && e.packed != e.size:
		return bad("%.200q is not compressed, and yet has two sizes", e.Name)
	case e.Kind == unpacked.Folder && e.size != 0:
		return bad("%.200q is a folder with contents of its own", e.Name)
	case e.packed > math.MaxInt64-e.offset:
		return bad("%.200q has sizes that cannot be", e.Name)
	}
	return nil
}

// path is where the entry lies, without the slash of a folder.
func (e *Entry) path() string { return strings.TrimSuffix(e.Name, "/") }
