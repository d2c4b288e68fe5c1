package npm

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/format"
	"entrepot/format/jsonscan"
)

// Bounds on a search (registry API, /-/v1/search), and on what a query may cost here.
const (
	defaultFound = 20
	maxFound     = 250
	maxFrom      = 10_000
	maxTerms     = 10
	maxTerm      = 100 // bytes
)

type searchAnswer struct {
	Objects []foundPackage `json:"objects"`
	Total   int            `json:"total"`
	Time    string         `json:"time,omitempty"`
}

type foundPackage struct {
	Package     foundVersion `json:"package"`
	Score       score        `json:"score"`
	SearchScore float64      `json:"searchScore"`
}

// foundVersion describes a hit by its latest version. npm prints nothing of use unless publisher and maintainers have
// names.
type foundVersion struct {
	Name        string            `json:"name"`
	Scope       string            `json:"scope"`
	Version     string            `json:"version"`
	Description string            `json:"description"`
	Keywords    []string          `json:"keywords"`
	Date        string            `json:"date,omitempty"`
	Links       map[string]string `json:"links"`
	Publisher   person            `json:"publisher"`
	Maintainers []person          `json:"maintainers"`
}

type person struct {
	Username string `json:"username"`
	Email    string `json:"email,omitempty"`
}

type score struct {
	Final  float64            `json:"final"`
	Detail map[string]float64 `json:"detail"`
}

// evenScore is every package's: there are no downloads or ratings to rank by.
var evenScore = score{Final: 1, Detail: map[string]float64{"quality": 1, "popularity": 1, "maintenance": 1}}

// search finds packages by words in their names and descriptions. Packages whose latest version cannot be had now are
// left out.
func search(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	query := r.URL.Query()
	terms, err := searchTerms(query.Get("text"))
	if err != nil {
		return err
	}
	size, err := count(query, "size", defaultFound, maxFound)
	if err != nil {
		return err
	}
	from, err := count(query, "from", 0, maxFrom)
	if err != nil {
		return err
	}
	keys, total, err := hits(r, s, terms, from, size)
	if err != nil {
		return err
	}
	answer := searchAnswer{Objects: []foundPackage{}, Total: total}
	found, err := lookUp(r.Context(), s, keys)
	if err != nil {
		return err
	}
	var newestDate time.Time
	for _, latest := range found {
		if latest.Version == "" {
			continue
		}
		answer.Objects = append(answer.Objects, foundPackage{describeHit(latest), evenScore, 1})
		if at := shownTime(latest); at.After(newestDate) {
			newestDate = at
		}
	}
	if !newestDate.IsZero() {
		answer.Time = newestDate.UTC().Format(timeForm)
	}
	return format.ServeJSON(w, r, http.StatusOK, answer)
}

// How a search looks at its hits: some at a time, and no longer than a person waits. What a slow registry does not tell by then
// is left out.
const (
	lookAtOnce = 16
	lookTime   = 5 * time.Second
)

// lookUp returns the newest version of each package, in the same order; one without a version text could not be had.
func lookUp(ctx context.Context, s format.Shelf, keys []artifact.PackageKey) ([]artifact.Version, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	found := make([]artifact.Version, len(keys))
	var group errgroup.Group
	group.SetLimit(lookAtOnce)
	for i, p := range keys {
		group.Go(func() error {
			view, err := s.View(ctx, p)
			if err == nil {
				found[i], err = pick(view, view.Labels[latestTag])
			}
			if err != nil {
				found[i] = artifact.Version{}
			}
			if passable(err) {
				return nil
			}
			return err
		})
	}
	return found, group.Wait()
}

// passable reports whether a search goes on without the package.
func passable(err error) bool {
	return artifact.Is(err, artifact.NotFound) || artifact.Is(err, artifact.Denied) ||
		artifact.Is(err, artifact.Unavailable) || errors.Is(err, context.DeadlineExceeded)
}

// searchTerms splits the text. Qualifiers such as scope:acme and keywords:a,b search for their values.
func searchTerms(text string) ([]string, error) {
	terms := strings.Fields(text)
	if len(terms) > maxTerms {
		return nil, invalid("A search may have at most %d words.", maxTerms)
	}
	for i, term := range terms {
		if len(term) > maxTerm {
			return nil, invalid("A search word may have at most %d bytes.", maxTerm)
		}
		for _, qualifier := range []string{"scope:", "keywords:", "author:", "maintainer:"} {
			terms[i] = strings.TrimPrefix(terms[i], qualifier)
		}
		terms[i] = strings.TrimPrefix(terms[i], "@")
	}
	return terms, nil
}

// count reads a number from a query; more than most is taken as most.
func count(query url.Values, key string, otherwise, most int) (int, error) {
	text := query.Get(key)
	if text == "" {
		return otherwise, nil
	}
	n, ok := asCount([]byte(text))
	if !ok {
		return 0, invalid("%s is %.40q instead of a number.", key, text)
	}
	return int(min(n, int64(most))), nil
}

// hits returns the keys from number from on, and how many there are at least.
func hits(r *http.Request, s format.Shelf, terms []string, from, size int) ([]artifact.PackageKey, int, error) {
	var keys []artifact.PackageKey
	page := catalog.Page{Limit: catalog.MaxPage}
	passed := 0
	for {
		page.Limit = min(catalog.MaxPage, max(1, from+size-passed))
		found, err := s.Search(r.Context(), artifact.NPM, terms, page)
		if err != nil {
			return nil, 0, err
		}
		for _, p := range found.Items {
			if passed++; passed > from && len(keys) < size {
				keys = append(keys, p)
			}
		}
		if found.Next == "" {
			return keys, passed, nil
		}
		if passed >= from+size {
			return keys, passed + 1, nil
		}
		page.After = found.Next
	}
}

// describeHit reads a version's manifest; what is not there stays empty.
func describeHit(v artifact.Version) foundVersion {
	hit := foundVersion{
		Name:        fullName(v.PackageKey),
		Scope:       v.Namespace,
		Version:     v.Version,
		Keywords:    []string{},
		Links:       map[string]string{},
		Maintainers: []person{},
	}
	if hit.Scope == "" {
		hit.Scope = "unscoped"
	}
	if at := shownTime(v); !at.IsZero() {
		hit.Date = at.UTC().Format(timeForm)
	}
	m, err := cutManifest(v.Manifest)
	if err != nil {
		return hit
	}
	rest, _ := jsonscan.Split(m.rest)
	hit.Description = field(rest, "description")
	var keywords []string
	if err := json.Unmarshal(rest.Find("keywords"), &keywords); err == nil && keywords != nil {
		hit.Keywords = keywords
	}
	if page := field(rest, "homepage"); page != "" {
		hit.Links["homepage"] = page
	}
	if code := textOrURL(rest.Find("repository")); code != "" {
		hit.Links["repository"] = strings.TrimPrefix(code, "git+")
	}
	hit.Publisher, hit.Maintainers = people(rest)
	return hit
}

// people are those who npm says published and maintain the version.
func people(rest jsonscan.Members) (person, []person) {
	var listed []struct{ Name, Email string }
	_ = json.Unmarshal(rest.Find("maintainers"), &listed)
	maintainers := []person{}
	for _, p := range listed {
		if p.Name != "" {
			maintainers = append(maintainers, person{p.Name, p.Email})
		}
	}
	var publisher struct{ Name, Email string }
	_ = json.Unmarshal(rest.Find("_npmUser"), &publisher)
	if publisher.Name == "" && len(maintainers) > 0 {
		return maintainers[0], maintainers
	}
	return person{publisher.Name, publisher.Email}, maintainers
}
