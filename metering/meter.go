package metering

import (
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/usage"
)

// Options are what a meter needs.
type Options struct {
	Catalog  catalog.Store
	Networks usage.Networks
	Prices   usage.Prices
	Account  artifact.AccountID // the installation's own: its administrators may ask about every account
	Region   string
	Now      func() time.Time
	NewID    func() string // unique to this meter
	Log      *slog.Logger
	// RecordLater puts an event on record without anybody waiting for it: that a look was refused. nil means that none is.
	RecordLater func(e catalog.Event)
}

// Meter counts what is used. It is safe for use by many goroutines.
type Meter struct {
	Options
	id      string
	shards  [shards]shard
	full    chan struct{} // told when an interval should end early
	totals  totals
	writing sync.Mutex // held by who writes down what was counted; guards what follows
	number  int64
	pending *usage.Interval // what was taken and is not known to be written
	known   *known

	measuring sync.Mutex // held by who measures; guards what follows
	storage   measured
}

// New makes a meter.
func New(o Options) *Meter {
	m := &Meter{Options: o, id: o.NewID(), full: make(chan struct{}, 1), known: newKnown()}
	m.totals.sent.Store(&map[string]int64{})
	return m
}

// What a meter keeps in memory between two intervals. Above the first it asks for the interval to end; above the second
// requests are counted of the domain alone, above twice that of the account alone; packages and principals are then not told apart.
const (
	shards     = 16 // a power of two
	manyCells  = 1 << 12
	mostCells  = 1 << 14
	mostDriven = 1 << 13
)

// cell says of what requests are counted together. Repository and domain are as they were asked for: whether there are such
// is found out when they are written down.
type cell struct {
	hour       usage.Hour
	domain     artifact.DomainKey
	repository string
	format     artifact.Format
	account    artifact.AccountID
	network    string
}

// driven is a package or a principal.
type driven struct {
	day       usage.Hour
	domain    artifact.DomainKey
	pkg       artifact.PackageKey
	principal string
}

// calls are requests that are counted together in every way but by package.
type calls struct {
	hour       usage.Hour
	domain     artifact.DomainKey
	repository string
	format     artifact.Format
	account    artifact.AccountID
	client     netip.Addr
	principal  string
}

// shard is a part of the counters. Which one a request goes to is left to chance, so that two seldom want the same.
type shard struct {
	mu     sync.Mutex
	cells  map[cell]*usage.Counters
	driven map[driven]*usage.Counters
	latest latest
	_      [64]byte // a line of the processor's cache of its own
}

// latest is what a shard counted last: whoever calls is likely to call again, and comparing is cheaper than looking up.
type latest struct {
	calls            calls
	sum, byPrincipal *usage.Counters // nil for none
	pkg              artifact.PackageKey
	ofPackage        *usage.Counters // nil for none
}

// Count counts a request that has been answered. It takes some hundred nanoseconds and, but for what is met for the first time in
// an interval, no memory.
func (m *Meter) Count(n *usage.Note) {
	if n.Count <= 0 {
		return
	}
	account := n.Account
	if account == "" {
		account = n.Domain.Owner
	}
	if account == "" {
		return // nobody to pay
	}
	more := usage.Counters{Sent: n.Sent}
	if n.Write {
		more.Writes = int64(n.Count)
	} else {
		more.Reads = int64(n.Count)
	}
	c := calls{usage.HourOf(n.At), n.Domain, n.Repository, n.Package.Format, account, n.Client, n.Principal}
	s := &m.shards[rand.Uint32()%shards]
	s.mu.Lock()
	many := false
	if s.latest.sum == nil || s.latest.calls != c {
		many = s.turnTo(c, m.Networks.Of(n.Client))
	}
	s.latest.sum.Add(more)
	if s.latest.byPrincipal != nil {
		s.latest.byPrincipal.Add(more)
	}
	if n.Package.Name != "" && n.Domain.Name != "" {
		s.about(n.Package)
		if s.latest.ofPackage != nil {
			s.latest.ofPackage.Add(more)
		}
	}
	s.mu.Unlock()
	if many {
		select {
		case m.full <- struct{}{}:
		default:
		}
	}
}

// turnTo makes the calls the latest ones, and reports whether there are many cells.
func (s *shard) turnTo(c calls, network string) (many bool) {
	s.latest = latest{calls: c, sum: s.cell(cell{c.hour, c.domain, c.repository, c.format, c.account, network})}
	if c.principal != "" && c.domain.Name != "" {
		s.latest.byPrincipal = s.driver(driven{day: usage.DayOf(c.hour), domain: c.domain, principal: c.principal})
	}
	return len(s.cells) >= manyCells/shards
}

// about makes the package the latest one of the latest calls.
func (s *shard) about(p artifact.PackageKey) {
	if s.latest.ofPackage == nil || s.latest.pkg != p {
		s.latest.pkg = p
		s.latest.ofPackage = s.driver(driven{day: usage.DayOf(s.latest.calls.hour), domain: s.latest.calls.domain, pkg: p})
	}
}

// cell returns the counters of a cell, or of a larger one that it is counted in.
func (s *shard) cell(c cell) *usage.Counters {
	sum, there := s.cells[c]
	if !there && len(s.cells) >= mostCells/shards {
		c.repository = ""
		sum, there = s.cells[c]
	}
	if !there && len(s.cells) >= 2*mostCells/shards {
		c.domain, c.format = artifact.DomainKey{}, ""
		sum, there = s.cells[c]
	}
	if !there {
		c.repository, c.domain.Name = strings.Clone(c.repository), strings.Clone(c.domain.Name)
		sum = new(usage.Counters)
		if s.cells == nil {
			s.cells = map[cell]*usage.Counters{}
		}
		s.cells[c] = sum
	}
	return sum
}

// driver returns the counters of a package or a principal, or of all that are too many; nil where there are too many domains.
func (s *shard) driver(d driven) *usage.Counters {
	sum, there := s.driven[d]
	if !there && len(s.driven) >= mostDriven/shards {
		if d.principal != "" {
			d.principal = usage.Rest
		} else {
			d.pkg = artifact.PackageKey{Name: usage.Rest}
		}
		sum, there = s.driven[d]
	}
	if !there && len(s.driven) >= 2*mostDriven/shards {
		return nil // domains are made up as well
	}
	if !there {
		d.pkg.Namespace, d.pkg.Name = strings.Clone(d.pkg.Namespace), strings.Clone(d.pkg.Name)
		d.domain.Name = strings.Clone(d.domain.Name)
		sum = new(usage.Counters)
		if s.driven == nil {
			s.driven = map[driven]*usage.Counters{}
		}
		s.driven[d] = sum
	}
	return sum
}

// take takes what was counted out of the shards.
func (m *Meter) take() (cells map[cell]usage.Counters, all map[driven]usage.Counters) {
	cells, all = map[cell]usage.Counters{}, map[driven]usage.Counters{}
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		some, drivers := s.cells, s.driven
		s.cells, s.driven, s.latest = nil, nil, latest{}
		s.mu.Unlock()
		for c, sum := range some {
			cells[c] = cells[c].Plus(*sum)
		}
		for d, sum := range drivers {
			all[d] = all[d].Plus(*sum)
		}
	}
	return cells, all
}
