package access

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// records is a catalog in memory, as far as this room needs one. The verbs it lacks panic.
type records struct {
	mu    sync.Mutex
	held  *held
	stamp atomic.Uint64
	reads atomic.Int64
	fail  func() error // asked before every commit
}

// held is what the catalog holds; a transaction works on a copy.
type held struct {
	catalog.Writer // nil: the verbs that are not here

	principals map[string]catalog.Principal
	policies   map[string][]catalog.IdentityPolicy
	keys       map[string]catalog.AccessKey
	tokens     map[catalog.TokenHash]catalog.Token
	sessions   map[string]catalog.Session
	accounts   map[artifact.AccountID]catalog.Account
	events     []catalog.Event
	touched    bool
}

func newRecords() *records {
	return &records{held: &held{
		principals: map[string]catalog.Principal{},
		policies:   map[string][]catalog.IdentityPolicy{},
		keys:       map[string]catalog.AccessKey{},
		tokens:     map[catalog.TokenHash]catalog.Token{},
		sessions:   map[string]catalog.Session{},
		accounts:   map[artifact.AccountID]catalog.Account{},
	}}
}

var _ catalog.Store = (*records)(nil)

func (s *records) Close() error { return nil }

func (s *records) Stamp(...catalog.Topic) (catalog.Stamp, bool) {
	return catalog.Stamp(s.stamp.Load()), true
}

func (s *records) Watch(...catalog.Topic) (<-chan struct{}, func()) { return nil, func() {} }

func (s *records) Read(_ context.Context, fn func(catalog.Reader) error) error {
	s.reads.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	return fn(s.held)
}

func (s *records) Write(ctx context.Context, fn func(catalog.Writer) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	// As after a conflict: the first run is thrown away.
	if err := fn(s.held.copied()); err != nil {
		return err
	}
	draft := s.held.copied()
	if err := fn(draft); err != nil {
		return err
	}
	if s.fail != nil {
		if err := s.fail(); err != nil {
			return err
		}
	}
	s.held = draft
	if draft.touched {
		s.stamp.Add(1)
	}
	return nil
}

func (h *held) copied() *held {
	return &held{
		principals: cloneMap(h.principals), policies: cloneMap(h.policies), keys: cloneMap(h.keys),
		tokens: cloneMap(h.tokens), sessions: cloneMap(h.sessions), accounts: cloneMap(h.accounts), events: slices.Clone(h.events),
	}
}

func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	c := make(map[K]V, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

func find[K comparable, V any](m map[K]V, key K) (V, error) {
	v, ok := m[key]
	if !ok {
		return v, artifact.Errorf(artifact.NotFound, "not in the catalog")
	}
	return v, nil
}

func (h *held) Principal(id string) (catalog.Principal, error) { return find(h.principals, id) }
func (h *held) IdentityPolicies(id string) ([]catalog.IdentityPolicy, error) {
	return h.policies[id], nil
}

func (h *held) PoliciesInForce(id string) (policies []catalog.PolicyInForce, err error) {
	for _, p := range h.policies[id] {
		policies = append(policies, catalog.PolicyInForce{Holder: id, Name: p.Name, Document: p.Document})
	}
	return policies, nil
}

func (h *held) AccessKey(id string) (catalog.AccessKey, error)      { return find(h.keys, id) }
func (h *held) Token(hash catalog.TokenHash) (catalog.Token, error) { return find(h.tokens, hash) }
func (h *held) Record(e catalog.Event) error                        { h.events = append(h.events, e); return nil }
func (h *held) CreateToken(t catalog.Token) error                   { h.tokens[t.Hash] = t; return nil }
func (h *held) Events(_ int64, limit int) ([]catalog.Event, error) {
	return h.events[:min(limit, len(h.events))], nil
}

func (h *held) Session(id string) (catalog.Session, error)             { return find(h.sessions, id) }
func (h *held) Account(id artifact.AccountID) (catalog.Account, error) { return find(h.accounts, id) }

// Organization finds the one organization there is of any id.
func (h *held) Organization(id string) (catalog.Organization, error) {
	return catalog.Organization{ID: id, Root: "r-1"}, nil
}

func (h *held) UpdateAccount(a catalog.Account) error {
	h.touched = true
	h.accounts[a.ID] = a
	return nil
}

func (h *held) CreateSession(s catalog.Session) error {
	h.touched = true
	h.sessions[s.ID] = s
	return nil
}

func (h *held) DeleteSession(id string) error {
	h.touched = true
	delete(h.sessions, id)
	for hash, token := range h.tokens {
		if token.Session == id {
			delete(h.tokens, hash)
		}
	}
	return nil
}

func (h *held) LastEvent() (int64, error) { return int64(len(h.events)), nil }

func (h *held) AccessKeys(principal string) ([]catalog.AccessKey, error) {
	var keys []catalog.AccessKey
	for _, k := range h.keys {
		if k.Principal == principal {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b catalog.AccessKey) int { return cmp.Compare(a.ID, b.ID) })
	return keys, nil
}

func (h *held) CreatePrincipal(p catalog.Principal) error {
	h.touched = true
	h.principals[p.ID] = p
	return nil
}

func (h *held) DeletePrincipal(id string) error {
	h.touched = true
	delete(h.principals, id)
	delete(h.policies, id)
	for k, v := range h.keys {
		if v.Principal == id {
			delete(h.keys, k)
		}
	}
	for k, v := range h.tokens {
		if v.Principal == id {
			delete(h.tokens, k)
		}
	}
	for k, v := range h.sessions {
		if v.Principal == id {
			delete(h.sessions, k)
		}
	}
	return nil
}

func (h *held) PutIdentityPolicy(principal string, p catalog.IdentityPolicy) error {
	h.touched = true
	h.policies[principal] = append(slices.Clone(h.policies[principal]), p)
	return nil
}

func (h *held) CreateAccessKey(k catalog.AccessKey) error {
	h.touched = true
	h.keys[k.ID] = k
	return nil
}

func (h *held) SetAccessKeyActive(id string, active bool) error {
	k, err := find(h.keys, id)
	if err != nil {
		return err
	}
	h.touched, k.Active = true, active
	h.keys[id] = k
	return nil
}

func (h *held) SetAccessKeyUse(id string, last catalog.KeyUse) error {
	k, err := find(h.keys, id)
	if err != nil {
		return err
	}
	k.LastUse = last
	h.keys[id] = k
	return nil
}

// lastUse is what is noted of a key.
func (s *records) lastUse(id string) catalog.KeyUse {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held.keys[id].LastUse
}

func (h *held) DeleteAccessKey(id string) error {
	if _, err := find(h.keys, id); err != nil {
		return err
	}
	h.touched = true
	delete(h.keys, id)
	return nil
}

func (h *held) DeleteToken(hash catalog.TokenHash) error {
	if _, err := find(h.tokens, hash); err != nil {
		return err
	}
	h.touched = true
	delete(h.tokens, hash)
	return nil
}

func (h *held) DeleteTokensExpired(t time.Time, limit int) (int, error) {
	n := 0
	for hash, token := range h.tokens {
		if n < limit && token.ExpiresAt.Before(t) {
			delete(h.tokens, hash)
			n++
		}
	}
	h.touched = n > 0
	return n, nil
}
