package upstream

import (
	"context"
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

// Has reports whether the request has come through this repository.
func (h Hops) Has(hop string) bool { return slices.Contains(h, hop) }

// And returns the hops with one more.
func (h Hops) And(hop string) Hops { return append(slices.Clip(h), hop) }

// asker is the repository of another server that the request of the last one comes from; empty if it comes from a client.
func (h Hops) asker() string {
	if len(h) < 2 {
		return ""
	}
	return h[len(h)-2]
}

// String is the header's value.
func (h Hops) String() string { return strings.Join(h, ", ") }

type hopsKey struct{}

// WithHops returns a context for a request that has come through these repositories: what is asked of a remote with it
// tells them.
func WithHops(ctx context.Context, h Hops) context.Context {
	return context.WithValue(ctx, hopsKey{}, h)
}

// hopsIn are those of a context.
func hopsIn(ctx context.Context) Hops {
	h, _ := ctx.Value(hopsKey{}).(Hops)
	return h
}
