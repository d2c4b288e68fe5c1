package catalogtest

import (
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
)

func testPolicies(t *testing.T, open func(t *testing.T) catalog.Store) {
	f := &fixture{TB: t, Store: open(t)}
	d, e := f.domain("one"), f.domain("two")
	id, group := f.repository(d, "team"), f.group(d, "/npm/*")
	holders := map[string]catalog.Holder{"domain": {Domain: d}, "repository": {Domain: d, Repository: id},
		"package group": {Domain: d, Group: group.ID}}
	for name, h := range holders {
		t.Run(name, func(t *testing.T) {
			f := &fixture{TB: t, Store: f.Store}
			wantTags := func(tags map[string]string) {
				t.Helper()
				f.read(func(r catalog.Reader) error {
					got, err := r.Tags(h)
					if got == nil {
						t.Error("no map of tags")
					}
					want(t, "tags", got, tags)
					return err
				})
			}
			wantTags(nil)
			f.write(func(w catalog.Writer) error { return w.PutTags(h, map[string]string{"a": name, "b": "2", "": ""}) })
			f.write(func(w catalog.Writer) error { return w.PutTags(h, map[string]string{"b": "3", "A": "x"}) })
			wantTags(map[string]string{"a": name, "b": "3", "A": "x", "": ""})
			f.write(func(w catalog.Writer) error { return w.DeleteTags(h, []string{"a", "unknown", ""}) })
			wantTags(map[string]string{"b": "3", "A": "x"})
			if h.Group != 0 {
				return // it holds no policy
			}
			noPolicy := func(r catalog.Reader) error { _, err := r.Policy(h); return err }
			f.unreadable(artifact.NotFound, noPolicy)
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeletePolicy(h) })
			for i, document := range []string{`{"a":1}`, `{"b":"` + name + `"}`} {
				p := catalog.Policy{Document: document, Revision: document + "r", PutAt: moment(i)}
				f.write(func(w catalog.Writer) error { return w.PutPolicy(h, p) })
				f.read(func(r catalog.Reader) error {
					got, err := r.Policy(h)
					want(t, "policy", got, p)
					return err
				})
			}
			f.write(func(w catalog.Writer) error { return w.DeletePolicy(h) })
			f.unreadable(artifact.NotFound, noPolicy)
		})
	}
	for name, h := range map[string]catalog.Holder{
		"no domain": {Domain: 99}, "no repository": {Domain: d, Repository: 99}, "no group": {Domain: d, Group: 99},
		"a repository of another domain": {Domain: e, Repository: id},
		"a group of another domain":      {Domain: e, Group: group.ID},
	} {
		if h.Group == 0 {
			f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.PutPolicy(h, catalog.Policy{}) })
		}
		f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.PutTags(h, map[string]string{"a": "b"}) })
		f.refused(artifact.NotFound, func(w catalog.Writer) error { return w.DeleteTags(h, []string{"a"}) })
		f.read(func(r catalog.Reader) error {
			tags, err := r.Tags(h)
			want(t, name, tags, nil)
			return err
		})
	}
}
