package ruby

import (
	"context"
	"encoding/hex"
	"io"
	"net/url"

	"entrepot/artifact"
	"entrepot/format/keptpage"
	"entrepot/repository"
	"entrepot/upstream"
)

// source is a registry behind an external connection.
type source struct {
	*keptpage.Registry
	client     *upstream.Client
	connection string
}

var _ repository.Source = (*source)(nil)

func newSource(c *upstream.Client, connection string) repository.Source {
	return &source{keptpage.NewRegistry(c, connection, &pages), c, connection}
}

// Asset follows repository.Source. The checksum of a gem is the one in its line.
func (s *source) Asset(_ context.Context, v artifact.Version, name string) (upstream.AssetRequest, error) {
	promise, ok := v.Asset(name)
	if !ok {
		return upstream.AssetRequest{}, noGem(v, name)
	}
	facts, err := factsOf(promise)
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	sum, err := hex.DecodeString(facts.SHA256)
	if err != nil || len(sum) == 0 {
		return upstream.AssetRequest{}, artifact.Errorf(artifact.Unavailable,
			"The registry gives no checksum of %s, so its bytes could not be checked.", name)
	}
	// The registry lists it. That its download host lacked it a moment ago, just after it was published, is not believed.
	return upstream.AssetRequest{Connection: s.connection, Path: "gems/" + url.PathEscape(name), Want: upstream.Want{SHA256: sum}, Refresh: true}, nil
}

func noGem(v artifact.Version, name string) error {
	return notFound("The registry has no gem %.255q of %s %s.", name, v.Name, v.VersionKey.Version).
		About(artifact.AssetResource, v.VersionKey.String()+"/"+name)
}

// Attachment follows repository.Source. The one there is of a gem is its quick specification, by that name.
func (s *source) Attachment(ctx context.Context, v artifact.Version, name string) (io.ReadCloser, error) {
	g, err := gemOf(name, quickEnding)
	if err != nil {
		return nil, noGem(v, name)
	}
	promise, listed := v.Asset(g.file())
	if !listed {
		return nil, noGem(v, name)
	}
	facts, err := factsOf(promise)
	if err != nil {
		return nil, err
	}
	found, err := s.client.Document(ctx, upstream.DocumentRequest{
		Connection: s.connection,
		Path:       "quick/Marshal.4.8/" + url.PathEscape(name),
		Max:        maxMarshalled,
		Regenerate: func(dst io.Writer, src io.Reader) error {
			spec, err := readQuickSpec(src)
			if err == nil {
				err = spec.follow(g, facts)
			}
			if err == nil {
				_, err = dst.Write(quickSpec(spec))
			}
			return err
		},
		// What fits one line does not fit another, should a registry change what it says.
		RegenerateVersion: "ruby specification 1 " + string(facts.encode()),
	})
	if err != nil {
		return nil, err
	}
	return found.Open(ctx)
}
