package access

import (
	"context"
	"fmt"
	"sync"

	"entrepot/access/sigv4"
	"entrepot/catalog"
)

// uses are the last uses of access keys that the catalog has not been told yet. A use is no reason to write: many are told
// at once, now and then.
type uses struct {
	mu      sync.Mutex
	pending map[string]catalog.KeyUse // by the key's ID
}

// maxPendingUses bounds them; more keys than that are not in use at a time.
const maxPendingUses = rememberedKeys

func (u *uses) note(id string, last catalog.KeyUse) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.pending == nil {
		u.pending = make(map[string]catalog.KeyUse)
	}
	known, there := u.pending[id]
	if !there && len(u.pending) >= maxPendingUses || known.At.After(last.At) {
		return
	}
	u.pending[id] = last
}

// take hands out what is pending and forgets it.
func (u *uses) take() map[string]catalog.KeyUse {
	u.mu.Lock()
	defer u.mu.Unlock()
	pending := u.pending
	u.pending = nil
	return pending
}

// used notes that a key has signed a call.
func (g *Guard) used(claim *sigv4.Claim) {
	scope := claim.Scope()
	g.uses.note(claim.AccessKeyID(), catalog.KeyUse{At: g.now().UTC(), Service: scope.Service, Region: scope.Region})
}

// RecordUses writes down when access keys were last used, as far as it was not. What cannot be written is tried again with
// the next uses.
func (g *Guard) RecordUses(ctx context.Context) error {
	pending := g.uses.take()
	if len(pending) == 0 {
		return nil
	}
	err := g.store.Write(ctx, func(w catalog.Writer) error {
		for id, last := range pending {
			if err := w.SetAccessKeyUse(id, last); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return nil
	}
	for id, last := range pending {
		g.uses.note(id, last)
	}
	return fmt.Errorf("record the use of access keys: %w", err)
}
