package nuget

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
)

// Version 2 of the protocol is OData. It is served as far as nuget.exe 2, PowerShellGet and Chocolatey need it to find, install and
// push packages; CodeArtifact does not have it.

// Bounds on what one answer has.
const (
	defaultTop = 100
	maxTop     = 1000
)

// getGallery answers what a feed of version 2 consists of, which clients ask to see whether there is one.
func getGallery(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	body := `<?xml version="1.0" encoding="utf-8"?><service xml:base="` + escaped(s.URL(galleryPath)) + `/" ` +
		`xmlns="http://www.w3.org/2007/app" xmlns:atom="http://www.w3.org/2005/Atom"><workspace><atom:title>Default</atom:title>` +
		`<collection href="Packages"><atom:title>Packages</atom:title></collection></workspace></service>`
	return format.ServeAnswer(w, r, format.Answer{ContentType: plainXML, Body: []byte(body)})
}

// call is a call of the feed: a function, a set, or one of its members.
type call func(r *http.Request, s format.Shelf) (result, error)

// result is what a call finds, before it is cut to the part that was asked for, or after.
type result struct {
	title string
	rows  []row
	cut   bool
	next  int // where rows that were cut go on; 0 for nowhere
	// total is how many rows there are, whatever part of them was asked for; nil where rows are all.
	total func() (int, error)
}

// count is how many rows there are.
func (f result) count() (int, error) {
	if f.total == nil {
		return len(f.rows), nil
	}
	return f.total()
}

// calls are those of a feed by their name, without brackets.
var calls = map[string]call{"FindPackagesById": findPackagesByID, "Packages": listPackages, "Search": searchPackages}

// getCall answers a call, whose name has brackets or not: clients differ.
func getCall(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	name := r.PathValue("call")
	if name == "$metadata" {
		if err := s.Access(r.Context()); err != nil {
			return err
		}
		return format.ServeAnswer(w, r, format.Answer{ContentType: plainXML, Body: metadata()})
	}
	if member := memberPattern.FindStringSubmatch(name); member != nil {
		return getMember(w, r, s, member[1], member[2])
	}
	found, err := answer(r, s, name)
	if err != nil {
		return err
	}
	out := feed{base: s.URL(galleryPath)}
	total := -1
	if r.URL.Query().Get("$inlinecount") == "allpages" {
		if total, err = found.count(); err != nil {
			return err
		}
	}
	next, err := found.page(r)
	if err != nil {
		return err
	}
	if next != "" {
		next = out.base + "/" + next
	}
	out.writeFeed(found.title, found.rows, total, next)
	return format.ServeAnswer(w, r, format.Answer{ContentType: atomFeed, Body: out.Bytes()})
}

// memberPattern is that of one version: Packages(Id='Acme',Version='1.0.0').
var memberPattern = regexp.MustCompile(`^Packages\(Id='([^']*)',\s*Version='([^']*)'\)$`)

func answer(r *http.Request, s format.Shelf, name string) (result, error) {
	do := calls[strings.TrimSuffix(name, "()")]
	if do == nil {
		return result{}, format.OrDenied(r.Context(), s, notFound("The feed has no %.100q.", name))
	}
	return do(r, s)
}

// getCount answers with the number of rows that a call finds.
func getCount(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	found, err := answer(r, s, r.PathValue("call"))
	if err != nil {
		return err
	}
	total, err := found.count()
	if err != nil {
		return err
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: "text/plain", Body: strconv.AppendInt(nil, int64(total), 10)})
}

// getMember answers with one version.
func getMember(w http.ResponseWriter, r *http.Request, s format.Shelf, id, text string) error {
	v, err := versionOf(id, text)
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	all, err := versionsFor(r.Context(), s, v.PackageKey, filter{prerelease: true, semVer2: true, unlisted: true})
	if err != nil {
		return err
	}
	for _, one := range rowsOf(all) {
		if one.key() == v {
			out := feed{base: s.URL(galleryPath)}
			out.writeEntry(one)
			return format.ServeAnswer(w, r, format.Answer{ContentType: atomEntry, Body: out.Bytes()})
		}
	}
	return notFound("Package %s has no version %s here.", id, v.Version)
}

func versionsFor(ctx context.Context, s format.Shelf, p artifact.PackageKey, f filter) ([]entry, error) {
	view, err := s.View(ctx, p)
	if err != nil {
		return nil, err
	}
	return f.entries(view)
}

// getContentByID answers with the bytes of a version, where feeds of version 2 have them.
func getContentByID(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	v, err := versionOf(r.PathValue("id"), r.PathValue("version"))
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	return serveContent(w, r, s, v)
}

// findPackagesByID lists all versions of a package; unlisted ones say that they are, and clients take them by name only.
func findPackagesByID(r *http.Request, s format.Shelf) (result, error) {
	wanted, err := parseFilter(r.URL.Query().Get("$filter"))
	if err != nil {
		return result{}, format.OrDenied(r.Context(), s, err)
	}
	return versionsOfOne(r, s, unquoted(r.URL.Query().Get("id")), wanted, "FindPackagesById")
}

// versionsOfOne lists what is wanted of one package. One that is not there has no versions.
func versionsOfOne(r *http.Request, s format.Shelf, id string, wanted predicate, title string) (result, error) {
	p, err := packageOf(id)
	if err != nil {
		return result{}, format.OrDenied(r.Context(), s, err)
	}
	all, err := versionsFor(r.Context(), s, p,
		filter{prerelease: true, semVer2: readsSemVer2(r.URL.Query().Get("semVerLevel")), unlisted: true})
	if artifact.Is(err, artifact.NotFound) {
		return result{title: title}, s.Access(r.Context())
	}
	if err != nil {
		return result{}, err
	}
	rows := wanted.among(all)
	if strings.HasSuffix(strings.ToLower(r.URL.Query().Get("$orderby")), " desc") {
		slices.Reverse(rows)
	}
	return result{title: title, rows: rows}, nil
}

// listPackages lists what a filter wants, of one package or of all.
func listPackages(r *http.Request, s format.Shelf) (result, error) {
	wanted, err := parseFilter(r.URL.Query().Get("$filter"))
	if err != nil {
		return result{}, format.OrDenied(r.Context(), s, err)
	}
	if wanted.id != "" {
		return versionsOfOne(r, s, wanted.id, wanted, "Packages")
	}
	return searched(r, s, wanted, filter{prerelease: true}, "", "Packages")
}

// searchPackages answers a search by words.
func searchPackages(r *http.Request, s format.Shelf) (result, error) {
	values := r.URL.Query()
	wanted, err := parseFilter(values.Get("$filter"))
	if err != nil {
		return result{}, format.OrDenied(r.Context(), s, err)
	}
	return searched(r, s, wanted, filter{prerelease: values.Get("includePrerelease") == "true"},
		unquoted(values.Get("searchTerm")), "Search")
}

// searched lists the rows of packages that have the words in them. Rows are cut by package, also where they become too many: what
// most clients ask for has one row of each.
func searched(r *http.Request, s format.Shelf, wanted predicate, f filter, words, title string) (result, error) {
	values := r.URL.Query()
	f.semVer2 = readsSemVer2(values.Get("semVerLevel"))
	q := query{filter: f}
	var err error
	if q.skip, err = count(values, "$skip", 0, maxSkip+1); err == nil {
		q.take, err = count(values, "$top", defaultTop, maxTop)
	}
	if err == nil {
		q.terms, err = searchTerms(words)
	}
	if err != nil {
		return result{}, format.OrDenied(r.Context(), s, err)
	}
	out := result{title: title, cut: true, total: func() (int, error) { return q.countRows(r.Context(), s, wanted) }}
	if q.skip > maxSkip { // the same rows once more would have clients ask on for ever
		return out, s.Access(r.Context())
	}
	passed, total, err := q.find(r.Context(), s, func(versions []entry) bool {
		out.rows = append(out.rows, wanted.among(versions)...)
		return len(out.rows) < maxTop
	})
	if more := total > q.skip+passed; more && (passed < q.take || values.Get("$top") == "") {
		out.next = q.skip + passed
	}
	return out, err
}

// countRows is how many rows a search has, whatever part of them was asked for. Of more than maxTake packages each that is not
// looked into counts as one.
func (q query) countRows(ctx context.Context, s format.Shelf, wanted predicate) (rows int, err error) {
	q.skip, q.take = 0, maxTake
	passed, total, err := q.find(ctx, s, func(versions []entry) bool {
		rows += len(wanted.among(versions))
		return true
	})
	return rows + total - passed, err
}

// page cuts the rows to those that were asked for, and returns where the next ones are, below the feed; empty for none.
func (f *result) page(r *http.Request) (next string, err error) {
	values := r.URL.Query()
	skip, err := count(values, "$skip", 0, 1<<30)
	if err != nil {
		return "", err
	}
	top, err := count(values, "$top", defaultTop, maxTop)
	if err != nil {
		return "", err
	}
	if !f.cut {
		f.rows = f.rows[min(skip, len(f.rows)):]
		if len(f.rows) > top && values.Get("$top") == "" {
			f.next = skip + top
		}
		f.rows = f.rows[:min(top, len(f.rows))]
	}
	if f.next == 0 {
		return "", nil
	}
	values.Set("$skip", strconv.Itoa(f.next))
	return (&url.URL{Path: r.PathValue("call"), RawQuery: values.Encode()}).String(), nil
}

// unquoted takes the quotes off a text of OData.
func unquoted(text string) string {
	if len(text) >= 2 && text[0] == '\'' && text[len(text)-1] == '\'' {
		return strings.ReplaceAll(text[1:len(text)-1], "''", "'")
	}
	return text
}
