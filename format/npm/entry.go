package npm

import (
	"path"
	"slices"
	"strings"

	"entrepot/format/stricttar"
	"entrepot/format/unpacked"
)

// Clients unpack a package by leaving out the first segment of each path, whatever it is called: package/index.js,
// ./index.js and lib-main/index.js are all index.js. They differ in what they do with paths that lead elsewhere, with
// links, and with what a tar says twice in two ways; nothing of that kind is let through, unless every client ignores it.

// placeOf returns where clients put an entry: its path below the package's folder, clean; empty for the folder itself and
// for files beside it.
func placeOf(e stricttar.Entry) (string, error) {
	relative, err := relativePath(e.Name)
	if err == nil && e.Kind == unpacked.Link {
		err = checkLink(e, relative)
	}
	return relative, err
}

// relativePath returns where clients put an entry: without the first segment of its name, and clean.
func relativePath(name string) (string, error) {
	if len(name) > unpacked.MaxPath || strings.ContainsAny(name, "\x00\n") {
		return "", stricttar.Refuse(nil, "%.200q is no path", name)
	}
	segments := strings.Split(strings.ReplaceAll(name, `\`, "/"), "/")
	if len(segments) > unpacked.MaxDepth {
		return "", stricttar.Refuse(nil, "%.200q… lies more than %d folders deep", name, unpacked.MaxDepth)
	}
	if segments[0] == "" || slices.ContainsFunc(segments, unpacked.LeadsElsewhere) {
		return "", stricttar.Refuse(nil, "%.200q leads out of the package", name)
	}
	_, below, _ := strings.Cut(name, "/")
	relative := strings.TrimPrefix(path.Clean("/"+below), "/")
	if onWindows := path.Join(segments[1:]...); onWindows != relative && isPackageJSON(onWindows) {
		return "", stricttar.Refuse(nil, "%.200q is another package.json on Windows", name)
	}
	return relative, nil
}

// checkLink refuses a link out of the package. npm leaves links out, others make them.
func checkLink(e stricttar.Entry, relative string) error {
	outside := stricttar.Refuse(nil, "%.200q is a link out of the package", e.Name)
	if relative == "" || isPackageJSON(relative) {
		return outside
	}
	if e.Hard {
		if to, err := relativePath(e.Target); err != nil || to == "" {
			return outside
		}
		return nil
	}
	if unpacked.Symlink(relative, e.Target) != nil {
		return outside
	}
	return nil
}

// isPackageJSON reports whether a path is package.json on some file system.
func isPackageJSON(relative string) bool { return strings.EqualFold(relative, packageJSON) }
