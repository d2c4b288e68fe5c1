package remoteapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/remoteapi"
	"entrepot/repository"
	"entrepot/upstream"
	"entrepot/upstream/upstreamtest"
)

const (
	connection = "remote:central@7/generic"
	endpoint   = "https://house-123456789012.example.test/npm/central/"
)

var left = artifact.PackageKey{Format: artifact.NPM, Namespace: "acme", Name: "left"}

// service answers calls of the API by their paths, and remembers what was asked.
type service struct {
	mu      sync.Mutex
	answers map[string]string // by path, and by path and token
	status  int               // of everything, if not zero
	asked   []string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method+" "+r.URL.String())
	answer, ok := s.answers[strings.TrimSuffix(r.URL.Path+" "+r.URL.Query().Get("next-token"), " ")]
	switch {
	case s.status != 0:
		w.WriteHeader(s.status)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}
}

const versionsPath, assetsPath, versionPath = "/v1/package/versions", "/v1/package/version/assets", "/v1/package/version"

func open(t *testing.T, s *service) *remoteapi.API {
	t.Helper()
	return openWith(t, s, remoteapi.NewLists(1<<20))
}

func openWith(t *testing.T, s *service, lists *remoteapi.Lists) *remoteapi.API {
	t.Helper()
	return openOn(t, s, lists, &upstreamtest.Cache{}, time.Now)
}

func openOn(t *testing.T, s *service, lists *remoteapi.Lists, cache upstream.Cache, now func() time.Time) *remoteapi.API {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := upstream.New(upstream.Options{Cache: cache, Logger: slog.New(slog.DiscardHandler), Retries: -1, Now: now, StaleWait: time.Minute,
		Remotes: func(c string) (upstream.Origin, bool) {
			return upstream.Origin{Name: "remote:central", Base: base, Remote: true}, c == connection
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	at, err := upstream.ParseEndpoint(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return remoteapi.New(client, connection, at, lists)
}

// registry is what a format reads there: some versions of every package, or none.
type registry struct {
	repository.Source
	versions []string
	err      error
}

func (r registry) Listing(context.Context, artifact.PackageKey) (repository.Listing, error) {
	if r.err != nil {
		return nil, r.err
	}
	return numbers(r.versions), nil
}

func (r registry) Refresh(ctx context.Context, p artifact.PackageKey) (repository.Listing, error) {
	return r.Listing(ctx, p)
}

type numbers []string

func (n numbers) ID() string                { return fmt.Sprint([]string(n)) }
func (n numbers) Labels() map[string]string { return map[string]string{"latest": n[0]} }
func (n numbers) Numbers() iter.Seq[string] { return slices.Values(n) }
func (n numbers) Manifest() []byte          { return []byte("{}") }

func (n numbers) Status(version string) artifact.Status {
	if slices.Contains(n, version) {
		return artifact.Published
	}
	return ""
}

func (n numbers) Version(_ context.Context, version string) (artifact.Version, error) {
	return artifact.Version{VersionKey: left.At(version), Status: artifact.Published}, nil
}

func (n numbers) Each(ctx context.Context) iter.Seq2[artifact.Version, error] {
	return func(yield func(artifact.Version, error) bool) {
		for _, version := range n {
			if !yield(n.Version(ctx, version)) {
				return
			}
		}
	}
}

// shown are the versions of a listing with their statuses, by every way that there is to ask for them.
func shown(t *testing.T, l repository.Listing) map[string]artifact.Status {
	t.Helper()
	each, asked := map[string]artifact.Status{}, map[string]artifact.Status{}
	for v, err := range l.Each(t.Context()) {
		if _, twice := each[v.VersionKey.Version]; twice || err != nil {
			t.Errorf("%s comes twice, or with %v", v, err)
		}
		each[v.VersionKey.Version] = v.Status
	}
	for version := range l.Numbers() {
		v, err := l.Version(t.Context(), version)
		if err != nil || v.Status != l.Status(version) || v.VersionKey != left.At(version) {
			t.Errorf("%s: got %+v, %v and status %s", version, v, err, l.Status(version))
		}
		asked[version] = v.Status
	}
	if !maps.Equal(each, asked) {
		t.Errorf("got %v one by one and %v together", asked, each)
	}
	return each
}

func TestWhatIsWithheldThereIsWithheldHere(t *testing.T) {
	none := artifact.Errorf(artifact.NotFound, "There is none.")
	for name, test := range map[string]struct {
		versions []string
		err      error
		answers  map[string]string
		status   int
		want     map[string]artifact.Status // nil: it fails
		fails    artifact.Kind
		untold   string // what it says of versions that it does not list; empty: that they are not there
	}{
		"nothing is": {versions: []string{"1"}, answers: map[string]string{versionsPath: `{"versions":[{"version":"1","status":"Published"}]}`},
			want: map[string]artifact.Status{"1": artifact.Published}},
		"one is, and not listed": {versions: []string{"1"}, answers: map[string]string{
			versionsPath: `{"versions":[{"version":"1","status":"Published"},{"version":"2","status":"Archived"}]}`},
			want: map[string]artifact.Status{"1": artifact.Published, "2": artifact.Archived}},
		"one is that was listed a moment ago": {versions: []string{"1", "2"}, answers: map[string]string{
			versionsPath: `{"versions":[{"version":"2","status":"Unfinished"},{"version":"1","status":"Published"}]}`},
			want: map[string]artifact.Status{"1": artifact.Published, "2": artifact.Unfinished}},
		"all are": {err: none, answers: map[string]string{versionsPath: `{"versions":[{"version":"1","status":"Disposed"}]}`},
			want: map[string]artifact.Status{"1": artifact.Disposed}},
		"on the second page": {versions: []string{"1"}, answers: map[string]string{
			versionsPath:             `{"versions":[{"version":"1","status":"Published"}],"nextToken":"more/+"}`,
			versionsPath + " more/+": `{"versions":[{"version":"2","status":"Archived"}]}`},
			want: map[string]artifact.Status{"1": artifact.Published, "2": artifact.Archived}},
		"it holds nothing":        {versions: []string{"1"}, want: map[string]artifact.Status{"1": artifact.Published}},
		"it lists nothing either": {err: none, fails: artifact.NotFound},
		"the key may not ask": {versions: []string{"1"}, status: http.StatusForbidden, want: map[string]artifact.Status{"1": artifact.Published},
			untold: "Grant its key codeartifact:ListPackageVersions on the packages of repository central there."},
		"it fails": {versions: []string{"1"}, status: http.StatusInternalServerError, want: map[string]artifact.Status{"1": artifact.Published},
			untold: "answered with status 500"},
		"the key may not ask, and it lists nothing": {err: none, status: http.StatusForbidden, want: map[string]artifact.Status{},
			untold: "Grant its key"},
		"the registry fails": {err: artifact.Errorf(artifact.Unavailable, "No."), fails: artifact.Unavailable,
			answers: map[string]string{versionsPath: `{"versions":[{"version":"2","status":"Archived"}]}`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{answers: test.answers, status: test.status}
			source := remoteapi.Over(registry{versions: test.versions, err: test.err}, open(t, s))
			for _, ask := range []func(context.Context, artifact.PackageKey) (repository.Listing, error){source.Listing, source.Refresh} {
				l, err := ask(t.Context(), left)
				if test.want == nil {
					if !artifact.Is(err, test.fails) {
						t.Errorf("got %v, want %v", err, test.fails)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if got := shown(t, l); !maps.Equal(got, test.want) {
					t.Errorf("got %v, want %v", got, test.want)
				}
				var untold error
				if l, ok := l.(repository.Unsure); ok {
					untold = l.Untold()
				}
				if (untold != nil) != (test.untold != "") || untold != nil && (!strings.Contains(untold.Error(), test.untold) ||
					!errors.Is(untold, repository.ErrUntold) || !artifact.Is(untold, artifact.Unavailable)) {
					t.Errorf("of what it does not list it says %v, want %q", untold, test.untold)
				}
			}
			want := "POST " + versionsPath + "?domain=house&domain-owner=123456789012&format=npm&max-results=1000&namespace=acme&package=left&repository=central"
			if len(s.asked) > 0 && s.asked[0] != want {
				t.Errorf("asked %s, want %s", s.asked[0], want)
			}
		})
	}
}

// The content of a listing decides what is rendered again.
func TestAListingIsAnotherOneWhenAStatusChanges(t *testing.T) {
	s := &service{answers: map[string]string{versionsPath: `{"versions":[{"version":"2","status":"Archived"}]}`}}
	first, err := remoteapi.Over(registry{versions: []string{"1"}}, open(t, s)).Listing(t.Context(), left)
	if err != nil {
		t.Fatal(err)
	}
	s.answers[versionsPath] = `{"versions":[{"version":"2","status":"Disposed"}]}`
	second, err := remoteapi.Over(registry{versions: []string{"1"}}, open(t, s)).Listing(t.Context(), left)
	if err != nil {
		t.Fatal(err)
	}
	if first.ID() == second.ID() || first.ID() == numbers([]string{"1"}).ID() {
		t.Errorf("got %q and %q", first.ID(), second.ID())
	}
}

// What is kept of a list is replaced by what is kept of it later.
func TestPagesAreKeptByTheirNumbers(t *testing.T) {
	s, cache, now := &service{answers: map[string]string{}}, &upstreamtest.Cache{}, time.Now()
	list := func() repository.Listing {
		t.Helper()
		now = now.Add(time.Hour)
		// Each is another process: what the last one had in memory is gone, and what it has kept is not.
		api := openOn(t, s, remoteapi.NewLists(1<<20), cache, func() time.Time { return now })
		l, err := remoteapi.Over(registry{versions: []string{"0"}}, api).Refresh(t.Context(), left)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for n := range 5 {
		token := fmt.Sprint("token", n)
		clear(s.answers)
		s.answers[versionsPath] = `{"versions":[{"version":"1","status":"Archived"}],"nextToken":"` + token + `"}`
		s.answers[versionsPath+" "+token] = fmt.Sprintf(`{"versions":[{"version":"2.%d","status":"Archived"}]}`, n)
		want := map[string]artifact.Status{"0": artifact.Published, "1": artifact.Archived, fmt.Sprint("2.", n): artifact.Archived}
		if got := shown(t, list()); !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if n := cache.Len(); n != 2 {
		t.Errorf("%d pages are kept of a list of two", n)
	}
	// The second page that was kept is none of another list, and a list without one says nothing of what would be on it.
	s.answers[versionsPath] = `{"versions":[],"nextToken":"lost"}`
	l := list()
	if _, unsure := l.(repository.Unsure); !unsure || len(shown(t, l)) != 1 {
		t.Errorf("got %v, unsure %v", shown(t, l), unsure)
	}
	s.status = http.StatusBadGateway
	if _, unsure := list().(repository.Unsure); !unsure {
		t.Error("the pages of two lists were put together")
	}
}

// A service may word the token of the next page anew with each answer.
func TestAListingIsTheSameWhateverItsPagesAreAskedWith(t *testing.T) {
	ids := map[string]bool{}
	for _, token := range []string{"first", "second"} {
		s := &service{answers: map[string]string{
			versionsPath:               `{"versions":[{"version":"1","status":"Archived"}],"nextToken":"` + token + `"}`,
			versionsPath + " " + token: `{"versions":[{"version":"2","status":"Published"}]}`}}
		l, err := remoteapi.Over(registry{versions: []string{"2"}}, open(t, s)).Listing(t.Context(), left)
		if err != nil {
			t.Fatal(err)
		}
		ids[l.ID()] = true
	}
	if len(ids) != 1 {
		t.Errorf("got %d listings of one content: %v", len(ids), ids)
	}
}

// finding is a registry that lists no files, and has every version, or fails.
type finding struct{ registry }

func (f finding) Find(_ context.Context, v artifact.VersionKey, asset string) (artifact.Version, error) {
	if f.err != nil {
		return artifact.Version{}, f.err
	}
	return artifact.Version{VersionKey: v, Status: artifact.Published, Assets: []artifact.Asset{{Name: asset}}}, nil
}

func (finding) Presume(v artifact.VersionKey, _ string) (artifact.Version, error) {
	return artifact.Version{VersionKey: v, Status: artifact.Published}, nil
}

func TestAVersionThatIsLookedForIsWithheldToo(t *testing.T) {
	s := &service{answers: map[string]string{versionsPath: `{"versions":[{"version":"2","status":"Archived"}]}`}}
	source := remoteapi.Over(finding{}, open(t, s)).(repository.Finder)
	for version, want := range map[string]artifact.Status{"1": artifact.Published, "2": artifact.Archived} {
		if v, err := source.Find(t.Context(), left.At(version), "left.jar"); err != nil || v.Status != want {
			t.Errorf("%s: got %s, %v, want %s", version, v.Status, err, want)
		}
	}
	if _, finds := remoteapi.Over(registry{}, open(t, s)).(repository.Finder); finds {
		t.Error("a registry that lists its files is one that does not")
	}
}

// What cannot be asked for its statuses may withhold all that it is not seen to have.
func TestWhatIsNotThereMayBeWithheldWhileTheAPIIsSilent(t *testing.T) {
	none, away := artifact.Errorf(artifact.NotFound, "There is none."), artifact.Errorf(artifact.Unavailable, "It is away.")
	back := artifact.Errorf(artifact.Unavailable, "It is who asks.").Causing(upstream.ErrAskedBack)
	for name, test := range map[string]struct {
		err    error
		status int
		kind   artifact.Kind
		untold bool
	}{
		"nothing, and the API says so":       {none, http.StatusNotFound, artifact.NotFound, false},
		"nothing, and the key may not ask":   {none, http.StatusForbidden, artifact.Unavailable, true},
		"nothing, and the API fails":         {none, http.StatusInternalServerError, artifact.Unavailable, true},
		"no answer":                          {away, http.StatusNotFound, artifact.Unavailable, true},
		"no answer, and none of the API":     {away, http.StatusInternalServerError, artifact.Unavailable, true},
		"it is who asks, who knows his own":  {back, http.StatusNotFound, artifact.Unavailable, false},
		"something odd, which ends a search": {errors.New("odd"), http.StatusNotFound, artifact.Internal, false},
	} {
		t.Run(name, func(t *testing.T) {
			api := open(t, &service{status: test.status})
			_, err := remoteapi.Over(finding{registry{err: test.err}}, api).(repository.Finder).Find(t.Context(), left.At("1"), "left.jar")
			if !artifact.Is(err, test.kind) || errors.Is(err, repository.ErrUntold) != test.untold {
				t.Errorf("found: got %v", err)
			}
			if artifact.Is(test.err, artifact.NotFound) {
				return // as the listings above
			}
			_, err = remoteapi.Over(registry{err: test.err}, api).Listing(t.Context(), left)
			if !artifact.Is(err, test.kind) || errors.Is(err, repository.ErrUntold) != test.untold {
				t.Errorf("listed: got %v", err)
			}
		})
	}
	for status, untold := range map[int]bool{http.StatusNotFound: false, http.StatusForbidden: true, http.StatusBadGateway: true} {
		_, err := remoteapi.Alone(open(t, &service{status: status})).Listing(t.Context(), left)
		if err == nil || errors.Is(err, repository.ErrUntold) != untold {
			t.Errorf("by the API alone, which answers %d: got %v", status, err)
		}
	}
}

func TestWhereAVersionWasMade(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		status int
		want   artifact.OriginType
		fails  bool
	}{
		"inside":              {answer: `{"packageVersion":{"origin":{"originType":"INTERNAL"},"publishedTime":1602535878.039}}`, want: artifact.OriginInternal},
		"outside":             {answer: `{"packageVersion":{"origin":{"originType":"EXTERNAL"}}}`, want: artifact.OriginExternal},
		"nobody knows":        {answer: `{"packageVersion":{}}`, want: artifact.OriginUnknown},
		"in a way of its own": {answer: `{"packageVersion":{"origin":{"originType":"ELSEWHERE"}}}`, want: artifact.OriginUnknown},
		"it does not show":    {want: artifact.OriginExternal},
		"the key may not ask": {status: http.StatusForbidden, want: ""},
		"it fails":            {status: http.StatusServiceUnavailable, fails: true},
		"it is no answer":     {answer: `[]`, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{status: test.status, answers: map[string]string{}}
			if test.answer != "" {
				s.answers[versionPath] = test.answer
			}
			told, err := remoteapi.Over(registry{}, open(t, s)).(repository.Originator).Origin(t.Context(), left.At("1"))
			if test.fails != artifact.Is(err, artifact.Unavailable) || !test.fails && (err != nil || told.Type != test.want) {
				t.Errorf("got %+v, %v, want %s", told, err, test.want)
			}
			if told.Type == artifact.OriginInternal && told.Published.UnixMilli() != 1602535878039 {
				t.Errorf("got %v", told.Published)
			}
		})
	}
}

func TestPackagesThatNoPackageManagerKnowsAreReadByTheAPI(t *testing.T) {
	sum := sha256.Sum256([]byte("one"))
	s := &service{answers: map[string]string{
		versionsPath:      `{"versions":[{"version":"1","status":"Published"},{"version":"2","status":"Archived"}]}`,
		assetsPath:        `{"assets":[{"name":"a b.bin","size":3,"hashes":{"SHA-256":"` + hex.EncodeToString(sum[:]) + `","SHA3":"x"}}],"nextToken":"p"}`,
		assetsPath + " p": `{"assets":[{"name":"c"}]}`}}
	source := remoteapi.Alone(open(t, s))
	l, err := source.Listing(t.Context(), left)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := shown(t, l), map[string]artifact.Status{"1": artifact.Published, "2": artifact.Archived}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	v, err := l.Version(t.Context(), "1")
	if err != nil || len(v.Assets) != 2 || v.Assets[0].SHA256 != sum || v.Assets[0].Size != 3 || !v.Assets[0].Promised {
		t.Fatalf("got %+v, %v", v, err)
	}
	request, err := source.Asset(t.Context(), v, "a b.bin")
	const path = "v1/package/version/asset?asset=a%20b.bin&domain=house&domain-owner=123456789012&format=npm&namespace=acme&package=left&repository=central&version=1"
	if err != nil || request.Path != path || string(request.Want.SHA256) != string(sum[:]) || request.Want.Size != 3 {
		t.Errorf("got %+v, %v", request, err)
	}
	for what, err := range map[string]error{
		"an asset":      second(source.Asset(t.Context(), v, "none")),
		"a version":     second(l.Version(t.Context(), "3")),
		"an attachment": second(source.Attachment(t.Context(), v, "attestations")),
	} {
		if !artifact.Is(err, artifact.NotFound) {
			t.Errorf("%s that is not there: got %v", what, err)
		}
	}
	s.status = http.StatusNotFound
	if _, err := source.Refresh(t.Context(), artifact.PackageKey{Format: artifact.Generic, Name: "none"}); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("got %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// pageOf is a page of so many versions with long names.
func pageOf(versions int) string {
	all := make([]string, versions)
	for i := range all {
		all[i] = fmt.Sprintf(`{"version":"%0250d","status":"Archived"}`, i)
	}
	return `{"versions":[` + strings.Join(all, ",") + `]}`
}

func TestListsOfAnyNumberOfPackagesTakeSoMuchMemory(t *testing.T) {
	const room = 1 << 20
	s, lists := &service{answers: map[string]string{}}, remoteapi.NewLists(room)
	source := remoteapi.Over(registry{versions: []string{"1"}}, openWith(t, s, lists))
	for i := range 30 {
		s.answers[versionsPath] = pageOf(1000 - i)
		l, err := source.Listing(t.Context(), artifact.PackageKey{Format: artifact.NPM, Name: fmt.Sprint("left", i)})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(slices.Collect(l.Numbers())); n != 1001-i {
			t.Fatalf("got %d versions", n)
		}
	}
	if used := lists.Used(); used > room || used < room/2 {
		t.Errorf("%d bytes are kept where there is room for %d", used, room)
	}
}

func TestAnswersThatMakeNoSenseAreNotUsed(t *testing.T) {
	for name, answer := range map[string]string{
		"no JSON":             `{`,
		"more than was asked": pageOf(1001),
		"a member twice":      `{"versions":[],"versions":[]}`,
		"no list":             `{"versions":{}}`,
		"none":                `{}`,
		"something else":      `{"versions":["1"]}`,
		"no status":           `{"versions":[{"version":"1"}]}`,
		"a status of its own": `{"versions":[{"version":"1","status":"Lost"}]}`,
		"no name":             `{"versions":[{"status":"Published"}]}`,
		"a name with a slash": `{"versions":[{"version":"a/b","status":"Published"}]}`,
		"a name that is none": `{"versions":[{"version":1,"status":"Published"}]}`,
		"a token that is":     `{"versions":[],"nextToken":7}`,
		"a page without end":  `{"versions":[],"nextToken":"` + strings.Repeat("a", 9000) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := remoteapi.Alone(open(t, &service{answers: map[string]string{versionsPath: answer}})).Listing(t.Context(), left)
			if !artifact.Is(err, artifact.Unavailable) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("pages in a circle", func(t *testing.T) {
		s := &service{answers: map[string]string{versionsPath: `{"versions":[],"nextToken":"p"}`, versionsPath + " p": `{"versions":[],"nextToken":"p"}`}}
		_, err := remoteapi.Alone(open(t, s)).Listing(t.Context(), left)
		if !artifact.Is(err, artifact.Unavailable) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("assets", func(t *testing.T) {
		for _, answer := range []string{`{"assets":[{}]}`, `{"assets":[{"name":"a","size":-1}]}`, `{"assets":[{"name":"a","hashes":{"SHA-256":"ab"}}]}`,
			`{"assets":[{"name":"a","hashes":{"SHA-256":1}}]}`} {
			s := &service{answers: map[string]string{versionsPath: `{"versions":[{"version":"1","status":"Published"}]}`, assetsPath: answer}}
			l, err := remoteapi.Alone(open(t, s)).Listing(t.Context(), left)
			if err == nil {
				_, err = l.Version(t.Context(), "1")
			}
			if !artifact.Is(err, artifact.Unavailable) {
				t.Errorf("%s: got %v", answer, err)
			}
		}
	})
}

// npm, Swift and others list no version that is Unlisted. It is there for who has kept it, and no other version takes its place.
func TestAVersionThatIsUnlistedThereAndInNoListIsHidden(t *testing.T) {
	s := &service{answers: map[string]string{versionsPath: `{"versions":[{"version":"1","status":"Unlisted"},{"version":"2","status":"Unlisted"},
		{"version":"3","status":"Published"}]}`}}
	none := artifact.Errorf(artifact.NotFound, "There is none.")
	for name, r := range map[string]registry{"beside others": {versions: []string{"1", "3"}}, "without any": {err: none}} {
		l, err := remoteapi.Over(r, open(t, s)).Listing(t.Context(), left)
		if err != nil {
			t.Fatal(err)
		}
		if status := l.Status("2"); status != artifact.Unlisted || !slices.Contains(slices.Collect(l.Numbers()), "2") {
			t.Errorf("%s: got the status %q among %v", name, status, slices.Collect(l.Numbers()))
		}
		if _, err := l.Version(t.Context(), "2"); !artifact.Is(err, artifact.NotFound) || !errors.Is(err, repository.ErrWithheld) {
			t.Errorf("%s: got %v", name, err)
		}
		for v, err := range l.Each(t.Context()) {
			if err != nil || v.VersionKey.Version == "2" {
				t.Errorf("%s: got %s, %v", name, v, err)
			}
		}
		if r.err != nil {
			continue
		}
		if v, err := l.Version(t.Context(), "1"); err != nil || v.Status != artifact.Published {
			t.Errorf("what it lists: got %s, %v", v.Status, err) // as its protocol shows it
		}
	}
}
