package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/awsclient"
	"entrepot/catalog"
	"entrepot/format"
	"entrepot/remoteapi"
	"entrepot/repository"
	"entrepot/upstream"
)

// remotes reads what lies at the other side of domains' remotes, and tells the client of the upstreams where each leads.
type remotes struct {
	sealer repository.Sealer
	// operator is the account whose domains' remotes may be at any address; those of others are at public ones.
	operator artifact.AccountID
	formats  map[artifact.Format]format.Format
	client   *upstream.Client // set once it is there
	public   *upstream.PublicTransport
	lists    *remoteapi.Lists

	mu sync.Mutex
	// known has what was made of each remote, until it is deleted.
	known map[catalog.RemoteID]*remote
}

// roomForLists is how much memory the lists of all remotes take that are kept as they were read, in bytes.
const roomForLists = 32 << 20

func newRemotes(s repository.Sealer, operator artifact.AccountID, public *upstream.PublicTransport) *remotes {
	all := map[artifact.Format]format.Format{}
	for _, f := range formats() {
		all[f.Name] = f
	}
	return &remotes{sealer: s, operator: operator, formats: all, public: public,
		lists: remoteapi.NewLists(roomForLists), known: map[catalog.RemoteID]*remote{}}
}

// hopsOf names this server's repositories among those of all servers. Servers of one region and one account are told apart by
// letters that follow from what each draws when it starts: nothing in their configuration has to differ. Each repository has its own.
// No client is told them, and none can guess them: who could name a remote of ours as the one that has asked us would have us look
// for its packages elsewhere.
func hopsOf(region string) func(artifact.RepositoryKey) string {
	own := []byte(rand.Text())
	return func(at artifact.RepositoryKey) string {
		name := fmt.Sprintf("%s/%s/%s/%s", region, at.Owner, at.Domain, at.Name)
		letters := hmac.New(sha256.New, own)
		_, _ = letters.Write([]byte(name))
		return name + "@" + hex.EncodeToString(letters.Sum(nil)[:16])
	}
}

// remote is what was made of a remote.
type remote struct {
	record  repository.Remote
	guarded bool                               // nothing but public addresses
	current func() repository.RemoteCredential // what the other side wants to see at this moment
	at      upstream.Endpoint                  // of the kind that has one
	signIn  *signIn                            // of the same
	role    *assumedRole                       // of the same, if it is asked in one
	signer  apiSigner                          // of the same
	api     *remoteapi.API                     // of the same, once it is asked
	err     error                              // why it cannot be used
	sources map[artifact.Format]repository.Source
}

// Source follows repository.Remotes.
func (s *remotes) Source(r repository.Remote, f artifact.Format) (repository.Source, string) {
	api := r.Kind == catalog.CodeArtifactRemote
	if s.formats[f].Source == nil && !(api && s.formats[f].ByAPI) || !api && r.Format != f {
		return nil, ""
	}
	connection := connectionOf(r, f)
	m := s.made(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.sources[f] == nil {
		m.sources[f] = s.source(m, f, connection)
	}
	return m.sources[f], connection
}

// source reads a remote as a format does; what its API tells beside, or all if the format has no protocol, is had through that.
func (s *remotes) source(m *remote, f artifact.Format, connection string) repository.Source {
	if m.record.Kind != catalog.CodeArtifactRemote {
		return s.formats[f].Source(s.client, connection)
	}
	if m.api == nil {
		m.api = remoteapi.New(s.client, connectionOf(m.record, byAPI), m.at, s.lists)
	}
	if s.formats[f].Source == nil {
		return remoteapi.Alone(m.api)
	}
	return remoteapi.Over(s.formats[f].Source(s.client, connection), m.api)
}

// byAPI is the format in the name of the connection to the API of a remote: the one that is read through it alone.
const byAPI = artifact.Generic

// connectionOf is what the client of the upstreams knows a remote by, as a format sees it. What it remembers of one is never
// taken for what another has said that has its name later.
func connectionOf(r repository.Remote, f artifact.Format) string {
	return upstream.RemoteConnection(r.Name) + "@" + strconv.FormatInt(int64(r.ID), 10) + "/" + string(f)
}

// remotesThere reads which connections lead somewhere: all but those to remotes that are no more.
func remotesThere(rules *repository.Service) func(catalog.Reader) (func(connection string) bool, error) {
	return func(r catalog.Reader) (func(string) bool, error) {
		there := map[string]bool{}
		for d, err := range catalog.Each(r.AllDomains) {
			if err != nil {
				return nil, err
			}
			remotes, err := rules.RemotesIn(r, d)
			if err != nil {
				return nil, err
			}
			for _, one := range remotes {
				of, _, _ := strings.Cut(connectionOf(one, ""), "/")
				there[of] = true
			}
		}
		return func(connection string) bool {
			of, _, _ := strings.Cut(connection, "/")
			_, remote := upstream.RemoteName(connection)
			return !remote || there[of]
		}, nil
	}
}

// made returns what is made of a remote, as its record says now.
func (s *remotes) made(r repository.Remote) *remote {
	s.mu.Lock()
	old := s.known[r.ID]
	s.mu.Unlock()
	if old.standsFor(r) {
		return old
	}
	m := s.make(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.known[r.ID]; old != nil {
		if old.standsFor(r) {
			return old
		}
		m.sources, m.api = old.sources, old.api // they hold on to nothing of the record that changes
	}
	if r.ID != 0 { // else it is only asked for
		s.known[r.ID] = m
	}
	return m
}

// standsFor reports whether what was made is as the record says, or as a newer one does.
func (m *remote) standsFor(r repository.Remote) bool {
	return m != nil && !r.UpdatedAt.After(m.record.UpdatedAt)
}

func (s *remotes) make(r repository.Remote) *remote {
	m := &remote{record: r, sources: map[artifact.Format]repository.Source{}}
	if r.ID == 0 {
		return m
	}
	if r.Configured != nil { // by the operator, wherever it is
		m.current = r.Configured.Current
	} else {
		m.guarded = r.Owner != s.operator
		var opened repository.RemoteCredential
		opened, m.err = repository.OpenCredential(s.sealer, r.Remote)
		m.current = func() repository.RemoteCredential { return opened }
	}
	if m.err != nil || r.Kind != catalog.CodeArtifactRemote {
		return m
	}
	if m.at, m.err = upstream.ParseEndpoint(r.URL); m.err == nil {
		m.signIn, m.err = s.newSignIn(m)
	}
	return m
}

// origin says where a connection of a remote leads; it is upstream.Remotes.
func (s *remotes) origin(connection string) (upstream.Origin, bool) {
	name, rest, _ := strings.Cut(connection, "@")
	number, f, _ := strings.Cut(rest, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return upstream.Origin{}, false
	}
	s.mu.Lock()
	m := s.known[catalog.RemoteID(id)]
	s.mu.Unlock()
	if m == nil {
		return upstream.Origin{}, false
	}
	r := m.record
	origin := upstream.Origin{Name: name, DownloadHosts: r.DownloadHosts, Remote: true, Guarded: m.guarded, Freshness: r.Freshness,
		Certificates: r.Certificates}
	switch {
	case m.err != nil:
		origin.Base, origin.Authorizer = &url.URL{Scheme: "http", Host: "invalid"}, unusable{m.err}
	case r.Kind == catalog.CodeArtifactRemote && artifact.Format(f) == byAPI:
		origin.Authorizer = m.signer
		if origin.Base, err = url.Parse(r.API); err != nil {
			return upstream.Origin{}, false
		}
	case r.Kind == catalog.CodeArtifactRemote:
		of := artifact.Format(f)
		origin.Base, origin.Authorizer = m.at.For(of), m.signIn
		origin.Base.Path += s.formats[of].Entry // behind the slash, which stays where there is none: what is relative begins there
	default:
		// Whoever keeps a registry of one format is told nothing of our repositories; that a circle is a circle is seen all the same.
		origin.Opaque = true
		c := m.current()
		origin.Credential = upstream.Credential{User: c.Username, Password: c.Password, Token: c.Token}
		if origin.Base, err = url.Parse(r.URL); err != nil {
			return upstream.Origin{}, false
		}
	}
	return origin, true
}

// Forget follows repository.Remotes. What is remembered of packages may hold on to a source of it, which leads nowhere then.
func (s *remotes) Forget(id catalog.RemoteID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, id)
}

// Check follows repository.Remotes.
func (s *remotes) Check(ctx context.Context, r repository.Remote) (string, error) {
	m := s.made(r)
	if m.err != nil {
		return "", m.err
	}
	says, f := "", r.Format
	if m.signIn != nil {
		token, err := m.signIn.try(ctx)
		if err != nil {
			return "", err
		}
		says = fmt.Sprintf("%s signs in to domain %s of account %s in %s, for %s at a time. ", m.who(), m.at.Domain.Name, m.at.Domain.Owner, r.Region, time.Until(token.Expires).Round(time.Minute))
		f = artifact.NPM
	}
	source, _ := s.Source(r, f)
	// A name that nobody has, so that nothing that is remembered is an answer. What no package can be called nobody is asked for.
	key := artifact.PackageKey{Format: f, Name: "entrepot-" + strings.ToLower(rand.Text())}
	if f.Namespace() == artifact.NamespaceRequired {
		key.Namespace = "entrepot"
	}
	l, err := source.Listing(ctx, key)
	if artifact.Is(err, artifact.NotFound) {
		err = nil
	}
	if err != nil {
		return "", m.unbelieved(err)
	}
	says += fmt.Sprintf("Packages can be read at %s.", m.place())
	if unsure, ok := l.(repository.Unsure); ok {
		if why, ok := errors.AsType[*artifact.Error](unsure.Untold()); ok {
			says += " " + why.Reason
		}
	}
	return says, nil
}

// unbelieved says of an error that comes of a certificate what is wrong with that, for who may know where the packages are.
func (m *remote) unbelieved(err error) error {
	bad, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok {
		return err
	}
	why := fmt.Errorf("the certificate of %s is not believed: %w", m.record.URL, bad.Err)
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](bad.Err); unknown {
		why = unknownAuthority(m.record.URL)
	}
	return artifact.Errorf(artifact.Unavailable, "The server cannot read %s: %s.", upstream.RemoteConnection(m.record.Name), why).Causing(err)
}

// unknownAuthority says what can be done about the certificate of an address.
func unknownAuthority(address string) error {
	return fmt.Errorf("the certificate of %s is of an authority that the server's system does not believe; give the remote its "+
		"certificate, or name a file with those that are to be believed in SSL_CERT_FILE of the server's environment", address)
}

// who signs in.
func (m *remote) who() string {
	c := m.current()
	if c.Role != "" {
		return fmt.Sprintf("Role %s, assumed with access key %s,", c.Role, c.AccessKeyID)
	}
	return "Access key " + c.AccessKeyID
}

// place is where the packages are.
func (m *remote) place() string {
	if m.signIn != nil {
		return fmt.Sprintf("repository %s there", m.at.Repository)
	}
	return m.record.URL
}

// leads has calls of the other side's API made on the ways that packages are fetched on.
func (s *remotes) leads(calls *awsclient.Client, m *remote) error {
	if m.record.Certificates == "" {
		if m.guarded {
			calls.Through(s.public)
		}
		return nil
	}
	believing, err := upstream.Believing(nil, m.record.Certificates)
	switch {
	case err != nil:
		return err
	case m.guarded:
		calls.Through(upstream.NewPublicTransport(upstream.Options{TLS: believing}))
	default:
		calls.Believing(believing)
	}
	return nil
}

// newSignIn prepares the calls by which tokens of the other side are had.
func (s *remotes) newSignIn(m *remote) (*signIn, error) {
	r := m.record
	given := func() sigv4.Signer {
		c := m.current()
		return sigv4.Signer{KeyID: c.AccessKeyID, Secret: c.SecretAccessKey, Session: c.SessionToken}
	}
	calls, err := awsclient.New(awsclient.Profile{Region: r.Region, Endpoint: r.API}, "entrepot/"+version, time.Now)
	if err != nil {
		return nil, err
	}
	if err := s.leads(calls, m); err != nil {
		return nil, err
	}
	name := upstream.RemoteConnection(r.Name)
	key := func(context.Context) (sigv4.Signer, error) { return given(), nil }
	if c := m.current(); c.Role != "" {
		m.role = newAssumedRole(name, time.Now, given, func(ctx context.Context) (sigv4.Signer, time.Time, error) {
			return calls.As(given()).AssumeRole(ctx, c.Role, "entrepot", c.ExternalID)
		})
		key = m.role.current
	}
	m.signer = apiSigner{key, m.role, r.Region, time.Now}
	mint := func(ctx context.Context) (token awsclient.Token, by string, err error) {
		signs, err := key(ctx)
		if err == nil {
			token, err = calls.As(signs).Token(ctx, awsclient.Domain{Name: m.at.Domain.Name, Owner: string(m.at.Domain.Owner)}, 0)
		}
		return token, signs.KeyID, err
	}
	return &signIn{name: name, now: time.Now, key: given, mint: func(ctx context.Context) (awsclient.Token, error) {
		token, by, err := mint(ctx)
		refusal, ok := errors.AsType[*awsclient.Refusal](err)
		refused := ok && (refusal.Status == http.StatusUnauthorized || refusal.Status == http.StatusForbidden)
		if refused && m.role != nil && m.role.refused(ctx, by) {
			token, _, err = mint(ctx)
		}
		return token, err
	}}, nil
}
