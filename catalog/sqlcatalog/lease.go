package sqlcatalog

import (
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// Lease implements catalog.LeaseReader.
func (s *session) Lease(name string) (catalog.Lease, error) {
	l, found, err := one(s, "find a lease", func(row scanner, l *catalog.Lease) error {
		return row.Scan(&l.Name, &l.Holder, instant{&l.EndsAt})
	}, "SELECT name, holder, ends_at FROM leases WHERE name = ?", name)
	if err == nil && !found {
		err = artifact.Errorf(artifact.NotFound, "Nobody has the lease %s.", name)
	}
	return l, err
}

// TakeLease implements catalog.LeaseWriter.
func (s *session) TakeLease(l catalog.Lease, now time.Time) error {
	n, err := s.exec("take a lease", `INSERT INTO leases (name, holder, ends_at) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, ends_at = excluded.ends_at
		WHERE leases.holder = excluded.holder OR leases.ends_at <= ?`,
		l.Name, l.Holder, l.EndsAt.UnixMicro(), now.UnixMicro())
	if err == nil && n == 0 {
		err = artifact.Errorf(artifact.Conflict, "Another holder has the lease %s.", l.Name)
	}
	return err
}

// EndLease implements catalog.LeaseWriter.
func (s *session) EndLease(name, holder string) error {
	n, err := s.exec("end a lease", "DELETE FROM leases WHERE name = ? AND holder = ?", name, holder)
	if err == nil && n == 0 {
		err = artifact.Errorf(artifact.NotFound, "%s does not have the lease %s.", holder, name)
	}
	return err
}
