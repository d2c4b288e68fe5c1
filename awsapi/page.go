package awsapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"entrepot/catalog"
	"entrepot/iam"
)

// Default page sizes. Those of packages, versions and repositories are the user guide's ("list-packages",
// "list-package-versions", "list-repos"); the guide gives none for the others.
const (
	defaultPage         = 50
	defaultPackagesPage = 100
	// ListPackageVersionDependencies has neither a page size nor a paginator in any client, so its pages are as large as
	// pages get: nearly everybody only ever reads the first.
	dependenciesPage = catalog.MaxPage
)

// cursor is where in a list a request stands. It is part of every paged input.
type cursor struct {
	binding string
	after   string
}

// paged is an input that reads a list page by page.
type paged interface {
	// open reads the request's token, if it has one.
	open(binding string) error
}

// queryPage is the paging of most lists, bodyPage that of ListDomains, tokenPage that of
// ListPackageVersionDependencies.
type queryPage struct {
	cursor
	MaxResults int    `query:"max-results" is:"MaxResults"`
	NextToken  string `query:"next-token" is:"PaginationToken"`
}

type bodyPage struct {
	cursor
	MaxResults int    `json:"maxResults" is:"MaxResults"`
	NextToken  string `json:"nextToken" is:"PaginationToken"`
}

type tokenPage struct {
	cursor
	NextToken string `query:"next-token" is:"PaginationToken"`
}

func (p *queryPage) open(binding string) error { return p.cursor.open(binding, p.NextToken) }
func (p *bodyPage) open(binding string) error  { return p.cursor.open(binding, p.NextToken) }
func (p *tokenPage) open(binding string) error { return p.cursor.open(binding, p.NextToken) }

func (p *queryPage) page(otherwise int) catalog.Page { return p.cursor.page(p.MaxResults, otherwise) }
func (p *bodyPage) page(otherwise int) catalog.Page  { return p.cursor.page(p.MaxResults, otherwise) }

func (c *cursor) page(asked, otherwise int) catalog.Page {
	if asked == 0 {
		asked = otherwise
	}
	return catalog.Page{Limit: asked, After: c.after}
}

// pageToken is what is inside a token. It is no secret and no permission: it only says where to go on, in which list.
type pageToken struct {
	Binding string `json:"list"`
	After   string `json:"after"`
}

// next makes the token of the page after the marker; none on the last page.
func (c *cursor) next(marker string) string {
	if marker == "" {
		return ""
	}
	text, err := json.Marshal(pageToken{c.binding, base64.RawURLEncoding.EncodeToString([]byte(marker))})
	if err != nil {
		panic(fmt.Sprintf("awsapi: encode page token: %v", err)) // two strings always encode
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// open reads a token. One that next did not make for this list is refused.
func (c *cursor) open(binding, token string) error {
	c.binding = binding
	if token == "" {
		return nil
	}
	var t pageToken
	text, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &t)
	}
	if err != nil {
		return refuse(FieldValidationFailed, "The nextToken is not one that this service gave out.")
	}
	if t.Binding != binding {
		return refuse(FieldValidationFailed, "The nextToken belongs to another operation or to other parameters.")
	}
	after, err := base64.RawURLEncoding.Strict().DecodeString(t.After)
	if err != nil || len(after) == 0 {
		return refuse(FieldValidationFailed, "The nextToken is not one that this service gave out.")
	}
	c.after = string(after)
	return nil
}

// bindingOf names a list: the operation, the caller's account and every parameter but the page's own. The size of pages
// may change on the way.
func bindingOf(op *operation, c iam.Caller, in any) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q", op.Name, c.Principal.Account)
	v := reflect.ValueOf(in).Elem()
	for _, b := range op.plan {
		if b.shape != "MaxResults" && b.shape != "PaginationToken" {
			value, err := json.Marshal(v.FieldByIndex(b.index).Interface())
			if err != nil {
				panic(fmt.Sprintf("awsapi: encode %s: %v", b.member, err)) // texts, numbers and flags always encode
			}
			fmt.Fprintf(h, " %q=%s", b.member, value)
		}
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:9])
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
