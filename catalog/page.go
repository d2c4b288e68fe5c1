package catalog

import (
	"cmp"
	"encoding/base64"
	"slices"

	"entrepot/artifact"
)

// PageOf is a page of a list that is at hand whole, ordered by name. Its marker is the name of the last item, in base64url,
// so a list goes on in the right place whatever was made or deleted in between.
func PageOf[T any](items []T, name func(T) string, page Page) (l Listing[T], _ error) {
	after, err := base64.RawURLEncoding.Strict().DecodeString(page.After)
	if err != nil {
		return l, artifact.Errorf(artifact.Invalid, "The page marker was not given out by this list.")
	}
	items = slices.DeleteFunc(slices.Clone(items), func(item T) bool {
		return page.After != "" && name(item) <= string(after)
	})
	slices.SortFunc(items, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
	limit := min(max(page.Limit, 1), MaxPage)
	if len(items) > limit {
		items = items[:limit]
		l.Next = base64.RawURLEncoding.EncodeToString([]byte(name(items[limit-1])))
	}
	l.Items = items
	return l, nil
}
