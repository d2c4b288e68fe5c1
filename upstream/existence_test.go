package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/upstream"
	"entrepot/upstream/upstreamtest"
)

func (r *rig) fetchAsset(t *testing.T, req upstream.AssetRequest) (string, error) {
	t.Helper()
	transfer, err := r.Asset(t.Context(), req)
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(transfer)
	return string(content), errors.Join(err, transfer.Close())
}

func (r *rig) wantMissing(t *testing.T, req upstream.AssetRequest) {
	t.Helper()
	_, err := r.fetchAsset(t, req)
	wantKind(t, err, artifact.NotFound)
}

func (r *rig) wantAsset(t *testing.T, req upstream.AssetRequest, want string) {
	t.Helper()
	if got, err := r.fetchAsset(t, req); err != nil || got != want {
		t.Errorf("got asset %q and %v, want %q", got, err, want)
	}
}

func (r *rig) wantLacks(t *testing.T, path string, want bool) {
	t.Helper()
	if got := r.Lacks(npmjs, path); got != want {
		t.Errorf("the upstream lacks %s: got %t, want %t", path, got, want)
	}
}

func TestAMissingAssetIsRemembered(t *testing.T) {
	request := func(path string) upstream.AssetRequest {
		return new(store).request(path, "flight of "+path, upstream.Want{})
	}
	for _, code := range []int{http.StatusNotFound, http.StatusGone, http.StatusUnavailableForLegalReasons} {
		t.Run(fmt.Sprintf("a %d is believed for a minute, in every flight", code), func(t *testing.T) {
			r := newRig(t, status(code))
			for i := range 100 {
				r.wantMissing(t, new(store).request("a.jar", fmt.Sprintf("flight %d", i), upstream.Want{}))
			}
			r.wantRequests(t, 1)
			wantSample(t, r.Client, "entrepot_upstream_negative_hits_total", "asset", 99)
			r.wantLacks(t, "a.jar", true)
			r.wantLacks(t, "b.jar", false)
			r.act(sends([]byte("content"), nil))
			r.clock.pass(59 * time.Second)
			r.wantMissing(t, request("a.jar"))
			r.wantLacks(t, "a.jar", true)
			r.wantAsset(t, request("b.jar"), "content")
			r.wantLacks(t, "b.jar", false)
			r.clock.pass(time.Second)
			r.wantLacks(t, "a.jar", false)
			r.wantAsset(t, request("a.jar"), "content")
		})
	}
	t.Run("by its URL where metadata gave one", func(t *testing.T) {
		r := newRig(t, status(http.StatusNotFound))
		byURL := request("")
		byURL.URL = r.URL + "/registry/a.jar"
		r.wantMissing(t, byURL)
		r.wantMissing(t, byURL)
		r.wantRequests(t, 1)
	})
	t.Run("of one connection and not of another", func(t *testing.T) {
		r := newRig(t, status(http.StatusNotFound))
		here, _ := upstream.ParseOrigin("npmjs", r.URL)
		there, _ := upstream.ParseOrigin("pypi", r.URL)
		c, err := upstream.New(upstream.Options{Cache: new(upstreamtest.Cache),
			Origins: upstream.NewOrigins(here, there)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, connection := range []string{npmjs, "public:pypi", npmjs, "public:pypi"} {
			req := request("a")
			req.Connection, req.Flight = connection, connection
			_, err := c.Asset(t.Context(), req)
			wantKind(t, err, artifact.NotFound)
		}
		r.wantRequests(t, 2)
	})
	t.Run("a failure is no absence", func(t *testing.T) {
		for _, code := range []int{http.StatusForbidden, http.StatusInternalServerError, http.StatusTooManyRequests} {
			r := newRig(t, status(code))
			_, err := r.fetchAsset(t, request("a"))
			wantKind(t, err, artifact.Unavailable)
			r.act(sends([]byte("content"), nil))
			r.wantAsset(t, request("a"), "content")
		}
	})
	t.Run("neither is that our own side has no place for it", func(t *testing.T) {
		r := newRig(t, sends([]byte("content"), nil))
		s := &store{refuse: artifact.Errorf(artifact.NotFound, "It may not come in.")}
		r.wantMissing(t, s.request("a", "f", upstream.Want{}))
		r.wantAsset(t, request("a"), "content")
	})
	t.Run("who has reason to believe otherwise has it asked again, once a second", func(t *testing.T) {
		r := newRig(t, status(http.StatusNotFound))
		again := request("a")
		again.Refresh = true
		r.wantMissing(t, again)
		r.wantMissing(t, again)
		r.wantRequests(t, 1)
		r.clock.pass(time.Second)
		r.wantMissing(t, again)
		r.wantRequests(t, 2)
		r.act(sends([]byte("content"), nil))
		r.clock.pass(time.Second)
		r.wantMissing(t, request("a"))
		r.wantAsset(t, again, "content")
		r.wantAsset(t, request("a"), "content") // the answer cleared it for everybody
	})
	t.Run("and within the connection's rate", func(t *testing.T) {
		r := newRig(t, status(http.StatusNotFound), func(o *upstream.Options, _ *upstream.Origin) { o.RefreshRate = 1 })
		again := func(i int) upstream.AssetRequest {
			req := request(fmt.Sprint(i))
			req.Refresh = true
			return req
		}
		for i := range 10 {
			r.wantMissing(t, again(i))
		}
		r.clock.pass(time.Second)
		for i := range 10 {
			r.wantMissing(t, again(i))
		}
		r.wantRequests(t, 12)
	})
	t.Run("as many as MaxEntries, and no name of more than a kibibyte", func(t *testing.T) {
		r := newRig(t, status(http.StatusNotFound), func(o *upstream.Options, _ *upstream.Origin) { o.MaxEntries = 2 })
		for _, path := range []string{"a", "b", "c", "c", "b", "a"} {
			r.wantMissing(t, request(path))
		}
		r.wantRequests(t, 4)
		long := request(strings.Repeat("x", 1025))
		r.wantMissing(t, long)
		r.wantMissing(t, long)
		r.wantRequests(t, 6)
	})
	t.Run("a clock that is set back ends the belief", func(t *testing.T) {
		r := newRig(t, status(http.StatusNotFound))
		r.wantMissing(t, request("a"))
		r.clock.pass(-time.Hour)
		r.wantMissing(t, request("a"))
		r.wantRequests(t, 2)
	})
}

func file(path string) upstream.ExistsRequest {
	return upstream.ExistsRequest{Connection: npmjs, Path: path}
}

func (r *rig) wantExists(t *testing.T, req upstream.ExistsRequest, size int64, ok bool) {
	t.Helper()
	info, got, err := r.Exists(t.Context(), req)
	if err != nil || got != ok || info.Size != size {
		t.Errorf("got %v with %d bytes and %v, want %v with %d", got, info.Size, err, ok, size)
	}
}

func TestExists(t *testing.T) {
	t.Run("it asks for no bytes, and an answer holds a while", func(t *testing.T) {
		var method, path string
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			method, path = r.Method, r.URL.Path
			w.Header().Set("Content-Length", "1234")
		})
		for range 10 {
			r.wantExists(t, file("org/a/1/a-1.jar"), 1234, true)
		}
		if method != http.MethodHead || path != "/registry/org/a/1/a-1.jar" {
			t.Errorf("got %s %s", method, path)
		}
		r.clock.pass(5 * time.Second)
		r.act(status(http.StatusNotFound))
		r.wantExists(t, file("org/a/1/a-1.jar"), -1, false)
		r.clock.pass(59 * time.Second)
		r.wantExists(t, file("org/a/1/a-1.jar"), -1, false)
		r.wantRequests(t, 2)
		wantSample(t, r.Client, "entrepot_upstream_negative_hits_total", "existence", 1)
		wantSample(t, r.Client, "entrepot_upstream_flights_total", "existence", 2)
	})
	t.Run("a size that was not announced is not known", func(t *testing.T) {
		r := newRig(t, func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() })
		r.wantExists(t, file("a"), -1, true)
	})
	t.Run("when the file was changed is what the upstream says, whichever question it answered", func(t *testing.T) {
		const at = "Sun, 01 Mar 2026 12:00:00 GMT"
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/odd") {
				w.Header().Set("Last-Modified", at)
			}
			sends([]byte("bytes"), nil)(w, r)
		})
		r.wantAsset(t, new(store).request("fetched", "f", upstream.Want{}), "bytes")
		for path, want := range map[string]string{"asked": at, "fetched": at, "odd": time.Time{}.Format(http.TimeFormat)} {
			info, ok, err := r.Exists(t.Context(), file(path))
			if got := info.Modified.Format(http.TimeFormat); err != nil || !ok || got != want {
				t.Errorf("%s: got %s and %v, want %s", path, got, err, want)
			}
		}
		r.wantRequests(t, 3)
	})
	t.Run("a redirect is followed by the same question", func(t *testing.T) {
		var methods []string
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			methods = append(methods, r.Method)
			if strings.HasSuffix(r.URL.Path, "/a") {
				http.Redirect(w, r, "b", http.StatusFound)
			}
		})
		r.wantExists(t, file("a"), -1, true)
		if want := "HEAD HEAD"; strings.Join(methods, " ") != want {
			t.Errorf("got %v, want %s", methods, want)
		}
	})
	t.Run("what one question taught, the question for the bytes knows, and the other way round", func(t *testing.T) {
		r := newRig(t, status(http.StatusNotFound))
		r.wantExists(t, file("a"), -1, false)
		r.wantMissing(t, new(store).request("a", "f", upstream.Want{}))
		r.wantMissing(t, new(store).request("b", "g", upstream.Want{}))
		r.wantExists(t, file("b"), -1, false)
		r.wantRequests(t, 2)
	})
	t.Run("an announced size binds nobody", func(t *testing.T) {
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				w.Header().Set("Content-Length", "1234")
				return
			}
			_, _ = io.WriteString(w, "content")
		})
		r.wantExists(t, file("a"), 1234, true)
		r.wantAsset(t, new(store).request("a", "f", upstream.Want{}), "content")
		r.wantExists(t, file("a"), 7, true)
	})
	t.Run("a refresh asks again after a second", func(t *testing.T) {
		r := newRig(t, status(http.StatusNotFound))
		again := file("a")
		again.Refresh = true
		r.wantExists(t, again, -1, false)
		r.act(status(http.StatusOK))
		r.wantExists(t, again, -1, false)
		r.clock.pass(time.Second)
		r.wantExists(t, again, -1, true)
		r.wantExists(t, file("a"), -1, true)
		r.wantRequests(t, 2)
	})
	t.Run("what is neither a yes nor a no is an error, and not remembered", func(t *testing.T) {
		for _, bad := range []http.HandlerFunc{
			status(http.StatusInternalServerError), status(http.StatusForbidden), status(http.StatusMethodNotAllowed),
			status(http.StatusNotModified),
			func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") },
		} {
			r := newRig(t, bad)
			_, _, err := r.Exists(t.Context(), file("a"))
			wantKind(t, err, artifact.Unavailable)
			r.act(status(http.StatusOK))
			r.wantExists(t, file("a"), -1, true)
		}
	})
	t.Run("after five failures the registry is left alone", func(t *testing.T) {
		r := newRig(t, status(http.StatusInternalServerError))
		for range 10 {
			_, _, err := r.Exists(t.Context(), file("a"))
			wantKind(t, err, artifact.Unavailable)
		}
		r.wantRequests(t, 5)
	})
	t.Run("a page that was asked for is a file", func(t *testing.T) {
		r := newRig(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") })
		page := file("apidocs/index.html")
		page.Accept = "text/html"
		r.wantExists(t, page, -1, true)
	})
	t.Run("an address that is not public is not asked", func(t *testing.T) {
		secret := newCanary(t)
		r := newRig(t, status(http.StatusOK))
		_, _, err := r.Exists(t.Context(), upstream.ExistsRequest{Connection: npmjs, URL: secret.url() + "/a"})
		wantKind(t, err, artifact.Unavailable)
		_, _, err = r.Exists(t.Context(), file("../a"))
		wantKind(t, err, artifact.Invalid)
		r.wantRequests(t, 0)
	})
	t.Run("after Close only what is known is answered", func(t *testing.T) {
		r := newRig(t, status(http.StatusNotFound))
		r.wantExists(t, file("a"), -1, false)
		if err := r.Client.Close(); err != nil {
			t.Fatal(err)
		}
		r.wantExists(t, file("a"), -1, false)
		_, _, err := r.Exists(t.Context(), file("b"))
		wantKind(t, err, artifact.Unavailable)
	})
}

func TestWhoAsksTogetherCausesOneQuestion(t *testing.T) {
	gate := make(chan struct{})
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		<-gate
		w.WriteHeader(http.StatusNotFound)
	})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { r.wantExists(t, file("a"), -1, false) })
		all.Go(func() { r.wantMissing(t, new(store).request("b", "f", upstream.Want{})) })
	}
	eventually(t, "both are asked", func() bool { return r.requests.Load() == 2 })

	leaving, leave := context.WithCancel(t.Context())
	leave()
	if _, _, err := r.Exists(leaving, file("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the caller's own end", err)
	}
	close(gate)
	all.Wait()
	r.wantRequests(t, 2)
}
