package sqlcatalog

import (
	"maps"
	"slices"
	"sync"
)

// InProcess carries notices between Stores of one process. The zero value is ready.
type InProcess struct {
	mu    sync.Mutex
	last  int
	takes map[int]func(Notice)
}

var _ Peers = (*InProcess)(nil)

// Tell implements Peers.
func (p *InProcess) Tell(n Notice) {
	p.mu.Lock()
	takes := slices.Collect(maps.Values(p.takes))
	p.mu.Unlock()
	for _, take := range takes {
		take(n)
	}
}

// Hear implements Peers.
func (p *InProcess) Hear(take func(Notice)) (stop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.takes == nil {
		p.takes = map[int]func(Notice){}
	}
	p.last++
	number := p.last
	p.takes[number] = take
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.takes, number)
	}
}
