package e2e

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/e2e/fakenpm"
	"entrepot/e2e/fakeregistry"
)

// mark is in every asset of the crash test, uncompressed: what is kept must not show it.
const mark = "PLAINTEXT-THAT-MUST-NOT-BE-FOUND-IN-THE-DATA-FOLDER"

// Workers of each kind.
const workers = 4

// acknowledged is what a client was told before the server was killed: kept, with these bytes.
type acknowledged struct {
	name, version string
	sum           [sha512.Size]byte
	public        bool // fetched from outside, not published
}

// setting is a whole number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestKilledServersLoseNothingTheyAcknowledged kills the server under load, again and again over the same data. After each
// kill everything that was ever acknowledged in the round is there with its bytes, from the API and from the package
// endpoint, without asking outside; and nothing is there by half. ENTREPOT_KILLS is how often, ENTREPOT_KILL_SEED repeats
// a run.
func TestKilledServersLoseNothingTheyAcknowledged(t *testing.T) {
	t.Parallel()
	kills := int(min(setting(t, "ENTREPOT_KILLS", 20), 100000))
	seed := setting(t, "ENTREPOT_KILL_SEED", uint64(time.Now().UnixNano()))
	t.Logf("%d kills with ENTREPOT_KILL_SEED=%d", kills, seed)
	f := newFixture(t)
	var every []acknowledged
	var starts []time.Duration
	for round := range kills {
		dice := rand.New(rand.NewPCG(seed, uint64(round)))
		l := newLoad(f, round, dice)
		acks := l.until(time.Duration(50+dice.IntN(500)) * time.Millisecond)
		every = append(every, acks...)

		f.registry.Fail(fakenpm.Faults["down"])
		f.moveRegistry() // what the killed server asked for may still be on its way to the old address
		f.registry.Forget()
		began := time.Now()
		f.must(f.open())
		starts = append(starts, time.Since(began))
		for _, wrong := range append(f.lost(acks), f.halves(l.prefix)...) {
			t.Errorf("round %d: %s", round, wrong)
		}
		if asked := f.registry.Asked(); len(asked) > 0 {
			t.Errorf("round %d: asked %v outside, want what is kept to be served without", round, asked)
		}
		if t.Failed() {
			t.Fatalf("in round %d; repeat with ENTREPOT_KILL_SEED=%d ENTREPOT_KILLS=%d", round, seed, round+1)
		}
		f.registry.Fail(fakeregistry.None)
	}
	for _, wrong := range append(f.lost(every), f.halves("round-")...) {
		t.Error(wrong)
	}
	f.must(f.signal())
	f.must(f.wait())
	found, err := folderHas(f.data, mark)
	f.must(err)
	if len(found) > 0 {
		t.Errorf("got plaintext: %s", strings.Join(found, ", "))
	}
	slices.Sort(starts)
	t.Logf("%d acknowledged, none lost; start to ready: median %v, longest %v",
		len(every), starts[len(starts)/2].Round(time.Millisecond), starts[len(starts)-1].Round(time.Millisecond))
}

// load is the traffic of one round.
type load struct {
	f      *fixture
	prefix string
	seeds  []uint64
	cold   []string // public packages that nobody has asked for yet

	mu   sync.Mutex
	acks []acknowledged
}

func newLoad(f *fixture, round int, dice *rand.Rand) *load {
	l := &load{f: f, prefix: fmt.Sprintf("round-%d-", round)}
	for range 2 * workers {
		l.seeds = append(l.seeds, dice.Uint64())
	}
	for i := range 60 {
		name := fmt.Sprintf("%spublic-%d", l.prefix, i)
		f.must(f.registry.Add(l.pack(name, "1.0.0", dice)))
		l.cold = append(l.cold, name)
	}
	return l
}

// pack is a package of a few bytes or of many, with the mark in it.
func (l *load) pack(name, version string, dice *rand.Rand) fakenpm.Package {
	size := 1 << dice.IntN(18)
	return fakenpm.Package{Name: name, Version: version, Verbatim: true, Files: map[string][]byte{
		"content": append([]byte(mark), noise(dice.Uint64(), size)...),
	}}
}

// until lets the workers work for a while and until something was acknowledged, kills the server in the midst of it, and
// returns what was.
func (l *load) until(limit time.Duration) []acknowledged {
	ctx, cancel := context.WithCancel(l.f.t.Context())
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() { l.publishing(ctx, i, rand.New(rand.NewPCG(l.seeds[i], 0))) })
		all.Go(func() { l.fetching(ctx, rand.New(rand.NewPCG(l.seeds[workers+i], 0))) })
	}
	time.Sleep(limit)
	for !l.acknowledgedAny() && !l.f.t.Failed() {
		time.Sleep(time.Millisecond)
	}
	l.f.crash()
	cancel()
	all.Wait()
	return l.acks
}

func (l *load) acknowledge(a acknowledged) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acks = append(l.acks, a)
}

func (l *load) acknowledgedAny() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acks) > 0
}

// publishing publishes packages, and now and then a further version of one that all workers fight over.
func (l *load) publishing(ctx context.Context, worker int, dice *rand.Rand) {
	for i := 0; ctx.Err() == nil; i++ {
		p := l.pack(fmt.Sprintf("@own/%sours-%d-%d", l.prefix, worker, i), "1.0.0", dice)
		if dice.IntN(3) == 0 {
			p = l.pack("@own/"+l.prefix+"hot", fmt.Sprintf("%d.%d.0", worker, i), dice)
		}
		tarball, status, err := l.f.publish(ctx, p)
		if err != nil {
			return // killed
		}
		if status >= 300 {
			l.f.t.Errorf("got status %d for the publish of %s %s, want it taken", status, p.Name, p.Version)
			return
		}
		l.acknowledge(acknowledged{name: p.Name, version: p.Version, sum: sha512.Sum512(tarball)})
	}
}

// fetching asks for public packages, often ones that another worker asks for at the same time.
func (l *load) fetching(ctx context.Context, dice *rand.Rand) {
	for ctx.Err() == nil {
		name := l.cold[dice.IntN(len(l.cold))]
		status, body, err := l.f.fetch(ctx, l.f.tarballURL("my-repo", name, "1.0.0"))
		if err != nil {
			return // killed
		}
		want, _ := l.f.registry.Tarball(name, "1.0.0")
		if status != http.StatusOK || !bytes.Equal(body, want) {
			l.f.t.Errorf("got status %d with %d bytes for %s, want the registry's %d", status, len(body), name, len(want))
			return
		}
		l.acknowledge(acknowledged{name: name, version: "1.0.0", sum: sha512.Sum512(want), public: true})
	}
}

// lost asks for everything acknowledged and returns what is not as it was: the package endpoint has the bytes, and the
// repositories know the version.
func (f *fixture) lost(acks []acknowledged) (wrong []string) {
	seen := map[acknowledged]bool{}
	for _, a := range acks {
		if seen[a] {
			continue // fetched more than once
		}
		seen[a] = true
		status, body, err := f.fetch(f.t.Context(), f.tarballURL("my-repo", a.name, a.version))
		if err != nil || status != http.StatusOK || sha512.Sum512(body) != a.sum {
			wrong = append(wrong, fmt.Sprintf("got status %d with %d bytes (%v) for %s %s, want the acknowledged ones",
				status, len(body), err, a.name, a.version))
		}
		repositories := []string{"my-repo"}
		if a.public {
			repositories = append(repositories, "npm-store")
		}
		for _, repository := range repositories {
			at := "/v1/package/version?domain=my-domain&repository=" + repository + coordinates(a.name) + "&version=" + a.version
			if _, err := f.do(f.t.Context(), "GET", at, ""); err != nil {
				wrong = append(wrong, fmt.Sprintf("acknowledged, but %v", err))
			}
		}
	}
	return wrong
}

// coordinates are a package's query parameters.
func coordinates(name string) string {
	query := "&format=npm&package=" + url.QueryEscape(path.Base(name))
	if scope := path.Dir(name); scope != "." {
		query += "&namespace=" + url.QueryEscape(strings.TrimPrefix(scope, "@"))
	}
	return query
}

// halves goes through everything the repositories list under a prefix and returns what is there by half: each version has
// an asset with the bytes its hashes promise, whether anybody was told of it or not.
func (f *fixture) halves(prefix string) (wrong []string) {
	f.t.Helper()
	for _, repository := range []string{"my-repo", "npm-store"} {
		in := "domain=my-domain&repository=" + repository
		packages, err := f.list(f.t.Context(), "/v1/packages?max-results=1000&package-prefix="+prefix+"&"+in, "packages")
		f.must(err)
		for _, p := range packages {
			in := in + "&format=npm&package=" + url.QueryEscape(p["package"].(string))
			if scope, ok := p["namespace"].(string); ok {
				in += "&namespace=" + scope
			}
			versions, err := f.list(f.t.Context(), "/v1/package/versions?max-results=1000&"+in, "versions")
			f.must(err)
			if len(versions) == 0 {
				wrong = append(wrong, fmt.Sprintf("got %v without a version, want the two to come together", p))
			}
			for _, v := range versions {
				if half := f.half(in + "&version=" + v["version"].(string)); half != "" {
					wrong = append(wrong, half)
				}
			}
		}
	}
	return wrong
}

// half says what is missing of a version, or nothing.
func (f *fixture) half(in string) string {
	f.t.Helper()
	assets, err := f.list(f.t.Context(), "/v1/package/version/assets?"+in, "assets")
	f.must(err)
	if len(assets) != 1 {
		return fmt.Sprintf("got %v as the assets of %s, want one", assets, in)
	}
	status, body, err := f.api(f.t.Context(), "GET", "/v1/package/version/asset?asset=package.tgz&"+in, nil)
	sum := sha512.Sum512(body)
	want := assets[0]["hashes"].(map[string]any)["SHA-512"]
	if err != nil || status != http.StatusOK || hex.EncodeToString(sum[:]) != want {
		return fmt.Sprintf("got status %d with %d bytes (%v) for %s, want those with SHA-512 %v",
			status, len(body), err, in, want)
	}
	return ""
}

func TestAnAssetThatIsLostOnDiskIsNoticed(t *testing.T) {
	f := newFixture(t)
	dice := rand.New(rand.NewPCG(1, 2))
	l := &load{f: f}
	var acks []acknowledged
	for _, name := range []string{"round-kept", "round-lost"} {
		tarball, status, err := f.publish(t.Context(), l.pack(name, "1.0.0", dice))
		if err != nil || status >= 300 {
			t.Fatalf("got status %d (%v) for the publish of %s", status, err, name)
		}
		acks = append(acks, acknowledged{name: name, version: "1.0.0", sum: sha512.Sum512(tarball)})
	}
	if wrong := append(f.lost(acks), f.halves("round-")...); len(wrong) > 0 {
		t.Fatalf("got %v of a healthy server, want nothing", wrong)
	}
	f.must(f.signal())
	f.must(f.wait())
	var kept []string
	f.must(filepath.WalkDir(filepath.Join(f.data, "blobs"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.Contains(path, "domain-") {
			kept = append(kept, path)
		}
		return err
	}))
	if len(kept) != 2 {
		t.Fatalf("got %v on disk, want one file an asset", kept)
	}
	f.must(os.Remove(kept[1]))
	f.must(f.open())
	if lost, halves := f.lost(acks), f.halves("round-"); len(lost) != 1 || len(halves) != 1 {
		t.Errorf("got %v lost and %v by half, want one each", lost, halves)
	}
}

func TestTheMarkWouldBeFoundInAnAssetThatIsKeptPlain(t *testing.T) {
	l := &load{}
	tarball, err := l.pack("p", "1.0.0", rand.New(rand.NewPCG(1, 2))).Pack()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(folder+"/kept", tarball, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := folderHas(folder, mark); err != nil || len(found) != 1 {
		t.Errorf("got %v (%v), want the file to be found", found, err)
	}
}
