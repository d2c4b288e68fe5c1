package formattest

import (
	"entrepot/artifact"
	"entrepot/repository"
)

// Repository makes a repository over the upstreams, in search order.
func (d *Domain) Repository(name string, upstreams ...string) {
	d.t.Helper()
	_, err := d.Rules.CreateRepository(d.t.Context(), d.caller,
		repository.RepositorySpec{RepositoryKey: domainKey.Repository(name), Upstreams: upstreams})
	d.check(err)
}

// The repositories of a chain.
const (
	team    = "team"
	shared  = "shared"
	gateway = "gateway"
)

// Chain makes three repositories: team has the upstream shared, shared has gateway, and gateway has the external connection,
// unless that is empty.
func (d *Domain) Chain(connection string) {
	d.t.Helper()
	d.Repository(gateway)
	if connection != "" {
		d.Connect(gateway, connection)
	}
	d.Repository(shared, gateway)
	d.Repository(team, shared)
}

// Fork makes three repositories: team has the upstreams first and second, which have an external connection each.
func (d *Domain) Fork(first, second string) {
	d.t.Helper()
	d.Repository("first")
	d.Connect("first", first)
	d.Repository("second")
	d.Connect("second", second)
	d.Repository(team, "first", "second")
}

// Upstreams replaces the upstreams of a repository.
func (d *Domain) Upstreams(name string, upstreams ...string) {
	d.t.Helper()
	all := append([]string{}, upstreams...)
	_, err := d.Rules.UpdateRepository(d.t.Context(), d.caller, domainKey.Repository(name),
		repository.RepositoryChange{Upstreams: &all})
	d.check(err)
}

// Connect gives a repository an external connection.
func (d *Domain) Connect(name, connection string) {
	d.t.Helper()
	_, err := d.Rules.AssociateExternalConnection(d.t.Context(), d.caller, domainKey.Repository(name), connection)
	d.check(err)
}

// Disconnect ends an external connection.
func (d *Domain) Disconnect(name, connection string) {
	d.t.Helper()
	_, err := d.Rules.DisassociateExternalConnection(d.t.Context(), d.caller, domainKey.Repository(name), connection)
	d.check(err)
}

// Control sets the origin controls of a package in a repository.
func (d *Domain) Control(name string, p artifact.PackageKey, publish, upstream artifact.Control) {
	d.t.Helper()
	_, err := d.Rules.PutControls(d.t.Context(), d.caller, domainKey.Repository(name), p,
		artifact.Controls{Publish: publish, Upstream: upstream})
	d.check(err)
}

// Group makes a package group.
func (d *Domain) Group(pattern string) {
	d.t.Helper()
	_, err := d.Rules.CreateGroup(d.t.Context(), d.caller,
		repository.GroupSpec{GroupKey: repository.GroupKey{DomainKey: domainKey, Pattern: pattern}})
	d.check(err)
}

// Restrict sets a restriction of a package group, and adds repositories to its list.
func (d *Domain) Restrict(pattern string, t artifact.RestrictionType, mode artifact.RestrictionMode, repositories ...string) {
	d.t.Helper()
	change := repository.OriginChange{Modes: map[artifact.RestrictionType]artifact.RestrictionMode{t: mode}}
	for _, name := range repositories {
		change.Allow = append(change.Allow, repository.GroupRepository{Type: t, Name: name})
	}
	_, err := d.Rules.UpdateGroupOrigin(d.t.Context(), d.caller, repository.GroupKey{DomainKey: domainKey, Pattern: pattern}, change)
	d.check(err)
}

// SetStatus has an administrator move a version that a repository holds to a status; to Disposed by disposing of it.
func (d *Domain) SetStatus(name string, v artifact.VersionKey, status artifact.Status) {
	d.t.Helper()
	key, selected := domainKey.Repository(name), repository.Selection{Versions: []string{v.Version}}
	var out repository.Outcome
	var err error
	if status == artifact.Disposed {
		out, err = d.Rules.Dispose(d.t.Context(), d.caller, key, v.PackageKey, selected)
	} else {
		out, err = d.Rules.SetStatus(d.t.Context(), d.caller, key, v.PackageKey, selected, status)
	}
	d.succeeds(v, out, err)
}

// Delete removes a version that a repository holds.
func (d *Domain) Delete(name string, v artifact.VersionKey) {
	d.t.Helper()
	out, err := d.Rules.DeleteVersions(d.t.Context(), d.caller, domainKey.Repository(name), v.PackageKey,
		repository.Selection{Versions: []string{v.Version}})
	d.succeeds(v, out, err)
}

func (d *Domain) succeeds(v artifact.VersionKey, out repository.Outcome, err error) {
	d.t.Helper()
	if d.check(err); len(out.Failed) > 0 {
		d.t.Fatalf("%s: %v", v, out.Failed[v.Version])
	}
}

// DeletePackage removes a package that a repository holds, with its versions and controls.
func (d *Domain) DeletePackage(name string, p artifact.PackageKey) {
	d.t.Helper()
	_, err := d.Rules.DeletePackage(d.t.Context(), d.caller, domainKey.Repository(name), p)
	d.check(err)
}
