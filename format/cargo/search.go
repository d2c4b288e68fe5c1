package cargo

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/format"
	"entrepot/format/semver"
)

// Bounds on a search (Cargo's book, "Web API": per_page), and on what a query may cost here.
const (
	defaultFound = 10
	maxFound     = 100
	maxTerms     = 10
	maxTerm      = 100 // bytes
)

type searchAnswer struct {
	Crates []foundCrate `json:"crates"`
	Meta   struct {
		Total int `json:"total"`
	} `json:"meta"`
}

type foundCrate struct {
	Name        string `json:"name"`
	Newest      string `json:"max_version"`
	Description string `json:"description"`
}

// search finds crates by words in their names and descriptions. Those of which no version can be chosen now are left out.
func search(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	query := r.URL.Query()
	terms := strings.Fields(query.Get("q"))
	for _, term := range terms {
		if len(terms) > maxTerms || len(term) > maxTerm {
			return invalid("A search may have at most %d words of at most %d bytes.", maxTerms, maxTerm)
		}
	}
	size := defaultFound
	if text := query.Get("per_page"); text != "" {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return invalid("per_page is %.40q instead of a number.", text)
		}
		size = min(max(int(n), 1), maxFound)
	}
	hits, err := s.Search(r.Context(), artifact.Cargo, terms, catalog.Page{Limit: size})
	if err != nil {
		return err
	}
	found, err := lookUp(r.Context(), s, hits.Items)
	if err != nil {
		return err
	}
	answer := searchAnswer{Crates: []foundCrate{}}
	for _, hit := range found {
		if hit.Newest != "" {
			answer.Crates = append(answer.Crates, hit)
		}
	}
	if answer.Meta.Total = len(answer.Crates); hits.Next != "" {
		answer.Meta.Total++ // how many there are nobody has counted; cargo says that there are more
	}
	return format.ServeJSON(w, r, http.StatusOK, answer)
}

// How a search looks at its hits: some at a time, and no longer than a person waits. What a slow registry does not tell by then
// is left out.
const (
	lookAtOnce = 16
	lookTime   = 5 * time.Second
)

// lookUp describes each crate, in the same order; one without a newest version could not be had.
func lookUp(ctx context.Context, s format.Shelf, keys []artifact.PackageKey) ([]foundCrate, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	found := make([]foundCrate, len(keys))
	var group errgroup.Group
	group.SetLimit(lookAtOnce)
	for i, p := range keys {
		group.Go(func() (err error) {
			found[i], err = describeHit(ctx, s, p)
			if artifact.Is(err, artifact.NotFound) || artifact.Is(err, artifact.Denied) ||
				artifact.Is(err, artifact.Unavailable) || errors.Is(err, context.DeadlineExceeded) {
				return nil
			}
			return err
		})
	}
	return found, group.Wait()
}

// describeHit describes a crate by the newest of its versions that cargo would choose.
func describeHit(ctx context.Context, s format.Shelf, p artifact.PackageKey) (foundCrate, error) {
	view, err := s.View(ctx, p)
	if err != nil {
		return foundCrate{}, err
	}
	number := ""
	for text := range view.Numbers {
		if number == "" || semver.Prefer(text, number) > 0 {
			number = text
		}
	}
	if number == "" {
		return foundCrate{}, nil // all are yanked
	}
	v, err := view.Version(number)
	if err != nil {
		return foundCrate{}, err
	}
	line, err := lineOf(v.Manifest)
	if err != nil {
		return foundCrate{}, err
	}
	name, err := nameIn(line)
	if err != nil {
		return foundCrate{}, err
	}
	told, err := aboutOf(v.Manifest)
	if err != nil {
		return foundCrate{}, err
	}
	if held, err := s.Held(ctx, v.VersionKey); err == nil && told.Description == "" {
		told.Description = held.Details.Summary // no index tells of it, but the crate has
	}
	return foundCrate{name, number, told.Description}, nil
}
