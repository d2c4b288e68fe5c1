package swift

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// getIdentifiers answers with the packages whose publishers say that their sources are kept at an address (registry
// specification, 4.5), of those that the repository and its upstreams hold. Clients take the first in place of a package that
// is named by its address. So who said so first stands first: nobody who comes later can put himself in his place.
func getIdentifiers(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	place, err := askedPlace(r.URL.RawQuery)
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	claims, err := s.Index(r.Context(), artifact.Swift, "identifiers", renderClaims)
	if err != nil {
		return err
	}
	found, err := findClaims(claims, place)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return artifact.Errorf(artifact.NotFound, "No package of this repository says that its sources are kept at %.300q.", place)
	}
	return format.ServeJSON(w, r, http.StatusOK, map[string][]string{"identifiers": found})
}

// maxPlace bounds where sources are kept, in bytes; a longer address is nobody's.
const maxPlace = 2 << 10

// askedPlace reads the address out of a query, in which it is all that follows url=: SwiftPM sends it as it stands in a
// manifest, without escapes.
func askedPlace(query string) (string, error) {
	text, ok := strings.CutPrefix(query, "url=")
	if !ok {
		return "", invalid("Ask with ?url= and the address of a source repository.")
	}
	address, err := url.PathUnescape(text)
	if err != nil {
		return "", invalid("The address %.300q has a percent sign that begins no escape.", text)
	}
	place := placeOf(address)
	if place == "" {
		return "", invalid("%.300q is not the address of a source repository.", address)
	}
	return place, nil
}

// placeOf is what the ways of writing the address of a source repository have in common: host and path in lower case, as
// SwiftPM compares them, without the scheme, a user, a port, .git and a slash at the end. Empty: it is no such address.
func placeOf(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok { // user@host:path, as git's own commands take it
		host, path, _ := strings.Cut(address, ":")
		scheme, rest = "ssh", host+"/"+strings.TrimPrefix(path, "/")
	}
	u, err := url.Parse(strings.ToLower(scheme + "://" + rest))
	if err != nil || len(address) > maxPlace {
		return ""
	}
	path := strings.TrimSuffix(strings.Trim(u.Path, "/"), ".git")
	place := u.Hostname() + "/" + path
	if u.Hostname() == "" || path == "" || strings.ContainsFunc(place, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return ""
	}
	return place
}

// claims are the packages of which somebody says that their sources are kept at a place, by package: as whom, and since when.
type claims map[artifact.PackageKey]claim

type claim struct {
	id    string
	since time.Time
}

// renderClaims writes for each place a line with it and the packages, in the order in which they came.
func renderClaims(w io.Writer, held repository.Inventory) error {
	places := map[string]claims{}
	for item, err := range held.Packages {
		if err != nil {
			return err
		}
		if err := collectClaims(places, item); err != nil {
			return err
		}
	}
	out := bufio.NewWriterSize(w, 64<<10) // which keeps its first error for Flush
	for _, place := range slices.Sorted(maps.Keys(places)) {
		_, _ = out.WriteString(place + "\t" + strings.Join(places[place].inOrder(), " ") + "\n")
	}
	return out.Flush()
}

// collectClaims adds what the listed versions of a package say.
func collectClaims(places map[string]claims, item repository.InventoryItem) error {
	for v, err := range item.Versions {
		if err != nil {
			return err
		}
		if !v.Status.Listed() {
			continue
		}
		kept, said, err := recordOf(v)
		if err != nil {
			return err
		}
		for _, address := range said.repositoryURLs() {
			place := placeOf(address)
			if place == "" {
				continue
			}
			if places[place] == nil {
				places[place] = claims{}
			}
			before, known := places[place][item.PackageKey]
			if !known || v.PublishedAt.Before(before.since) {
				places[place][item.PackageKey] = claim{kept.ID, v.PublishedAt}
			}
		}
	}
	return nil
}

// maxClaims bounds how many packages are told of one place.
const maxClaims = 16

// inOrder are the identifiers of the packages, the oldest claim first.
func (c claims) inOrder() []string {
	sorted := slices.SortedFunc(maps.Values(c), func(a, b claim) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.id, b.id))
	})
	var ids []string
	for _, one := range sorted[:min(len(sorted), maxClaims)] {
		ids = append(ids, one.id)
	}
	return ids
}

// findClaims reads the identifiers of a place out of what renderClaims has written.
func findClaims(d repository.Document, place string) ([]string, error) {
	var in io.Reader = bytes.NewReader(d.Identity)
	if d.Identity == nil {
		packed, _ := d.OpenGzip()
		plain, err := gzip.NewReader(packed)
		if err != nil {
			return nil, fmt.Errorf("unpack the claims to source repositories: %w", err)
		}
		in = plain
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if ids, found := strings.CutPrefix(lines.Text(), place+"\t"); found {
			return strings.Fields(ids), nil
		}
	}
	return nil, lines.Err()
}
