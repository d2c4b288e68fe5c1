package npm

import (
	"archive/tar"
	"path"
	"slices"
	"strings"
)

// Clients unpack a package by leaving out the first segment of each path, whatever it is called: package/index.js,
// ./index.js and lib-main/index.js are all index.js. They differ in what they do with paths that lead elsewhere, with
// links, and with what a tar says twice in two ways; nothing of that kind is let through, unless every client ignores it.

// placed is an entry as clients see it.
type placed struct {
	path string // below the package's folder, clean; empty for the folder itself and for files beside it
	kind kind
}

type kind uint8

const (
	folderEntry kind = iota
	fileEntry
	linkEntry // which no client makes or, as it points inside, a harmless one
)

// kinds are the entries that may stand in an archive. npm unpacks contiguous files as files.
var kinds = map[byte]kind{
	tar.TypeReg: fileEntry, tar.TypeCont: fileEntry, tar.TypeDir: folderEntry,
	tar.TypeSymlink: linkEntry, tar.TypeLink: linkEntry,
}

// placeOf judges an entry by its header.
func placeOf(h *tar.Header) (placed, error) {
	k, known := kinds[h.Typeflag]
	switch {
	case !known:
		return placed{}, badArchive(nil, "%.200q is a device, a pipe or something else that no package needs", h.Name)
	case k == fileEntry && h.Mode&0o6000 != 0:
		return placed{}, badArchive(nil, "%.200q would run with the rights of whoever unpacked it", h.Name)
	case k != linkEntry && h.Linkname != "":
		return placed{}, badArchive(nil, "%.200q is a file and a link in one", h.Name)
	case k == fileEntry && strings.HasSuffix(h.Name, "/"):
		// From before tar had folders. Of one with contents, some clients read the contents as entries.
		if h.Size > 0 {
			return placed{}, badArchive(nil, "%.200q is a folder with contents of its own", h.Name)
		}
		k = folderEntry
	}
	if err := checkRecords(h); err != nil {
		return placed{}, err
	}
	if k != fileEntry && h.Size != 0 {
		// Some clients read so many bytes of contents, others read them as the next entries.
		return placed{}, badArchive(nil, "%.200q is no file and yet has a size", h.Name)
	}
	relative, err := relativePath(h.Name)
	if err != nil {
		return placed{}, err
	}
	if k == linkEntry {
		if err := checkLink(h, relative); err != nil {
			return placed{}, err
		}
	}
	return placed{relative, k}, nil
}

// checkRecords refuses pax records that one client obeys and another does not.
func checkRecords(h *tar.Header) error {
	for key, value := range h.PAXRecords {
		switch {
		case strings.HasPrefix(key, "GNU.sparse"):
			return badArchive(nil, "%.200q is a sparse file", h.Name)
		case key == "type", h.Typeflag == tar.TypeXGlobalHeader && slices.Contains([]string{"path", "linkpath", "size"}, key),
			strings.Contains(value, "\n"):
			return badArchive(nil, "%.200q has a pax record %.100q that clients read in several ways", h.Name, key)
		}
	}
	return nil
}

// relativePath returns where clients put an entry: without the first segment of its name, and clean.
func relativePath(name string) (string, error) {
	if len(name) > maxPath || strings.ContainsAny(name, "\x00\n") {
		return "", badArchive(nil, "%.200q is no path", name)
	}
	segments := strings.Split(strings.ReplaceAll(name, `\`, "/"), "/")
	if len(segments) > maxFolders {
		return "", badArchive(nil, "%.200q… lies more than %d folders deep", name, maxFolders)
	}
	if segments[0] == "" || slices.ContainsFunc(segments, leadsElsewhere) {
		return "", badArchive(nil, "%.200q leads out of the package", name)
	}
	_, below, _ := strings.Cut(name, "/")
	relative := strings.TrimPrefix(path.Clean("/"+below), "/")
	if onWindows := path.Join(segments[1:]...); onWindows != relative && isPackageJSON(onWindows) {
		return "", badArchive(nil, "%.200q is another package.json on Windows", name)
	}
	return relative, nil
}

// leadsElsewhere reports whether a segment of a path leads up or, on Windows, to a drive.
func leadsElsewhere(segment string) bool {
	drive := len(segment) > 1 && segment[1] == ':' && !notIdentifier(rune(segment[0]))
	return segment == ".." || drive
}

// checkLink refuses a link out of the package. npm leaves links out, others make the symbolic ones: so no way through one
// may lead out either, and .. may stand at the beginning only, where it means real folders.
func checkLink(h *tar.Header, relative string) error {
	outside := badArchive(nil, "%.200q is a link out of the package", h.Name)
	if relative == "" || isPackageJSON(relative) {
		return outside
	}
	if h.Typeflag == tar.TypeLink {
		if to, err := relativePath(h.Linkname); err != nil || to == "" {
			return outside
		}
		return nil
	}
	segments := strings.Split(strings.ReplaceAll(h.Linkname, `\`, "/"), "/")
	up := 0
	for up < len(segments) && segments[up] == ".." {
		up++
	}
	if up > strings.Count(relative, "/") || segments[0] == "" || slices.ContainsFunc(segments[up:], leadsElsewhere) {
		return outside
	}
	return nil
}

// isPackageJSON reports whether a path is package.json on some file system.
func isPackageJSON(relative string) bool { return strings.EqualFold(relative, packageJSON) }
