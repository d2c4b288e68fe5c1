package strictzip

import (
	"bytes"
	"math"

	"entrepot/format/unpacked"
)

// The kinds of extra fields that readers act on.
const (
	wideField    = 0x0001 // zip64
	unicodeField = 0x7075 // Info-ZIP, the name in UTF-8
)

// extra is what an entry's extra fields say.
type extra struct {
	wide        []byte // numbers of eight bytes each; nil for none
	unicodeName string
}

// readExtra reads extra fields: kind and length in two bytes each, then so many bytes. What is left over at the end is
// padding. A field that readers act on may not be there twice.
func readExtra(p []byte) (extra, error) {
	var x extra
	seen := make(map[uint16]bool)
	for len(p) >= 4 {
		kind, length := little.Uint16(p), int(little.Uint16(p[2:]))
		if length > len(p)-4 {
			if len(bytes.Trim(p, "\x00")) == 0 {
				return x, nil
			}
			return x, unpacked.Error("has an extra field that is not whole")
		}
		value := p[4 : 4+length]
		p = p[4+length:]
		if kind != wideField && kind != unicodeField {
			continue
		}
		if seen[kind] {
			return x, unpacked.Error("has an extra field twice")
		}
		seen[kind] = true
		if kind == wideField {
			x.wide = value
		} else if length > 5 {
			x.unicodeName = string(value[5:])
		}
	}
	return x, nil
}

// widen returns the numbers of a header, of which those that are as large as they can be stand in the zip64 field. Those that
// are not may stand there as well, if they are the same.
func (x extra) widen(narrow ...uint32) ([]int64, error) {
	numbers := make([]int64, len(narrow))
	wanted := 0
	for i, n := range narrow {
		numbers[i] = int64(n)
		if n == math.MaxUint32 {
			wanted++
		}
	}
	if x.wide == nil && wanted == 0 {
		return numbers, nil
	}
	contradiction := unpacked.Error("has a zip64 field that does not fit the rest of its header")
	rest, all := x.wide, len(x.wide)/8 > wanted
	for i, n := range narrow {
		if n != math.MaxUint32 && !all {
			continue
		}
		if len(rest) < 8 {
			if n == math.MaxUint32 {
				return nil, contradiction
			}
			break
		}
		wide := little.Uint64(rest)
		rest = rest[8:]
		if !agrees(uint64(n), wide, math.MaxUint32) || wide > math.MaxInt64 {
			return nil, contradiction
		}
		numbers[i] = int64(wide)
	}
	// The number of a disk may follow.
	if len(rest) != 0 && (len(rest) != 4 || little.Uint32(rest) != 0) {
		return nil, contradiction
	}
	return numbers, nil
}
