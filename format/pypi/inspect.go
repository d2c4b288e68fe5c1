package pypi

import (
	"io"
)

// inspected is what an uploaded distribution really says about itself.
type inspected struct {
	metadata metadata
	// core is the METADATA of a wheel, byte for byte: what is served beside the wheel has to be these bytes (PEP 658). nil
	// for a source distribution, whose metadata need not be true of what is built of it.
	core []byte
	// ending is how the name of a source distribution has to end, for what it is; empty for a wheel.
	ending string
}

// inspect reads an uploaded distribution of size bytes, whose name has been read as d. Invalid, naming the entry and the
// reason, for an archive that two readers could see two things in, that leaves its folder when it is unpacked, that is not
// what its name says, or whose contents are not those that it lists. Other errors are those of r.
func inspect(r io.ReaderAt, size int64, d distribution) (inspected, error) {
	switch d.kind {
	case wheelKind:
		return inspectWheel(r, size, d)
	case sdistKind:
		return inspectSdist(r, size, d)
	}
	return inspected{}, invalid("Only wheels and source distributions can be published.")
}

// agree refuses metadata of another project or another version than the file's name says.
func (d distribution) agree(m metadata) error {
	if normalName(m.name) != normalName(d.name) {
		return invalid("The metadata says %q, but the file is called as one of %q is.", m.name, d.name)
	}
	if !sameVersion(m.version, d.version) {
		return invalid("The metadata says version %q, but the file is called as one of %q is.", m.version, d.version)
	}
	return nil
}
