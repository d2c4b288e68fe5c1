package main

import "net/http"

// takeGem keeps a gem, which is all that a push has.
func (s *store) takeGem(r *http.Request) error { return s.keepUnnamed(r.Body, ".gem") }
