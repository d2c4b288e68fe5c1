package sqlcatalog

import (
	"encoding/json"
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
)

// FTS5 writes what it has gathered to its tables at every savepoint, and the statements of a publication make many. So
// the words of packages wait beside the transaction and go into the index together, before the commit or a search.

// indexing is what the index of search has still to be told of one package.
type indexing struct {
	id         packageID
	known      bool // the index had the package when this was noted
	repository catalog.RepositoryID
	format     artifact.Format
	folded     string // never empty; empty for a package that is gone
}

// maxUnindexed bounds how many packages wait.
const maxUnindexed = 256

// indexPackage makes a package findable by its folded text; known says that the index has it, with another text.
func (s *session) indexPackage(p packageID, known bool, id catalog.RepositoryID, f artifact.Format, folded string) error {
	return s.noteIndexing(indexing{p, known, id, f, folded})
}

func (s *session) noteIndexing(i indexing) error {
	// What waited before this part of the batch stays as it is: the part may be undone.
	if s.unindexed = append(s.unindexed, i); len(s.unindexed) < maxUnindexed {
		return nil
	}
	return s.writeIndex()
}

// writeIndex brings the index up to date.
func (s *session) writeIndex() error {
	const verb = "index packages"
	if len(s.unindexed) == 0 {
		return nil
	}
	// An id can be noted several times, for another package too once the first is gone: how it began tells whether the
	// index has it, how it ended what the index should have.
	latest := make(map[packageID]indexing, len(s.unindexed))
	var order []packageID
	for _, i := range s.unindexed {
		if first, seen := latest[i.id]; seen {
			i.known = first.known
		} else {
			order = append(order, i.id)
		}
		latest[i.id] = i
	}
	var old []packageID
	var fresh [][2]any
	for _, id := range order {
		i := latest[id]
		if i.known {
			old = append(old, id)
		}
		if i.folded != "" {
			fresh = append(fresh, [2]any{id, words(i.repository, i.format, i.folded)})
		}
	}
	if len(old) > 0 {
		if err := s.execList(verb, s.dialect.indexSearch.deletePackages, old); err != nil {
			return err
		}
	}
	if len(fresh) > 0 {
		if err := s.execList(verb, s.dialect.indexSearch.insert, fresh); err != nil {
			return err
		}
	}
	s.unindexed = nil
	return nil
}

// execList runs a statement that takes a list as JSON.
func (s *session) execList(verb, query string, list any) error {
	text, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	_, err = s.exec(verb, query, string(text))
	return err
}
