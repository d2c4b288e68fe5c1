package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// listing is a list of a chapter in which every list has three entries or more.
type listing struct {
	operation, member string
	input             string // members as in the service model, less those of the page
	other             string // another request, for which a page's token is no good; empty if there is none
	insert            row    // makes one more entry, in the midst of the list; without an operation if that is of no interest
}

// pagesChapter has three of everything.
var pagesChapter = chapter{name: "pages", setup: []row{
	makeDomain, makeRepository("r1"), makeRepository("r2"), makeRepository("r3"),
	{operation: "PublishPackageVersion", input: uploading("r1", "1.0.0", "a1", "a", unfinished)},
	{operation: "PublishPackageVersion", input: uploading("r1", "1.0.0", "a2", "a", unfinished)},
	{operation: "PublishPackageVersion", input: uploading("r1", "1.0.0", "a3", "a", unfinished)},
	{operation: "PublishPackageVersion", input: uploading("r1", "1.1.0", "a1", "a")},
	{operation: "PublishPackageVersion", input: uploading("r1", "1.2.0", "a1", "a")},
	{operation: "CreatePackageGroup", input: grouped("/npm/a/*")},
	{operation: "CreatePackageGroup", input: grouped("/npm/c/*")},
	{operation: "CreatePackageGroup", input: grouped("/npm/e/*")},
	{operation: "UpdatePackageGroupOriginConfiguration", input: grouped("/npm/a/*", `"restrictions":{"PUBLISH":"ALLOW_SPECIFIC_REPOSITORIES"}`,
		`"addAllowedRepositories":[{"repositoryName":"r1","originRestrictionType":"PUBLISH"},`+
			`{"repositoryName":"r2","originRestrictionType":"PUBLISH"},{"repositoryName":"r3","originRestrictionType":"PUBLISH"}]`)},
	controlled("p1"), controlled("p3"), controlled("p5"),
}}

func controlled(name string) row {
	return row{operation: "PutPackageOriginConfiguration", input: with("r1", called(name), `"restrictions":{"publish":"ALLOW","upstream":"BLOCK"}`)}
}

var listings = []listing{
	{operation: "ListDomains", member: "domains", input: `{}`},
	{operation: "ListRepositories", member: "repositories", input: `{}`, other: `{"repositoryPrefix":"r1"}`},
	{operation: "ListRepositoriesInDomain", member: "repositories", input: with(""), other: with("", `"repositoryPrefix":"r1"`),
		insert: makeRepository("r15")},
	{operation: "ListPackages", member: "packages", input: with("r1"), other: with("r1", `"format":"npm"`), insert: controlled("p2")},
	{operation: "ListPackageVersions", member: "versions", input: with("r1", tool), other: with("r1", tool, `"status":"Published"`),
		insert: row{operation: "PublishPackageVersion", input: uploading("r1", "1.0.5", "a1", "a")}},
	{operation: "ListPackageVersionAssets", member: "assets", input: with("r1", tool, `"packageVersion":"1.0.0"`),
		other:  with("r1", tool, `"packageVersion":"1.1.0"`),
		insert: row{operation: "PublishPackageVersion", input: uploading("r1", "1.0.0", "a15", "a", unfinished)}},
	{operation: "ListPackageGroups", member: "packageGroups", input: with(""), other: with("", `"prefix":"/npm"`),
		insert: row{operation: "CreatePackageGroup", input: grouped("/npm/b/*")}},
	{operation: "ListSubPackageGroups", member: "packageGroups", input: grouped("/*"), other: grouped("/npm/a/*"),
		insert: row{operation: "CreatePackageGroup", input: grouped("/npm/d/*")}},
	{operation: "ListAssociatedPackages", member: "packages", input: grouped("/*"), other: grouped("/npm/a/*"),
		insert: controlled("p4")},
	{operation: "ListAllowedRepositoriesForGroup", member: "allowedRepositories",
		input: grouped("/npm/a/*", `"originRestrictionType":"PUBLISH"`), other: grouped("/npm/a/*", `"originRestrictionType":"EXTERNAL_UPSTREAM"`)},
}

// pages has every client read every list in pages.
func (c *conductor) pages(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, client := range c.clients {
		if client.Name() == "cli" { // which reads pages of its own
			continue
		}
		group.Go(func() error {
			b, err := c.open(ctx, client, pagesChapter)
			if err != nil {
				return err
			}
			for _, l := range listings {
				if err := c.list(ctx, client, b, l); err != nil {
					return fmt.Errorf("pages of %s: %w", l.operation, err)
				}
			}
			return c.remove(ctx, b.vars["domain"])
		})
	}
	return group.Wait()
}

// page is one page of a list.
type page struct {
	entries []string
	next    string
	refusal *Refusal
}

// turner reads pages of a list.
type turner struct {
	*conductor
	client Client
	book   *book
	listing
}

func (t *turner) page(ctx context.Context, input, token string, most int) (page, error) {
	r, err := t.book.request(row{operation: t.operation, input: input})
	if err != nil {
		return page{}, err
	}
	r = r.with("maxResults", most)
	if token != "" {
		r = r.with("nextToken", token)
	}
	a, err := t.do(ctx, t.client, r)
	if err != nil {
		return page{}, err
	}
	if wrong := shapeErrors(t.operation, a); len(wrong) > 0 {
		return page{}, errors.New(strings.Join(wrong, "; "))
	}
	if a.Refusal != nil {
		return page{refusal: a.Refusal}, nil
	}
	output, _ := a.Output.(map[string]any)
	var p page
	p.next, _ = output["nextToken"].(string)
	entries, _ := output[t.member].([]any)
	for _, e := range entries {
		p.entries = append(p.entries, t.name(e))
	}
	return p, nil
}

// name is what an entry of a list is known by. What is told of it besides may change meanwhile.
func (t *turner) name(entry any) string {
	object, ok := entry.(map[string]any)
	if !ok {
		return fmt.Sprint(entry)
	}
	var parts []string
	for _, member := range []string{"domainName", "name", "format", "namespace", "package", "version", "pattern"} {
		if value, given := object[member]; given {
			parts = append(parts, fmt.Sprint(value))
		}
	}
	return strings.Join(parts, " ")
}

// walk reads a whole list in pages of a size, and calls between after the first.
func (t *turner) walk(ctx context.Context, size int, between func() error) (entries []string, err error) {
	const mostPages = 10_000
	for p, n := (page{}), 0; n < mostPages; n++ {
		if p, err = t.page(ctx, t.input, p.next, size); err != nil {
			return nil, err
		}
		switch {
		case p.refusal != nil:
			return nil, fmt.Errorf("page %d: got %+v", n+1, *p.refusal)
		case len(p.entries) > size:
			return nil, fmt.Errorf("page %d has %d entries, want %d at most", n+1, len(p.entries), size)
		}
		entries = append(entries, p.entries...)
		if p.next == "" {
			return entries, nil
		}
		if n == 0 {
			if err := between(); err != nil {
				return nil, err
			}
		}
	}
	return nil, fmt.Errorf("no end after %d pages", mostPages)
}

func (c *conductor) list(ctx context.Context, client Client, b *book, l listing) error {
	t := &turner{c, client, b, l}
	nothing := func() error { return nil }
	whole, err := t.walk(ctx, mostResults, nothing)
	least := 3
	if l.operation == "ListDomains" {
		least = 2 // the client's own, and the one that all clients read
	}
	if err == nil && len(whole) < least {
		err = fmt.Errorf("got %v, want %d entries or more", whole, least)
	}
	t.check("whole", err)
	first, err := t.page(ctx, l.input, "", 1)
	if err != nil || first.next == "" {
		t.check("a first page", fmt.Errorf("got %+v (%v), want more pages", first, err))
		return nil
	}
	t.check("one by one", t.same(ctx, whole, 1, nothing))
	t.check("two by two", t.same(ctx, whole, 2, nothing))
	t.check("a page again", t.again(ctx, first.next))
	t.check("no token", t.refused(ctx, l.input, "never-given"))
	t.check("a token that was changed", t.refused(ctx, l.input, first.next+"x"))
	if l.other != "" {
		t.check("another request's token", t.refused(ctx, l.other, first.next))
	}
	if l.insert.operation != "" {
		t.check("while entries are made", t.same(ctx, whole, 1, func() error {
			r, err := b.request(l.insert)
			if err != nil {
				return err
			}
			_, err = c.call(ctx, r.Operation, r.Input)
			return err
		}))
	}
	return nil
}

// mostResults is the largest page (service model, maxResults).
const mostResults = 1000

func (t *turner) check(what string, err error) {
	objection := ""
	if err != nil {
		objection = err.Error()
	}
	t.took(t.client, t.operation, paging, what, objection)
}

// same wants every entry of the whole list once and in order, whatever comes between them. Of what belongs to others only the run's
// own counts: it may change.
func (t *turner) same(ctx context.Context, whole []string, size int, between func() error) error {
	entries, err := t.walk(ctx, size, between)
	if err != nil {
		return err
	}
	foreign := func(e string) bool {
		return (t.operation == "ListDomains" || t.operation == "ListRepositories") && !strings.Contains(e, t.book.vars["domain"]) ||
			!slices.Contains(whole, e)
	}
	got := slices.DeleteFunc(slices.Clone(entries), foreign)
	want := slices.DeleteFunc(slices.Clone(whole), foreign)
	if !slices.Equal(got, want) {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}

// again wants a token to lead to the same page twice, and to pages of another size.
func (t *turner) again(ctx context.Context, token string) error {
	if t.operation == "ListDomains" || t.operation == "ListRepositories" {
		return nil // where others' come and go
	}
	one, err := t.page(ctx, t.input, token, 1)
	if err != nil {
		return err
	}
	two, err := t.page(ctx, t.input, token, 2)
	if err != nil {
		return err
	}
	if len(one.entries) != 1 || len(two.entries) != 2 || one.entries[0] != two.entries[0] {
		return fmt.Errorf("got %v and %v of one token", one.entries, two.entries)
	}
	return nil
}

func (t *turner) refused(ctx context.Context, input, token string) error {
	p, err := t.page(ctx, input, token, 1)
	if err != nil {
		return err
	}
	if p.refusal == nil || p.refusal.Code != invalid {
		return fmt.Errorf("got %v and %+v, want a %s", p.entries, p.refusal, invalid)
	}
	return nil
}

// pageChecks are the names of what is tried of a listing.
func (l listing) pageChecks() []string {
	checks := []string{"whole", "one by one", "two by two", "a page again", "no token", "a token that was changed"}
	if l.other != "" {
		checks = append(checks, "another request's token")
	}
	if l.insert.operation != "" {
		checks = append(checks, "while entries are made")
	}
	return checks
}

// paged are the operations of the service model that answer page by page in a size that is asked for.
func paged() (operations []string) {
	for _, name := range model.Names() {
		if _, ok := model.Input(name).Member("maxResults"); ok {
			operations = append(operations, name)
		}
	}
	return operations
}
