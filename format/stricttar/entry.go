package stricttar

import (
	"archive/tar"
	"slices"
	"strings"

	"entrepot/format/unpacked"
)

// Entry is a file, a folder or a link.
type Entry struct {
	Name   string // as it is written: of a folder often with a slash at its end
	Kind   unpacked.Kind
	Size   int64  // bytes
	Target string // of a link: from where it lies if it is a symbolic one, from the top of the archive if it is a hard one
	Hard   bool   // a hard link
}

// kinds are the entries that may stand in an archive. Contiguous files are unpacked as files.
var kinds = map[byte]unpacked.Kind{
	tar.TypeReg: unpacked.File, tar.TypeCont: unpacked.File, tar.TypeDir: unpacked.Folder,
	tar.TypeSymlink: unpacked.Link, tar.TypeLink: unpacked.Link,
}

// entryOf judges an entry by its header.
func entryOf(h *tar.Header) (Entry, error) {
	k, known := kinds[h.Typeflag]
	switch {
	case !known:
		return Entry{}, Refuse(nil, "%.200q is a device, a pipe or something else that no package needs", h.Name)
	case k == unpacked.File && h.Mode&0o6000 != 0:
		return Entry{}, Refuse(nil, "%.200q would run with the rights of whoever unpacked it", h.Name)
	case k != unpacked.Link && h.Linkname != "":
		return Entry{}, Refuse(nil, "%.200q is a file and a link in one", h.Name)
	case k == unpacked.File && strings.HasSuffix(h.Name, "/"):
		// From before tar had folders. Of one with contents, some clients read the contents as entries.
		if h.Size > 0 {
			return Entry{}, Refuse(nil, "%.200q is a folder with contents of its own", h.Name)
		}
		k = unpacked.Folder
	}
	if err := checkRecords(h); err != nil {
		return Entry{}, err
	}
	if k != unpacked.File && h.Size != 0 {
		// Some clients read so many bytes of contents, others read them as the next entries.
		return Entry{}, Refuse(nil, "%.200q is no file and yet has a size", h.Name)
	}
	return Entry{Name: h.Name, Kind: k, Size: h.Size, Target: h.Linkname, Hard: h.Typeflag == tar.TypeLink}, nil
}

// checkRecords refuses pax records that one client obeys and another does not.
func checkRecords(h *tar.Header) error {
	for key, value := range h.PAXRecords {
		switch {
		case strings.HasPrefix(key, "GNU.sparse"):
			return Refuse(nil, "%.200q is a sparse file", h.Name)
		case key == "type", h.Typeflag == tar.TypeXGlobalHeader && slices.Contains([]string{"path", "linkpath", "size"}, key),
			strings.Contains(value, "\n"):
			return Refuse(nil, "%.200q has a pax record %.100q that clients read in several ways", h.Name, key)
		}
	}
	return nil
}
