package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"entrepot/catalog"
	"entrepot/durable"
)

// A data folder holds an installation, whole, or it is new. Anything between is what a loss or a restore of some of its
// files has left: to go on there would number domains anew, make another master key, or collect what nobody refers to
// any more. docs/operate.md has the table of what may be missing.

// part is something without which no server can go on where another one ended.
type part struct {
	name  string // below the data folder
	there func(path string) (bool, error)
}

// parts are in the order in which a first start makes them, each durable before the next.
var parts = []part{
	{"keys/master", isFile},
	{"key-check", isFile},
	{"catalog.sqlite", isFile},
	{"blobs", hasSpace},
}

// firstStart is a file that lies in the folder while a first start is under way. One that was cut short left the first
// of the parts; the next start goes on with them, for nothing was kept for anybody yet.
const firstStart = "first-start"

// prepare tells a new data folder, which it makes and marks, from one that holds an installation. Everything else it
// refuses, with an error that says what is missing and how to go on, and leaves it as it is.
func prepare(dir string) (fresh bool, err error) {
	var there, missing []string
	startable := true // the parts that are there are the first ones
	for _, p := range parts {
		found, err := p.there(filepath.Join(dir, filepath.FromSlash(p.name)))
		if err != nil {
			return false, fmt.Errorf("look for %s in the data folder: %w", p.name, err)
		}
		if found {
			there = append(there, p.name)
			startable = startable && len(missing) == 0
		} else {
			missing = append(missing, p.name)
		}
	}
	started, err := isFile(filepath.Join(dir, firstStart))
	switch {
	case err != nil:
		return false, fmt.Errorf("look for %s in the data folder: %w", firstStart, err)
	case started && startable:
		return true, nil
	case len(missing) == 0:
		return false, nil
	case len(there) == 0:
		return true, begin(dir)
	}
	return false, fmt.Errorf("the data folder %s is not whole: it has %s, but not %s; nothing was changed; "+
		"put back what is missing, from a backup of the whole folder if there is one, or begin anew in another folder "+
		"with --data and keep this one", dir, strings.Join(there, ", "), strings.Join(missing, ", "))
}

// begin makes the folder and marks it, durable.
func begin(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	err := os.WriteFile(filepath.Join(dir, firstStart), []byte("The first start has not come to its end yet.\n"), 0o600)
	if err == nil {
		err = durable.SyncFolder(dir)
	}
	if err != nil {
		return fmt.Errorf("mark the data folder as new: %w", err)
	}
	return nil
}

// conclude says that the first start has come to its end: from now on the folder must be whole.
func conclude(dir string) error {
	if err := os.Remove(filepath.Join(dir, firstStart)); err != nil {
		return fmt.Errorf("conclude the first start: %w", err)
	}
	return durable.SyncFolder(dir)
}

// isFile reports whether something with content lies at path: an empty file is what is left of one.
func isFile(path string) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Size() > 0, err
}

var spaceFolder = regexp.MustCompile(`^(documents|` + domainSpace + `[0-9]+)$`)

// hasSpace reports whether the folder for bytes has ever been used.
func hasSpace(path string) (bool, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	for _, e := range entries {
		if spaceFolder.MatchString(e.Name()) {
			return true, nil
		}
	}
	return false, err
}

// match holds the catalog against the byte stores beside it. It refuses a catalog that remembers nothing and one of whose
// domains the bytes are missing. Numbers of spaces that this catalog did not give out are passed over, so that no domain
// is given the space of another.
func (s *domainStores) match(ctx context.Context, c catalog.Store, log *slog.Logger) error {
	there, err := s.there()
	if err != nil {
		return err
	}
	highest := catalog.DomainID(0)
	for id := range there {
		highest = max(highest, id)
	}
	var last catalog.DomainID
	err = c.Read(ctx, func(r catalog.Reader) (err error) {
		if err := wantHistory(r); err != nil {
			return err
		}
		if err := s.wantDomains(r, there); err != nil {
			return err
		}
		if err := tellUnknown(ctx, r, there, log); err != nil {
			return err
		}
		last, err = r.LastDomainID()
		return err
	})
	if err != nil || highest <= last {
		return err
	}
	return c.Write(ctx, func(w catalog.Writer) error { return w.PassOverDomainIDs(highest) })
}

// there is whose spaces there are.
func (s *domainStores) there() (map[catalog.DomainID]bool, error) {
	names, err := s.place.Spaces()
	there := map[catalog.DomainID]bool{}
	for _, name := range names {
		if id, ok := domainOf(name); ok {
			there[id] = true
		}
	}
	return there, err
}

func wantHistory(r catalog.Reader) error {
	last, err := r.LastEvent()
	if err == nil && last == 0 {
		err = errors.New("catalog.sqlite remembers nothing, though the data folder was in use; restore it from a backup, " +
			"or begin anew in another folder with --data")
	}
	return err
}

// wantDomains wants of every domain its key to be open and, if it keeps anything, its space to be there.
func (s *domainStores) wantDomains(r catalog.Reader, there map[catalog.DomainID]bool) error {
	for d, err := range catalog.Each(r.AllDomains) {
		if err != nil {
			return err
		}
		if err := s.proveKey(r, d); err != nil {
			return fmt.Errorf("the catalog is sealed under another key than keys/master: it and the keys are of two "+
				"installations; put back the one that belongs to the other: domain %s: %w", d.Name, err)
		}
	}
	return wantSpaces(r, there)
}

var errSpaceMissing = errors.New("is missing")

// wantSpaces wants the space of every domain that keeps anything to be there, or returns errSpaceMissing. One that is gone
// was not mounted, or not restored yet, more often than it was lost.
func wantSpaces(r catalog.Reader, there map[catalog.DomainID]bool) error {
	for d, err := range catalog.Each(r.AllDomains) {
		if err != nil {
			return err
		}
		used, err := r.Usage(d.ID)
		if err != nil {
			return err
		}
		if used.AssetBytes > 0 && !there[d.ID] {
			return fmt.Errorf("blobs/%s %w, where the %d bytes of domain %s are kept; put it back from a backup, or make "+
				"an empty folder of that name to go on without them", spaceOf(d.ID), errSpaceMissing, used.AssetBytes, d.Name)
		}
	}
	return nil
}

// tellUnknown logs the spaces that no domain of this catalog ever had. Nothing in them is touched.
func tellUnknown(ctx context.Context, r catalog.Reader, there map[catalog.DomainID]bool, log *slog.Logger) error {
	for id := range there {
		standing, err := standingOf(r, id)
		if err != nil {
			return err
		}
		if standing == unknown {
			log.WarnContext(ctx, "the catalog knows nothing of blobs/"+spaceOf(id)+"; it is left alone", "space", spaceOf(id))
		}
	}
	return nil
}
