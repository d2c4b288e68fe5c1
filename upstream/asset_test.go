package upstream_test

import (
	"bytes"
	"context"
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

// sends answers with the bytes in pieces, waiting for a signal before each but the first. A nil gate never waits.
func sends(content []byte, gate <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		half := len(content) / 2
		_, _ = w.Write(content[:half])
		w.(http.Flusher).Flush()
		if gate != nil {
			<-gate
		}
		_, _ = w.Write(content[half:])
	}
}

func TestTwoHundredCallersCauseOneRequest(t *testing.T) {
	content := noise(2 << 20)
	r := newRig(t, sends(content, nil), func(o *upstream.Options, _ *upstream.Origin) { o.Linger = time.Hour })
	s := new(store)
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			transfer, err := r.Asset(t.Context(),
				s.request("left-1.tgz", "f", upstream.Want{SHA256: sha256Of(content)}))
			if err != nil {
				t.Errorf("Asset: %v", err)
				return
			}
			defer func() { _ = transfer.Close() }()
			got, err := io.ReadAll(transfer)
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("got %d bytes and %v", len(got), err)
			}
			if transfer.Size() != int64(len(content)) {
				t.Errorf("got size %d", transfer.Size())
			}
		})
	}
	wg.Wait()
	r.wantRequests(t, 1)
	if opened, kept, each := s.counts(); opened != 1 || kept != 1 || each != 200 {
		t.Errorf("opened %d, kept %d, each %d; want 1, 1, 200", opened, kept, each)
	}
	if err := r.Client.Close(); err != nil {
		t.Fatal(err)
	}
	s.wantAllDiscarded(t)
}

func TestAnAsset(t *testing.T) {
	content := noise(300_000)
	want := upstream.Want{SHA256: sha256Of(content), Size: int64(len(content))}

	t.Run("flows while it arrives, all but its last 64 KiB", func(t *testing.T) {
		gate := make(chan struct{})
		r := newRig(t, sends(content, gate))
		s := new(store)
		transfer, err := r.Asset(t.Context(), s.request("a", "f", want))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = transfer.Close() }()
		early := make([]byte, len(content)/2-64<<10)
		if _, err := io.ReadFull(transfer, early); err != nil {
			t.Fatalf("the first half is not let go: %v", err)
		}
		more := make(chan int, 1)
		go func() {
			n, _ := transfer.Read(make([]byte, 1))
			more <- n
		}()
		select {
		case <-more:
			t.Error("bytes were let go that should have been held back")
		case <-time.After(20 * time.Millisecond):
		}
		close(gate)
		<-more
		if _, err := io.Copy(io.Discard, transfer); err != nil {
			t.Error(err)
		}
	})
	t.Run("is joined late from its first byte", func(t *testing.T) {
		gate := make(chan struct{})
		r := newRig(t, sends(content, gate))
		s := new(store)
		first, err := r.Asset(t.Context(), s.request("a", "f", want))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = first.Close() }()
		if _, err := io.ReadFull(first, make([]byte, 50_000)); err != nil {
			t.Fatal(err)
		}
		late, err := r.Asset(t.Context(), s.request("a", "f", want))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = late.Close() }()
		close(gate)
		got, err := io.ReadAll(late)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("got %d bytes and %v", len(got), err)
		}
		r.wantRequests(t, 1)
	})
	t.Run("is kept although every caller left", func(t *testing.T) {
		gate := make(chan struct{})
		r := newRig(t, sends(content, gate))
		s := new(store)
		ctx, cancel := context.WithCancel(t.Context())
		transfer, err := r.Asset(ctx, s.request("a", "f", want))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(transfer, make([]byte, 50_000)); err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := io.ReadAll(transfer); !errors.Is(err, context.Canceled) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v, want the caller's own end, marked as incomplete", err)
		}
		if err := transfer.Close(); err != nil {
			t.Error(err)
		}
		close(gate)
		eventually(t, "it is kept", func() bool { _, kept, _ := s.counts(); return kept == 1 })
		s.wantAllDiscarded(t)
		if _, _, each := s.counts(); each != 0 {
			t.Error("Each ran for a caller who had left")
		}
	})
	t.Run("reaches a slow reader after a fast one has long finished", func(t *testing.T) {
		r := newRig(t, sends(content, nil))
		s := new(store)
		slow, err := r.Asset(t.Context(), s.request("a", "f", want))
		if err != nil {
			t.Fatal(err)
		}
		if err := slow.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.spools[0].Discarded() {
			t.Fatal("the spool is gone while somebody reads it")
		}
		got, err := io.ReadAll(slow)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("got %d bytes and %v", len(got), err)
		}
		if d, ok := slow.Digests(); !ok || !bytes.Equal(d.SHA256[:], want.SHA256) {
			t.Errorf("got digests %v, %v", d, ok)
		}
		_ = slow.Close()
		s.wantAllDiscarded(t)
		if _, err := slow.Read(make([]byte, 1)); err == nil || err == io.EOF {
			t.Errorf("a read after Close: got %v", err)
		}
	})
	t.Run("lingers for who looked in the store a moment too early", func(t *testing.T) {
		requests := 0
		bubble(t, func(w http.ResponseWriter, r *http.Request) {
			requests++
			sends(content, nil)(w, r)
		}, func(o *upstream.Options) { o.Linger = time.Second }, func(t *testing.T, c *upstream.Client) {
			s := new(store)
			fetch := func() {
				t.Helper()
				transfer, err := c.Asset(t.Context(), s.request("a", "f", want))
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(transfer); err != nil || !bytes.Equal(got, content) {
					t.Errorf("got %d bytes and %v", len(got), err)
				}
				_ = transfer.Close()
			}
			for range 3 {
				fetch()
				time.Sleep(450 * time.Millisecond)
			}
			if requests != 1 {
				t.Errorf("got %d requests within the time, want 1", requests)
			}
			s.wantAllDiscarded(t)
			if fetch(); requests != 2 {
				t.Errorf("got %d requests after it, want 2", requests)
			}
		})
	})
	t.Run("is fetched again at once where nothing lingers", func(t *testing.T) {
		small := noise(100)
		r := newRig(t, sends(small, nil))
		const times = 1000 // now and then who reads the last byte is ahead of who brought it
		for range times {
			r.wantAsset(t, new(store).request("a", "f", upstream.Want{}), string(small))
		}
		r.wantRequests(t, times)
	})
	t.Run("is let go by a Close while a read waits", func(t *testing.T) {
		gate := make(chan struct{})
		defer close(gate)
		r := newRig(t, sends(content, gate))
		s := new(store)
		transfer, err := r.Asset(t.Context(), s.request("a", "f", want))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { _, err := io.Copy(io.Discard, transfer); done <- err }()
		time.Sleep(5 * time.Millisecond)
		_ = transfer.Close()
		if err := <-done; err == nil {
			t.Error("the read ended well")
		}
	})
	t.Run("small comes in one piece once it is right", func(t *testing.T) {
		small := noise(1000)
		r := newRig(t, sends(small, nil))
		s := new(store)
		transfer, err := r.Asset(t.Context(), s.request("a", "f", upstream.Want{}))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = transfer.Close() }()
		buf := make([]byte, 2000)
		if n, err := transfer.Read(buf); n != len(small) || err != nil {
			t.Errorf("got %d bytes and %v", n, err)
		}
		if n, err := transfer.Read(buf); n != 0 || err != io.EOF {
			t.Errorf("got %d bytes and %v", n, err)
		}
	})
}

func TestOneOfSeveralHashesIsEnough(t *testing.T) {
	content := noise(10_000)
	want := upstream.Want{AnyOf: []upstream.Want{{SHA512: make([]byte, 64)}, {SHA256: sha256Of(content)}}}
	r := newRig(t, sends(content, nil))
	r.wantAsset(t, new(store).request("a", "f", want), string(content))
	want.AnyOf[0].SHA512 = want.AnyOf[0].SHA512[:10]
	if _, err := r.Asset(t.Context(), new(store).request("a", "g", want)); !artifact.Is(err, artifact.Invalid) {
		t.Errorf("a digest that nothing can have: got %v, want invalid", err)
	}
}

func TestNoWrongBodyGetsThroughComplete(t *testing.T) {
	truth := noise(400_000)
	honest := upstream.Want{SHA256: sha256Of(truth), Size: int64(len(truth))}
	wrong := bytes.Clone(truth)
	wrong[len(wrong)-1] ^= 1
	for _, test := range []struct {
		name     string
		want     upstream.Want
		send     http.HandlerFunc
		mismatch string
	}{
		{"right length, wrong last byte", honest, sends(wrong, nil), "sha256"},
		{"wrong sha512 in metadata", upstream.Want{SHA512: make([]byte, 64)}, sends(truth, nil), "sha512"},
		{"wrong sha1 in metadata", upstream.Want{SHA1: make([]byte, 20)}, sends(truth, nil), "sha1"},
		{"wrong md5 in metadata", upstream.Want{MD5: make([]byte, 16)}, sends(truth, nil), "md5"},
		{"right sha256 but wrong md5", upstream.Want{SHA256: honest.SHA256, MD5: make([]byte, 16)}, sends(truth, nil), "md5"},
		{"none of several hashes", upstream.Want{AnyOf: []upstream.Want{{SHA256: sha256Of(wrong)}, {SHA256: make([]byte, 32)}}},
			sends(truth, nil), "sha256"},
		{"one of several hashes but wrong md5", upstream.Want{MD5: make([]byte, 16), AnyOf: []upstream.Want{honest}},
			sends(truth, nil), "md5"},
		{"shorter than wanted", honest, sends(truth[:300_000], nil), "size"},
		{"longer than wanted", upstream.Want{Size: 300_000}, sends(truth, nil), "size"},
		{"longer than wanted, in chunks", upstream.Want{Size: 300_000}, chunked(truth), "size"},
		{"shorter than wanted, in chunks", upstream.Want{Size: 400_001}, chunked(truth), "size"},
		{"truncated below its own length", honest, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(truth)))
			_, _ = w.Write(truth[:len(truth)-1])
		}, ""},
		{"chunks that break off", honest, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(truth[:300_000])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, ""},
		{"a page in place of an archive", upstream.Want{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write(truth)
		}, ""},
		{"a part nobody asked for", upstream.Want{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-399999/400000")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(truth)
		}, ""},
		{"nothing", upstream.Want{}, status(http.StatusOK), ""},
		{"no content", upstream.Want{}, status(http.StatusNoContent), ""},
		{"not modified, unasked", upstream.Want{}, status(http.StatusNotModified), ""},
		{"coded without a digest to tell", upstream.Want{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			sends(truth, nil)(w, r)
		}, ""},
		{"ending with its connection, without a digest to tell", upstream.Want{},
			func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					panic(err)
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
				_, _ = conn.Write(truth)
				_ = conn.Close()
			}, ""},
		{"larger than the ceiling, announced", upstream.Want{}, sends(noise(600_000), nil), ""},
		{"larger than the ceiling, in chunks", upstream.Want{}, chunked(noise(600_000)), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mismatches atomic.Pointer[upstream.Mismatch]
			r := newRig(t, test.send, func(o *upstream.Options, _ *upstream.Origin) {
				o.MaxAsset = 450_000
				o.OnMismatch = func(m upstream.Mismatch) { mismatches.Store(&m) }
			})
			s := new(store)
			transfer, err := r.Asset(t.Context(), s.request("a", "f", test.want))
			if err == nil {
				var got []byte
				got, err = io.ReadAll(transfer)
				if err == nil || len(got) > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("got %d bytes and %v", len(got), err)
				}
				whole := len(truth)
				if test.want.Size > 0 {
					whole = min(whole, int(test.want.Size))
				}
				if len(got) >= whole {
					t.Errorf("a complete body of %d bytes was let go", len(got))
				}
				_ = transfer.Close()
			}
			wantKind(t, err, artifact.Unavailable)
			if _, kept, each := s.counts(); kept != 0 || each != 0 {
				t.Errorf("kept %d, each %d", kept, each)
			}
			s.wantAllDiscarded(t)
			mismatch := mismatches.Load()
			if (mismatch != nil) != (test.mismatch != "") || mismatch != nil && mismatch.What != test.mismatch {
				t.Errorf("got mismatch %+v, want %q", mismatch, test.mismatch)
			}
			if (test.mismatch != "") != strings.Contains(r.log.String(), "upstream digest mismatch") {
				t.Errorf("got log %s", r.log)
			}

			r.act(sends(truth, nil))
			again, err := r.Asset(t.Context(), s.request("a", "f", honest))
			if err != nil {
				t.Fatalf("an honest answer afterwards: %v", err)
			}
			if got, err := io.ReadAll(again); err != nil || !bytes.Equal(got, truth) {
				t.Errorf("an honest answer afterwards: got %d bytes and %v", len(got), err)
			}
			_ = again.Close()
		})
	}
}

func TestAFileIsLookedIntoBeforeItIsKept(t *testing.T) {
	truth := noise(400_000)
	for name, refuse := range map[string]error{"it is the right one": nil, "it is another": errors.New("it is about something else")} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, sends(truth, nil))
			s := new(store)
			request := s.request("a", "f", upstream.Want{})
			request.Inspect = func(content io.ReaderAt, size int64) error {
				got := make([]byte, size)
				if _, err := content.ReadAt(got, 0); err != nil || !bytes.Equal(got, truth) {
					t.Errorf("got %d bytes to look at, and %v", size, err)
				}
				if _, kept, _ := s.counts(); kept != 0 {
					t.Error("it is kept before it is looked into")
				}
				return refuse
			}
			got, err := r.fetchAsset(t, request)
			if refuse == nil {
				if err != nil || got != string(truth) {
					t.Errorf("got %d bytes and %v", len(got), err)
				}
				return
			}
			wantWords(t, err, "Upstream npmjs sent a file whose content is not what was promised.")
			if _, kept, each := s.counts(); !errors.Is(err, upstream.ErrMismatch) || kept != 0 || each != 0 || len(got) == len(truth) {
				t.Errorf("got %d bytes, %v, kept %d, each %d", len(got), err, kept, each)
			}
		})
	}
}

func chunked(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = w.Write(content)
	}
}

func TestGzipCodedArchiveIsTakenAsItIsWhenItsDigestIsKnown(t *testing.T) {
	content := noise(100_000)
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		if got := req.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("got Accept-Encoding %q", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		sends(content, nil)(w, req)
	})
	transfer, err := r.Asset(t.Context(), new(store).request("a", "f", upstream.Want{SHA256: sha256Of(content)}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = transfer.Close() }()
	if got, err := io.ReadAll(transfer); err != nil || !bytes.Equal(got, content) {
		t.Errorf("got %d bytes and %v", len(got), err)
	}
}

func TestOwnFailuresStopTheLastBytes(t *testing.T) {
	content := noise(200_000)
	full := artifact.Errorf(artifact.Quota, "the disk is full")
	for _, test := range []struct {
		name   string
		break_ func(*upstream.AssetRequest)
	}{
		{"no room", func(r *upstream.AssetRequest) {
			r.Open = func(context.Context) (upstream.Spool, error) { return nil, full }
		}},
		{"not kept", func(r *upstream.AssetRequest) {
			r.Keep = func(context.Context, upstream.Spool, artifact.Digests, int64) error { return full }
		}},
		{"not for this caller", func(r *upstream.AssetRequest) {
			r.Each = func(context.Context, upstream.Spool, artifact.Digests, int64) error { return full }
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, sends(content, nil))
			req := new(store).request("a", "f", upstream.Want{})
			test.break_(&req)
			transfer, err := r.Asset(t.Context(), req)
			if err == nil {
				var got []byte
				got, err = io.ReadAll(transfer)
				if len(got) > len(content)-64<<10 {
					t.Errorf("%d bytes were let go", len(got))
				}
				_ = transfer.Close()
			}
			wantKind(t, err, artifact.Quota)
		})
	}
	t.Run("a panic of Keep is an error", func(t *testing.T) {
		r := newRig(t, sends(content, nil))
		s := new(store)
		req := s.request("a", "f", upstream.Want{})
		req.Keep = func(context.Context, upstream.Spool, artifact.Digests, int64) error { panic("nil map") }
		transfer, err := r.Asset(t.Context(), req)
		if err == nil {
			_, err = io.ReadAll(transfer)
			_ = transfer.Close()
		}
		wantKind(t, err, artifact.Internal)
		s.wantAllDiscarded(t)
	})
}

func TestEachCallersOwnWantCounts(t *testing.T) {
	content := noise(200_000)
	gate := make(chan struct{})
	r := newRig(t, sends(content, gate))
	s := new(store)
	first, err := r.Asset(t.Context(), s.request("a", "f", upstream.Want{}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	third, err := r.Asset(t.Context(), s.request("a", "f", upstream.Want{Size: 100_000}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = third.Close() }()
	second, err := r.Asset(t.Context(), s.request("a", "f", upstream.Want{SHA256: make([]byte, 32)}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	close(gate)
	if got, err := io.ReadAll(first); err != nil || len(got) != len(content) {
		t.Errorf("the first caller got %d bytes and %v", len(got), err)
	}
	if got, err := io.ReadAll(third); err == nil || len(got) >= 100_000 {
		t.Errorf("the third caller got %d bytes and %v", len(got), err)
	}
	if got, err := io.ReadAll(second); err == nil || len(got) == len(content) {
		t.Errorf("the second caller got %d bytes and %v", len(got), err)
	}
}

func TestAbsentAsset(t *testing.T) {
	r := newRig(t, status(http.StatusNotFound))
	s := new(store)
	_, err := r.Asset(t.Context(), s.request("a", "f", upstream.Want{}))
	wantKind(t, err, artifact.NotFound)
	if opened, _, _ := s.counts(); opened != 0 {
		t.Error("room was made for nothing")
	}
}

func TestBadAssetRequests(t *testing.T) {
	r := newRig(t, status(http.StatusOK))
	good := new(store).request("a", "f", upstream.Want{})
	for _, test := range []struct {
		name   string
		change func(*upstream.AssetRequest)
		word   string
	}{
		{"no flight", func(r *upstream.AssetRequest) { r.Flight = "" }, "Flight"},
		{"no Open", func(r *upstream.AssetRequest) { r.Open = nil }, "Open"},
		{"no Keep", func(r *upstream.AssetRequest) { r.Keep = nil }, "Keep"},
		{"half a digest", func(r *upstream.AssetRequest) { r.Want.SHA512 = make([]byte, 32) }, "sha512"},
	} {
		t.Run(test.name, func(t *testing.T) {
			req := good
			test.change(&req)
			_, err := r.Asset(t.Context(), req)
			wantKind(t, err, artifact.Invalid)
			if err == nil || !strings.Contains(err.Error(), test.word) {
				t.Errorf("got %v, want a word about %s", err, test.word)
			}
		})
	}
	r.wantRequests(t, 0)
}
