package swift

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/format/formattest"
	"entrepot/upstream"
	"entrepot/upstream/upstreamtest"
)

// connected is a site whose repository reads the remote.
func connected(t testing.TB) (*site, *formattest.Registry) {
	t.Helper()
	s := newSite(t)
	s.Connect(shelf, formattest.Remote)
	return s, s.Registry(formattest.Remote)
}

// offer has a registry list a release of acme.Geometry and nothing else, and returns the archive.
func offer(t testing.TB, r *formattest.Registry, version string) string {
	t.Helper()
	archive := packed(t, archived{"version", version})
	at := "acme/geometry/" + version
	r.Put("acme/geometry", "application/json", []byte(jsonOf(t, object{"releases": object{version: object{}}})))
	r.Put(at, "application/json", []byte(releaseOffered(t, "acme/Geometry", version, []byte(archive))))
	r.Put(at+"/Package.swift", "text/x-swift", []byte(simple("5.5")))
	r.Put(at+".zip", "application/zip", []byte(archive))
	return archive
}

func TestAReleaseIsReadFromAnotherRepositoryAsItIsThere(t *testing.T) {
	centre := newSite(t)
	signature := "\xff\x00 what no format looks at"
	archive := packed(t, archived{"Package@swift-5.9.swift", simple("5.9")}, archived{"Package@swift-6.0.swift", simple("6.0")})
	if w := centre.put("acme/Geometry/1.0.0", []string{signatureHeader, signatureFormat}, archivePart(archive),
		sentPart{"source-archive-signature", signature, "binary"},
		metadataPart(`{"description":"Shapes, é","mine":[1, 2],"repositoryURLs":["https://code.example.test/acme/geometry"]}`),
		sentPart{"metadata-signature", "m", "binary"}); w.Code != http.StatusCreated {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	centre.publish("1.1.0")
	edge, far := connected(t)
	far.ServeFrom(centre.Handler)

	alike := func(path string) {
		t.Helper()
		want, got := centre.want(http.StatusOK, path), edge.want(http.StatusOK, path)
		if got.Body.String() != want.Body.String() {
			t.Errorf("%s: got %.400q, want %.400q", path, got.Body, want.Body)
		}
		for _, name := range []string{"Content-Type", "Link", signatureHeader, "X-Swift-Package-Signature", "Digest"} {
			if got, want := got.Header().Get(name), want.Header().Get(name); got != want {
				t.Errorf("%s: got %s %q, want %q", path, name, got, want)
			}
		}
	}
	all := []string{"acme/Geometry", "acme/Geometry/1.0.0", "acme/Geometry/1.0.0/Package.swift",
		"acme/Geometry/1.0.0/Package.swift?swift-version=5.9.0", "acme/Geometry/1.0.0/Package.swift?swift-version=6.0",
		"acme/Geometry/1.0.0.zip", "acme/Geometry/1.0.0"}
	for _, path := range all {
		alike(path)
	}
	told := dig(edge.json("acme/Geometry/1.0.0"), "resources", 0, "signing", "signatureBase64Encoded")
	if text, err := base64.StdEncoding.DecodeString(fmt.Sprint(told)); err != nil || string(text) != signature {
		t.Errorf("got the signature %q, %v, want %q", text, err, signature)
	}
	held := edge.held(shelf, "acme", "geometry", "1.0.0")
	var names []string
	for _, a := range held.Assets {
		if names = append(names, a.Name); a.Promised {
			t.Errorf("%s has not been kept", a.Name)
		}
	}
	slices.Sort(names)
	if want := []string{"Package.swift", "Package@swift-5.9.swift", "Package@swift-6.0.swift", "geometry-1.0.0.zip"}; !slices.Equal(names, want) {
		t.Errorf("got the assets %q, want %q", names, want)
	}
	if held.Details.Summary != "Shapes, é" || held.Details.SourceCode != "https://code.example.test/acme/geometry" ||
		held.Details.DisplayName != "acme.Geometry" {
		t.Errorf("got %+v", held.Details)
	}
	if w := edge.put("acme/Geometry/1.0.1", nil, archivePart(packed(t))); w.Code != http.StatusConflict && w.Code != http.StatusForbidden {
		t.Errorf("publishing over it: got %d %s", w.Code, w.Body)
	}

	// The link is cut. What was kept is there, what was not cannot be had.
	far.Fail()
	for _, path := range all {
		alike(path)
	}
	if w := edge.Do("GET", "acme/Geometry/1.1.0.zip", ""); w.Code/100 != 5 {
		t.Errorf("what was never read: got %d %s, want an error of the server", w.Code, w.Body)
	}
	if w := edge.Do("GET", "acme/Other", ""); w.Code/100 != 5 {
		t.Errorf("a package that nobody has asked for: got %d %s, want an error of the server", w.Code, w.Body)
	}
	// A package that was read is known by its source repository.
	if got := edge.json("identifiers?url=https://code.example.test/acme/geometry")["identifiers"]; fmt.Sprint(got) != "[acme.Geometry]" {
		t.Errorf("got the identifiers %v", got)
	}
}

func TestAManifestIsKeptBeforeItsArchiveIs(t *testing.T) {
	s, far := connected(t)
	archive := offer(t, far, "1.0.0")
	s.want(http.StatusOK, "acme/Geometry/1.0.0/Package.swift")
	if got := dig(s.json("acme/Geometry/1.0.0"), "resources", 0, "checksum"); got != sha256Of(archive) {
		t.Errorf("got the checksum %v, want %s", got, sha256Of(archive))
	}
	if n := far.Fetched("acme/geometry/1.0.0.zip"); n != 0 {
		t.Errorf("the archive was fetched %d times", n)
	}
	if got := s.want(http.StatusOK, "acme/Geometry/1.0.0.zip").Body.String(); got != archive {
		t.Errorf("got %d bytes, want %d", len(got), len(archive))
	}
}

func TestAReleaseThatCannotBeHadLeavesTheOthers(t *testing.T) {
	s, far := connected(t)
	archive := offer(t, far, "1.0.0")
	offer(t, far, "1.1.0")
	far.Put("acme/geometry", "application/json", []byte(`{"releases":{"1.1.0":{},"1.0.0":{}}}`))
	far.Put("acme/geometry/1.1.0", "application/json", []byte(`{"resources":[{"name":"source-archive","checksum":"`+sha256Of("x")+
		`","signing":{"signatureFormat":"cms-2.0.0","signatureBase64Encoded":"c2ln"}}]}`))
	if got := len(s.json("acme/Geometry")["releases"].(object)); got != 2 {
		t.Errorf("got %d releases, want 2", got)
	}
	for _, path := range []string{"acme/Geometry/1.1.0", "acme/Geometry/1.1.0.zip"} {
		if w := s.Do("GET", path, ""); w.Code/100 != 5 {
			t.Errorf("%s: got %d %s, want an error of the server and no release without its signature", path, w.Code, w.Body)
		}
	}
	if got := s.want(http.StatusOK, "acme/Geometry/1.0.0.zip").Body.String(); got != archive {
		t.Errorf("got %d bytes, want %d", len(got), len(archive))
	}
}

func TestAListOfSeveralPagesIsReadWhole(t *testing.T) {
	for name, next := range map[string]string{"absolute": "", "relative": "geometry?page=2"} {
		t.Run(name, func(t *testing.T) {
			s, far := connected(t)
			offer(t, far, "1.0.0")
			far.ServeFrom(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/acme/geometry" {
					w.Header().Set("Content-Type", "text/x-swift")
					w.WriteHeader(http.StatusNotFound)
					return
				}
				page := cmp.Or(r.URL.Query().Get("page"), "1")
				if page == "1" {
					if next == "" {
						next = far.URL + "acme/geometry?page=2"
					}
					w.Header().Add("Link", `<https://code.example.test/a,b>; rel="canonical"`)
					w.Header().Add("Link", "<"+next+`>; rel="next"`)
				}
				_, _ = fmt.Fprintf(w, `{"releases":{"1.%s.0":{},"2.0.0":{}}}`, page)
			}))
			if got := len(s.json("acme/Geometry")["releases"].(object)); got != 3 {
				t.Errorf("got %d releases, want 3", got)
			}
		})
	}
	t.Run("without end", func(t *testing.T) {
		s, far := connected(t)
		far.ServeFrom(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "<"+far.URL+"acme/geometry?page="+r.URL.Query().Get("page")+`1>; rel="next"`)
			_, _ = fmt.Fprint(w, `{"releases":{"1.0.0":{}}}`)
		}))
		if w := s.Do("GET", "acme/Geometry", ""); w.Code/100 != 5 || !strings.Contains(detail(w), "pages") {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
	t.Run("in a circle", func(t *testing.T) {
		s, far := connected(t)
		far.ServeFrom(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", `<geometry?page=2>; rel="next"`)
			_, _ = fmt.Fprint(w, `{"releases":{"1.0.0":{}}}`)
		}))
		if w := s.Do("GET", "acme/Geometry", ""); w.Code/100 != 5 || !strings.Contains(detail(w), "circle") || far.Asked("") > 2 {
			t.Errorf("got %d %s after %d requests", w.Code, w.Body, far.Asked(""))
		}
	})
}

// reading is a source of a registry, with the cache that it keeps documents in, and a way to have time pass.
func reading(t *testing.T, registry http.Handler) (s *source, c *upstreamtest.Cache, pass func(time.Duration)) {
	t.Helper()
	far := httptest.NewServer(registry)
	t.Cleanup(far.Close)
	base, err := url.Parse(far.URL)
	if err != nil {
		t.Fatal(err)
	}
	cache, begun, passed := &upstreamtest.Cache{}, time.Now(), atomic.Int64{}
	client, err := upstream.New(upstream.Options{Cache: cache, Logger: slog.New(slog.DiscardHandler), Retries: -1,
		StaleWait: time.Minute, Now: func() time.Time { return begun.Add(time.Duration(passed.Load())) },
		Remotes: func(string) (upstream.Origin, bool) {
			return upstream.Origin{Name: formattest.Remote, Base: base, Remote: true}, true
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return newSource(client, formattest.Remote).(*source), cache, func(d time.Duration) { passed.Add(int64(d)) }
}

// numbered are the releases A.0.0 up to A.N-1.0.
func numbered(a, n int) string {
	var all strings.Builder
	for i := range n {
		_, _ = fmt.Fprintf(&all, `,"%d.%d.0":{}`, a, i)
	}
	return `{"releases":{` + all.String()[1:] + `}}`
}

// What was kept under an address that nobody will ever name again would be there for good.
func TestPagesAreKeptByTheirNumbersWhateverTheirAddresses(t *testing.T) {
	var requests atomic.Int64
	s, cache, pass := reading(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := int(requests.Add(1))
		page := len(r.URL.Query()["page"])
		if page < 2 {
			w.Header().Set("Link", fmt.Sprintf(`<?%s&at=%d>; rel="next"`, strings.Repeat("page=&", page+1), asked))
		}
		_, _ = fmt.Fprint(w, numbered(page+1, asked)) // other ones each time
	}))
	for range 5 {
		pass(time.Hour)
		l, err := s.Refresh(t.Context(), identity{"acme", "geometry"}.key())
		if err != nil {
			t.Fatal(err)
		}
		listed, asked := slices.Collect(l.Numbers()), int(requests.Load())
		if want := 3*asked - 3; len(listed) != want || !slices.Contains(listed, fmt.Sprintf("3.%d.0", asked-1)) {
			t.Errorf("got %d releases, %.100q, want %d", len(listed), listed, want)
		}
	}
	if n := requests.Load(); n != 15 || cache.Len() != 3 {
		t.Errorf("%d documents are kept after %d requests, want the three pages", cache.Len(), n)
	}
}

func TestAListThatHasTooManyReleasesOnAllItsPagesIsRefused(t *testing.T) {
	var each atomic.Int64
	each.Store(maxReleases / 2)
	s, _, pass := reading(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := len(r.URL.Query()["page"])
		if page < 1 || page < 2 && each.Load() > maxReleases/2 {
			w.Header().Set("Link", fmt.Sprintf(`<?%s>; rel="next"`, strings.Repeat("page=&", page+1)))
		}
		_, _ = fmt.Fprint(w, numbered(page+1, int(each.Load())))
	}))
	if l, err := s.Refresh(t.Context(), identity{"acme", "geometry"}.key()); err != nil || len(slices.Collect(l.Numbers())) != maxReleases {
		t.Fatalf("got %v, want as many as there may be", err)
	}
	each.Add(1)
	pass(time.Hour)
	if _, err := s.Refresh(t.Context(), identity{"acme", "geometry"}.key()); !artifact.Is(err, artifact.Unavailable) || !strings.Contains(err.Error(), "has more than") {
		t.Errorf("got %v, want it refused", err)
	}
}

// A registry that makes its tags of its bodies says with a 304 that the page is as it was, and in the header that there is another now.
func TestWhatTheHeaderOfAnUnchangedAnswerSaysIsHeeded(t *testing.T) {
	grown, bodies := false, atomic.Int64{}
	s, _, pass := reading(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		manifest, last := strings.HasSuffix(r.URL.Path, manifestFile), r.URL.RawQuery != ""
		switch {
		case grown && manifest:
			w.Header().Set("Link", `<?swift-version=6.0>; rel="alternate"; filename="Package@swift-6.0.swift"`)
		case grown && !last:
			w.Header().Set("Link", `<geometry?page=2>; rel="next"`)
		}
		w.Header().Set("ETag", `"the body's"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		bodies.Add(1)
		switch {
		case manifest:
			_, _ = fmt.Fprint(w, simple("5.5"))
		case last:
			_, _ = fmt.Fprint(w, `{"releases":{"2.0.0":{}}}`)
		case strings.HasSuffix(r.URL.Path, "1.0.0"):
			_, _ = fmt.Fprint(w, releaseOffered(t, "acme/Geometry", "1.0.0", nil))
		default:
			_, _ = fmt.Fprint(w, `{"releases":{"1.0.0":{}}}`)
		}
	}))
	for _, step := range []struct {
		grown                    bool
		releases, assets, bodies int64
	}{{false, 1, 2, 3}, {false, 1, 2, 3}, {true, 2, 3, 6}, {true, 2, 3, 6}} {
		grown = step.grown
		pass(time.Hour)
		l, err := s.Listing(t.Context(), identity{"acme", "geometry"}.key())
		if err != nil {
			t.Fatal(err)
		}
		v, err := l.Version(t.Context(), "1.0.0")
		if err != nil {
			t.Fatal(err)
		}
		n, assets, bodies := len(slices.Collect(l.Numbers())), len(v.Assets), bodies.Load()
		if int64(n) != step.releases || int64(assets) != step.assets || bodies != step.bodies {
			t.Errorf("got %d releases and %d assets after %d bodies, want %+v", n, assets, bodies, step)
		}
	}
}

func TestARegistryThatLiesAboutAManifestGivesNobodyOne(t *testing.T) {
	s, far := connected(t)
	offer(t, far, "1.0.0")
	s.want(http.StatusOK, "acme/Geometry/1.0.0")
	far.Replace("acme/geometry/1.0.0/Package.swift", []byte(simple("5.6")))
	if w := s.Do("GET", "acme/Geometry/1.0.0/Package.swift", ""); w.Code/100 != 5 {
		t.Errorf("got %d %s, want an error of the server", w.Code, w.Body)
	}
	if _, err := s.Shelf(shelf, artifact.Swift).Held(t.Context(), identity{"acme", "geometry"}.key().At("1.0.0")); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("got %v, want nothing kept", err)
	}
}

func TestWhatARegistrySaysOfAReleaseIsReadOrRefused(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	resources := func(more string) string {
		return `"resources":[{"name":"docs"},{"name":"source-archive","checksum":"` + strings.ToUpper(sum) + `"` + more + `}]`
	}
	signing := func(format, signature string) string {
		return resources(`,"signing":{"signatureFormat":"` + format + `","signatureBase64Encoded":"` + signature + `"}`)
	}
	for name, row := range map[string]struct{ text, want string }{
		"the least":                     {`{` + resources("") + `}`, `{"id":"acme.geometry","metadata":{},"checksum":"SUM","signing":{}}`},
		"its spelling":                  {`{"id":"ACME.Geometry",` + resources("") + `}`, `{"id":"ACME.Geometry","metadata":{},"checksum":"SUM","signing":{}}`},
		"another package's id":          {`{"id":"acme.Other",` + resources("") + `}`, `{"id":"acme.geometry","metadata":{},"checksum":"SUM","signing":{}}`},
		"a time with fractions":         {`{"publishedAt":"2026-03-01T10:00:00.5Z",` + resources("") + `}`, `{"id":"acme.geometry","metadata":{},"published":"2026-03-01T10:00:00.5Z","checksum":"SUM","signing":{}}`},
		"a signature":                   {`{` + signing(signatureFormat, "c2ln") + `}`, `{"id":"acme.geometry","metadata":{},"checksum":"SUM","signing":{"signatureFormat":"cms-1.0.0","signatureBase64Encoded":"c2ln"}}`},
		"metadata that clients refuse":  {`{"metadata":{"description":1,"licenseURL":"x","author":{},"own":null},` + resources("") + `}`, `{"id":"acme.geometry","metadata":{"licenseURL":"x","own":null},"checksum":"SUM","signing":{}}`},
		"metadata that are a text":      {`{"metadata":"x",` + resources("") + `}`, `{"id":"acme.geometry","metadata":{},"checksum":"SUM","signing":{}}`},
		"no archive":                    {`{"resources":[{"name":"docs"}]}`, ""},
		"no resources":                  {`{}`, ""},
		"no checksum":                   {`{"resources":[{"name":"source-archive"}]}`, ""},
		"a short checksum":              {`{"resources":[{"name":"source-archive","checksum":"ab"}]}`, ""},
		"a signature of another format": {`{` + signing("cms-2.0.0", "c2ln") + `}`, ""},
		"a signature without bytes":     {`{` + signing(signatureFormat, "") + `}`, ""},
		"a signature that is no base64": {`{` + signing(signatureFormat, "%") + `}`, ""},
		"a signature with a line feed":  {`{` + signing(signatureFormat, `c2ln\n`) + `}`, ""},
		"a signing that is a text":      {`{` + resources(`,"signing":"x"`) + `}`, ""},
		"a key twice":                   {`{"id":"a.b","id":"a.b",` + resources("") + `}`, ""},
		"no JSON":                       {`releases`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			_, err := regenerateRelease(&out, strings.NewReader(row.text), nil, identity{"acme", "geometry"}.key())
			if got, want := out.String(), strings.Replace(row.want, "SUM", sum, 1); got != want || (err != nil) != (want == "") {
				t.Errorf("got %s, %v, want %s", got, err, want)
			}
		})
	}
}

func TestOfAListOfReleasesWhatClientsCouldNotUseIsLeftOut(t *testing.T) {
	for name, row := range map[string]struct {
		text string
		want string // the versions; empty for a list that is refused
		left int
	}{
		"as the specification has it": {`{"releases":{"1.1.0":{"url":"https://x.example.test/1"},"1.0.0":{"problem":{"status":410}},"0.9.0":{"problem":null}}}`, "1.1.0 0.9.0", 0},
		"other members":               {`{"more":[1],"releases":{"1.0.0":{}},"x":{}}`, "1.0.0", 0},
		"what are no versions":        {`{"releases":{"v1.0.0":{},"1.0":{},"1.0.0-a.zip":{},"1.0.0-b.json":{},"2.0.0":{}}}`, "2.0.0", 4},
		"what is no object":           {`{"releases":{"1.0.0":null,"1.1.0":"x","2.0.0":{}}}`, "2.0.0", 2},
		"what is very large":          {`{"releases":{"1.0.0":{"url":"` + strings.Repeat("a", maxListed) + `"},"2.0.0":{}}}`, "2.0.0", 1},
		"no list":                     {`{}`, "", 0},
		"a list that is a text":       {`{"releases":"x"}`, "", 0},
		"a version twice":             {`{"releases":{"1.0.0":{},"1.0.0":{}}}`, "", 0},
		"more behind it":              {`{"releases":{"1.0.0":{}}}{}`, "", 0},
		"no JSON":                     {`<html>`, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			left, err := regenerateReleases(&out, strings.NewReader(row.text), nil, artifact.PackageKey{})
			var page releasesPage
			if err == nil {
				err = json.Unmarshal(out.Bytes(), &page)
			}
			if got := strings.Join(page.Versions, " "); got != row.want || (err != nil) != (row.want == "") || left.Count != row.left {
				t.Errorf("got %q, %d left out, %v, want %q, %d", got, left.Count, err, row.want, row.left)
			}
		})
	}
}

func TestVersionsThatAreOneToClientsAreListedOnce(t *testing.T) {
	i := newIndex()
	i.add([]string{"1.0.0+b", "1.0.0+a", "1.0.0", "1.1.0"})
	i.add([]string{"1.1.0", "1.2.0"})
	if want := []string{"1.0.0+b", "1.1.0", "1.2.0"}; !slices.Equal(i.versions, want) || i.listed["1.0.0"] || !i.listed["1.2.0"] {
		t.Errorf("got %q, want %q", i.versions, want)
	}
}

func TestAVariantIsReadOutOfTheLinksOfItsManifest(t *testing.T) {
	for name, row := range map[string]struct {
		links []string
		want  string
	}{
		"two in a header":       {[]string{`<https://x.example.test/P?swift-version=6.0>; rel="alternate"; filename="Package@swift-6.0.swift"; swift-tools-version="6.0", </p?swift-version=5.9>; filename=Package@swift-5.9.swift; rel=alternate`}, "5.9 6.0"},
		"two headers":           {[]string{`<a>; rel="alternate"; filename="Package@swift-5.9.swift"`, `<b>; rel="alternate"; filename="Package@swift-5.swift"`}, "5 5.9"},
		"the same tools":        {[]string{`<a>; rel="alternate"; filename="Package@swift-5.swift"`, `<b>; rel="alternate"; filename="Package@swift-5.0.swift"`}, "5"},
		"other relations":       {[]string{`<a>; rel="canonical"; filename="Package@swift-5.swift"`}, ""},
		"other files":           {[]string{`<a>; rel="alternate"; filename="../Package@swift-5.swift"`, `<a>; rel="alternate"; filename="Package@swift-x.swift"`}, ""},
		"a comma in an URL":     {[]string{`<a,b;c>; rel="alternate"; filename="Package@swift-5.9.swift"`}, "5.9"},
		"an open end":           {[]string{`<a>; rel="alternate"; filename="Package@swift-5.9.swift", <b`}, "5.9"},
		"nothing of it":         {[]string{`,;,=<>`, ``}, ""},
		"more than anybody has": {[]string{strings.Repeat(`<a>; rel="x",`, maxLinks) + `<a>; rel="alternate"; filename="Package@swift-5.9.swift"`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(readLinks(http.Header{"Link": row.links}).variants(), " "); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestAManifestThatNobodyCouldReadIsRefused(t *testing.T) {
	s, far := connected(t)
	offer(t, far, "1.0.0")
	for name, manifest := range map[string]string{"no tools": "import PackageDescription\n", "no text": "// swift-tools-version:5.5\n\xff",
		"too large": simple("5.5") + strings.Repeat("/", maxManifest)} {
		if err := inspectManifest(strings.NewReader(manifest), int64(len(manifest))); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	if err := inspectManifest(strings.NewReader(simple("5.5")), int64(len(simple("5.5")))); err != nil {
		t.Error(err)
	}
	far.Put("acme/geometry/1.0.0/Package.swift", "text/x-swift", []byte("import PackageDescription\n"))
	if w := s.Do("GET", "acme/Geometry/1.0.0.zip", ""); w.Code/100 != 5 {
		t.Errorf("got %d %s, want an error of the server", w.Code, w.Body)
	}
}
