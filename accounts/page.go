package accounts

import (
	"encoding/base64"
	"strconv"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
)

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
