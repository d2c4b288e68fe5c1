package strictzip

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
)

// The records at the end of an archive, with their lengths in bytes.
const (
	endSignature       = "PK\x05\x06"
	endLength          = 22
	locatorSignature   = "PK\x06\x07"
	locatorLength      = 20
	wideEndSignature   = "PK\x06\x06"
	wideEndLength      = 56
	wideEndLengthAfter = wideEndLength - 12 // what the record says of its own length
	maxComment         = math.MaxUint16
)

// end is what the end of an archive says about the directory before it.
type end struct {
	entries   uint64
	directory int64 // where it begins
	length    int64 // its bytes
}

var little = binary.LittleEndian

// findEnd reads the record at the end. Readers search for the last one, from behind: it is that one which must reach to the
// end of the archive, whatever looks like one in what the archive's comment has.
func findEnd(r io.ReaderAt, size int64) (end, error) {
	tail := make([]byte, min(size, locatorLength+endLength+maxComment))
	if err := readAt(r, tail, size-int64(len(tail))); err != nil {
		return end{}, err
	}
	at := bytes.LastIndex(tail, []byte(endSignature))
	if at < 0 || len(tail)-at < endLength {
		return end{}, bad("it has no end, so it is no zip archive or not the whole of one")
	}
	record := tail[at:]
	if comment := int(little.Uint16(record[20:])); len(record) != endLength+comment {
		return end{}, bad("bytes follow its end, or its comment holds another end")
	}
	e := end{
		entries:   uint64(little.Uint16(record[10:])),
		length:    int64(little.Uint32(record[12:])),
		directory: int64(little.Uint32(record[16:])),
	}
	if !bytes.Equal(record[4:8], make([]byte, 4)) || little.Uint16(record[8:]) != little.Uint16(record[10:]) {
		return end{}, bad("it is one of several parts of an archive")
	}
	before := size - int64(len(record))
	if at >= locatorLength && string(tail[at-locatorLength:][:4]) == locatorSignature {
		var err error
		if e, before, err = wideEnd(r, tail[at-locatorLength:at], before-locatorLength, e); err != nil {
			return end{}, err
		}
	}
	// Neither number is larger than the archive, so the sum does not overflow.
	if e.directory > before || e.length != before-e.directory {
		return end{}, bad("its directory does not lie right before its end, where it says that it is")
	}
	return e, nil
}

// wideEnd reads the record that archives have whose numbers are too large for the other one (zip64). The locator that stands
// at a place says where it is: right before the locator. narrow is what the other record says, which some readers go by
// wherever its numbers are not the largest there are.
func wideEnd(r io.ReaderAt, locator []byte, place int64, narrow end) (end, int64, error) {
	at := place - wideEndLength
	if at < 0 || little.Uint64(locator[8:]) != uint64(at) || little.Uint32(locator[4:]) != 0 || little.Uint32(locator[16:]) > 1 {
		return end{}, 0, bad("its zip64 locator does not point to the record before it")
	}
	record := make([]byte, wideEndLength)
	if err := readAt(r, record, at); err != nil {
		return end{}, 0, err
	}
	if string(record[:4]) != wideEndSignature || little.Uint64(record[4:]) != wideEndLengthAfter {
		return end{}, 0, bad("its zip64 locator does not point to the record before it")
	}
	entries, length, directory := little.Uint64(record[32:]), little.Uint64(record[40:]), little.Uint64(record[48:])
	if little.Uint64(record[16:24]) != 0 || little.Uint64(record[24:]) != entries {
		return end{}, 0, bad("it is one of several parts of an archive")
	}
	if !agrees(narrow.entries, entries, math.MaxUint16) || !agrees(uint64(narrow.length), length, math.MaxUint32) ||
		!agrees(uint64(narrow.directory), directory, math.MaxUint32) {
		return end{}, 0, bad("its two records at the end say different things")
	}
	if length > uint64(at) || directory > uint64(at) {
		return end{}, 0, bad("its directory does not lie right before its end, where it says that it is")
	}
	return end{entries: entries, length: int64(length), directory: int64(directory)}, at, nil
}

// agrees reports whether a number says the same as its wide form: it is equal, or as large as it can be and stands for the
// wide one.
func agrees(narrow, wide, largest uint64) bool { return narrow == wide || narrow == largest }
