// Package limited keeps a store from taking new content at times, such as when the disk below it is nearly full.
package limited

import (
	"context"

	"entrepot/blob"
)

// Store is a store that asks before it takes new content. What it keeps can be read and deleted at any time, and drafts
// that are open can be committed.
type Store struct {
	blob.Store
	admit func() error
}

var _ blob.Store = Store{}

// New returns inner with Create failing while admit does. admit is called at each Create, by several goroutines at once.
func New(inner blob.Store, admit func() error) Store { return Store{inner, admit} }

// Create opens a draft of the inner store, unless admit refuses; then the error is admit's.
func (s Store) Create(ctx context.Context) (blob.Draft, error) {
	if err := s.admit(); err != nil {
		return nil, err
	}
	return s.Store.Create(ctx)
}
