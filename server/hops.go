package server

import (
	"net/http"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/upstream"
)

// comesThrough lets what will be asked of remotes on the request's behalf tell the repositories of servers that it has come
// through, and this one, if it is about one, behind them. One that has come through here before, or through more than may be, is
// refused: where servers ask each other in a circle, nobody waits for himself; the header of the answer then says which repository
// it is. Most requests come from clients and get to no remote: for them nothing is named here.
func (s *Server) comesThrough(x *exchange, r *http.Request, here func() artifact.RepositoryKey) error {
	if s.hop == nil {
		return nil
	}
	hops, err := upstream.ParseHops(r.Header[upstream.HopsHeader])
	if err != nil {
		return err
	}
	x.hops = func() upstream.Hops {
		if at := here(); at.Name != "" {
			return hops.And(s.hop(at))
		}
		return nil
	}
	if len(hops) == 0 || here().Name == "" {
		return nil
	}
	at := here()
	as, circle := hops.Find(s.hop(at))
	refuse := func(words string, args ...any) error {
		return format.WithStatus(http.StatusLoopDetected, artifact.Errorf(artifact.Unavailable, words, args...).Causing(upstream.ErrLoop))
	}
	switch {
	case circle:
		x.w.Header().Set(upstream.LoopHeader, as)
		return refuse("The request has come through repository %s before: %s asks in a circle.", at.Name, hops)
	case len(hops) > s.limits.Hops:
		return refuse("The request has come through %d servers, which is more than the %d that may be: %s.", len(hops), s.limits.Hops, hops)
	}
	return nil
}
