package keptpage

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/bytecache"
	"entrepot/upstream"
	"entrepot/upstream/upstreamtest"
)

const connection = "public:npmjs"

var (
	widget = artifact.PackageKey{Format: artifact.NPM, Namespace: "acme", Name: "widget"}
	first  = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
)

// lines is a form for registries whose page is a line for each version: the version, a space and what is said about it. A
// version without anything is left out, one of which "yanked" is said first is unlisted, and a line "refuse" makes the page unusable.
var lines = Form{
	Name:   "lines 1",
	Path:   func(p artifact.PackageKey) (string, error) { return p.Name, nil },
	Accept: "text/plain",
	Room:   1 << 20,
	Regenerate: func(dst io.Writer, src io.Reader, p artifact.PackageKey) (left LeftOut, err error) {
		out, h := NewWriter(dst), Head{Labels: map[string]string{}, Manifest: []byte(`{"of":"` + p.Name + `"}`)}
		for in := bufio.NewScanner(src); in.Scan(); {
			version, said, _ := strings.Cut(in.Text(), " ")
			if version == "refuse" {
				return left, errors.New("it says refuse")
			}
			where, err := out.Add(version, []byte(said))
			if err != nil {
				return left, err
			}
			if said == "" || strings.HasPrefix(said, "not ") {
				left.Note("version %s says %q", version, said)
				continue
			}
			where.Time, where.Unlisted = first, strings.HasPrefix(said, "yanked ")
			h.Index, h.Labels["last"] = append(h.Index, where), version
		}
		return left, out.Finish(h)
	},
	Read: func(kept []byte) ([]byte, []artifact.Asset, error) {
		if string(kept) == "broken" {
			return nil, nil, errors.New("it is broken")
		}
		return kept, []artifact.Asset{{Name: string(kept)}}, nil
	},
	Describe: func(v artifact.Version) (artifact.Details, error) {
		if string(v.Manifest) == "nameless" {
			return artifact.Details{}, errors.New("it has no name")
		}
		return artifact.Details{DisplayName: "the " + string(v.Manifest)}, nil
	},
}

const threeOfFour = "1.0 one\n1.1 not this\n2.0 two\n3.0 three and more\n"

// kept is the page in its kept form.
func kept(t testing.TB, page string) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := lines.Regenerate(&out, strings.NewReader(page), widget); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The ways in which stores give content.
var ways = map[string]func([]byte) io.ReadCloser{
	"seeking": func(p []byte) io.ReadCloser {
		return struct {
			io.ReadSeeker
			io.Closer
		}{bytes.NewReader(p), io.NopCloser(nil)}
	},
	"streaming": func(p []byte) io.ReadCloser { return io.NopCloser(io.MultiReader(bytes.NewReader(p))) },
}

func open(t testing.TB, p []byte, way func([]byte) io.ReadCloser) (*Page, error) {
	return lines.Page(t.Context(), widget, connection, Stored{ID: "id", Size: int64(len(p)),
		Open: func(context.Context) (io.ReadCloser, error) { return way(p), nil }})
}

func TestAVersionThatTheRegistryHidIsUnlisted(t *testing.T) {
	l, err := open(t, kept(t, "1.0 one\n1.1 yanked one\n"), ways["streaming"])
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]artifact.Status{"1.0": artifact.Published, "1.1": artifact.Unlisted, "2.0": ""} {
		if got := l.Status(version); got != want {
			t.Errorf("%s: got the status %q, want %q", version, got, want)
		}
	}
	for v, err := range l.Each(t.Context()) {
		if one, failed := l.Version(t.Context(), v.VersionKey.Version); err != nil || failed != nil ||
			v.Status != l.Status(v.VersionKey.Version) || one.Status != v.Status {
			t.Errorf("%s: got the status %q among all, %v, and %q alone, %v", v.VersionKey.Version, v.Status, err, one.Status, failed)
		}
	}
}

func sameAsset(a, b artifact.Asset) bool { return a.Name == b.Name }

func TestAPageIsTheListingThatWasWritten(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			l, err := open(t, kept(t, threeOfFour), way)
			if err != nil {
				t.Fatal(err)
			}
			if l.ID() != "id" || l.Labels()["last"] != "3.0" || string(l.Manifest()) != `{"of":"widget"}` {
				t.Errorf("got %q, %v, %s", l.ID(), l.Labels(), l.Manifest())
			}
			if got := slices.Sorted(l.Numbers()); !slices.Equal(got, []string{"1.0", "2.0", "3.0"}) {
				t.Errorf("got versions %q", got)
			}
			if l.Status("2.0") != artifact.Published || l.Status("1.1") != "" {
				t.Errorf("got %q, and %q for what is left out", l.Status("2.0"), l.Status("1.1"))
			}
			var row []string
			for v, err := range l.Each(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				one, err := l.Version(t.Context(), v.Version)
				if err != nil || one.VersionKey != widget.At(v.Version) || !bytes.Equal(one.Manifest, v.Manifest) ||
					len(v.Assets) != 1 || !slices.EqualFunc(v.Assets, one.Assets, sameAsset) ||
					!one.UpstreamTime.Equal(first) || one.Origin.Connection != connection ||
					one.Origin.Type != artifact.OriginExternal || one.Status != artifact.Published {
					t.Errorf("%s alone: got %+v, %v", v.Version, one, err)
				}
				if one.Details.DisplayName != "the "+string(v.Manifest) || v.Details.DisplayName != "" {
					t.Errorf("%s: details are %q alone and %q in a row", v.Version, one.Details.DisplayName, v.Details.DisplayName)
				}
				row = append(row, v.Version+" "+string(v.Manifest))
			}
			if want := []string{"1.0 one", "2.0 two", "3.0 three and more"}; !slices.Equal(row, want) {
				t.Errorf("got %q in a row, want %q", row, want)
			}
		})
	}
}

func TestAVersionThatIsNotListedIsNotFound(t *testing.T) {
	l, err := open(t, kept(t, threeOfFour), ways["seeking"])
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Version(t.Context(), "1.1")
	if !artifact.Is(err, artifact.NotFound) || !strings.Contains(err.Error(), "no version \"1.1\" of @acme/widget") {
		t.Errorf("got %v", err)
	}
}

func TestAPageThatIsNotInItsFormIsRefused(t *testing.T) {
	good := kept(t, threeOfFour)
	rewritten := func(old, new string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("there is no %s in %s", old, good)
		}
		changed := bytes.Replace(good, []byte(old), []byte(new), 1)
		return changed
	}
	rows := map[string][]byte{
		"none":                     nil,
		"no head":                  []byte(fmt.Sprintf("%020d\n", 0)),
		"a footer without an end":  rewritten("\n", " "),
		"a negative offset":        append(good[:len(good)-footerSize:len(good)-footerSize], fmt.Sprintf("-%019d\n", 1)...),
		"an offset behind the end": append(good[:len(good)-footerSize:len(good)-footerSize], fmt.Sprintf("%020d\n", 1<<40)...),
		"a negative length":        rewritten(`"n":3`, `"n":-3`),
		"a negative place":         rewritten(`"a":0`, `"a":-9`),
		"versions in each other":   rewritten(`"a":11`, `"a":2`),
		"a version in the head":    rewritten(`"n":14`, `"n":15`),
	}
	for _, cut := range []int{5, footerSize, len(good) / 2, len(good) - 1} {
		rows[fmt.Sprintf("%d bytes of it", cut)] = good[:cut]
	}
	for name, page := range rows {
		for way, read := range ways {
			t.Run(name+", "+way, func(t *testing.T) {
				if _, err := open(t, page, read); !errors.Is(err, ErrForm) {
					t.Errorf("got %v, want %v", err, ErrForm)
				}
			})
		}
	}
}

func TestAVersionThatCannotBeReadEndsTheRow(t *testing.T) {
	l, err := open(t, kept(t, "1.0 one\n2.0 broken\n3.0 three\n4.0 nameless\n"), ways["seeking"])
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	var last error
	for v, err := range l.Each(t.Context()) {
		seen, last = append(seen, v.Version), err
	}
	if len(seen) != 2 || !errors.Is(last, ErrForm) || !strings.Contains(last.Error(), "it is broken") {
		t.Errorf("got %q and %v", seen, last)
	}
	for version, why := range map[string]string{"2.0": "it is broken", "4.0": "it has no name"} {
		if _, err := l.Version(t.Context(), version); !errors.Is(err, ErrForm) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: got %v", version, err)
		}
	}
}

func TestARowEndsWithItsReader(t *testing.T) {
	l, err := open(t, kept(t, threeOfFour), ways["seeking"])
	if err != nil {
		t.Fatal(err)
	}
	for range l.Each(t.Context()) {
		break // a reader may leave early
	}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	n := 0
	for _, err := range l.Each(ctx) {
		if n++; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	if n != 1 {
		t.Errorf("went on for %d versions after the caller had left", n)
	}
}

func TestWhatAStoreFailsWithIsPassedOn(t *testing.T) {
	lost := errors.New("the disk is gone")
	good := kept(t, threeOfFour)
	fails := false
	l, err := lines.Page(t.Context(), widget, connection, Stored{Size: int64(len(good)),
		Open: func(context.Context) (io.ReadCloser, error) {
			if fails {
				return nil, lost
			}
			return ways["seeking"](good), nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	fails = true
	if _, err := l.Version(t.Context(), "1.0"); !errors.Is(err, lost) || errors.Is(err, ErrForm) {
		t.Errorf("a version: got %v", err)
	}
	for _, err := range l.Each(t.Context()) {
		if !errors.Is(err, lost) {
			t.Errorf("all: got %v", err)
		}
	}
	if _, err := lines.Page(t.Context(), widget, connection, l.stored); !errors.Is(err, lost) || errors.Is(err, ErrForm) {
		t.Errorf("the head: got %v", err)
	}
}

func TestAHeadThatCouldNotBeReadIsNotWritten(t *testing.T) {
	if err := NewWriter(io.Discard).Finish(Head{Manifest: []byte(`"` + strings.Repeat("a", maxHead) + `"`)}); err == nil {
		t.Error("got no error")
	}
}

func TestWhatIsLeftOutIsCountedAndTheFirstIsTold(t *testing.T) {
	var l LeftOut
	l.Note("%s is odd", "one")
	l.Note("%s is odd", "two")
	if l != (LeftOut{2, "one is odd"}) {
		t.Errorf("got %+v", l)
	}
}

// outside is a registry on loopback.
type outside struct {
	*Registry
	address string
	page    atomic.Pointer[string]
	log     bytes.Buffer // read when nothing writes any more
}

func newOutside(t *testing.T, form *Form) *outside {
	t.Helper()
	o := &outside{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/registry/widget" || r.Header.Get("Accept") != form.Accept {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", form.Accept)
		_, _ = io.WriteString(w, *o.page.Load())
	}))
	t.Cleanup(server.Close)
	origin, err := upstream.ParseOrigin("npmjs", server.URL+"/registry")
	if err != nil {
		t.Fatal(err)
	}
	var looks atomic.Int64
	client, err := upstream.New(upstream.Options{Origins: upstream.NewOrigins(origin), Cache: &upstreamtest.Cache{},
		Retries: -1, RefreshEvery: time.Nanosecond, Logger: slog.New(slog.NewTextHandler(&o.log, nil)),
		Now: func() time.Time { return first.Add(time.Duration(looks.Add(1)) * time.Microsecond) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	o.address = server.URL
	o.Registry = NewRegistry(client, connection, form)
	return o
}

func (o *outside) serve(page string) { o.page.Store(&page) }

func TestARegistryIsAskedAndItsPageIsKept(t *testing.T) {
	o := newOutside(t, &lines)
	o.serve(threeOfFour)
	l, err := o.Listing(t.Context(), widget)
	if err != nil {
		t.Fatal(err)
	}
	o.serve("4.0 four\n")
	again, err := o.Listing(t.Context(), widget)
	if err != nil || again.ID() != l.ID() || again.(*Page).indexed != l.(*Page).indexed {
		t.Errorf("got another page or read its head again, %v", err)
	}
	news, err := o.Refresh(t.Context(), widget)
	if err != nil || news.ID() == l.ID() || news.Status("4.0") == "" || l.Status("4.0") != "" {
		t.Errorf("a refresh has no news, or the page from before has, %v", err)
	}
	if v, err := news.Version(t.Context(), "4.0"); err != nil || string(v.Manifest) != "four" {
		t.Errorf("got %s, %v", v.Manifest, err)
	}
	if log := o.log.String(); strings.Count(log, "left out parts") != 1 || !strings.Contains(log, "@acme/widget") {
		t.Errorf("logged %q, want once that parts were left out", log)
	}
}

func TestARegistryThatHasNoPageOrAnUnusableOne(t *testing.T) {
	o := newOutside(t, &lines)
	gadget := artifact.PackageKey{Format: artifact.NPM, Name: "gadget"}
	if l, err := o.Listing(t.Context(), gadget); l != nil || !artifact.Is(err, artifact.NotFound) {
		t.Errorf("got %v, %v", l, err)
	}
	o.serve("1.0 \nrefuse\n")
	if l, err := o.Listing(t.Context(), widget); l != nil || !artifact.Is(err, artifact.Unavailable) {
		t.Errorf("got %v, %v", l, err)
	}
	if log := o.log.String(); strings.Contains(log, "left out parts") {
		t.Errorf("logged %q of a page that is not used", log)
	}
}

// A registry may say in one document where its pages are, and have several of a package.
func TestAPageIsReadWhereAnotherDocumentSaysThatItIs(t *testing.T) {
	form := lines
	form.Path = nil
	o := newOutside(t, &form)
	o.serve(threeOfFour)
	for name, at := range map[string]Address{
		"below the registry's address": {Path: "widget"}, "anywhere": {URL: o.address + "/registry/widget"}} {
		page, err := o.Read(t.Context(), widget, at, false)
		if err != nil || page.Status("1.0") != artifact.Published {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := o.Read(t.Context(), widget, Address{Path: "gadget"}, false)
	if !artifact.Is(err, artifact.NotFound) {
		t.Errorf("one that is not there: got %v", err)
	}
	_, err = o.Read(t.Context(), widget, Address{Path: "other", Essential: "second page"}, true)
	if !artifact.Is(err, artifact.Unavailable) || !strings.Contains(err.Error(), "second page") {
		t.Errorf("one that has to be there: got %v", err)
	}
}

func TestHeadsAreForgottenWhenTheyTakeTooMuchRoom(t *testing.T) {
	small := lines
	small.Room = 10 << 10
	r := NewRegistry(nil, connection, &small)
	good, opened := kept(t, strings.Repeat("1.0 one\n", 10)), 0
	for _, id := range []string{"a", "a", "b", "c", "d", "a"} {
		_, err := r.page(t.Context(), widget, Stored{ID: id, Size: int64(len(good)),
			Open: func(context.Context) (io.ReadCloser, error) { opened++; return ways["seeking"](good), nil }})
		if err != nil {
			t.Fatal(err)
		}
	}
	// Footer and head are two readings.
	if used := r.heads.Used(); opened != 5*2 || used == 0 || used > small.Room {
		t.Errorf("opened %d times, %d bytes kept", opened, used)
	}
}

func TestRemotesOfAnyNumberTakeTheRoomOfOne(t *testing.T) {
	small := lines
	small.Room = 10 << 10
	good, all := kept(t, strings.Repeat("1.0 one\n", 10)), map[*bytecache.Cache[string, *indexed]]bool{}
	for i := range 20 {
		r := NewRegistry(nil, fmt.Sprintf("remote:central@%d/npm", i), &small)
		_, err := r.page(t.Context(), widget, Stored{ID: fmt.Sprint(i), Size: int64(len(good)),
			Open: func(context.Context) (io.ReadCloser, error) { return ways["seeking"](good), nil }})
		if err != nil {
			t.Fatal(err)
		}
		all[r.heads] = true
	}
	used := int64(0)
	for heads := range all {
		used += heads.Used()
	}
	if used == 0 || used > small.Room {
		t.Errorf("%d bytes are kept where there is room for %d", used, small.Room)
	}
	if own := NewRegistry(nil, connection, &small); all[own.heads] {
		t.Error("remotes take the room of a public registry")
	}
}

// Whatever lies in the store, reading it ends, and a page that can be read has each version in its row.
func FuzzPage(f *testing.F) {
	f.Add(kept(f, threeOfFour))
	f.Add(kept(f, ""))
	f.Add([]byte(`{"index":[{"v":"1","a":0,"n":9223372036854775807}]}00000000000000000000` + "\n"))
	f.Add([]byte(`x{"index":[{"v":"1","a":1,"n":0},{"v":"1","a":1,"n":-1}]}00000000000000000001` + "\n"))
	f.Fuzz(func(t *testing.T, p []byte) {
		l, err := open(t, p, ways["seeking"])
		streamed, again := open(t, p, ways["streaming"])
		if (err == nil) != (again == nil) {
			t.Fatalf("seeking: %v, streaming: %v", err, again)
		}
		if err != nil {
			return
		}
		if !maps.Equal(l.places, streamed.places) {
			t.Fatalf("seeking: %v, streaming: %v", l.places, streamed.places)
		}
		seen := 0
		for v, err := range l.Each(t.Context()) {
			if seen++; err != nil && !errors.Is(err, ErrForm) {
				t.Fatalf("version %q: %v", v.Version, err)
			}
			if err != nil {
				return
			}
		}
		if seen != len(l.Head().Index) {
			t.Fatalf("got %d versions in a row of %d", seen, len(l.Head().Index))
		}
	})
}
