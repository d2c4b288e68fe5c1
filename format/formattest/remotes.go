package formattest

import (
	"context"
	"net/url"
	"strings"
	"sync"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/format"
	"entrepot/repository"
	"entrepot/upstream"
)

// remoteName is what the remote of a Domain is called, and Remote the connection to it: of a format that reads registries and for
// which the vocabulary has none.
const (
	remoteName = "outside"
	Remote     = "remote:" + remoteName
)

// readsRemotesAlone are the formats that have it.
func readsRemotesAlone(f format.Format) bool { return f.Source != nil && len(connectionsOf(f)) == 0 }

// openRemote starts an empty registry at the other side of the remote, if a format reads it, and returns its address.
func (d *Domain) openRemote(formats []format.Format) *url.URL {
	for _, f := range formats {
		if readsRemotesAlone(f) {
			registry := newRegistry(d.t, d.Clock)
			d.registries[Remote] = registry
			address, err := url.Parse(registry.URL)
			d.check(err)
			return address
		}
	}
	return nil
}

// putRemote gives the domain the remote.
func (d *Domain) putRemote(formats []format.Format) {
	for _, f := range formats {
		if readsRemotesAlone(f) {
			_, err := d.Rules.PutRemote(d.t.Context(), d.caller,
				repository.RemoteSpec{Domain: domainKey, Name: remoteName, URL: d.registries[Remote].URL, Format: f.Name})
			d.check(err)
			return
		}
	}
}

// remotes reads what is at the other side of the remote.
type remotes struct {
	client  *upstream.Client
	formats []format.Format
	base    *url.URL // nil if there is none
	mu      sync.Mutex
	source  repository.Source
}

var _ repository.Remotes = (*remotes)(nil)

// Source follows repository.Remotes.
func (r *remotes) Source(of repository.Remote, f artifact.Format) (repository.Source, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, known := range r.formats {
		if known.Name == f && of.Format == f && known.Source != nil {
			if r.source == nil {
				r.source = known.Source(r.client, Remote)
			}
			return r.source, Remote
		}
	}
	return nil, ""
}

// Check follows repository.Remotes: nobody is asked.
func (r *remotes) Check(context.Context, repository.Remote) (string, error) { return "", nil }

// Forget follows repository.Remotes.
func (r *remotes) Forget(catalog.RemoteID) {}

// origin says where the connection leads.
func (r *remotes) origin(connection string) (upstream.Origin, bool) {
	name, ours := strings.CutPrefix(connection, Remote)
	return upstream.Origin{Name: Remote, Base: r.base, Remote: true}, ours && name == "" && r.base != nil
}
