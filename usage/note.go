package usage

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"entrepot/artifact"
)

// Note is what is known of a request that is metered. It is not copied. Whoever receives a request makes one; whoever answers it fills in what
// only he knows.
type Note struct {
	At         time.Time          // when it had been answered
	Account    artifact.AccountID // empty for a caller without credentials
	Principal  string             // ARN
	Client     netip.Addr
	Domain     artifact.DomainKey // zero: about no domain
	Repository string
	Package    artifact.PackageKey // its format is known before the rest of it
	// Count is how many requests it counts for; 0 is one that is not metered.
	Count int
	Write bool
	Sent  int64 // bytes of the answer's body

	mu       sync.Mutex
	admitted bool
}

// NoteKey is the key under which a request's context has its *Note.
type NoteKey struct{}

// NoteOf returns the note of a request, or nil if it is not metered.
func NoteOf(ctx context.Context) *Note {
	n, _ := ctx.Value(NoteKey{}).(*Note)
	return n
}

// About says which package the request under a context is about, if it is metered. Of several the first counts.
func About(ctx context.Context, p artifact.PackageKey) {
	n := NoteOf(ctx)
	if n == nil {
		return
	}
	n.mu.Lock() // a handler may ask for many at once
	defer n.mu.Unlock()
	if n.Package.Name == "" {
		n.Package = p
	}
}

// Admit says that whoever makes the request under a context may do what it asks for, if it is metered.
func Admit(ctx context.Context) {
	if n := NoteOf(ctx); n != nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.admitted = true
	}
}

// Forget takes away what the request was about if that is another account's and the caller was not admitted to it: whoever pays is
// told what for, and would learn from it what there is.
func (n *Note) Forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.admitted && n.Account != "" && n.Account != n.Domain.Owner {
		n.Domain, n.Repository, n.Package = artifact.DomainKey{}, "", artifact.PackageKey{Format: n.Package.Format}
	}
}
