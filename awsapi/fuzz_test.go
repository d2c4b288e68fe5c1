package awsapi

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
)

// FuzzDecode sends any query and body to every operation: no panic, only Invalid errors, and what is accepted obeys the
// grammar in every member. Permission is asked of real rules; the handlers are stood in for, since they would change
// what the next input finds.
func FuzzDecode(f *testing.F) {
	for _, seed := range []struct{ query, body string }{
		{"domain=acme&repository=team", `{"upstreams":[{"repositoryName":"npm-store"}],"tags":[{"key":"a","value":"b"}]}`},
		{"domain=acme&repository=team&format=npm&package=x%2By",
			`{"versions":["1"],"versionRevisions":{"1":"r"},"targetStatus":"Archived"}`},
		{"", `{"maxResults":10,"nextToken":"eyJ9"}`},
		{"domain=acme&domain-owner=&package-group=%2Fnpm%2F%2A", `{"restrictions":{"PUBLISH":"BLOCK"}}`},
		{"resourceArn=arn:aws:codeartifact:us-east-1:111122223333:domain/acme", `{"tagKeys":["a"]}`},
		{"domain=acme&duration=0", `{"a":[[[[{}]]]]}`},
	} {
		f.Add(seed.query, seed.body)
	}
	a := recording(repositorytest.Open(f, repository.Options{}).Service)
	f.Fuzz(func(t *testing.T, query, body string) {
		for _, op := range slices.Concat(operations, ownOperations) {
			u := &url.URL{Path: op.Path, RawQuery: query}
			r := &http.Request{Method: op.Method, URL: u, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
			in := op.input()
			if err := decode(r, op.plan, in); err != nil {
				if !artifact.Is(err, artifact.Invalid) {
					t.Fatalf("%s: %v is not Invalid", op.Name, err)
				}
				continue
			}
			var found violations
			recheck(&found, reflect.ValueOf(in).Elem(), op.plan)
			if len(found) > 0 {
				t.Fatalf("%s: accepted in spite of %v", op.Name, found)
			}
			w := httptest.NewRecorder()
			r.Body = io.NopCloser(strings.NewReader(body))
			a.Serve(w, r, callerOf("111122223333"))
			if !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s answered %q", op.Name, w.Body)
			}
		}
	})
}

// recheck looks at the filled struct, not at the request.
func recheck(found *violations, v reflect.Value, plan []binding) {
	for _, b := range plan {
		field := v.FieldByIndex(b.index)
		for field.Kind() == reflect.Pointer && !field.IsNil() {
			field = field.Elem()
		}
		switch {
		case field.Kind() == reflect.String && field.Len() > 0:
			found.text(b.member, b.shape, field.String())
		case field.Kind() == reflect.String && b.required && grammar[b.shape].min > 0:
			found.missing(b.member)
		case field.Kind() == reflect.Slice && b.items == nil:
			for i := range field.Len() {
				found.text(b.member, grammar[b.shape].each, field.Index(i).String())
			}
		case field.Kind() == reflect.Slice:
			for i := range field.Len() {
				recheck(found, field.Index(i), b.items)
			}
		}
	}
}

// FuzzPageToken: no token but those that next made for this list is accepted, and those lead back to their marker.
func FuzzPageToken(f *testing.F) {
	made := cursor{binding: "list-a"}
	f.Add("", "")
	f.Add(made.next("lodash"), "lodash")
	f.Add("eyJsaXN0IjoibGlzdC1hIiwiYWZ0ZXIiOiIifQ", "\x00\xff")
	f.Fuzz(func(t *testing.T, token, marker string) {
		var c cursor
		if err := c.open("list-a", token); err == nil && token != "" {
			again := cursor{binding: "list-a"}
			if err := again.open("list-a", again.next(c.after)); err != nil || again.after != c.after {
				t.Fatalf("%q was read as %q, which does not lead back", token, c.after)
			}
		} else if err != nil && !artifact.Is(err, artifact.Invalid) {
			t.Fatalf("%v is not Invalid", err)
		}
		made := cursor{binding: "list-a"}
		next := made.next(marker)
		var back, other cursor
		if err := back.open("list-a", next); err != nil || back.after != marker {
			t.Fatalf("the token of %q leads to %q, %v", marker, back.after, err)
		}
		if err := other.open("list-b", next); err == nil && marker != "" {
			t.Fatalf("a token of one list was taken for another")
		}
	})
}
