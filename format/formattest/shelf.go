package formattest

import (
	"testing"

	"entrepot/format"
	"entrepot/repository"
)

// tale is one behaviour of a shelf: a sentence, and the story that shows it.
type tale struct {
	name string
	tell func(s *story)
	// with changes the traits of the made-up format.
	with func(t *repository.Traits)
	// of changes the format as a whole.
	of func(f *format.Format)
}

// RunShelf tests what every format.Shelf must do. open makes a new, empty domain and may do so with parts of its own, as
// Open does with SQLite.
func RunShelf(t *testing.T, open func(t testing.TB, o Options) *Domain) {
	for _, part := range []struct {
		name  string
		tales []tale
	}{
		{"names", naming},
		{"publishing", publishing},
		{"several versions", several},
		{"upstream", upstreams},
		{"assets that come later", late},
		{"registries that list no files", each(finding, byFinding)},
		{"following a registry", following},
		{"documents", documents},
		{"permission", permission},
	} {
		t.Run(part.name, func(t *testing.T) {
			for _, one := range part.tales {
				t.Run(one.name, func(t *testing.T) {
					t.Parallel() // most of a story is waiting for the disk
					one.tell(begin(t, open, one))
				})
			}
		})
	}
}

// each tells all of the tales of a changed format.
func each(tales []tale, of func(f *format.Format)) []tale {
	for i := range tales {
		tales[i].of = of
	}
	return tales
}

// begin opens the domain of a story.
func begin(t *testing.T, open func(t testing.TB, o Options) *Domain, one tale) *story {
	f := madeUp()
	if one.with != nil {
		one.with(&f.Traits)
	}
	if one.of != nil {
		one.of(&f)
	}
	d := open(t, Options{Formats: []format.Format{f}})
	return &story{
		Domain: d, t: t, shelf: func(name string) format.Shelf { return d.Shelf(name, f.Name) },
		central: newOffers(t, d.Registry(central)), clojars: newOffers(t, d.Registry(clojars)),
	}
}
