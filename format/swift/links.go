package swift

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format/semver"
	"entrepot/repository"
)

// links are the entries of a Link header.
type links []string

// add appends an entry about an address.
func (l links) add(address, relation string) links {
	return append(l, "<"+address+`>; rel="`+relation+`"`)
}

// String is the value of the header.
func (l links) String() string { return strings.Join(l, ", ") }

// link is an entry of a Link header that somebody else has written.
type link struct {
	address string
	fields  map[string]string
}

// heardLinks are the entries of an answer.
type heardLinks []link

// maxLinks bounds how many entries of an answer's Link headers are read.
const maxLinks = 256

// readLinks reads the Link headers of an answer. As clients do, it takes a comma for the end of an entry and a semicolon for that of
// a field, but for those in addresses.
func readLinks(answer http.Header) (all heardLinks) {
	rest := strings.Join(answer["Link"], ",")
	for len(all) < maxLinks {
		_, entry, found := strings.Cut(rest, "<")
		address, entry, closed := strings.Cut(entry, ">")
		if !found || !closed {
			break
		}
		var text string
		text, rest, _ = strings.Cut(entry, ",")
		one := link{address, map[string]string{}}
		for field := range strings.SplitSeq(text, ";") {
			if key, value, ok := strings.Cut(field, "="); ok {
				one.fields[strings.ToLower(strings.TrimSpace(key))] = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
		all = append(all, one)
	}
	return all
}

// next is where the next page of a list is, as it was written; empty if this is the last.
func (all heardLinks) next() string {
	at := slices.IndexFunc(all, func(l link) bool { return l.fields["rel"] == "next" })
	if at < 0 {
		return ""
	}
	return all[at].address
}

// variants are those that the answer with a manifest names, by their files.
func (all heardLinks) variants() variants {
	byTools := map[toolsVersion]string{}
	for _, l := range all {
		found := variantPattern.FindStringSubmatch(l.fields["filename"])
		if found == nil || l.fields["rel"] != "alternate" || len(byTools) == maxManifests {
			continue
		}
		v, _ := parseTools(found[1])
		if _, taken := byTools[v]; !taken {
			byTools[v] = found[1]
		}
	}
	return inOrder(byTools)
}

// setLinks sets the header, unless there is nothing to say in it.
func setLinks(h http.Header, value string) {
	if value != "" {
		h["Link"] = []string{value}
	}
}

// maxSources and maxSource bound what a Link header says of where sources are kept: addresses, and bytes of each.
const (
	maxSources = 8
	maxSource  = 512
)

// linksOfPackage are the latest of the listed versions, and where that one says that its sources are kept (4.1).
func linksOfPackage(v repository.View, address func(path string) string) (links, error) {
	latest := around(v, "").latest
	if latest == "" {
		return nil, nil
	}
	all := links{}.add(address(pathIn(v, latest)), "latest-version")
	newest, err := v.Version(latest)
	if artifact.Is(err, artifact.NotFound) || artifact.Is(err, artifact.Unavailable) {
		return all, nil // its registry lists it and does not tell of it now, and the others can be had
	}
	if err != nil {
		return nil, err
	}
	_, said, err := recordOf(newest)
	if err != nil {
		return nil, err
	}
	relation := "canonical"
	for _, text := range said.repositoryURLs() {
		if source := linkable(text); source != "" && len(all) <= maxSources {
			all, relation = all.add(source, relation), "alternate"
		}
	}
	return all, nil
}

// linkable writes an address from outside as it may stand in a Link header, which clients cut at every comma and semicolon;
// empty for what is none.
func linkable(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || len(text) > maxSource || !slices.Contains([]string{"http", "https", "ssh", "git"}, u.Scheme) ||
		strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>"\`, r) }) {
		return ""
	}
	return strings.NewReplacer(",", "%2C", ";", "%3B").Replace(text)
}

// linksOfRelease are the latest of the listed versions, and those before and after one of them (4.2).
func linksOfRelease(v repository.View, version string, address func(path string) string) links {
	n := around(v, version)
	var all links
	for _, link := range []struct{ version, relation string }{
		{n.latest, "latest-version"}, {n.before, "predecessor-version"}, {n.after, "successor-version"},
	} {
		if link.version != "" {
			all = all.add(address(pathIn(v, link.version)), link.relation)
		}
	}
	return all
}

// neighbours are the listed versions around one, by precedence; empty where there is none.
type neighbours struct{ latest, before, after string }

// around finds the neighbours of a version among the listed ones. Any release is the latest before any prerelease.
func around(v repository.View, version string) (n neighbours) {
	for other := range v.Numbers {
		if n.latest == "" || semver.Prefer(other, n.latest) > 0 {
			n.latest = other
		}
		switch order := semver.Compare(other, version); {
		case order < 0 && (n.before == "" || semver.Compare(other, n.before) > 0):
			n.before = other
		case order > 0 && (n.after == "" || semver.Compare(other, n.after) < 0):
			n.after = other
		}
	}
	return n
}
