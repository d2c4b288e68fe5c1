package catalog_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"entrepot/catalog"
)

// counted is a catalog that gives stamps and nothing else.
type counted struct {
	catalog.Store
	changes map[catalog.Topic]catalog.Stamp
	deaf    bool
}

func newCounted() *counted { return &counted{changes: map[catalog.Topic]catalog.Stamp{}} }

func (c *counted) Stamp(topics ...catalog.Topic) (catalog.Stamp, bool) {
	var total catalog.Stamp
	for _, topic := range topics {
		total += 1<<32 + c.changes[topic]
	}
	return total, !c.deaf
}

func TestMemo(t *testing.T) {
	domain := catalog.DomainTopic(1)
	failure := errors.New("no such thing")
	rows := map[string]struct {
		load   func(c *counted, on *catalog.Basis) (string, error) // the first time
		after  func(c *counted)                                    // between the first time and the second
		loads  int                                                 // in two calls
		answer string                                              // of the second
	}{
		"an answer is remembered": {
			func(c *counted, on *catalog.Basis) (string, error) { on.Topics(domain); return "old", nil },
			func(c *counted) {}, 1, "old"},
		"an answer is forgotten when its topic changes": {
			func(c *counted, on *catalog.Basis) (string, error) { on.Topics(domain); return "old", nil },
			func(c *counted) { c.changes[domain]++ }, 2, "new"},
		"an answer stays when another topic changes": {
			func(c *counted, on *catalog.Basis) (string, error) { on.Topics(domain); return "old", nil },
			func(c *counted) { c.changes[catalog.DomainTopic(2)]++ }, 1, "old"},
		"a change while it is read makes the answer old": {
			func(c *counted, on *catalog.Basis) (string, error) {
				on.Topics(domain)
				c.changes[domain]++
				return "old", nil
			},
			func(c *counted) {}, 2, "new"},
		"an answer of two phases is remembered": {
			func(c *counted, on *catalog.Basis) (string, error) {
				on.Topics(catalog.DomainsTopic())
				on.Topics(domain)
				return "old", nil
			},
			func(c *counted) {}, 1, "old"},
		"an answer of two phases rests on the first": {
			func(c *counted, on *catalog.Basis) (string, error) {
				on.Topics(catalog.DomainsTopic())
				on.Topics(domain)
				return "old", nil
			},
			func(c *counted) { c.changes[catalog.DomainsTopic()]++ }, 2, "new"},
		"an answer of two phases rests on the second": {
			func(c *counted, on *catalog.Basis) (string, error) {
				on.Topics(catalog.DomainsTopic())
				on.Topics(domain)
				return "old", nil
			},
			func(c *counted) { c.changes[domain]++ }, 2, "new"},
		"a change between two phases is noticed": {
			func(c *counted, on *catalog.Basis) (string, error) {
				on.Topics(catalog.DomainsTopic())
				c.changes[catalog.DomainsTopic()]++
				on.Topics(domain)
				return "old", nil
			},
			func(c *counted) {}, 2, "new"},
		"a change before the last of three phases is noticed": {
			func(c *counted, on *catalog.Basis) (string, error) {
				on.Topics(catalog.DomainsTopic())
				c.changes[catalog.DomainsTopic()]++
				on.Topics(domain)
				on.Topics(catalog.DomainTopic(2))
				return "old", nil
			},
			func(c *counted) {}, 2, "new"},
		"an error is returned and not remembered": {
			func(c *counted, on *catalog.Basis) (string, error) { on.Topics(domain); return "", failure },
			func(c *counted) {}, 2, "new"},
		"an answer that rests on nothing is not remembered": {
			func(c *counted, on *catalog.Basis) (string, error) { return "old", nil },
			func(c *counted) {}, 2, "new"},
		"an answer is not believed while the catalog does not know": {
			func(c *counted, on *catalog.Basis) (string, error) { on.Topics(domain); return "old", nil },
			func(c *counted) { c.deaf = true }, 2, "new"},
		"an answer read while the catalog did not know is not kept": {
			func(c *counted, on *catalog.Basis) (string, error) {
				c.deaf = true
				on.Topics(domain)
				return "old", nil
			},
			func(c *counted) { c.deaf = false }, 2, "new"},
		"an answer of which one phase was unknown is not kept": {
			func(c *counted, on *catalog.Basis) (string, error) {
				c.deaf = true
				on.Topics(catalog.DomainsTopic())
				c.deaf = false
				on.Topics(domain)
				return "old", nil
			},
			func(c *counted) {}, 2, "new"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			store := newCounted()
			m := catalog.NewMemo[string, string](store, 10)
			loads := 0
			get := func() (string, error) {
				return m.Get(t.Context(), "key", func(_ context.Context, on *catalog.Basis) (string, error) {
					if loads++; loads == 1 {
						return row.load(store, on)
					}
					return "new", nil
				})
			}
			if _, err := get(); err != nil && !errors.Is(err, failure) {
				t.Fatal(err)
			}
			row.after(store)
			answer, err := get()
			if err != nil || answer != row.answer || loads != row.loads {
				t.Errorf("got %q, %v after %d loads, want %q after %d", answer, err, loads, row.answer, row.loads)
			}
		})
	}
}

func TestMemoIsBounded(t *testing.T) {
	m := catalog.NewMemo[int, int](newCounted(), 2)
	for key := range 3 {
		on := m.Basis()
		on.Topics(catalog.DomainsTopic())
		m.Keep(key, key, on)
	}
	var kept []int
	for key := range 3 {
		if _, ok := m.Recall(key); ok {
			kept = append(kept, key)
		}
	}
	if want := []int{1, 2}; !slices.Equal(kept, want) {
		t.Errorf("got %v remembered, want %v", kept, want)
	}
}
