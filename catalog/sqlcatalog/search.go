package sqlcatalog

import (
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"entrepot/artifact"
	"entrepot/catalog"
)

// How search works: the text of a package is folded to lower case and cut into all its runs of one, two and three
// characters. The index maps each run to packages. A term's runs find the candidates, and comparing the term with the
// folded text removes those that have the runs in other places.

const (
	// maxDescription is how much of a description is searched, in bytes.
	maxDescription = 4 << 10
	// maxTerms and maxTerm (bytes) bound what one search may ask.
	maxTerms, maxTerm = 32, 1 << 10
	// maxRuns is how many of a long term's runs go into the query; the comparison does the rest.
	maxRuns = 24
	// manyCandidates is where sorting candidates by name becomes dearer than walking packages in the order of their
	// names until the page is full. With so many candidates the walk meets them often.
	manyCandidates = 4000
	// fieldEnd parts the fields of a folded text. It is in no UTF-8 text, so no term can reach over it.
	fieldEnd = "\xff"
)

// fold makes texts equal that differ in case. Invalid UTF-8 becomes U+FFFD, in texts and terms alike.
func fold(text string) string { return strings.ToLower(strings.ToValidUTF8(text, "\ufffd")) }

// foldPackage returns the text that terms are compared with.
func foldPackage(key artifact.PackageKey, description string) string {
	return strings.Join([]string{fold(key.Namespace), fold(key.Name), fold(cut(description, maxDescription))}, fieldEnd)
}

// cut shortens text to at most size bytes, at the border of a character.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}

// runs adds every run of n characters in text to set.
func runs(set map[string]struct{}, text string, n int) {
	starts := make([]int, 0, len(text)+1)
	for i := range text {
		starts = append(starts, i)
	}
	starts = append(starts, len(text))
	for i := 0; i+n < len(starts); i++ {
		set[text[starts[i]:starts[i+n]]] = struct{}{}
	}
}

// Index words are made of letters and digits alone, so no text can be mistaken for the index's own syntax.

func repositoryWord(id catalog.RepositoryID) string { return "r" + decimal(id) }
func formatWord(f artifact.Format) string           { return "t" + hex.EncodeToString([]byte(f)) }
func runWord(run string) string                     { return string(appendRunWord(nil, run)) }

func appendRunWord(text []byte, run string) []byte {
	return hex.AppendEncode(append(text, 'g'), []byte(run))
}

// words returns all that the index keeps of a package.
func words(id catalog.RepositoryID, format artifact.Format, folded string) string {
	set := make(map[string]struct{}, 3*len(folded))
	for field := range strings.SplitSeq(folded, fieldEnd) {
		for n := 1; n <= 3; n++ {
			runs(set, field, n)
		}
	}
	text := []byte(repositoryWord(id) + " " + formatWord(format))
	for run := range set {
		text = appendRunWord(append(text, ' '), run)
	}
	return string(text)
}

// searchWords are the words a package must have: one of the repositories, and all of the others.
type searchWords struct {
	repositories []string
	all          []string
}

// wordsOf returns the words of a search for folded terms.
func wordsOf(ids []catalog.RepositoryID, format artifact.Format, terms []string) searchWords {
	w := searchWords{all: []string{formatWord(format)}}
	for _, id := range ids {
		w.repositories = append(w.repositories, repositoryWord(id))
	}
	for _, term := range terms {
		set := map[string]struct{}{}
		runs(set, term, min(3, utf8.RuneCountInString(term)))
		chosen := make([]string, 0, len(set))
		for run := range set {
			chosen = append(chosen, runWord(run))
		}
		slices.Sort(chosen)
		w.all = append(w.all, chosen[:min(len(chosen), maxRuns)]...)
	}
	return w
}

// DescribePackage implements catalog.PackageWriter.
func (s *session) DescribePackage(id catalog.RepositoryID, key artifact.PackageKey, text string) error {
	at, err := s.held(id, key)
	if err != nil {
		return err
	}
	s.touchPackage(at.domain, id, key)
	folded := foldPackage(key, text)
	// Every version published describes its package, mostly in the same words.
	changed, err := s.exec("describe a package", "UPDATE package_texts SET folded = ? WHERE package = ? AND folded <> ?",
		[]byte(folded), at.id, []byte(folded))
	if err != nil || changed == 0 {
		return err
	}
	return s.indexPackage(at.id, true, id, key.Format, folded)
}

// SearchPackages implements catalog.PackageReader.
func (s *session) SearchPackages(ids []catalog.RepositoryID, format artifact.Format, terms []string,
	page catalog.Page) (catalog.Listing[artifact.PackageKey], error) {
	var none catalog.Listing[artifact.PackageKey]
	terms, err := checkTerms(terms)
	if err != nil {
		return none, err
	}
	var where conditions
	if page.After != "" {
		after, err := unmark(searchList, 2, page.After)
		if err != nil {
			return none, err
		}
		where.add("(p.name, p.namespace) > (?, ?)", after[0], after[1])
	}
	if err := checkRepositories(ids); err != nil || len(ids) == 0 {
		return none, err
	}
	if err := s.writeIndex(); err != nil {
		return none, err
	}
	query := s.dialect.indexSearch.query(wordsOf(ids, format, terms))
	candidates, _, err := one(s, "count search results", scalar[int64],
		"SELECT count(*) FROM (SELECT 1 "+s.dialect.indexSearch.source+" LIMIT ?)", query, manyCandidates)
	if err != nil {
		return none, err
	}
	source, args := s.dialect.indexSearch.source, []any{query}
	if candidates == manyCandidates {
		in, list := valuesList(ids)
		// The plus keeps the planner from the index of repositories, which would have it sort them whole.
		source, args = "FROM packages p WHERE p.format = ? AND +p.repository IN "+in, append([]any{format}, list...)
	}
	for _, term := range terms {
		where.add(s.dialect.indexSearch.contains, []byte(term))
	}
	limit := clamp(page.Limit)
	args = append(append(args, where.args...), limit+1)
	keys, err := all(s, "search packages", func(row scanner, key *artifact.PackageKey) error {
		key.Format = format
		return row.Scan(&key.Name, &key.Namespace)
	}, "SELECT DISTINCT p.name, p.namespace "+source+" AND "+where.String()+" ORDER BY p.name, p.namespace LIMIT ?", args...)
	return listing(keys, limit, func(key artifact.PackageKey) string {
		return mark(searchList, key.Name, key.Namespace)
	}), err
}

// checkTerms folds the terms and drops empty ones, which every text contains.
func checkTerms(terms []string) ([]string, error) {
	if len(terms) > maxTerms {
		return nil, artifact.Errorf(artifact.Invalid, "%d search terms are more than %d.", len(terms), maxTerms)
	}
	var folded []string
	for _, term := range terms {
		if len(term) > maxTerm {
			return nil, artifact.Errorf(artifact.Invalid, "A search term of %d bytes is longer than %d.", len(term), maxTerm)
		}
		if term != "" {
			folded = append(folded, fold(term))
		}
	}
	return folded, nil
}
