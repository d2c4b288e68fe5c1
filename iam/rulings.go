package iam

import "sync"

// Rulings keep how permission was decided in the course of one request, for its record. A nil *Rulings keeps nothing.
type Rulings struct {
	mu    sync.Mutex
	made  []ruling
	first [1]ruling // room for what most requests are: one question
}

type ruling struct {
	action string
	Decision
}

// maxRulings bounds what is kept of one request; no operation asks for as many actions.
const maxRulings = 16

// Keep keeps the decision on an action, in place of an earlier one on the same.
func (r *Rulings) Keep(action string, d Decision) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.made == nil {
		r.made = r.first[:0]
	}
	for i := range r.made {
		if r.made[i].action == action {
			r.made[i].Decision = d
			return
		}
	}
	if len(r.made) < maxRulings {
		r.made = append(r.made, ruling{action, d})
	}
}

// On returns the decision on an action; ok is false if none was kept.
func (r *Rulings) On(action string) (d Decision, ok bool) {
	if r == nil {
		return Decision{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, made := range r.made {
		if made.action == action {
			return made.Decision, true
		}
	}
	return Decision{}, false
}
