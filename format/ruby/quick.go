package ruby

import (
	"context"
	"io"
	"net/http"
	"time"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/format"
)

// specificationRoom bounds the memory for quick specifications that were made of gems, in bytes.
const specificationRoom = 16 << 20

// specifications are quick specifications of gems that are kept, by the gems' names, digests and lines, which differ between
// repositories: they are asked for once for each gem that anybody installs. Whoever looks here has been let through to the gem
// before.
type specifications struct {
	made *bytecache.Cache[string, []byte]
}

func newSpecifications() specifications {
	return specifications{bytecache.New[string](specificationRoom, func(text []byte) int64 { return int64(len(text)) + 1024 })}
}

// get answers with the quick specification of a gem. It is there for every gem that is listed, whatever its registry does: gem
// install ends without it.
func (c specifications) get(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	g, err := gemOf(r.PathValue("file"), quickEnding)
	if err != nil {
		return format.OrDenied(r.Context(), s, err)
	}
	a, err := s.Stat(r.Context(), g.key(), g.file())
	if err != nil {
		return err
	}
	body, err := c.of(r.Context(), s, g, a)
	if err != nil {
		return err
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: octets, Body: body})
}

// of makes the quick specification of a gem: out of the gem where it is kept; else of what its registry has under that name, or
// of the line that lists it alone. What that line says counts in any case.
func (c specifications) of(ctx context.Context, s format.Shelf, g gem, a artifact.Asset) ([]byte, error) {
	if !a.Promised {
		return c.ofKept(ctx, s, g, a)
	}
	if body, err := s.Attachment(ctx, g.key(), g.fullName()+quickEnding); err == nil {
		defer body.Close()
		return io.ReadAll(body)
	}
	facts, err := factsOf(a)
	if err != nil {
		return nil, err
	}
	return specificationOf(specification{}, g, facts)
}

// specificationOf completes what is told of a gem with what its line says.
func specificationOf(told specification, g gem, facts gemFacts) ([]byte, error) {
	if err := told.follow(g, facts); err != nil {
		return nil, err
	}
	if told.date.IsZero() {
		if told.date = facts.CreatedAt; told.date.IsZero() {
			told.date = time.Date(1980, 1, 2, 0, 0, 0, 0, time.UTC) // what RubyGems says of gems without one
		}
	}
	return quickSpec(told), nil
}

func (c specifications) ofKept(ctx context.Context, s format.Shelf, g gem, a artifact.Asset) ([]byte, error) {
	key := g.fullName() + "\n" + string(a.SHA256[:]) + string(a.Facts)
	if known, ok := c.made.Get(key); ok {
		return known, nil
	}
	facts, err := factsOf(a)
	if err != nil {
		return nil, err
	}
	f, err := s.Open(ctx, g.key(), g.file())
	if err != nil {
		return nil, err
	}
	var content io.ReadCloser = f.Content
	if f.Content == nil { // it was lost a moment ago, and is on its way again
		content = f.Transfer
	}
	defer content.Close()
	told, err := readSpecification(content)
	if err != nil && !artifact.Is(err, artifact.Invalid) {
		return nil, err
	}
	made, err := specificationOf(told, g, facts)
	if err == nil {
		c.made.Put(key, made)
	}
	return made, err
}
