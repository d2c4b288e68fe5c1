package strictzip

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/klauspost/compress/flate"
)

// built is an archive of which every number can be made wrong before it is put together.
type built struct {
	entries []builtEntry
	before  []byte // of everything
	between []byte // entries and directory
	middle  []byte // directory and end
	end     builtEnd
	wide    *builtEnd // zip64
	comment string
	behind  []byte
}

type builtEntry struct {
	name, localName    string
	flags, localFlags  uint16
	method, local      uint16
	sum, localSum      uint32
	packed, unpacked   uint32
	localPacked        uint32
	localUnpacked      uint32
	extra, localExtra  []byte
	attributes         uint32
	offset             int64 // of the header; -1 for where it is
	disk               uint16
	contents, trailing []byte
	localSignature     string
	signature          string
}

type builtEnd struct{ entries, here, length, directory int64 } // -1 for what is true

func deflate(t testing.TB, content string) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// builtFile is an entry as a writer makes it that knows everything before it begins.
func builtFile(name, content string) builtEntry {
	return builtOf(name, []byte(content), content, stored)
}

func builtDeflated(t testing.TB, name, content string) builtEntry {
	return builtOf(name, deflate(t, content), content, deflated)
}

func builtOf(name string, packed []byte, content string, method uint16) builtEntry {
	sum, size := crc32.ChecksumIEEE([]byte(content)), uint32(len(content))
	return builtEntry{name: name, localName: name, method: method, local: method, sum: sum, localSum: sum,
		packed: uint32(len(packed)), localPacked: uint32(len(packed)), unpacked: size, localUnpacked: size,
		offset: -1, contents: packed, localSignature: localSignature, signature: entrySignature}
}

// described has the entry say its numbers behind its contents, as a writer does that streams.
func (e builtEntry) described(descriptor ...any) builtEntry {
	e.flags |= described
	e.localFlags |= described
	e.localSum, e.localPacked, e.localUnpacked = 0, 0, 0
	e.trailing = numbers(descriptor...)
	return e
}

// numbers are texts and numbers in the order of bytes that zip archives have.
func numbers(all ...any) []byte {
	var p []byte
	for _, n := range all {
		switch n := n.(type) {
		case string:
			p = append(p, n...)
		case uint16:
			p = binary.LittleEndian.AppendUint16(p, n)
		case uint32:
			p = binary.LittleEndian.AppendUint32(p, n)
		case uint64:
			p = binary.LittleEndian.AppendUint64(p, n)
		}
	}
	return p
}

func builtArchive(entries ...builtEntry) *built {
	return &built{entries: entries, end: builtEnd{-1, -1, -1, -1}}
}

func (b *built) bytes() []byte {
	p := bytes.Clone(b.before)
	var directory []byte
	for _, e := range b.entries {
		offset := int64(len(p))
		if e.offset >= 0 {
			offset = e.offset
		}
		p = append(p, numbers(e.localSignature, uint16(20), e.localFlags, e.local, uint32(0), e.localSum, e.localPacked,
			e.localUnpacked, uint16(len(e.localName)), uint16(len(e.localExtra)), e.localName, string(e.localExtra),
			string(e.contents), string(e.trailing))...)
		directory = append(directory, numbers(e.signature, uint16(20), uint16(20), e.flags, e.method, uint32(0), e.sum, e.packed,
			e.unpacked, uint16(len(e.name)), uint16(len(e.extra)), uint16(0), e.disk, uint16(0), e.attributes, uint32(offset),
			e.name, string(e.extra))...)
	}
	p = append(p, b.between...)
	at := int64(len(p))
	p = append(append(p, directory...), b.middle...)
	truth := builtEnd{int64(len(b.entries)), int64(len(b.entries)), int64(len(directory)), at}
	if b.wide != nil {
		w, place := b.wide.or(truth), uint64(len(p))
		p = append(p, numbers(wideEndSignature, uint64(wideEndLengthAfter), uint32(45<<16|45), uint32(0), uint32(0),
			uint64(w.here), uint64(w.entries), uint64(w.length), uint64(w.directory),
			locatorSignature, uint32(0), place, uint32(1))...)
	}
	e := b.end.or(truth)
	return append(append(p, numbers(endSignature, uint32(0), uint16(e.here), uint16(e.entries), uint32(e.length),
		uint32(e.directory), uint16(len(b.comment)), b.comment)...), b.behind...)
}

func (e builtEnd) or(truth builtEnd) builtEnd {
	pick := func(n, or int64) int64 {
		if n < 0 {
			return or
		}
		return n
	}
	return builtEnd{pick(e.entries, truth.entries), pick(e.here, truth.here), pick(e.length, truth.length),
		pick(e.directory, truth.directory)}
}
