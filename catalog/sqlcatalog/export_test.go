package sqlcatalog

// Waiting is how many writers wait for their turn.
func (s *Store) Waiting() int {
	l := &s.engine.(*sqliteEngine).line
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

// Connections is how many connections are open for reading, without the one that only holds the log.
func (s *Store) Connections() int {
	return s.engine.(*sqliteEngine).readers.Stats().OpenConnections - 1
}

// Released are the statements that take back what assets refer to, whatever they go with.
func Released() []string {
	var all []string
	for _, which := range []string{assetsOfVersion, assetsOfPackage, assetsOfRepository} {
		count, subtract, remove := releasing(which)
		all = append(all, count, subtract, remove)
	}
	return all
}

// Spelled is the statement that finds the spellings of a version in one repository.
func Spelled() string { return spelledIn("(?)") }

// DomainPackages is the statement that lists the packages of a domain.
func DomainPackages() string { return domainPackages }

// EventsOf are the statements that list what concerns an account.
func EventsOf() []string {
	var all []string
	for _, condition := range concerning {
		all = append(all, concerningEvents(condition))
	}
	return all
}
