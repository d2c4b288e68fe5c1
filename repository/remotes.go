package repository

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/upstream"
)

// Remote is a remote and the account that owns its domain.
type Remote struct {
	catalog.Remote
	Owner artifact.AccountID
	// Configured is what the server's configuration says of it; nil for one that was put.
	Configured *ConfiguredRemote
}

// HasCredential reports whether the other side wants to see something.
func (r Remote) HasCredential() bool {
	return r.Credential != nil || r.Configured != nil && !r.Configured.Current().IsZero()
}

// Remotes reads what lies at the other side of remotes.
type Remotes interface {
	// Source is a remote as a format sees it, and the connection by which the Fetcher knows it; nil if it has nothing of the
	// format.
	// It is called within readings of the catalog, which a Remotes then leaves alone.
	Source(r Remote, f artifact.Format) (source Source, connection string)
	// Check asks the other side for what it lets the remote's credential do, in a sentence. Unavailable: it does not answer,
	// or refuses the credential.
	Check(ctx context.Context, r Remote) (string, error)
	// Forget is told that a remote is no more: nothing of it stays, its credential least of all.
	Forget(id catalog.RemoteID)
}

// Sealer keeps what remotes want to see unreadable at rest, bound to what it is about.
type Sealer interface {
	Seal(plain, about []byte) ([]byte, error)
	Unseal(sealed, about []byte) ([]byte, error)
}

// RemoteCredential is what the other side of a remote wants to see: an access key where it has this API, else a user and a
// password, or a token.
type RemoteCredential struct {
	AccessKeyID                   string
	SecretAccessKey, SessionToken artifact.Secret
	Role, ExternalID              string // the role that is assumed with the key, if there is one
	Username                      string
	Password, Token               artifact.Secret
}

// credentialForm is a credential as it is sealed.
type credentialForm struct {
	AccessKeyID     string `json:"accessKeyId,omitempty"`
	SecretAccessKey string `json:"secretAccessKey,omitempty"`
	SessionToken    string `json:"sessionToken,omitempty"`
	Role            string `json:"role,omitempty"`
	ExternalID      string `json:"externalId,omitempty"`
	Username        string `json:"username,omitempty"`
	Password        string `json:"password,omitempty"`
	Token           string `json:"token,omitempty"`
}

// RemoteSpec asks for a remote.
type RemoteSpec struct {
	Domain        artifact.DomainKey
	Name, URL     string
	Format        artifact.Format // of a registry; empty for a repository with this API
	Region, API   string          // of the API; API is where the URL leads if it is empty
	Internal      bool
	Freshness     time.Duration // zero: 5 s
	DownloadHosts []string
	Certificates  string // PEM: believed there beside those that the system believes
	Credential    RemoteCredential
}

// Bounds of a remote.
const (
	defaultFreshness  = 5 * time.Second
	maxFreshness      = 24 * time.Hour
	maxRemoteName     = 63
	maxDownloadHosts  = 16
	maxCredential     = 8 << 10 // bytes of any member
	maxRemotesADomain = 100
)

// aboutRemote names what the credential of a remote belongs to.
func aboutRemote(id catalog.DomainID, name string) []byte {
	return fmt.Appendf(nil, "remote %d/%s", id, name)
}

// OpenCredential reads the credential of a remote.
func OpenCredential(s Sealer, r catalog.Remote) (c RemoteCredential, err error) {
	if r.Credential == nil {
		return c, nil
	}
	plain, err := s.Unseal(r.Credential, aboutRemote(r.Domain, r.Name))
	if err != nil {
		return c, fmt.Errorf("unseal the credential of remote %s: %w", r.Name, err)
	}
	var form credentialForm
	if err := json.Unmarshal(plain, &form); err != nil {
		return c, fmt.Errorf("read the credential of remote %s: %w", r.Name, err)
	}
	secret := artifact.NewSecret
	return RemoteCredential{form.AccessKeyID, secret(form.SecretAccessKey), secret(form.SessionToken), form.Role, form.ExternalID,
		form.Username, secret(form.Password), secret(form.Token)}, nil
}

// form is the credential as it is sealed. Invalid: a part of it is too long, or cannot be in a header.
func (c RemoteCredential) form() (credentialForm, error) {
	form := credentialForm{c.AccessKeyID, c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), c.Role, c.ExternalID, c.Username,
		c.Password.Reveal(), c.Token.Reveal()}
	for _, text := range []string{form.AccessKeyID, form.SecretAccessKey, form.SessionToken, form.Role, form.ExternalID, form.Username,
		form.Password, form.Token} {
		if len(text) > maxCredential || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return credentialForm{}, artifact.Errorf(artifact.Invalid,
				"A part of the credential has more than %d bytes, or a control character in it.", maxCredential)
		}
	}
	return form, nil
}

// IsZero reports whether there is nothing to show.
func (c RemoteCredential) IsZero() bool { return c == RemoteCredential{} }

// Check says whether the parts of the credential can be sent at all: Invalid if one is too long, or cannot be in a header.
func (c RemoteCredential) Check() error {
	_, err := c.form()
	return err
}

// seal returns the credential as the catalog keeps it; nil if there is none. Invalid as of Check.
func (c RemoteCredential) seal(s Sealer, id catalog.DomainID, name string) ([]byte, error) {
	form, err := c.form()
	if err != nil || c.IsZero() {
		return nil, err
	}
	plain, err := json.Marshal(form)
	if err != nil {
		return nil, err
	}
	return s.Seal(plain, aboutRemote(id, name))
}

// record makes the record of a remote, without its credential. Invalid says what is wrong with what was asked for.
func (spec RemoteSpec) record() (r catalog.Remote, err error) {
	r = catalog.Remote{Name: spec.Name, URL: spec.URL, Format: spec.Format, Region: spec.Region, API: spec.API, Internal: spec.Internal,
		Freshness: cmp.Or(spec.Freshness, defaultFreshness), DownloadHosts: spec.DownloadHosts, Kind: catalog.RegistryRemote}
	invalid := func(format string, args ...any) (catalog.Remote, error) {
		return r, artifact.Errorf(artifact.Invalid, format, args...)
	}
	origin, err := upstream.ParseOrigin(spec.Name, spec.URL)
	switch {
	case !validRemoteName(spec.Name):
		return invalid("A remote's name has 1 to %d letters, digits, dots, hyphens and underscores, and begins with a letter or a digit.",
			maxRemoteName)
	case err != nil:
		return r, err
	case !origin.Credential.IsZero():
		return invalid("The address of a remote has no user and no password in it: they are given apart, and kept sealed.")
	case r.Freshness < time.Second || r.Freshness > maxFreshness:
		return invalid("What a remote says is fresh for 1 second to %d.", maxFreshness/time.Second)
	case len(r.DownloadHosts) > maxDownloadHosts || slices.ContainsFunc(r.DownloadHosts, notAHost):
		return invalid("A remote has at most %d download hosts, each a host's name, or one with a port.", maxDownloadHosts)
	}
	if r.Certificates, err = upstream.TidyCertificates(spec.Certificates); err != nil {
		return r, err
	}
	c := spec.Credential
	if spec.Format != "" {
		if c.AccessKeyID != "" || !c.SecretAccessKey.IsZero() || !c.SessionToken.IsZero() || c.Role != "" || c.ExternalID != "" ||
			spec.Region != "" || spec.API != "" {
			return invalid("A registry of one format takes a user and a password, or a token, and has no region.")
		}
		return r, nil
	}
	r.Kind = catalog.CodeArtifactRemote
	at, err := upstream.ParseEndpoint(spec.URL)
	if err != nil {
		return r, err
	}
	r.API = cmp.Or(r.API, at.Server())
	api, err := upstream.ParseOrigin(spec.Name, r.API)
	if err != nil {
		return r, err
	}
	switch {
	case !api.Credential.IsZero():
		return invalid("The address of the API has no user and no password in it.")
	case c.Role == "" && c.ExternalID != "":
		return invalid("An external ID is for a role that is assumed, and none is named.")
	case c.Role != "" && !validRole(c.Role):
		return invalid("A role is named by its ARN: arn:aws:iam::ACCOUNT:role/NAME.")
	case c.Username != "" || !c.Password.IsZero() || !c.Token.IsZero():
		return invalid("A repository with this API wants an access key. To read one format of it with a token, name the format.")
	case c.AccessKeyID == "" || c.SecretAccessKey.IsZero():
		return invalid("A repository with this API wants an access key and its secret. A registry of one format names its format.")
	case spec.Region == "" || strings.ContainsFunc(spec.Region, notInRegion):
		return invalid("The region of the other side is missing: calls of its API are signed for it.")
	}
	return r, nil
}

func validRole(arn string) bool {
	return strings.HasPrefix(arn, "arn:") && strings.Contains(arn, ":iam::") && strings.Contains(arn, ":role/")
}

func notInRegion(c rune) bool { return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') }

func notAHost(text string) bool {
	return text == "" || len(text) > 300 || strings.ContainsFunc(text, func(c rune) bool {
		return c <= ' ' || c > '~' || strings.ContainsRune(`/@?#\"'<>`, c)
	})
}

func validRemoteName(name string) bool {
	first := true
	for _, c := range name {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && (first || !strings.ContainsRune("._-", c)) {
			return false
		}
		first = false
	}
	return name != "" && len(name) <= maxRemoteName
}

// made is the record of a remote that this server reads, without its credential. Invalid says what is wrong with what was asked for.
func (s *Service) made(spec RemoteSpec) (catalog.Remote, error) {
	r, err := spec.record()
	if err != nil {
		return r, err
	}
	if s.Remotes == nil {
		return r, artifact.Errorf(artifact.Invalid, "This server reads no remotes.")
	}
	if source, _ := s.Remotes.Source(Remote{Remote: r, Owner: spec.Domain.Owner}, r.Format); r.Kind == catalog.RegistryRemote && source == nil {
		return r, artifact.Errorf(artifact.Invalid, "Registries of format %s are not read.", r.Format)
	}
	return r, nil
}

// PutRemote gives a domain a remote, or one that it has another credential and other settings. It decides where the server
// connects to, so no domain's policy can allow it. Invalid for what makes no sense; NotFound for the domain; Conflict for one of the
// configuration, and for a remote that is somewhere else: what was retained from there would get files from elsewhere; Quota above 100.
func (s *Service) PutRemote(ctx context.Context, c iam.Caller, spec RemoteSpec) (remote catalog.Remote, err error) {
	if err := s.Authorize(ctx, c, "PutRemote", OnDomain(spec.Domain), nil); err != nil {
		return remote, err
	}
	made, err := s.made(spec)
	if err != nil {
		return remote, err
	}
	if held := s.configuredRemote(spec.Domain, spec.Name); held != nil {
		return remote, held.isConfigured(spec.Domain)
	}
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		d, err := heldDomain(w, spec.Domain)
		if err != nil {
			return err
		}
		remote = made
		remote.Domain, remote.UpdatedAt = d.ID, s.Now()
		if remote.Credential, err = spec.Credential.seal(s.Sealer, d.ID, made.Name); err != nil {
			return err
		}
		if err := putRemote(w, spec.Domain, &remote); err != nil {
			return err
		}
		return s.audit(w, c, "PutRemote", OnDomain(spec.Domain), map[string]any{"remote": remote.Name, "kind": remote.Kind,
			"url": remote.URL, "api": remote.API, "format": remote.Format, "internal": remote.Internal,
			"downloadHosts": remote.DownloadHosts, "certificates": upstream.CertificateDigests(remote.Certificates)})
	})
	return remote, err
}

// putRemote stores a remote in the place of the one of its name, if there is one.
func putRemote(w catalog.Writer, key artifact.DomainKey, r *catalog.Remote) error {
	all, err := w.Remotes(r.Domain)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(known catalog.Remote) bool { return known.Name == r.Name })
	switch {
	case at < 0 && len(all) >= maxRemotesADomain:
		return artifact.Errorf(artifact.Quota, "A domain has at most %d remotes.", maxRemotesADomain).
			About(artifact.DomainResource, key.Name)
	case at < 0:
		r.CreatedAt = r.UpdatedAt
		r.ID, err = w.CreateRemote(*r)
		return err
	}
	known := all[at]
	if known.Kind != r.Kind || known.URL != r.URL || known.Format != r.Format {
		return artifact.Errorf(artifact.Conflict, "Remote %s is at %s. Give one that is elsewhere another name.", known.Name, known.URL).
			About(artifact.DomainResource, key.Name)
	}
	r.ID, r.CreatedAt = known.ID, known.CreatedAt
	if next := known.UpdatedAt.Add(time.Microsecond); r.UpdatedAt.Before(next) { // by which others see that it is another one
		r.UpdatedAt = next
	}
	return w.UpdateRemote(*r)
}

// DeleteRemote takes a remote from a domain. What was retained from there stays. NotFound if there is none; Conflict while a
// repository is connected to it, and for one of the configuration. One that was put and that lies behind one of the configuration is
// taken away as if no repository were connected to it: those are connected to the other.
func (s *Service) DeleteRemote(ctx context.Context, c iam.Caller, key artifact.DomainKey, name string) error {
	if err := s.Authorize(ctx, c, "DeleteRemote", OnDomain(key), nil); err != nil {
		return err
	}
	var remote catalog.Remote
	err := s.Catalog.Write(ctx, func(w catalog.Writer) error {
		d, err := heldDomain(w, key)
		if err != nil {
			return err
		}
		held := s.configuredRemote(key, name)
		if remote, err = w.Remote(d.ID, name); held != nil && artifact.Is(err, artifact.NotFound) {
			return held.isConfigured(key)
		}
		if err != nil {
			return noRemote(key, name, err)
		}
		list := func(page catalog.Page) (catalog.Listing[catalog.Repository], error) {
			return w.Repositories(catalog.RepositoryFilter{Domain: d.ID}, page)
		}
		for repo, err := range catalog.Each(list) {
			if err != nil {
				return err
			}
			if held == nil && slices.Contains(repo.Connections, upstream.RemoteConnection(name)) {
				return artifact.Errorf(artifact.Conflict, "Repository '%s' is connected to remote %s. Disassociate that connection first.",
					repo.Name, name).About(artifact.RepositoryResource, key.Name+"/"+repo.Name)
			}
		}
		if err := w.DeleteRemote(remote.ID); err != nil {
			return err
		}
		return s.audit(w, c, "DeleteRemote", OnDomain(key), map[string]any{"remote": name})
	})
	if err == nil && s.Remotes != nil {
		s.Remotes.Forget(remote.ID)
	}
	return err
}

// RemotesOf lists the remotes of a domain, ordered by name. NotFound for the domain.
func (s *Service) RemotesOf(ctx context.Context, c iam.Caller, key artifact.DomainKey) (all []Remote, err error) {
	if err := s.Authorize(ctx, c, "ListRemotes", OnDomain(key), nil); err != nil {
		return nil, err
	}
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		d, err := heldDomain(r, key)
		if err != nil {
			return err
		}
		all, err = s.RemotesIn(r, d)
		return err
	})
	return all, err
}

// CheckRemote asks the other side of a remote what it lets the server do. It needs PutRemote: a credential is tried by it.
func (s *Service) CheckRemote(ctx context.Context, c iam.Caller, key artifact.DomainKey, name string) (string, error) {
	if err := s.Authorize(ctx, c, "PutRemote", OnDomain(key), nil); err != nil {
		return "", err
	}
	var remote Remote
	err := s.Catalog.Read(ctx, func(r catalog.Reader) error {
		d, err := heldDomain(r, key)
		if err != nil {
			return err
		}
		remote, err = s.remoteOf(r, d, name)
		return err
	})
	if err != nil {
		return "", err
	}
	if s.Remotes == nil {
		return "", artifact.Errorf(artifact.Unavailable, "This server reads no remotes.")
	}
	return s.Remotes.Check(ctx, remote)
}

func noRemote(key artifact.DomainKey, name string, err error) error {
	if !artifact.Is(err, artifact.NotFound) {
		return err
	}
	return artifact.Errorf(artifact.NotFound, "Domain '%s' has no remote %.100s.", key.Name, name).About(artifact.DomainResource, key.Name)
}

// RemoteConnection is what repositories call the connection to a remote.
func RemoteConnection(r catalog.Remote) string { return upstream.RemoteConnection(r.Name) }

// remoteOf is the remote of a domain by its name, or NotFound.
func (s *Service) remoteOf(r catalog.Reader, d catalog.Domain, name string) (Remote, error) {
	if held := s.configuredRemote(d.DomainKey, name); held != nil {
		return held.in(d), nil
	}
	row, err := r.Remote(d.ID, name)
	if err != nil {
		return Remote{}, noRemote(d.DomainKey, name, err)
	}
	return Remote{Remote: row, Owner: d.Owner}, nil
}

// RemotesIn reads the remotes of a domain within a reading of the catalog, ordered by name: those that were put and those of the
// configuration.
func (s *Service) RemotesIn(r catalog.Reader, d catalog.Domain) ([]Remote, error) {
	rows, err := r.Remotes(d.ID)
	if err != nil {
		return nil, err
	}
	var all []Remote
	for _, held := range s.configured[d.DomainKey] {
		all = append(all, held.in(d))
	}
	for _, row := range rows {
		if s.configuredRemote(d.DomainKey, row.Name) == nil {
			all = append(all, Remote{Remote: row, Owner: d.Owner})
		}
	}
	slices.SortFunc(all, func(a, b Remote) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// remotesByConnection are the remotes of a domain by the connections to them.
func (s *Service) remotesByConnection(r catalog.Reader, d catalog.Domain) (map[string]Remote, error) {
	all, err := s.RemotesIn(r, d)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	named := make(map[string]Remote, len(all))
	for _, remote := range all {
		named[RemoteConnection(remote.Remote)] = remote
	}
	return named, nil
}
