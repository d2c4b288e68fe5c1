package nuget

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/format"
)

// Bounds on a search (NuGet server API, "Search"), and on what a query may cost here.
const (
	defaultTake = 20
	maxTake     = 1000
	maxSkip     = 3000
	maxTerms    = 10
	maxTerm     = 100 // bytes

	lookAtOnce = 16
	lookTime   = 5 * time.Second
	maxFound   = 100_000 // versions in one answer, give or take those of the last packages
)

type (
	searchAnswer struct {
		TotalHits int           `json:"totalHits"`
		Data      []foundResult `json:"data"`
	}
	foundResult struct {
		ID             string          `json:"@id"`
		Type           string          `json:"@type"`
		Registration   string          `json:"registration"`
		PackageID      string          `json:"id"`
		Version        string          `json:"version"`
		Description    string          `json:"description"`
		Summary        string          `json:"summary"`
		Title          string          `json:"title"`
		IconURL        string          `json:"iconUrl,omitempty"`
		LicenseURL     string          `json:"licenseUrl,omitempty"`
		ProjectURL     string          `json:"projectUrl,omitempty"`
		Tags           []string        `json:"tags"`
		Authors        []string        `json:"authors"`
		TotalDownloads int             `json:"totalDownloads"`
		Verified       bool            `json:"verified"`
		PackageTypes   []packageType   `json:"packageTypes"`
		Deprecation    *deprecation    `json:"deprecation,omitempty"`
		Versions       []resultVersion `json:"versions"`
	}
	resultVersion struct {
		Version   string `json:"version"`
		Downloads int    `json:"downloads"`
		ID        string `json:"@id"`
	}
)

// search answers SearchQueryService: packages by words in their ids and descriptions, of what this repository and its upstreams
// hold, each with the versions that the client can read.
func search(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	q, err := readQuery(r.URL.Query())
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	a := addresses{hive{plainHive.path, q.semVer2}, s.URL}
	if q.semVer2 {
		a.hive = semVer2Hive
	}
	answer, found := searchAnswer{Data: []foundResult{}}, 0
	_, answer.TotalHits, err = q.find(r.Context(), s, func(versions []entry) bool {
		answer.Data = append(answer.Data, a.result(versions))
		found += len(versions)
		return found < maxFound
	})
	if err != nil {
		return err
	}
	return format.ServeJSON(w, r, http.StatusOK, answer)
}

// result describes a package by its highest version.
func (a addresses) result(versions []entry) foundResult {
	e := versions[len(versions)-1]
	result := foundResult{ID: a.index(e.PackageKey), Type: "Package", Registration: a.index(e.PackageKey), PackageID: e.manifest.ID,
		Version: e.manifest.Version, Description: e.Description, Summary: e.Summary, Title: e.Title, IconURL: e.IconURL,
		LicenseURL: e.LicenseURL, ProjectURL: e.ProjectURL, Tags: append([]string{}, e.Tags...), Authors: splitNames(e.Authors),
		PackageTypes: e.types(), Deprecation: e.Deprecation}
	for _, v := range versions {
		result.Versions = append(result.Versions, resultVersion{Version: v.manifest.Version, ID: a.leaf(v.key())})
	}
	return result
}

func splitNames(text string) []string {
	names := []string{}
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// types are those of the package; a package that says nothing is a dependency.
func (m manifest) types() []packageType {
	if len(m.PackageTypes) == 0 {
		return []packageType{{Name: "Dependency"}}
	}
	return m.PackageTypes
}

// autocomplete answers SearchAutocompleteService: ids that have the words in them, or the versions of one package.
func autocomplete(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	q, err := readQuery(r.URL.Query())
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	answer := struct {
		TotalHits int      `json:"totalHits"`
		Data      []string `json:"data"`
	}{Data: []string{}}
	if id := r.URL.Query().Get("id"); id != "" {
		versions, err := q.versionsOf(r.Context(), s, id)
		if err != nil {
			return err
		}
		for _, e := range versions {
			answer.Data = append(answer.Data, e.number.String())
		}
		answer.TotalHits = len(answer.Data)
		return format.ServeJSON(w, r, http.StatusOK, answer)
	}
	_, answer.TotalHits, err = q.find(r.Context(), s, func(versions []entry) bool {
		answer.Data = append(answer.Data, versions[len(versions)-1].manifest.ID)
		return true
	})
	if err != nil {
		return err
	}
	return format.ServeJSON(w, r, http.StatusOK, answer)
}

// query is what a client searches for.
type query struct {
	filter
	terms       []string
	packageType string
	skip, take  int
}

// readQuery reads what both services take. Without a word everything is found.
func readQuery(values url.Values) (q query, err error) {
	q.prerelease = values.Get("prerelease") == "true"
	q.semVer2 = readsSemVer2(values.Get("semVerLevel"))
	q.packageType = values.Get("packageType")
	if q.skip, err = count(values, "skip", 0, maxSkip); err != nil {
		return q, err
	}
	if q.take, err = count(values, "take", defaultTake, maxTake); err != nil {
		return q, err
	}
	q.terms, err = searchTerms(values.Get("q"))
	return q, err
}

// readsSemVer2 reports whether a client can read what is written by SemVer 2; one that says nothing cannot.
func readsSemVer2(level string) bool {
	v, ok := parseVersion(level)
	return ok && v.numbers[0] >= 2
}

// searchTerms splits the words of a search. Fields that clients may name (id:x) are searched for like any word.
func searchTerms(text string) ([]string, error) {
	terms := strings.Fields(text)
	if len(terms) > maxTerms {
		return nil, invalid("A search may have at most %d words.", maxTerms)
	}
	for i, term := range terms {
		if len(term) > maxTerm {
			return nil, invalid("A search word may have at most %d bytes.", maxTerm)
		}
		if field, value, ok := strings.Cut(term, ":"); ok && slices.Contains(searchFields, strings.ToLower(field)) {
			terms[i] = value
		}
	}
	return terms, nil
}

var searchFields = []string{"id", "packageid", "title", "tags", "author", "authors", "description", "summary", "owner"}

// count reads a number from a query; more than most is taken as most.
func count(values url.Values, key string, otherwise, most int) (int, error) {
	text := values.Get(key)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, invalid("%s is %.40q instead of a number.", key, text)
	}
	return int(min(n, uint64(most))), nil
}

// find hands packages to take in the order of the search, each with the versions that the query lets through, lowest first, as long
// as take wants more: the versions of all that were found would be too many to hold at once. It returns how many packages it has
// gone through, and how many there are at least, those before the first included. One of which no version can be had now, or by
// this client, is passed over.
func (q query) find(ctx context.Context, s format.Shelf, take func(versions []entry) (more bool)) (passed, total int, err error) {
	keys, total, err := q.hits(ctx, s)
	if err != nil {
		return 0, 0, err
	}
	look, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	for some := range slices.Chunk(keys, lookAtOnce) {
		found := make([][]entry, len(some))
		var group errgroup.Group
		for i, p := range some {
			group.Go(func() (err error) {
				found[i], err = q.versionsIn(look, s, p)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return passed, total, err
		}
		for _, versions := range found {
			if passed++; len(versions) > 0 && !take(versions) {
				return passed, total, nil
			}
		}
	}
	return passed, total, nil
}

// versionsIn are the versions of a package that was found; none if it cannot be looked at now.
func (q query) versionsIn(ctx context.Context, s format.Shelf, p artifact.PackageKey) ([]entry, error) {
	view, err := s.View(ctx, p)
	var versions []entry
	if err == nil {
		versions, err = q.entries(view)
	}
	switch {
	case passable(err):
		return nil, nil
	case err != nil || len(versions) == 0 || !q.wants(versions[len(versions)-1]):
		return nil, err
	}
	return versions, nil
}

// passable reports whether a search goes on without the package.
func passable(err error) bool {
	return artifact.Is(err, artifact.NotFound) || artifact.Is(err, artifact.Denied) ||
		artifact.Is(err, artifact.Unavailable) || errors.Is(err, context.DeadlineExceeded)
}

func (q query) wants(e entry) bool {
	return q.packageType == "" || slices.ContainsFunc(e.types(), func(t packageType) bool {
		return strings.EqualFold(t.Name, q.packageType)
	})
}

// versionsOf are the listed versions of one package; none if there is no such package.
func (q query) versionsOf(ctx context.Context, s format.Shelf, id string) ([]entry, error) {
	p, err := packageOf(id)
	if err != nil {
		return nil, format.OrDenied(ctx, s, err)
	}
	view, err := s.View(ctx, p)
	if artifact.Is(err, artifact.NotFound) {
		return nil, format.OrDenied(ctx, s, nil)
	}
	if err != nil {
		return nil, err
	}
	return q.entries(view)
}

// hits returns the keys from number skip on, and how many there are at least.
func (q query) hits(ctx context.Context, s format.Shelf) ([]artifact.PackageKey, int, error) {
	var keys []artifact.PackageKey
	page := catalog.Page{Limit: catalog.MaxPage}
	passed := 0
	for {
		page.Limit = min(catalog.MaxPage, max(1, q.skip+q.take-passed))
		found, err := s.Search(ctx, artifact.NuGet, q.terms, page)
		if err != nil {
			return nil, 0, err
		}
		for _, p := range found.Items {
			if passed++; passed > q.skip && len(keys) < q.take {
				keys = append(keys, p)
			}
		}
		if found.Next == "" {
			return keys, passed, nil
		}
		if passed >= q.skip+q.take {
			return keys, passed + 1, nil
		}
		page.After = found.Next
	}
}
