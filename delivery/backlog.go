package delivery

import (
	"sync"

	"entrepot/artifact"
)

// The bounds of what waits for all targets of an account's rules together. Without them a thousand rules that lead to a target which is
// away would have a thousand rows each.
const (
	mostOfAccount = 10_000
	few           = 10 // events that a target reads at a time for which nothing waits, while too much waits for the others
)

// backlog is how many deliveries wait for the targets of each account. Those of the operator are as few as he wants, and are not in it.
type backlog struct {
	most int // of an account

	mu sync.Mutex
	of map[artifact.AccountID]map[string]int // by target
}

// clear forgets all targets.
func (b *backlog) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of = map[artifact.AccountID]map[string]int{}
}

// knows reports whether a target is counted, or need not be.
func (b *backlog) knows(t Target) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, known := b.of[t.Account][t.Name]
	return known || t.Account == ""
}

// count begins to count a target for which so many deliveries wait.
func (b *backlog) count(t Target, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of[t.Account] == nil {
		b.of[t.Account] = map[string]int{}
	}
	b.of[t.Account][t.Name] = waiting
}

// set notes what waits for a target that is counted.
func (b *backlog) set(t Target, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.of[t.Account][t.Name]; known {
		b.of[t.Account][t.Name] = waiting
	}
}

// forget ends the counting of a target.
func (b *backlog) forget(t Target) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.of[t.Account], t.Name)
	if len(b.of[t.Account]) == 0 {
		delete(b.of, t.Account)
	}
}

// share is a target's part of the dead letters that all targets of its account may have together, of which there are as many as
// deliveries may wait.
func (b *backlog) share(t Target) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(1, b.most/max(1, len(b.of[t.Account])))
}

// room is how many events may be read for a target for which so many deliveries wait. They count as if they waited too.
func (b *backlog) room(t Target, waiting int) int {
	if t.Account == "" {
		return portion
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	all := waiting
	for name, n := range b.of[t.Account] {
		if name != t.Name {
			all += n
		}
	}
	room := portion
	switch {
	case all+portion <= b.most:
	case waiting > 0:
		room = 0
	default: // it may take what comes
		room = few
	}
	if _, known := b.of[t.Account][t.Name]; known {
		b.of[t.Account][t.Name] = waiting + room
	}
	return room
}
