package repository_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
	"entrepot/upstream"
)

// faraway are the other sides of remotes, by the remotes' names.
type faraway struct {
	registries map[string]*registry
	origin     func(artifact.VersionKey) (repository.OriginThere, error) // what remotes tell; nil: none does
	back       bool                                                      // whether all remotes are who asks
	reserved   bool                                                      // whether all remotes may withhold what they do not list
	archived   bool                                                      // whether all that remotes have is archived there
	untold     error                                                     // why they cannot say now whether they do; nil: they can
	forgotten  []catalog.RemoteID
}

// Forget follows repository.Remotes.
func (f *faraway) Forget(id catalog.RemoteID) { f.forgotten = append(f.forgotten, id) }

// telling is the other side of a remote that tells where versions were made.
type telling struct {
	*registry
	origin func(artifact.VersionKey) (repository.OriginThere, error)
}

// Origin follows repository.Originator.
func (t telling) Origin(_ context.Context, v artifact.VersionKey) (repository.OriginThere, error) {
	return t.origin(v)
}

// reserved is the other side of a remote that may withhold what it does not list.
type reserved struct {
	*registry
	far *faraway
}

// reservedListing is a listing of one that cannot say what it withholds.
type reservedListing struct {
	repository.Listing
	why error
}

func (u reservedListing) Untold() error { return u.why }
func (u reservedListing) ID() string    { return u.Listing.ID() + "?" }

// Listing follows repository.Source.
func (r reserved) Listing(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	l, err := r.registry.Listing(ctx, p)
	switch {
	case r.far.untold == nil:
		return l, err
	case err != nil:
		return nil, r.far.untold
	}
	return reservedListing{l, r.far.untold}, nil
}

// Refresh follows repository.Source.
func (r reserved) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return r.Listing(ctx, p)
}

// archive is the other side of a remote that has all of its versions archived.
type archive struct{ *registry }

type archivedListing struct{ repository.Listing }

func (l archivedListing) Version(ctx context.Context, version string) (artifact.Version, error) {
	v, err := l.Listing.Version(ctx, version)
	v.Status = artifact.Archived
	return v, err
}

// Listing follows repository.Source.
func (a archive) Listing(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	l, err := a.registry.Listing(ctx, p)
	return archivedListing{l}, err
}

// Refresh follows repository.Source.
func (a archive) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return a.Listing(ctx, p)
}

// askedBack is the other side of a remote that is who asks.
type askedBack struct{ *registry }

func (askedBack) Listing(context.Context, artifact.PackageKey) (repository.Listing, error) {
	return nil, artifact.Errorf(artifact.Unavailable, "It is who asks.").Causing(upstream.ErrAskedBack)
}

func (a askedBack) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return a.Listing(ctx, p)
}

func newFaraway() *faraway { return &faraway{registries: map[string]*registry{}} }

// Source follows repository.Remotes: what lies there is of npm alone.
func (f *faraway) Source(r repository.Remote, of artifact.Format) (repository.Source, string) {
	if of != artifact.NPM {
		return nil, ""
	}
	if f.registries[r.Name] == nil {
		return &registry{}, "remote:" + r.Name // it is only asked whether there is one
	}
	there, connection := f.registries[r.Name], "remote:"+r.Name
	switch {
	case f.reserved:
		return reserved{there, f}, connection
	case f.archived:
		return archive{there}, connection
	case f.back:
		return askedBack{there}, connection
	case f.origin != nil:
		return telling{there, f.origin}, connection
	}
	return there, connection
}

// Check follows repository.Remotes.
func (f *faraway) Check(_ context.Context, r repository.Remote) (string, error) {
	c, err := repository.OpenCredential(reversing{}, r.Remote)
	if r.Configured != nil {
		c = r.Configured.Current()
	}
	return "signed in as " + c.AccessKeyID + " with " + c.SecretAccessKey.Reveal(), err
}

func (f *faraway) leads(connection string) (upstream.Origin, bool) {
	there := f.registries[strings.TrimPrefix(connection, "remote:")]
	if there == nil {
		return upstream.Origin{}, false
	}
	base, err := url.Parse(there.server.URL)
	return upstream.Origin{Name: connection, Base: base, Remote: true}, err == nil
}

// reversing is a sealer that turns around what it seals.
type reversing struct{}

func (reversing) Seal(plain, about []byte) ([]byte, error) {
	sealed := append(bytes.Clone(about), plain...)
	slices.Reverse(sealed)
	return sealed, nil
}

func (reversing) Unseal(sealed, about []byte) ([]byte, error) {
	plain := bytes.Clone(sealed)
	slices.Reverse(plain)
	rest, ok := bytes.CutPrefix(plain, about)
	if !ok {
		return nil, errors.New("sealed about something else")
	}
	return rest, nil
}

const endpoint = "http://us.example.test:8090/house-123456789012/npm/central/"

func remoteSpec(name string) repository.RemoteSpec {
	return repository.RemoteSpec{Domain: domainKey, Name: name, URL: endpoint, Region: "us-east-1",
		Credential: repository.RemoteCredential{AccessKeyID: "AKIA1", SecretAccessKey: artifact.NewSecret("hush")}}
}

// remote gives the domain a remote, and a registry at its other side, and connects the repository to it.
func (h *fixture) remote(repo, name string, internal bool) *registry {
	h.t.Helper()
	there := newRegistry(h.t)
	h.far.registries[name] = there
	spec := remoteSpec(name)
	spec.Internal = internal
	_, err := h.rules.PutRemote(h.t.Context(), h.owner, spec)
	h.check(err)
	_, err = h.rules.AssociateExternalConnection(h.t.Context(), h.owner, key(repo), "remote:"+name)
	h.check(err)
	return there
}

func TestWhatComesFromARemoteIsKept(t *testing.T) {
	h := newFixture(t)
	h.repo("edge")
	there := h.remote("edge", "central", false)
	there.offer("left@1", "left")
	h.fetches("edge", "left@1", "left")
	there.goDown()
	h.fetches("edge", "left@1", "left")
	if got, want := h.version("edge", "left@1").Origin, (artifact.Origin{Type: artifact.OriginExternal, Connection: "remote:central"}); got != want {
		t.Errorf("got origin %+v, want %+v", got, want)
	}
}

// A remote that counts as inside is obeyed as repositories upstream are, and another as registries outside.
func TestOriginControlsAndGroupsSeeARemoteAsInsideOrOutside(t *testing.T) {
	for _, internal := range []bool{true, false} {
		for _, shut := range []artifact.RestrictionType{artifact.InternalUpstream, artifact.ExternalUpstream} {
			t.Run(fmt.Sprintf("inside %v and %s shut", internal, shut), func(t *testing.T) {
				h := newFixture(t)
				h.repo("edge")
				h.repo("below", "edge")
				h.remote("edge", "central", internal).offer("left@1", "left")
				_, err := h.rules.UpdateGroupOrigin(t.Context(), h.owner, repository.GroupKey{DomainKey: domainKey, Pattern: "/*"},
					repository.OriginChange{Modes: map[artifact.RestrictionType]artifact.RestrictionMode{shut: artifact.ForNone}})
				h.check(err)
				if open := internal != (shut == artifact.InternalUpstream); open {
					h.fetches("edge", "left@1", "left")
				} else {
					h.fetchFails("edge", "left@1", artifact.NotFound)
				}
			})
		}
		t.Run(fmt.Sprintf("inside %v and blocked by the package", internal), func(t *testing.T) {
			h := newFixture(t)
			h.repo("edge")
			h.publish("edge", "left@0", "zero")
			h.remote("edge", "central", internal).offer("left@1", "left")
			h.control("edge", "left", artifact.Allow, artifact.Block)
			h.fetchFails("edge", "left@1", artifact.NotFound)
			h.control("edge", "left", artifact.Allow, artifact.Allow)
			h.fetches("edge", "left@1", "left")
		})
	}
}

func TestWhatWasMadeInsideElsewhereIsInternalAndNobodyAddsToIt(t *testing.T) {
	h := newFixture(t)
	h.repo("edge")
	h.remote("edge", "central", true).offer("left@1", "left")
	h.fetches("edge", "left@1", "left")
	v := h.version("edge", "left@1")
	if v.Origin != (artifact.Origin{Type: artifact.OriginInternal, Connection: "remote:central"}) {
		t.Errorf("got origin %+v", v.Origin)
	}
	h.control("edge", "left", artifact.Allow, artifact.Allow)
	_, err := h.tryPublish("edge", "left@1", "other")
	h.refuses(artifact.Conflict, err)
}

func TestTheOtherSideTellsWhatWasMadeInside(t *testing.T) {
	published := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, test := range map[string]struct {
		internal bool
		there    repository.OriginThere
		want     artifact.OriginType
		since    time.Time // zero: since it came
	}{
		"inside":                         {true, repository.OriginThere{Type: artifact.OriginInternal, Published: published}, artifact.OriginInternal, published},
		"inside, and not since when":     {true, repository.OriginThere{Type: artifact.OriginInternal}, artifact.OriginInternal, time.Time{}},
		"from outside":                   {true, repository.OriginThere{Type: artifact.OriginExternal, Published: published}, artifact.OriginExternal, time.Time{}},
		"it does not tell":               {true, repository.OriginThere{}, artifact.OriginInternal, time.Time{}},
		"it does not know":               {true, repository.OriginThere{Type: artifact.OriginUnknown}, artifact.OriginInternal, time.Time{}},
		"inside, of one that is outside": {false, repository.OriginThere{Type: artifact.OriginInternal, Published: published}, artifact.OriginExternal, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			h.far.origin = func(artifact.VersionKey) (repository.OriginThere, error) { return test.there, nil }
			h.repo("edge")
			h.remote("edge", "central", test.internal).offer("left@1", "left")
			h.fetches("edge", "left@1", "left")
			v := h.version("edge", "left@1")
			if want := (artifact.Origin{Type: test.want, Connection: "remote:central"}); v.Origin != want {
				t.Errorf("got origin %+v, want %+v", v.Origin, want)
			}
			since := test.since
			if since.IsZero() {
				since = v.Assets[0].AddedAt // when it came
			}
			if !v.PublishedAt.Equal(since) {
				t.Errorf("got it published at %v, want %v", v.PublishedAt, since)
			}
		})
	}
}

// An origin is written down for good: a version of which it cannot be told now is not kept now.
func TestAVersionWhoseOriginCannotBeToldIsNotKept(t *testing.T) {
	h := newFixture(t)
	silent := true
	h.far.origin = func(artifact.VersionKey) (repository.OriginThere, error) {
		if silent {
			return repository.OriginThere{}, artifact.Errorf(artifact.Unavailable, "Not now.")
		}
		return repository.OriginThere{Type: artifact.OriginExternal}, nil
	}
	h.repo("edge")
	h.remote("edge", "central", true).offer("left@1", "left")
	h.fetchFails("edge", "left@1", artifact.Unavailable)
	h.holds("edge", "left")
	silent = false
	h.fetches("edge", "left@1", "left")
}

func TestARemoteThatIsWhoAsksHasNothingForHim(t *testing.T) {
	h := newFixture(t)
	h.far.back = true
	h.repo("edge")
	h.remote("edge", "central", true)
	h.fetchFails("edge", "left@1", artifact.NotFound)
	h.publish("edge", "left@1", "left")
	h.shows("edge", "left", "1")
}

func TestARemoteComesBehindTheUpstreamsAndBeforeNothing(t *testing.T) {
	h := newFixture(t)
	h.repo("public")
	h.connect("public")
	h.repo("far")
	h.repo("team", "far", "public")
	there := h.remote("far", "central", true)
	there.offer("left@1", "of the centre")
	h.registry.offer("left@1", "of the public")
	h.registry.offer("left@2", "of the public")
	h.fetches("team", "left@1", "of the centre")
	h.fetches("team", "left@2", "of the public")
	h.holds("far", "left", "1")
	there.goDown()
	h.fetchFails("team", "left@9", artifact.Unavailable)
}

// What lies behind a remote is hidden by what that withholds. While it cannot say what that is, no registry behind it is asked;
// what it lists itself is there, and what was kept goes on.
func TestWhatARemoteMayWithholdComesFromNoRegistryBehindIt(t *testing.T) {
	for name, down := range map[string]bool{"its list can be read": false, "nothing of it": true} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			h.far.reserved = true
			h.repo("public")
			h.connect("public")
			h.repo("far")
			h.repo("team", "far", "public")
			there := h.remote("far", "central", true)
			there.offer("left@1", "of the centre")
			for _, version := range []string{"left@2", "left@3", "left@4", "right@1"} {
				h.registry.offer(version, "of the public")
			}
			h.fetches("team", "left@2", "of the public")
			h.fetches("public", "left@3", "of the public")
			h.far.untold = artifact.Errorf(artifact.Unavailable, "Grant it.").Causing(repository.ErrUntold)
			kept := []string{"2", "3"}
			if down {
				there.goDown()
			} else {
				h.fetches("team", "left@1", "of the centre")
				kept = []string{"1", "2", "3"}
			}
			h.fetches("team", "left@2", "of the public") // kept by the repository that is asked
			h.fetches("team", "left@3", "of the public") // and by one behind it
			h.shows("team", "left", kept...)
			h.fetchFails("team", "left@4", artifact.Unavailable)
			h.fetchFails("team", "right@1", artifact.Unavailable)
			h.holds("public", "left", "2", "3")
			h.fetches("public", "left@4", "of the public") // there is no remote before it
			h.far.untold = nil
			h.fetches("team", "right@1", "of the public")
		})
	}
}

// Origin controls of the repository that asks would change nothing.
func TestWhoseVersionIsArchivedAtTheOtherSideIsSentThere(t *testing.T) {
	h := newFixture(t)
	h.far.archived = true
	h.repo("edge")
	h.remote("edge", "central", true).offer("left@1", "bytes")
	got, err := h.rules.Explain(t.Context(), h.owner, h.owner, repository.Question{Repository: key("edge"), Package: npm("left"), Version: "1"})
	h.check(err)
	if got.Verdict.Ending != repository.Withheld || !strings.Contains(got.Verdict.Next, "at the other side of the remote") {
		t.Errorf("got %+v", got.Verdict)
	}
}

// A version belongs to the first source that has it. One that is listed is there, whatever else the registry cannot tell of it now.
func TestAVersionThatIsListedAndNotToldOfComesFromNowhereBehind(t *testing.T) {
	h := newFixture(t)
	h.repo("public")
	h.connect("public")
	h.repo("far")
	h.repo("team", "far", "public")
	there := h.remote("far", "central", true)
	there.offer("left@1", "of the centre")
	h.registry.offer("left@1", "of the public")
	h.registry.offer("left@2", "of the public")
	there.mute = map[string]bool{"left@1": true}
	h.fetchFails("team", "left@1", artifact.Unavailable)
	h.holds("public", "left")
	h.fetches("team", "left@2", "of the public")
	h.fetches("public", "left@1", "of the public")
	h.fetchFails("team", "left@1", artifact.Unavailable) // whoever holds it by now behind the remote
	told, err := h.rules.Explain(t.Context(), h.owner, h.owner, repository.Question{Repository: key("team"), Package: npm("left"), Version: "1"})
	h.check(err)
	if told.Verdict.Ending != repository.Unreachable || !strings.Contains(told.Verdict.Why, "does not tell of version 1") {
		t.Errorf("explained as %+v", told.Verdict)
	}
	there.mute = nil
	h.shows("team", "left", "1", "2")
	h.fetches("team", "left@1", "of the centre")
}

// Whoever has kept it has it, as with a version that is gone; but another one of its number is not that version.
func TestAVersionThatIsHiddenAtTheOtherSideComesFromNowhereBehind(t *testing.T) {
	h := newFixture(t)
	h.repo("public")
	h.connect("public")
	h.repo("far")
	h.repo("team", "far", "public")
	h.repo("other", "far", "public")
	there := h.remote("far", "central", true)
	for _, version := range []string{"left@1", "left@2"} {
		there.offer(version, "of the centre")
		h.registry.offer(version, "of the public")
	}
	h.registry.offer("left@3", "of the public")
	h.fetches("public", "left@2", "of the public")
	h.fetches("other", "left@1", "of the centre")
	there.hidden = map[string]bool{"left@1": true, "left@2": true}
	h.fetches("other", "left@1", "of the centre")
	h.shows("other", "left", "1", "3")
	h.fetchFails("other", "left@2", artifact.NotFound)
	h.shows("team", "left", "1", "3") // the first as the repository far has kept it
	h.fetchFails("team", "left@2", artifact.NotFound)
	h.holds("team", "left")
	told, err := h.rules.Explain(t.Context(), h.owner, h.owner, repository.Question{Repository: key("team"), Package: npm("left"), Version: "2"})
	h.check(err)
	if told.Verdict.Ending != repository.Withheld || !strings.Contains(told.Verdict.Why, "hides version 2") {
		t.Errorf("explained as %+v", told.Verdict)
	}
	h.fetches("team", "left@3", "of the public")
}

func TestRemotesThatMakeNoSenseAreRefused(t *testing.T) {
	for name, change := range map[string]func(*repository.RemoteSpec){
		"no name":             func(s *repository.RemoteSpec) { s.Name = "" },
		"a name with a slash": func(s *repository.RemoteSpec) { s.Name = "a/b" },
		"a name that is long": func(s *repository.RemoteSpec) { s.Name = strings.Repeat("a", 64) },
		"no address":          func(s *repository.RemoteSpec) { s.URL = "" },
		"another scheme":      func(s *repository.RemoteSpec) { s.URL = "file:///etc/passwd" },
		"a password in it": func(s *repository.RemoteSpec) {
			s.URL = "http://u:hush@us.example.test/house-123456789012/npm/central/"
		},
		"no endpoint":             func(s *repository.RemoteSpec) { s.URL = "https://registry.example.test/" },
		"no region":               func(s *repository.RemoteSpec) { s.Region = "" },
		"no region either":        func(s *repository.RemoteSpec) { s.Region = "us east" },
		"no key":                  func(s *repository.RemoteSpec) { s.Credential = repository.RemoteCredential{} },
		"a token for the API":     func(s *repository.RemoteSpec) { s.Credential.Token = artifact.NewSecret("t") },
		"a key for a registry":    func(s *repository.RemoteSpec) { s.Format, s.Region = artifact.NPM, "" },
		"a region for a registry": func(s *repository.RemoteSpec) { s.Format, s.Credential = artifact.NPM, repository.RemoteCredential{} },
		"a format that is not read": func(s *repository.RemoteSpec) {
			s.Format, s.Region, s.Credential = artifact.Swift, "", repository.RemoteCredential{}
		},
		"an API that is nowhere":   func(s *repository.RemoteSpec) { s.API = "us.example.test" },
		"fresh for too short":      func(s *repository.RemoteSpec) { s.Freshness = time.Millisecond },
		"fresh for too long":       func(s *repository.RemoteSpec) { s.Freshness = 48 * time.Hour },
		"a line break in a secret": func(s *repository.RemoteSpec) { s.Credential.SecretAccessKey = artifact.NewSecret("a\nb") },
		"a secret without end": func(s *repository.RemoteSpec) {
			s.Credential.SecretAccessKey = artifact.NewSecret(strings.Repeat("a", 9000))
		},
		"a role by its name alone":        func(s *repository.RemoteSpec) { s.Credential.Role = "reader" },
		"an external ID alone":            func(s *repository.RemoteSpec) { s.Credential.ExternalID = "x" },
		"an external ID of a role":        func(s *repository.RemoteSpec) { s.Credential.ExternalID = "e" },
		"a password in the API's address": func(s *repository.RemoteSpec) { s.API = "http://u:hush@us.example.test" },
		"a download host that is URL":     func(s *repository.RemoteSpec) { s.DownloadHosts = []string{"https://files.example.test"} },
		"a certificate that is none":      func(s *repository.RemoteSpec) { s.Certificates = "hush" },
		"download hosts without end":      func(s *repository.RemoteSpec) { s.DownloadHosts = slices.Repeat([]string{"files.example.test"}, 17) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			spec := remoteSpec("central")
			change(&spec)
			_, err := h.rules.PutRemote(t.Context(), h.owner, spec)
			h.refuses(artifact.Invalid, err)
			if strings.Contains(fmt.Sprint(err), "hush") {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}

func TestTheCredentialOfARemoteIsSealedAndReplaced(t *testing.T) {
	h := newFixture(t)
	put, err := h.rules.PutRemote(t.Context(), h.owner, remoteSpec("central"))
	h.check(err)
	if bytes.Contains(put.Credential, []byte("hush")) || put.Freshness != 5*time.Second || put.API != "http://us.example.test:8090" {
		t.Errorf("got %+v", put)
	}
	says, err := h.rules.CheckRemote(t.Context(), h.owner, domainKey, "central")
	if h.check(err); says != "signed in as AKIA1 with hush" {
		t.Errorf("got %q", says)
	}
	spec := remoteSpec("central")
	spec.Credential.AccessKeyID, spec.Internal = "AKIA2", true
	again, err := h.rules.PutRemote(t.Context(), h.owner, spec)
	if h.check(err); again.ID != put.ID || !again.Internal {
		t.Errorf("got %+v after %+v", again, put)
	}
	if says, _ = h.rules.CheckRemote(t.Context(), h.owner, domainKey, "central"); says != "signed in as AKIA2 with hush" {
		t.Errorf("got %q", says)
	}
	spec.URL = "http://eu.example.test:8090/house-123456789012/npm/central/"
	_, err = h.rules.PutRemote(t.Context(), h.owner, spec)
	h.refuses(artifact.Conflict, err)
	// What was sealed for one remote is worthless as another's.
	other, err := h.rules.PutRemote(t.Context(), h.owner, remoteSpec("other"))
	h.check(err)
	other.Name = "central"
	if _, err := repository.OpenCredential(reversing{}, other); err == nil {
		t.Error("the credential of one remote opened as another's")
	}
	for _, event := range h.events() {
		if strings.Contains(string(event.Detail), "hush") {
			t.Errorf("the record tells a secret: %s", event.Detail)
		}
	}
}

func TestTheRecordOfARemoteTellsWhereTheServerConnectsToAndWhomItBelieves(t *testing.T) {
	there := httptest.NewTLSServer(http.NotFoundHandler())
	defer there.Close()
	h := newFixture(t)
	spec := remoteSpec("central")
	spec.DownloadHosts = []string{"files.example.test"}
	spec.Certificates = "ours:\n" + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: there.Certificate().Raw}))
	_, err := h.rules.PutRemote(t.Context(), h.owner, spec)
	h.check(err)
	events := h.events()
	var told map[string]any
	h.check(json.Unmarshal(events[len(events)-1].Detail, &told))
	for name, want := range map[string]any{"remote": "central", "url": spec.URL, "api": "http://us.example.test:8090",
		"downloadHosts": []any{"files.example.test"}, "certificates": []any{fmt.Sprintf("%x", sha256.Sum256(there.Certificate().Raw))}} {
		if !reflect.DeepEqual(told[name], want) {
			t.Errorf("%s: got %v, want %v in %v", name, told[name], want, told)
		}
	}
}

// Who remembers what he has made of a remote knows by the time that it is another one.
func TestARemoteThatIsPutAgainIsYoungerWhateverTheClockSays(t *testing.T) {
	h := newFixture(t)
	last := time.Time{}
	for _, passed := range []time.Duration{0, -time.Hour, 0} {
		h.now = h.now.Add(passed)
		_, err := h.rules.PutRemote(t.Context(), h.owner, remoteSpec("central"))
		h.check(err)
		all, err := h.rules.RemotesOf(t.Context(), h.owner, domainKey)
		h.check(err)
		if !all[0].UpdatedAt.After(last) {
			t.Errorf("put at %s it is of %s, after one of %s", h.now, all[0].UpdatedAt, last)
		}
		last = all[0].UpdatedAt
	}
}

func TestARemoteGoesWhenNobodyIsConnectedToIt(t *testing.T) {
	h := newFixture(t)
	h.repo("edge")
	h.remote("edge", "central", false).offer("left@1", "left")
	h.fetches("edge", "left@1", "left")
	h.refuses(artifact.Conflict, h.rules.DeleteRemote(t.Context(), h.owner, domainKey, "central"))
	_, err := h.rules.DisassociateExternalConnection(t.Context(), h.owner, key("edge"), "remote:central")
	h.check(err)
	all, err := h.rules.RemotesOf(t.Context(), h.owner, domainKey)
	h.check(err)
	if len(h.far.forgotten) != 0 {
		t.Error("one that is there was forgotten")
	}
	h.check(h.rules.DeleteRemote(t.Context(), h.owner, domainKey, "central"))
	if !slices.Equal(h.far.forgotten, []catalog.RemoteID{all[0].ID}) {
		t.Errorf("got %v forgotten, want %d", h.far.forgotten, all[0].ID)
	}
	h.refuses(artifact.NotFound, h.rules.DeleteRemote(t.Context(), h.owner, domainKey, "central"))
	_, err = h.rules.AssociateExternalConnection(t.Context(), h.owner, key("edge"), "remote:central")
	h.refuses(artifact.NotFound, err)
	_, err = h.rules.CheckRemote(t.Context(), h.owner, domainKey, "central")
	h.refuses(artifact.NotFound, err)
	h.fetches("edge", "left@1", "left")
}

func TestADomainsRemotesAreForgottenWithIt(t *testing.T) {
	h := newFixture(t)
	var ids []catalog.RemoteID
	for _, name := range []string{"central", "other"} {
		r, err := h.rules.PutRemote(t.Context(), h.owner, remoteSpec(name))
		h.check(err)
		ids = append(ids, r.ID)
	}
	h.repo("edge")
	_, _, err := h.rules.DeleteDomain(t.Context(), h.owner, domainKey)
	h.refuses(artifact.Conflict, err)
	if len(h.far.forgotten) > 0 {
		t.Errorf("%v are forgotten of a domain that is there", h.far.forgotten)
	}
	_, _, err = h.rules.DeleteRepository(t.Context(), h.owner, key("edge"))
	h.check(err)
	_, _, err = h.rules.DeleteDomain(t.Context(), h.owner, domainKey)
	h.check(err)
	slices.Sort(h.far.forgotten)
	if !slices.Equal(h.far.forgotten, ids) {
		t.Errorf("got %v forgotten, want %v", h.far.forgotten, ids)
	}
}

func TestADomainHasSoManyRemotes(t *testing.T) {
	h := newFixture(t)
	for i := range 100 {
		_, err := h.rules.PutRemote(t.Context(), h.owner, remoteSpec(fmt.Sprintf("r%02d", i)))
		h.check(err)
	}
	_, err := h.rules.PutRemote(t.Context(), h.owner, remoteSpec("one-more"))
	h.refuses(artifact.Quota, err)
	_, err = h.rules.PutRemote(t.Context(), h.owner, remoteSpec("r07"))
	h.check(err)
	all, err := h.rules.RemotesOf(t.Context(), h.owner, domainKey)
	if h.check(err); len(all) != 100 {
		t.Errorf("got %d", len(all))
	}
}

// Whoever puts a remote decides where the server connects to: no policy of a domain can allow that.
func TestOnlyIdentityPoliciesAllowRemotes(t *testing.T) {
	h := newFixture(t)
	_, err := h.rules.PutPolicy(t.Context(), h.owner, repository.Target{DomainKey: domainKey},
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`, "")
	h.check(err)
	bob := func(action string) iam.Caller {
		return h.caller(account, "bob", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"`+action+`","Resource":"*"}}`)
	}
	for name, test := range map[string]struct {
		caller iam.Caller
		may    bool
	}{
		"everything of the service":       {bob("codeartifact:*"), false},
		"the action":                      {bob("entrepot:PutRemote"), true},
		"everything, in another account":  {h.caller(stranger, "eve", allowAll), false},
		"nothing, but the domain's allow": {h.caller(account, "ann", allowNone), false},
	} {
		_, err := h.rules.PutRemote(t.Context(), test.caller, remoteSpec("central"))
		if test.may {
			h.check(err)
		} else {
			t.Log(name)
			h.refuses(artifact.Denied, err)
		}
	}
	_, err = h.rules.RemotesOf(t.Context(), bob("codeartifact:*"), domainKey)
	h.refuses(artifact.Denied, err)
	h.refuses(artifact.Denied, h.rules.DeleteRemote(t.Context(), bob("codeartifact:*"), domainKey, "central"))
}
