package upstream_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/upstream"
)

func TestDocument(t *testing.T) {
	t.Run("it is asked below the origin with what it accepts", func(t *testing.T) {
		r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
			fmt.Fprintf(w, "%s %s %s", req.RequestURI, req.Header.Get("Accept"), req.UserAgent())
		})
		d, err := r.Document(t.Context(), document("@scope%2fname?full=1"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := read(t, d), "/registry/@scope%2fname?full=1 application/json entrepot"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("its form may hold what the header of the answer says", func(t *testing.T) {
		says, bodies := "<next>", 0
		r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("ETag", `"1"`)
			if says != "" {
				w.Header().Set("Link", says)
			}
			if req.Header.Get("If-None-Match") != "" {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			bodies++
			fmt.Fprint(w, "body")
		})
		req := document("left")
		req.RegenerateAnswer = func(dst io.Writer, src io.Reader, answer http.Header) error {
			text, err := io.ReadAll(src)
			_, _ = fmt.Fprintf(dst, "%s %s", text, answer.Get("Link"))
			return err
		}
		req.Fits = func(kept io.Reader, answer http.Header) (bool, error) {
			text, err := io.ReadAll(kept)
			return answer.Get("Link") == "" || string(text) == "body "+answer.Get("Link"), err
		}
		for _, step := range []struct {
			says, want string
			bodies     int
		}{
			{"<next>", "body <next>", 1}, {"<next>", "body <next>", 1}, {"", "body <next>", 1}, {"<other>", "body <other>", 2},
			{"<other>", "body <other>", 2},
		} {
			says = step.says
			d, err := r.Document(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, d); got != step.want || bodies != step.bodies {
				t.Errorf("the header says %s: got %q after %d bodies, want %q after %d", says, got, bodies, step.want, step.bodies)
			}
			r.clock.pass(time.Hour)
		}
		// What is kept and cannot be read any more is fetched.
		r.cache.Lose()
		d, err := r.Document(t.Context(), req)
		if err != nil || read(t, d) != "body <other>" || bodies != 3 {
			t.Errorf("got %v after %d bodies", err, bodies)
		}
	})
	t.Run("what was left out of it is remarked on once", func(t *testing.T) {
		r := newRig(t, say("one"))
		for range 3 {
			r.Remark(npmjs, "left", 1, "the version 1.0")
		}
		r.Remark(npmjs, "left", 2, "the version 1.0")
		if got := strings.Count(r.log.String(), "left out parts"); got != 2 {
			t.Errorf("%d lines are in the log, want two: %s", got, r.log)
		}
	})
	t.Run("fresh it costs no request and no look into the cache", func(t *testing.T) {
		r := newRig(t, say("one"))
		first := r.wantDocument(t, "one")
		loads := r.cache.Loads()
		r.clock.pass(5 * time.Second)
		if second := r.wantDocument(t, "one"); second.ID != first.ID || second.Stale {
			t.Errorf("got %+v after %+v", second, first)
		}
		if got := r.cache.Loads(); got != loads {
			t.Errorf("the cache was asked %d times more", got-loads)
		}
		if err := r.Client.Close(); err != nil { // waits for what may be under way unseen
			t.Fatal(err)
		}
		r.wantRequests(t, 1)
	})
	t.Run("ageing it is answered at once and asked for in the background", func(t *testing.T) {
		r := newRig(t, say("one"))
		r.wantDocument(t, "one")
		r.clock.pass(30 * time.Second)
		release := make(chan struct{})
		r.act(func(w http.ResponseWriter, req *http.Request) { <-release; say("two")(w, req) })
		for range 3 {
			if d := r.wantDocument(t, "one"); d.Stale {
				t.Error("an ageing document is not stale")
			}
		}
		close(release)
		eventually(t, "the new document is known", func() bool {
			d, err := r.Document(t.Context(), document("left"))
			return err == nil && d.CheckedAt.Equal(r.clock.now())
		})
		r.wantDocument(t, "two")
		r.wantRequests(t, 2)
	})
	t.Run("the background request outlives the caller", func(t *testing.T) {
		r := newRig(t, say("one"))
		r.wantDocument(t, "one")
		r.clock.pass(30 * time.Second)
		r.act(say("two"))
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := r.Document(ctx, document("left")); err != nil {
			t.Fatal(err)
		}
		cancel()
		eventually(t, "the new document comes", func() bool {
			d, err := r.Document(t.Context(), document("left"))
			return err == nil && read(t, d) == "two"
		})
	})
	t.Run("expired it is confirmed by a 304 without a body", func(t *testing.T) {
		r := newRig(t, say("one"))
		first := r.wantDocument(t, "one")
		r.clock.pass(time.Hour)
		second := r.wantDocument(t, "one")
		r.wantRequests(t, 2)
		if !second.FetchedAt.Equal(first.FetchedAt) || !second.CheckedAt.Equal(r.clock.now()) || second.ID != first.ID {
			t.Errorf("got %+v after %+v", second, first)
		}
		if want := time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC); !second.UpstreamLastModified.Equal(want) {
			t.Errorf("got upstream time %v, want %v", second.UpstreamLastModified, want)
		}
	})
	t.Run("its ID changes exactly when its content does", func(t *testing.T) {
		r := newRig(t, say("one"))
		first := r.wantDocument(t, "one")
		r.clock.pass(time.Hour)
		r.act(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "one") })
		if same := r.wantDocument(t, "one"); same.ID != first.ID {
			t.Error("equal bytes got another ID")
		}
		r.clock.pass(time.Hour)
		r.act(say("two"))
		if other := r.wantDocument(t, "two"); other.ID == first.ID {
			t.Error("other bytes kept the ID")
		}
	})
	t.Run("another form is fetched whole, without the old validators", func(t *testing.T) {
		r := newRig(t, say("one"))
		r.wantDocument(t, "one")
		next := document("left")
		next.RegenerateVersion = "2"
		next.Regenerate = func(dst io.Writer, src io.Reader) error {
			_, err := fmt.Fprint(dst, "form 2 of ")
			return errors.Join(err, copyForm(dst, src))
		}
		d, err := r.Document(t.Context(), next)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, d); got != "form 2 of one" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a new client finds what an old one kept", func(t *testing.T) {
		r := newRig(t, say("one"))
		r.wantDocument(t, "one")
		second := newRig(t, status(http.StatusInternalServerError), func(o *upstream.Options, _ *upstream.Origin) {
			o.Cache, o.Now = r.cache, r.clock.now
		})
		second.wantDocument(t, "one")
		second.wantRequests(t, 0)
	})
	t.Run("a body the cache lost is fetched again", func(t *testing.T) {
		r := newRig(t, say("one"))
		d := r.wantDocument(t, "one")
		r.cache.Lose()
		if got := read(t, d); got != "one" {
			t.Errorf("got %q", got)
		}
		r.clock.pass(time.Hour)
		r.cache.Lose()
		r.wantDocument(t, "one")
		r.cache.Lose()
		r.clock.pass(time.Hour)
		r.act(say("two"))
		if _, err := d.Open(t.Context()); !artifact.Is(err, artifact.Unavailable) {
			t.Errorf("a document that changed under its ID: got %v, want unavailable", err)
		}
	})
}

func TestManyCallersCauseOneRequest(t *testing.T) {
	for _, test := range []struct {
		name string
		age  time.Duration // negative: nothing is known
		want int64
	}{
		{"when nothing is known", -1, 1},
		{"when what is known has expired", time.Hour, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, say("one"))
			if test.age >= 0 {
				r.wantDocument(t, "one")
				r.clock.pass(test.age)
			}
			r.act(func(w http.ResponseWriter, req *http.Request) {
				time.Sleep(20 * time.Millisecond) // so that most callers are there before the answer is
				say("one")(w, req)
			})
			var wg sync.WaitGroup
			for range 1000 {
				wg.Go(func() {
					if _, err := r.Document(t.Context(), document("left")); err != nil {
						t.Errorf("Document: %v", err)
					}
				})
			}
			wg.Wait()
			r.wantRequests(t, test.want)
		})
	}
}

func TestAFailingUpstreamLeavesTheOldDocument(t *testing.T) {
	hangUp := func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
	for _, test := range []struct {
		name   string
		script http.HandlerFunc
	}{
		{"server error", status(http.StatusInternalServerError)},
		{"too many requests", status(http.StatusTooManyRequests)},
		{"bad gateway", status(http.StatusBadGateway)},
		{"connection cut", hangUp},
		{"partial content unasked", status(http.StatusPartialContent)},
		{"no content", status(http.StatusNoContent)},
		{"empty", status(http.StatusOK)},
		{"a page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<html>please log in</html>")
		}},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"name":`)
		}},
		{"an unknown coding", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "xxx")
		}},
		{"not gzip", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "this is not gzip at all")
		}},
		{"a redirect in circles", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, say("one"))
			r.wantDocument(t, "one")
			r.clock.pass(time.Hour)
			r.act(test.script)
			if d := r.wantDocument(t, "one"); !d.Stale {
				t.Error("the document is not marked stale")
			}
			asked := r.requests.Load()
			for range 20 {
				r.wantDocument(t, "one")
			}
			r.wantRequests(t, asked) // nobody waits for a host that has just failed
			if !strings.Contains(r.log.String(), "could not renew an upstream document") {
				t.Error("nothing was logged")
			}
			_, err := r.Document(t.Context(), document("right"))
			wantKind(t, err, artifact.Unavailable)

			r.act(say("two"))
			r.clock.pass(2 * time.Hour)
			r.wantDocument(t, "one") // at once, while asking
			eventually(t, "the upstream's recovery is noticed", func() bool {
				d, err := r.Document(t.Context(), document("left"))
				return err == nil && !d.Stale && read(t, d) == "two"
			})
		})
	}
}

func TestADawdlingUpstreamHoldsNobodyWithAnOldDocument(t *testing.T) {
	r := newRig(t, say("one"), func(o *upstream.Options, _ *upstream.Origin) { o.StaleWait = 20 * time.Millisecond })
	r.wantDocument(t, "one")
	r.clock.pass(time.Hour)
	release := make(chan struct{})
	r.act(func(w http.ResponseWriter, req *http.Request) { <-release; say("two")(w, req) })
	if d := r.wantDocument(t, "one"); !d.Stale {
		t.Error("the document is not marked stale")
	}
	close(release)
	eventually(t, "the slow answer is used", func() bool {
		d, err := r.Document(t.Context(), document("left"))
		return err == nil && read(t, d) == "two"
	})
}

func TestAbsence(t *testing.T) {
	for _, code := range []int{http.StatusNotFound, http.StatusGone, http.StatusUnavailableForLegalReasons} {
		t.Run(fmt.Sprintf("a %d is believed for a minute", code), func(t *testing.T) {
			r := newRig(t, status(code))
			for range 100 {
				_, err := r.Document(t.Context(), document("left"))
				wantKind(t, err, artifact.NotFound)
			}
			r.wantRequests(t, 1)
			r.act(say("one"))
			r.clock.pass(59 * time.Second)
			_, err := r.Document(t.Context(), document("left"))
			wantKind(t, err, artifact.NotFound)
			r.clock.pass(time.Second)
			r.wantDocument(t, "one")
		})
	}
	t.Run("it ends the service of an old document, also after a restart", func(t *testing.T) {
		r := newRig(t, say("malware"))
		r.wantDocument(t, "malware")
		r.clock.pass(time.Hour)
		r.act(status(http.StatusNotFound))
		_, err := r.Document(t.Context(), document("left"))
		wantKind(t, err, artifact.NotFound)
		r.wantRequests(t, 2)

		second := newRig(t, status(http.StatusInternalServerError), func(o *upstream.Options, _ *upstream.Origin) {
			o.Cache, o.Now = r.cache, r.clock.now
		})
		_, err = second.Document(t.Context(), document("left"))
		wantKind(t, err, artifact.NotFound)
		second.wantRequests(t, 0)
		r.clock.pass(time.Hour)
		_, err = second.Document(t.Context(), document("left"))
		wantKind(t, err, artifact.Unavailable)
		second.act(say("malware"))
		r.clock.pass(time.Hour)
		second.wantDocument(t, "malware") // it came back, by a 304
	})
	t.Run("a longer time than a minute is not to be had", func(t *testing.T) {
		r := newRig(t, status(http.StatusNotFound),
			func(o *upstream.Options, _ *upstream.Origin) { o.NegativeTTL = time.Hour })
		_, err := r.Document(t.Context(), document("left"))
		wantKind(t, err, artifact.NotFound)
		r.act(say("one"))
		r.clock.pass(time.Minute)
		r.wantDocument(t, "one")
	})
}

func TestRefusedCredentialsAreToldAndNotPaperedOver(t *testing.T) {
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		r := newRig(t, say("one"), func(_ *upstream.Options, o *upstream.Origin) {
			o.Credential = upstream.Credential{User: "u", Password: artifact.NewSecret("hush-hush")}
		})
		realm := newCanary(t)
		r.wantDocument(t, "one")
		r.clock.pass(time.Hour)
		r.act(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm.url()+`/token"`)
			w.WriteHeader(code)
		})
		_, err := r.Document(t.Context(), document("left"))
		wantKind(t, err, artifact.Unavailable)
		if err == nil || !strings.Contains(err.Error(), "credentials") {
			t.Errorf("got %v, want a word about credentials", err)
		}
		if text := fmt.Sprintf("%+v %s", err, r.log); strings.Contains(text, "hush-hush") {
			t.Error("the password was told")
		}
	}
}

func TestRegenerate(t *testing.T) {
	t.Run("what it refuses is not kept", func(t *testing.T) {
		r := newRig(t, say(`{"name":"right"}`))
		req := document("left")
		req.Regenerate = func(dst io.Writer, src io.Reader) error {
			var doc struct{ Name string }
			if err := json.NewDecoder(src).Decode(&doc); err != nil {
				return err
			}
			if doc.Name != "left" {
				return errors.New("it is about somebody else")
			}
			_, err := io.WriteString(dst, doc.Name)
			return err
		}
		_, err := r.Document(t.Context(), req)
		wantKind(t, err, artifact.Unavailable)
		_, err = r.cache.Load(t.Context(), upstream.Key{Connection: npmjs, Path: "left"})
		if !errors.Is(err, upstream.ErrNoEntry) {
			t.Errorf("the cache has it: %v", err)
		}
		r.act(say(`{"name":"left"}`))
		d, err := r.Document(t.Context(), req)
		if err != nil || read(t, d) != "left" {
			t.Errorf("the next answer is not taken: %v", err)
		}
	})
	t.Run("its panic is an error", func(t *testing.T) {
		r := newRig(t, say("one"))
		req := document("left")
		req.Regenerate = func(io.Writer, io.Reader) error { panic("index out of range") }
		_, err := r.Document(t.Context(), req)
		wantKind(t, err, artifact.Internal)
		r.wantDocument(t, "one")
	})
	t.Run("what it leaves unread must still come whole", func(t *testing.T) {
		r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "head and no more")
		})
		req := document("left")
		req.Regenerate = func(dst io.Writer, src io.Reader) error { _, err := io.CopyN(dst, src, 4); return err }
		_, err := r.Document(t.Context(), req)
		wantKind(t, err, artifact.Unavailable)
	})
}

func TestDocumentCeiling(t *testing.T) {
	const ceiling = 100_000
	var part bytes.Buffer // a member of the gzip file: sixteen megabytes
	z := gzip.NewWriter(&part)
	_, _ = io.CopyN(z, zeros{}, 16<<20) // a buffer takes everything
	_ = z.Close()
	bomb := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Error("gzip was not offered")
		}
		w.Header().Set("Content-Encoding", "gzip")
		for range 64 { // ends early: nobody reads that much
			if _, err := w.Write(part.Bytes()); err != nil {
				return
			}
		}
	}
	gzipped := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.CopyN(z, zeros{}, int64(n))
			_ = z.Close()
		}
	}
	for _, test := range []struct {
		name   string
		script http.HandlerFunc
		ok     bool
	}{
		{"exactly at it", say(strings.Repeat("x", ceiling)), true},
		{"one byte more", say(strings.Repeat("x", ceiling+1)), false},
		{"exactly at it after decompression", gzipped(ceiling), true},
		{"one byte more after decompression", gzipped(ceiling + 1), false},
		{"a gigabyte in a megabyte of gzip", bomb, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, test.script, func(o *upstream.Options, _ *upstream.Origin) { o.MaxDocument = ceiling })
			var seen atomic.Int64
			req := document("left")
			req.Regenerate = func(dst io.Writer, src io.Reader) error {
				n, err := io.Copy(dst, src)
				seen.Store(n)
				return err
			}
			_, err := r.Document(t.Context(), req)
			if (err == nil) != test.ok {
				t.Errorf("got %v", err)
			}
			if n := seen.Load(); n > ceiling {
				t.Errorf("Regenerate was given %d bytes", n)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestRefresh(t *testing.T) {
	t.Run("it asks although the document is fresh, but not twice a second", func(t *testing.T) {
		r := newRig(t, say("one"))
		r.wantDocument(t, "one")
		r.act(say("two"))
		r.clock.pass(999 * time.Millisecond)
		if d, err := r.Refresh(t.Context(), document("left")); err != nil || read(t, d) != "one" {
			t.Errorf("too early: got %v", err)
		}
		r.clock.pass(time.Millisecond)
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if d, err := r.Refresh(t.Context(), document("left")); err != nil || read(t, d) != "two" {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		r.wantRequests(t, 2)
	})
	t.Run("many documents share a rate", func(t *testing.T) {
		r := newRig(t, say("one"), func(o *upstream.Options, _ *upstream.Origin) { o.RefreshRate = 5 })
		for i := range 50 {
			if _, err := r.Document(t.Context(), document(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		r.clock.pass(2 * time.Second)
		for i := range 50 {
			if _, err := r.Refresh(t.Context(), document(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		r.wantRequests(t, 50+10) // a burst of twice the rate
	})
	t.Run("an upstream that fails leaves the old document", func(t *testing.T) {
		r := newRig(t, say("one"))
		r.wantDocument(t, "one")
		r.clock.pass(2 * time.Second)
		r.act(status(http.StatusBadGateway))
		d, err := r.Refresh(t.Context(), document("left"))
		if err != nil || !d.Stale || read(t, d) != "one" {
			t.Errorf("got %+v and %v", d, err)
		}
	})
}

func TestAfterCloseOnlyWhatIsKnownIsAnswered(t *testing.T) {
	r := newRig(t, say("one"))
	r.wantDocument(t, "one")
	if err := r.Client.Close(); err != nil {
		t.Fatal(err)
	}
	r.wantDocument(t, "one")
	_, err := r.Document(t.Context(), document("right"))
	wantKind(t, err, artifact.Unavailable)
	s := new(store)
	_, err = r.Asset(t.Context(), s.request("x.tgz", "f", upstream.Want{}))
	wantKind(t, err, artifact.Unavailable)
}

func TestCallerLeavesWhileWaiting(t *testing.T) {
	release := make(chan struct{})
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) { <-release; say("one")(w, req) })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := r.Document(ctx, document("left")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the caller's own deadline", err)
	}
	close(release)
	r.wantDocument(t, "one")
	r.wantRequests(t, 1)
}
