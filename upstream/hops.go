package upstream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"entrepot/artifact"
)

// HopsHeader is the header by which a server tells another through which repositories a request has come to it.
const HopsHeader = "Entrepot-Hops"

// LoopHeader is the header by which a server that refuses to be asked in a circle says which repository was asked.
const LoopHeader = "Entrepot-Loop"

// Hops are the repositories that a request has come through, each of another server, the first one first. A server that
// finds itself among them would ask in a circle.
type Hops []string

// What a header may hold. No chain that anybody wants comes near it.
const (
	maxHops = 64
	maxHop  = 512 // bytes
)

// ParseHops reads the values of the header. The error is Invalid.
func ParseHops(values []string) (Hops, error) {
	if len(values) == 0 {
		return nil, nil
	}
	refuse := func(why string) (Hops, error) {
		return nil, artifact.Errorf(artifact.Invalid, "The header %s %s.", HopsHeader, why)
	}
	if len(values) > 1 || len(values[0]) > maxHops*maxHop {
		return refuse("comes twice or is too long")
	}
	hops := strings.Split(values[0], ",")
	if len(hops) > maxHops {
		return refuse("names too many repositories")
	}
	for i := range hops {
		hops[i] = strings.TrimSpace(hops[i])
		if hops[i] == "" || len(hops[i]) > maxHop || strings.ContainsFunc(hops[i], notInHop) {
			return refuse("names something that is no repository")
		}
	}
	return hops, nil
}

func notInHop(c rune) bool {
	return c <= ' ' || c > '~' || strings.ContainsRune(`,;"\`, c)
}

// opaqueMark begins a hop that tells nobody anything who does not know already what it is of.
const opaqueMark = "~"

// opaqueOf is the form of a hop that tells nothing.
func opaqueOf(hop string) string {
	if strings.HasPrefix(hop, opaqueMark) {
		return hop
	}
	sum := sha256.Sum256([]byte(hop))
	return opaqueMark + hex.EncodeToString(sum[:16])
}

// opaque returns the hops in the form that tells nothing.
func (h Hops) opaque() Hops {
	all := make(Hops, len(h))
	for i, hop := range h {
		all[i] = opaqueOf(hop)
	}
	return all
}

// Find returns how the hops have this repository, by its name or in the form that tells nothing; ok is false if the request has not
// come through it.
func (h Hops) Find(hop string) (as string, ok bool) {
	for _, one := range h {
		if one == hop || one == opaqueOf(hop) {
			return one, true
		}
	}
	return "", false
}

// And returns the hops with one more.
func (h Hops) And(hop string) Hops { return append(slices.Clip(h), hop) }

// askedBack reports whether what a server says that refuses to be asked in a circle is the repository that the request of the last
// hop comes from. A client has none; nor has whoever is known by the form that tells nothing, which registries are sent as well.
func (h Hops) askedBack(said string) bool {
	if len(h) < 2 || said == "" {
		return false
	}
	asker := h[len(h)-2]
	return !strings.HasPrefix(asker, opaqueMark) && (said == asker || said == opaqueOf(asker))
}

// String is the header's value.
func (h Hops) String() string { return strings.Join(h, ", ") }

// HopsKey is the key under which a context has a func() Hops: the repositories that its request has come through, which what is
// asked of a remote with it tells. It is called where a remote is asked and not before, for few requests get there.
type HopsKey struct{}

// WithHops returns a context for a request that has come through these repositories.
func WithHops(ctx context.Context, h Hops) context.Context {
	return context.WithValue(ctx, HopsKey{}, func() Hops { return h })
}

// hopsIn are those of a context.
func hopsIn(ctx context.Context) Hops {
	if tell, ok := ctx.Value(HopsKey{}).(func() Hops); ok && tell != nil {
		return tell()
	}
	return nil
}
