package repository

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/upstream"
)

// ConfiguredRemote is a remote that the server's configuration gives a domain, whether there is a domain of this name yet or not.
type ConfiguredRemote struct {
	RemoteSpec        // its credential is what Current returns first
	Entry      string // of the configuration, under remotes
	// Current is what the other side wants to see at this moment: it may be in a file that changes. It is called by many at once.
	Current func() RemoteCredential
}

// configuredRemote is one that makes sense, with its record as far as it is the same whatever row the domain has.
type configuredRemote struct {
	ConfiguredRemote
	record catalog.Remote
}

// Configure takes over the remotes of the configuration. It is called once, before anything else is asked. They are like those that
// are put, but in no row, so that nothing but the configuration changes them. Where one of the same name was put, the one of the
// configuration is meant; the log tells of those, and of domains that are not there. Invalid says which entry makes no sense; Quota,
// that there are more than 100 of a domain.
func (s *Service) Configure(ctx context.Context, all []ConfiguredRemote) error {
	s.configured = map[artifact.DomainKey][]configuredRemote{}
	for _, one := range all {
		wrong := func(err error) error { return fmt.Errorf("remotes.%s: %w", one.Entry, err) }
		record, err := s.made(one.RemoteSpec)
		if err == nil {
			err = one.Credential.Check()
		}
		if err != nil {
			return wrong(err)
		}
		if s.configuredRemote(one.Domain, one.Name) != nil {
			return wrong(artifact.Errorf(artifact.Conflict, "Domain %s has another remote %s in the configuration.", one.Domain.Name, one.Name).
				About(artifact.DomainResource, one.Domain.Name))
		}
		if len(s.configured[one.Domain]) == maxRemotesADomain {
			return wrong(artifact.Errorf(artifact.Quota, "A domain has at most %d remotes.", maxRemotesADomain).
				About(artifact.DomainResource, one.Domain.Name))
		}
		record.CreatedAt = s.Now()
		record.UpdatedAt = record.CreatedAt
		s.configured[one.Domain] = append(s.configured[one.Domain], configuredRemote{one, record})
		if err := s.tellConfigured(ctx, one); err != nil {
			return wrong(err)
		}
	}
	return nil
}

// tellConfigured logs what somebody who configures a remote may not expect.
func (s *Service) tellConfigured(ctx context.Context, one ConfiguredRemote) error {
	log := s.Log.With(slog.String("setting", "remotes."+one.Entry), slog.String("domain", one.Domain.String()))
	return s.Catalog.Read(ctx, func(r catalog.Reader) error {
		d, err := r.Domain(one.Domain)
		if artifact.Is(err, artifact.NotFound) {
			log.WarnContext(ctx, "a remote of the configuration is for a domain that is not there; it has the remote once it is made")
			return nil
		}
		if err != nil {
			return err
		}
		_, err = r.Remote(d.ID, one.Name)
		switch {
		case artifact.Is(err, artifact.NotFound):
			return nil
		case err == nil:
			log.WarnContext(ctx, "a remote of the configuration comes in the place of one of its name that was put", "remote", one.Name)
		}
		return err
	})
}

// configuredRemote is the remote of a domain that the configuration has under this name; nil if it has none.
func (s *Service) configuredRemote(key artifact.DomainKey, name string) *configuredRemote {
	all := s.configured[key]
	for i := range all {
		if all[i].Name == name {
			return &all[i]
		}
	}
	return nil
}

// in is the remote as a domain has it.
func (c *configuredRemote) in(d catalog.Domain) Remote {
	r := Remote{Remote: c.record, Owner: d.Owner, Configured: &c.ConfiguredRemote}
	r.Domain = d.ID
	r.ID = c.id(d.ID)
	return r
}

// id is by what everything remembers the remote, as it remembers others by their rows: below zero, where no row's is. It follows from
// the domain's row and from all that cannot change in a remote. So after a restart it is the same one, and it is another one that is
// somewhere else or whose domain is another of its name.
func (c *configuredRemote) id(d catalog.DomainID) catalog.RemoteID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q %q %q", d, c.Name, c.URL, c.Format))
	return ^catalog.RemoteID(binary.BigEndian.Uint64(sum[:]) >> 1)
}

// isConfigured is why the API does not change it.
func (c *configuredRemote) isConfigured(key artifact.DomainKey) error {
	return artifact.Errorf(artifact.Conflict, "Remote %s is in the configuration of the server, under remotes.%s, and is changed there alone.",
		c.Name, c.Entry).About(artifact.DomainResource, key.Name)
}

// gone is the source of a connection to a remote that is not there any more, as when it was taken from the configuration. What it had
// nobody knows, so it is as if the link were cut: nothing is said to be missing, and nothing comes from a registry behind it.
type gone struct{ connection string }

func (g gone) unavailable() error {
	name, _ := upstream.RemoteName(g.connection)
	return artifact.Errorf(artifact.Unavailable, "The domain has no remote %s any more.", name).Causing(ErrUntold)
}

// Listing follows Source.
func (g gone) Listing(context.Context, artifact.PackageKey) (Listing, error) {
	return nil, g.unavailable()
}

// Refresh follows Source.
func (g gone) Refresh(context.Context, artifact.PackageKey) (Listing, error) {
	return nil, g.unavailable()
}

// Asset follows Source.
func (g gone) Asset(context.Context, artifact.Version, string) (upstream.AssetRequest, error) {
	return upstream.AssetRequest{}, g.unavailable()
}

// Attachment follows Source.
func (g gone) Attachment(context.Context, artifact.Version, string) (io.ReadCloser, error) {
	return nil, g.unavailable()
}
