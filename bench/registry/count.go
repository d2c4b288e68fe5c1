package main

import (
	"encoding/json"
	"net/http"
	"strings"
)

// request is what is counted.
type request struct{ method, protocol, name, path string }

// count notes a request; false if there are too many to count.
func (g *registry) count(r request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.counts[r]; !known && len(g.counts) >= maxPaths {
		return false
	}
	g.counts[r]++
	return true
}

// counts is the answer about the packages whose names begin in one way.
type counts struct {
	Requests int `json:"requests"`
	Most     int `json:"most"` // of one method and path, where it is asked for most often
}

func (g *registry) tell(w http.ResponseWriter, protocol, prefix string) {
	g.mu.Lock()
	var c counts
	for asked, n := range g.counts {
		if asked.protocol == protocol && strings.HasPrefix(asked.name, prefix) {
			c.Requests += n
			c.Most = max(c.Most, n)
		}
	}
	g.mu.Unlock()
	body, err := json.Marshal(c)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	serve(w, "application/json", body)
}
