package accounts

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
)

// pageOf is a page of a list that is at hand whole, ordered by name. Its marker is the name of the last item, in base64url,
// so a list goes on in the right place whatever was made or deleted in between.
func pageOf[T any](items []T, name func(T) string, page catalog.Page) (l catalog.Listing[T], _ error) {
	after, err := base64.RawURLEncoding.Strict().DecodeString(page.After)
	if err != nil {
		return l, artifact.Errorf(artifact.Invalid, "The page marker was not given out by this list.")
	}
	items = slices.DeleteFunc(slices.Clone(items), func(item T) bool {
		return page.After != "" && name(item) <= string(after)
	})
	slices.SortFunc(items, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
	limit := min(max(page.Limit, 1), catalog.MaxPage)
	if len(items) > limit {
		items = items[:limit]
		l.Next = base64.RawURLEncoding.EncodeToString([]byte(name(items[limit-1])))
	}
	l.Items = items
	return l, nil
}

// pageInOrder is a page of a list that comes with every call, in its own order. Its marker is how many items stand before the page.
func pageInOrder[T any](items []T, page catalog.Page) (l catalog.Listing[T], _ error) {
	from := 0
	if page.After != "" {
		text, err := base64.RawURLEncoding.Strict().DecodeString(page.After)
		if err == nil {
			from, err = strconv.Atoi(string(text))
		}
		if err != nil || from < 1 || from >= len(items) {
			return l, artifact.Errorf(artifact.Invalid, "The page marker was not given out by this list.")
		}
	}
	to := min(len(items), from+min(max(page.Limit, 1), catalog.MaxPage))
	if l.Items = items[from:to]; to < len(items) {
		l.Next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	return l, nil
}

// part is one of several lists that are listed as one. Its mark begins the markers that lead into it.
type part struct {
	mark string
	// list lists a page of it, wherever to, and returns how many there were and the marker of the next.
	list func(page catalog.Page) (n int, next string, err error)
}

// inParts lists a page of some lists one after another, and returns the marker of the next.
func inParts(parts []part, page catalog.Page) (next string, err error) {
	left := min(max(page.Limit, 1), catalog.MaxPage)
	begun := page.After == ""
	for _, p := range parts {
		after, here := strings.CutPrefix(page.After, p.mark)
		if begun {
			after = ""
		} else if !here {
			continue
		}
		begun = true
		if left == 0 {
			return p.mark, nil
		}
		n, next, err := p.list(catalog.Page{Limit: left, After: after})
		if err != nil {
			return "", err
		}
		if next != "" {
			return p.mark + next, nil
		}
		left -= n
	}
	if !begun {
		return "", artifact.Errorf(artifact.Invalid, "The page marker was not given out by this list.")
	}
	return "", nil
}
