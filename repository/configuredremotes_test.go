package repository_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
)

// configured makes an entry of the configuration.
func configured(spec repository.RemoteSpec) repository.ConfiguredRemote {
	return repository.ConfiguredRemote{RemoteSpec: spec, Entry: "entry-of-" + spec.Name,
		Current: func() repository.RemoteCredential { return spec.Credential }}
}

// configure gives the domain a remote by configuration, with a registry at its other side.
func (h *fixture) configure(specs ...repository.RemoteSpec) (there *registry) {
	h.t.Helper()
	var all []repository.ConfiguredRemote
	for _, spec := range specs {
		all = append(all, configured(spec))
		there = newRegistry(h.t)
		h.far.registries[spec.Name] = there
	}
	h.check(h.rules.Configure(h.t.Context(), all))
	return there
}

func (h *fixture) associate(repo, connection string) {
	h.t.Helper()
	_, err := h.rules.AssociateExternalConnection(h.t.Context(), h.owner, key(repo), connection)
	h.check(err)
}

// listed are the remotes of the domain.
func (h *fixture) listed() []repository.Remote {
	h.t.Helper()
	all, err := h.rules.RemotesOf(h.t.Context(), h.owner, domainKey)
	h.check(err)
	return all
}

func TestARemoteOfTheConfigurationIsLikeOneThatWasPutAndNobodyChangesIt(t *testing.T) {
	h := newFixture(t)
	spec := remoteSpec("central")
	spec.Internal = true
	there := h.configure(spec)
	h.repo("edge")
	_, err := h.rules.PutRemote(t.Context(), h.owner, remoteSpec("beside"))
	h.check(err)
	all := h.listed()
	if len(all) != 2 || all[0].Name != "beside" || all[0].Configured != nil || all[1].Name != "central" || all[1].Configured == nil ||
		all[1].ID >= 0 || !all[1].Internal || all[1].Freshness != 5*time.Second || !all[1].HasCredential() || all[1].Credential != nil ||
		all[1].CreatedAt.IsZero() || !all[1].UpdatedAt.Equal(all[1].CreatedAt) {
		t.Errorf("got %+v", all)
	}
	says, err := h.rules.CheckRemote(t.Context(), h.owner, domainKey, "central")
	if h.check(err); says != "signed in as AKIA1 with hush" {
		t.Errorf("got %q", says)
	}
	h.associate("edge", "remote:central")
	there.offer("left@1", "left")
	h.fetches("edge", "left@1", "left")
	if got, want := h.version("edge", "left@1").Origin, (artifact.Origin{Type: artifact.OriginInternal, Connection: "remote:central"}); got != want {
		t.Errorf("got origin %+v, want %+v", got, want)
	}
	_, put := h.rules.PutRemote(t.Context(), h.owner, remoteSpec("central"))
	for _, err := range []error{put, h.rules.DeleteRemote(t.Context(), h.owner, domainKey, "central")} {
		h.refuses(artifact.Conflict, err)
		if !strings.Contains(err.Error(), "remotes.entry-of-central") {
			t.Errorf("%v does not say where it is changed", err)
		}
	}
	h.refuses(artifact.NotFound, h.rules.DeleteRemote(t.Context(), h.owner, domainKey, "other"))
	if got := h.listed(); len(got) != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestADomainHasItsRemotesOfTheConfigurationOnceItIsMade(t *testing.T) {
	log := &bytes.Buffer{}
	h := openFixtureLogging(t, t.TempDir(), repositorytest.NewStores(), newRegistry(t), sqlcatalog.Options{Rehearse: true},
		slog.New(slog.NewTextHandler(log, nil)))
	there := h.configure(remoteSpec("central"))
	if !strings.Contains(log.String(), "a domain that is not there") || !strings.Contains(log.String(), "remotes.entry-of-central") {
		t.Errorf("the log has %q", log)
	}
	_, err := h.rules.RemotesOf(t.Context(), h.owner, domainKey)
	h.refuses(artifact.NotFound, err)
	begin := func() {
		t.Helper()
		_, err := h.rules.CreateDomain(t.Context(), h.owner, repository.DomainSpec{Name: domainKey.Name})
		h.check(err)
		h.repo("edge")
		h.associate("edge", "remote:central")
		there.offer("left@1", "left")
		h.fetches("edge", "left@1", "left")
	}
	begin()
	before := h.listed()[0].ID
	_, _, err = h.rules.DeleteRepository(t.Context(), h.owner, key("edge"))
	h.check(err)
	_, _, err = h.rules.DeleteDomain(t.Context(), h.owner, domainKey)
	h.check(err)
	if !slices.Equal(h.far.forgotten, []catalog.RemoteID{before}) {
		t.Errorf("got %v forgotten, want %d", h.far.forgotten, before)
	}
	// What is remembered of the other side was said to another domain.
	if begin(); h.listed()[0].ID == before {
		t.Error("another domain of this name goes on with the remote of the first")
	}
}

func TestTheConfigurationComesBeforeWhatWasPut(t *testing.T) {
	log := &bytes.Buffer{}
	h := openFixtureLogging(t, t.TempDir(), repositorytest.NewStores(), newRegistry(t), sqlcatalog.Options{Rehearse: true},
		slog.New(slog.NewTextHandler(log, nil)))
	_, err := h.rules.CreateDomain(t.Context(), h.owner, repository.DomainSpec{Name: domainKey.Name})
	h.check(err)
	_, err = h.rules.PutRemote(t.Context(), h.owner, remoteSpec("central"))
	h.check(err)
	put := h.listed()[0].ID
	spec := remoteSpec("central")
	spec.Credential.AccessKeyID = "AKIA2"
	there := h.configure(spec)
	if !strings.Contains(log.String(), "in the place of one of its name that was put") {
		t.Errorf("the log has %q", log)
	}
	h.repo("edge")
	h.associate("edge", "remote:central")
	for _, step := range []string{"with the other behind it", "alone"} {
		if all := h.listed(); len(all) != 1 || all[0].Configured == nil {
			t.Errorf("%s: got %+v", step, all)
		}
		if says, err := h.rules.CheckRemote(t.Context(), h.owner, domainKey, "central"); says != "signed in as AKIA2 with hush" {
			t.Errorf("%s: got %q, %v", step, says, err)
		}
		there.offer("left@1", "left")
		h.fetches("edge", "left@1", "left")
		// The first time that takes away what was put, with its credential, though a repository is connected to the name.
		err = h.rules.DeleteRemote(t.Context(), h.owner, domainKey, "central")
		if step != "alone" {
			h.check(err)
		}
	}
	h.refuses(artifact.Conflict, err)
	if !slices.Equal(h.far.forgotten, []catalog.RemoteID{put}) {
		t.Errorf("got %v forgotten, want %d", h.far.forgotten, put)
	}
}

// It is as if the link were cut: what it had is not said to be missing because an entry was taken from the configuration.
func TestWhatARemoteHadThatIsGoneNobodyKnows(t *testing.T) {
	dir, stores := t.TempDir(), repositorytest.NewStores()
	h := openFixture(t, dir, stores, newRegistry(t), sqlcatalog.Options{Rehearse: true})
	_, err := h.rules.CreateDomain(t.Context(), h.owner, repository.DomainSpec{Name: domainKey.Name})
	h.check(err)
	there := h.configure(remoteSpec("central"))
	h.repo("edge")
	h.associate("edge", "remote:central")
	h.repo("public")
	h.connect("public")
	h.repo("team", "edge", "public")
	there.offer("left@1", "left")
	h.fetches("team", "left@1", "left")
	h.close()

	h = openFixture(t, dir, stores, newRegistry(t), sqlcatalog.Options{Rehearse: true})
	// What the remote withheld, or had itself, does not come from a registry behind it.
	h.registry.offer("left@2", "of the public")
	h.registry.offer("inside@1", "of the public")
	h.fetches("team", "left@1", "left")
	h.shows("team", "left", "1")
	h.fetchFails("team", "left@2", artifact.Unavailable)
	err = h.fetchFails("team", "inside@1", artifact.Unavailable)
	if want := "remote:central (cannot say)"; !strings.Contains(h.told(artifact.Unavailable, err), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = h.rules.DisassociateExternalConnection(t.Context(), h.owner, key("edge"), "remote:central")
	h.check(err)
	h.fetchFails("team", "other@1", artifact.NotFound)
	h.fetches("team", "inside@1", "of the public")
}

func TestRemotesOfTheConfigurationThatMakeNoSenseAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*repository.RemoteSpec)
		want   artifact.Kind
	}{
		"no region": {func(s *repository.RemoteSpec) { s.Region = "" }, artifact.Invalid},
		"a format that is not read": {func(s *repository.RemoteSpec) {
			s.Format, s.Region, s.Credential = artifact.PyPI, "", repository.RemoteCredential{}
		}, artifact.Invalid},
		"a secret in two lines": {func(s *repository.RemoteSpec) { s.Credential.SecretAccessKey = artifact.NewSecret("hush\n") }, artifact.Invalid},
		"a name that is taken":  {func(s *repository.RemoteSpec) { s.Name = "first" }, artifact.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFixture(t)
			spec := remoteSpec("central")
			test.change(&spec)
			bad := configured(spec)
			bad.Entry = "bad"
			err := h.rules.Configure(t.Context(), []repository.ConfiguredRemote{configured(remoteSpec("first")), bad})
			h.refuses(test.want, err)
			if !strings.HasPrefix(err.Error(), "remotes.bad: ") || strings.Contains(err.Error(), "hush") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What is remembered of a remote outlives a restart, and is never taken for what another one says.
func TestARemoteOfTheConfigurationIsTheSameForAsLongAsItIsAtOnePlace(t *testing.T) {
	h := newFixture(t)
	id := func(change func(*repository.RemoteSpec)) catalog.RemoteID {
		spec := remoteSpec("central")
		change(&spec)
		h.configure(spec)
		return h.listed()[0].ID
	}
	first := id(func(*repository.RemoteSpec) {})
	for name, test := range map[string]struct {
		same   bool
		change func(*repository.RemoteSpec)
	}{
		"nothing":        {true, func(*repository.RemoteSpec) {}},
		"another key":    {true, func(s *repository.RemoteSpec) { s.Credential.AccessKeyID = "AKIA2" }},
		"other settings": {true, func(s *repository.RemoteSpec) { s.Internal, s.Freshness = true, time.Minute }},
		"another place": {false, func(s *repository.RemoteSpec) {
			s.URL = "http://eu.example.test:8090/house-123456789012/npm/central/"
		}},
		"another name": {false, func(s *repository.RemoteSpec) { s.Name = "other" }},
		"a registry": {false, func(s *repository.RemoteSpec) {
			s.Format, s.Region, s.Credential = artifact.NPM, "", repository.RemoteCredential{}
		}},
	} {
		if got := id(test.change); (got == first) != test.same || got >= 0 {
			t.Errorf("%s: got %d after %d", name, got, first)
		}
	}
}
