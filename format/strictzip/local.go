package strictzip

const (
	localSignature      = "PK\x03\x04"
	localLength         = 30 // bytes, without what is as long as it likes
	descriptorSignature = "PK\x07\x08"
	usualExtra          = 64 // bytes of extra fields that are read together with the header
)

// comparedFlags are those that say how an entry is read. The others are about how it was compressed.
const comparedFlags = encrypted | described | patched | strongCrypt | utf8Name | maskedHeaders

// readLocal reads the header before an entry and proves that it says what the directory says, and that contents and
// descriptor fill the place up to what comes next.
func (a *Archive) readLocal(e *Entry, next int64) error {
	overlap := bad("%.200q reaches into what follows it", e.Name)
	room := next - e.offset
	if room < localLength+int64(len(e.Name)) {
		return overlap
	}
	p := make([]byte, min(room, int64(localLength+len(e.Name)+usualExtra)))
	if err := readAt(a.r, p, e.offset); err != nil {
		return err
	}
	if string(p[:4]) != localSignature {
		return bad("%.200q has no header where the directory says that it begins", e.Name)
	}
	nameLength, extraLength := int(little.Uint16(p[26:])), int(little.Uint16(p[28:]))
	length := int64(localLength + nameLength + extraLength)
	if length > room {
		return overlap
	}
	if nameLength != len(e.Name) || string(p[localLength:][:nameLength]) != e.Name {
		return differs(e, "name")
	}
	rest := p[localLength+nameLength:]
	if len(rest) < extraLength {
		rest = make([]byte, extraLength)
		if err := readAt(a.r, rest, e.offset+localLength+int64(nameLength)); err != nil {
			return err
		}
	}
	if err := e.compare(p, rest[:extraLength]); err != nil {
		return err
	}
	e.at = e.offset + length
	return a.readDescriptor(e, next)
}

func differs(e *Entry, what string) error {
	return bad("%.200q has one %s in its header and another in the directory", e.Name, what)
}

// compare proves that the header before an entry says what the directory says.
func (e *Entry) compare(local, extraFields []byte) error {
	x, err := readExtra(extraFields)
	if err != nil {
		return bad("%.200q %s", e.Name, err)
	}
	numbers, err := x.widen(little.Uint32(local[22:]), little.Uint32(local[18:]))
	if err != nil {
		return bad("%.200q %s", e.Name, err)
	}
	flags, checksum := little.Uint16(local[6:]), little.Uint32(local[14:])
	// What a descriptor brings later may be left out here, all of it or what was not known yet.
	later := flags&described != 0
	same := func(here, there int64) bool { return here == there || later && here == 0 }
	switch {
	case flags&comparedFlags != e.flags&comparedFlags:
		return differs(e, "set of flags")
	case little.Uint16(local[8:]) != e.method:
		return differs(e, "method of compression")
	case x.unicodeName != "" && x.unicodeName != e.Name:
		return bad("%.200q is also called %.200q", e.Name, x.unicodeName)
	case !same(int64(checksum), int64(e.checksum)):
		return differs(e, "checksum")
	case !same(numbers[0], e.size) || !same(numbers[1], e.packed):
		return differs(e, "size")
	}
	return nil
}

// readDescriptor proves what stands between the contents of an entry and what comes next: nothing, or checksum and sizes
// again, with a signature before them or without, the sizes in four bytes or in eight.
func (a *Archive) readDescriptor(e *Entry, next int64) error {
	gap := next - e.at - e.packed
	switch {
	case gap < 0:
		return bad("%.200q reaches into what follows it", e.Name)
	case e.flags&described == 0 && gap > 0:
		return bad("%d bytes follow %.200q that belong to no entry", gap, e.Name)
	case e.flags&described == 0:
		return nil
	case gap != 12 && gap != 16 && gap != 20 && gap != 24:
		return bad("%.200q is not followed by its checksum and its sizes", e.Name)
	}
	p := make([]byte, gap)
	if err := readAt(a.r, p, e.at+e.packed); err != nil {
		return err
	}
	if gap == 16 || gap == 24 {
		if string(p[:4]) != descriptorSignature {
			return differs(e, "descriptor")
		}
		p = p[4:]
	}
	if little.Uint32(p) != e.checksum {
		return differs(e, "checksum")
	}
	var packed, size uint64
	if p = p[4:]; len(p) == 8 {
		packed, size = uint64(little.Uint32(p)), uint64(little.Uint32(p[4:]))
	} else {
		packed, size = little.Uint64(p), little.Uint64(p[8:])
	}
	if packed != uint64(e.packed) || size != uint64(e.size) {
		return differs(e, "size")
	}
	return nil
}
