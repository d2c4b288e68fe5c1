package fakeregistry

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is a way of answering: the honest answer goes in, what the client gets comes out.
type Fault func(Answer)

// Answer is what an honest registry would say.
type Answer struct {
	Code   int
	Body   []byte
	Header http.Header
	File   bool // a file of a package, not a document about it

	w http.ResponseWriter
	r *http.Request
}

// NotFound is the answer about what the registry does not have.
func NotFound() Answer {
	return Answer{
		Code: http.StatusNotFound, Body: []byte(`{"error":"Not found"}`),
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}

// Faults are the ways of failing that every registry has, by the name a session gives them. Those about files leave
// documents honest.
var Faults = map[string]Fault{
	"none":      None,
	"down":      hangUp,
	"5xx":       status(http.StatusServiceUnavailable),
	"gone":      status(http.StatusNotFound),
	"forbidden": status(http.StatusForbidden),
	"html":      portal,
	"bytes":     OnFiles(flipped),
	"truncated": OnFiles(truncated),
	"longer":    OnFiles(longer),
	"empty":     OnFiles(empty),
	"portal":    OnFiles(portal),
	"junk":      OnDocuments(junk),
	"slow":      Trickle(1500 * time.Millisecond),
}

// With returns Faults and those of one kind of registry.
func With(more map[string]Fault) map[string]Fault {
	all := maps.Clone(Faults)
	maps.Copy(all, more)
	return all
}

// Say is another answer than the honest one, whatever is asked.
func Say(mediaType, body string) Fault {
	return func(a Answer) {
		a.Code, a.Header, a.Body = http.StatusOK, http.Header{"Content-Type": {mediaType}}, []byte(body)
		None(a)
	}
}

// Change is the honest answer with a change.
func Change(change func(*Answer)) Fault {
	return func(a Answer) {
		change(&a)
		None(a)
	}
}

// None is the honest answer, with validators and transfer coding.
func None(a Answer) {
	h := a.w.Header()
	for key, values := range a.Header {
		h[key] = values
	}
	if tag := h.Get("Etag"); tag != "" && a.r.Header.Get("If-None-Match") == tag {
		a.w.WriteHeader(http.StatusNotModified)
		return
	}
	if !a.File && strings.Contains(a.r.Header.Get("Accept-Encoding"), "gzip") {
		var squeezed bytes.Buffer
		z := gzip.NewWriter(&squeezed)
		_, _ = z.Write(a.Body) // into memory: cannot fail
		_ = z.Close()
		h.Set("Content-Encoding", "gzip")
		a.Body = squeezed.Bytes()
	}
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	a.w.WriteHeader(a.Code)
	if a.r.Method == http.MethodHead {
		return
	}
	_, _ = a.w.Write(a.Body) // a client that has gone away
}

// hangUp closes the connection without a word, as a host that is going down does.
func hangUp(Answer) { panic(http.ErrAbortHandler) }

func status(code int) Fault {
	return func(a Answer) {
		a.w.Header().Set("Content-Type", "application/json")
		a.w.WriteHeader(code)
		_, _ = a.w.Write([]byte(`{"error":"` + http.StatusText(code) + `"}`))
	}
}

// portal is what stands between a hotel's guests and the internet.
func portal(a Answer) {
	a.w.Header().Set("Content-Type", "text/html")
	_, _ = a.w.Write([]byte("<!doctype html><title>Please sign in</title><p>Please sign in to this network."))
}

// OnFiles is the fault where a file of a package is asked for, and honesty elsewhere.
func OnFiles(f Fault) Fault {
	return func(a Answer) {
		if !a.File {
			None(a)
			return
		}
		f(a)
	}
}

// OnDocuments is the fault where a document is asked for, and honesty elsewhere.
func OnDocuments(f Fault) Fault {
	return func(a Answer) {
		if a.File {
			None(a)
			return
		}
		f(a)
	}
}

// flipped has the right length and one wrong byte.
func flipped(a Answer) {
	a.Body = bytes.Clone(a.Body)
	a.Body[len(a.Body)/2] ^= 1
	None(a)
}

// truncated is half, and says it is whole.
func truncated(a Answer) {
	a.Body = a.Body[:len(a.Body)/2]
	None(a)
}

func longer(a Answer) {
	a.Body = append(bytes.Clone(a.Body), "more"...)
	None(a)
}

func empty(a Answer) {
	a.Body = nil
	None(a)
}

// junk is the first half of a document, as if it had just changed.
func junk(a Answer) {
	a.Header = a.Header.Clone()
	a.Header.Del("Etag")
	a.Body = a.Body[:len(a.Body)/2]
	None(a)
}

// Trickle sends half of a file at once and the rest after a pause.
func Trickle(pause time.Duration) Fault {
	return halved(func() <-chan time.Time { return time.After(pause) })
}

// Hold sends half of a file at once and the rest when release is closed.
func Hold(release <-chan time.Time) Fault {
	return halved(func() <-chan time.Time { return release })
}

// halved sends half of a file at once and the rest when what more returns gives a value or is closed.
func halved(more func() <-chan time.Time) Fault {
	return OnFiles(func(a Answer) {
		if a.Code != http.StatusOK {
			None(a)
			return
		}
		a.w.Header().Set("Content-Type", "application/octet-stream")
		a.w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
		half := len(a.Body) / 2
		_, _ = a.w.Write(a.Body[:half])
		if err := http.NewResponseController(a.w).Flush(); err != nil {
			return
		}
		select {
		case <-more():
			_, _ = a.w.Write(a.Body[half:])
		case <-a.r.Context().Done():
		}
	})
}
