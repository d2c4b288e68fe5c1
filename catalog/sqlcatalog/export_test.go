package sqlcatalog

// Waiting is how many writers wait for their turn.
func (s *Store) Waiting() int {
	l := &s.engine.(*sqliteEngine).line
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}
