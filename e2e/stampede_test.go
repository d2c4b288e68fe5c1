package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/conformance/jsonmatch"
	"entrepot/e2e/fakenpm"
	"entrepot/e2e/fakeregistry"
)

const crowd = 200

// noise is n bytes that do not compress, the same for the same seed.
func noise(seed uint64, n int) []byte {
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24), byte(seed >> 32)})
	b := make([]byte, n)
	_, _ = source.Read(b) // never fails
	return b
}

func (f *fixture) offer(name, number string, size int) []byte {
	f.t.Helper()
	files := map[string][]byte{"bytes.bin": noise(7, size)}
	f.must(f.registry.Add(fakenpm.Package{Name: name, Version: number, Files: files}))
	tarball, _ := f.registry.Tarball(name, number)
	return tarball
}

func TestACrowdAtOneColdTarballIsOneRequestUpstream(t *testing.T) {
	f := newFixture(t)
	want := f.offer("rush", "1.0.0", 1<<20)
	f.registry.Fail(fakeregistry.Trickle(500 * time.Millisecond)) // so that most of the crowd comes while it is under way
	url := f.tarballURL("my-repo", "rush", "1.0.0")
	var wrong atomic.Int64
	var all sync.WaitGroup
	for range crowd {
		all.Go(func() {
			status, body, err := f.fetch(t.Context(), url)
			if err != nil || status != http.StatusOK || !bytes.Equal(body, want) {
				if wrong.Add(1) == 1 {
					t.Errorf("got status %d with %d bytes (%v), want the %d bytes of the registry", status, len(body), err, len(want))
				}
			}
		})
	}
	all.Wait()
	if n := wrong.Load(); n > 0 {
		t.Errorf("got %d wrong answers of %d, want none", n, crowd)
	}
	for what, n := range f.registry.Asked() {
		if n != 1 {
			t.Errorf("got %d requests for %s, want 1", n, what)
		}
	}
}

func TestClientsThatGoAwayDoNotSpoilADownloadForTheOthers(t *testing.T) {
	f := newFixture(t)
	want := f.offer("rush", "1.0.0", 1<<20)
	release := make(chan time.Time)
	f.registry.Fail(fakeregistry.Hold(release))
	url := f.tarballURL("my-repo", "rush", "1.0.0")
	impatient, leave := context.WithCancel(t.Context())
	defer leave()
	const each = 20
	var begun, left, all sync.WaitGroup
	ask := func(ctx context.Context, done *sync.WaitGroup, judge func(int, []byte, error)) {
		begun.Add(1)
		first := sync.OnceFunc(begun.Done)
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: first})
		done.Go(func() {
			judge(f.fetch(ctx, url))
			first() // where no answer has begun
		})
	}
	// The first to ask, for whom the registry was asked, is among those who leave.
	for range each {
		ask(impatient, &left, func(status int, _ []byte, err error) {
			if err == nil {
				t.Errorf("got status %d before the registry had sent all, want no whole answer", status)
			}
		})
	}
	begun.Wait()
	for range each {
		ask(t.Context(), &all, func(status int, body []byte, err error) {
			if err != nil || status != http.StatusOK || !bytes.Equal(body, want) {
				t.Errorf("got status %d with %d bytes (%v), want the registry's %d", status, len(body), err, len(want))
			}
		})
	}
	begun.Wait()
	leave()
	left.Wait()
	close(release)
	all.Wait()
	if n := f.registry.Asked()["GET /rush/-/rush-1.0.0.tgz"]; n != 1 {
		t.Errorf("got %d requests for the tarball, want 1", n)
	}
}

func TestACrowdAtALiarGetsNothingAndNothingIsKept(t *testing.T) {
	for _, fault := range []string{"bytes", "truncated", "longer", "portal"} {
		t.Run(fault, func(t *testing.T) {
			f := newFixture(t)
			want := f.offer("rush", "1.0.0", 256<<10)
			f.registry.Fail(fakenpm.Faults[fault])
			url := f.tarballURL("my-repo", "rush", "1.0.0")
			var complete atomic.Int64
			var all sync.WaitGroup
			for range crowd {
				all.Go(func() {
					if status, _, err := f.fetch(t.Context(), url); err == nil && status == http.StatusOK {
						complete.Add(1)
					}
				})
			}
			all.Wait()
			if n := complete.Load(); n > 0 {
				t.Errorf("got %d complete answers from a liar, want none", n)
			}
			for _, repository := range []string{"my-repo", "npm-store"} {
				packages, err := f.list(t.Context(), "/v1/packages?domain=my-domain&repository="+repository, "packages")
				f.must(err)
				if len(packages) > 0 {
					t.Errorf("got %v in %s, want nothing kept", packages, repository)
				}
			}
			answer, err := f.do(t.Context(), "GET", "/v1/domain?domain=my-domain", "")
			f.must(err)
			if err := jsonmatch.Text(answer, []byte(`{"domain":{"assetSizeBytes":0}}`)); err != nil {
				t.Error(err)
			}

			// The liar becomes honest, and nobody has to wait longer than a breaker stays open.
			f.registry.Fail(fakeregistry.None)
			var status int
			var body []byte
			for range 100 {
				if status, body, err = f.fetch(t.Context(), url); err == nil && status == http.StatusOK {
					break
				}
				time.Sleep(200 * time.Millisecond)
			}
			if err != nil || !bytes.Equal(body, want) {
				t.Errorf("got status %d (%v) from a registry that has become honest, want its bytes", status, err)
			}
		})
	}
}

func TestOneVersionInFiftyRepositoriesTakesItsBytesOnce(t *testing.T) {
	f := newFixture(t)
	const size = 1 << 20
	want := f.offer("shared-by-all", "1.0.0", size)
	for i := range 50 {
		name := fmt.Sprintf("team-%02d", i)
		_, err := f.do(t.Context(), "POST", "/v1/repository?domain=my-domain&repository="+name,
			`{"upstreams":[{"repositoryName":"npm-store"}]}`)
		f.must(err)
		status, body, err := f.fetch(t.Context(), f.tarballURL(name, "shared-by-all", "1.0.0"))
		if err != nil || status != http.StatusOK || !bytes.Equal(body, want) {
			t.Fatalf("got status %d with %d bytes (%v) from %s, want the registry's", status, len(body), err, name)
		}
	}
	if n := f.registry.Asked()["GET /shared-by-all/-/shared-by-all-1.0.0.tgz"]; n != 1 {
		t.Errorf("got %d requests for the tarball, want 1", n)
	}
	answer, err := f.do(t.Context(), "GET", "/v1/domain?domain=my-domain", "")
	f.must(err)
	counts := fmt.Appendf(nil, `{"domain":{"repositoryCount":53,"assetSizeBytes":%d}}`, len(want))
	if err := jsonmatch.Text(answer, counts); err != nil {
		t.Error(err)
	}
	var onDisk int64
	f.must(filepath.WalkDir(filepath.Join(f.data, "blobs"), func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			onDisk += info.Size()
		}
		return err
	}))
	if onDisk < size || onDisk > 2*size {
		t.Errorf("got %d bytes on disk, want about %d once", onDisk, len(want))
	}
}
