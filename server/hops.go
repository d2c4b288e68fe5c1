package server

import (
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/upstream"
)

// comesFrom returns the request with the repositories of servers that it has come through, and this one behind them, for what
// will be asked of remotes on its behalf. One that has come through here before, or through more than may be, is refused: where
// servers ask each other in a circle, nobody waits for himself; h, the header of the answer, then says which repository it is.
func (s *Server) comesFrom(h http.Header, r *http.Request, at artifact.RepositoryKey) (*http.Request, error) {
	if s.hop == nil || at.Name == "" {
		return r, nil
	}
	hops, err := upstream.ParseHops(r.Header.Values(upstream.HopsHeader))
	if err != nil {
		return nil, err
	}
	own := s.hop(at)
	as, circle := hops.Find(own)
	refuse := func(words string, args ...any) (*http.Request, error) {
		return nil, format.WithStatus(http.StatusLoopDetected, artifact.Errorf(artifact.Unavailable, words, args...).Causing(upstream.ErrLoop))
	}
	switch {
	case circle:
		h.Set(upstream.LoopHeader, as)
		return refuse("The request has come through repository %s before: %s asks in a circle.", at.Name, hops)
	case len(hops) > s.limits.Hops:
		return refuse("The request has come through %d servers, which is more than the %d that may be: %s.", len(hops), s.limits.Hops, hops)
	}
	return r.WithContext(upstream.WithHops(r.Context(), hops.And(own))), nil
}
