package fakenpm

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is a way of answering: the honest answer goes in, what the client gets comes out.
type Fault func(answer)

// answer is what an honest registry would say.
type answer struct {
	w       http.ResponseWriter
	r       *http.Request
	code    int
	body    []byte
	header  http.Header
	tarball bool
}

// Faults are the ways of failing, by the name a session gives them. Those about tarballs leave documents honest.
var Faults = map[string]Fault{
	"none":      None,
	"down":      hangUp,
	"5xx":       status(http.StatusServiceUnavailable),
	"gone":      status(http.StatusNotFound),
	"forbidden": status(http.StatusForbidden),
	"html":      portal,
	"bytes":     onTarballs(flipped),
	"truncated": onTarballs(truncated),
	"longer":    onTarballs(longer),
	"empty":     onTarballs(empty),
	"portal":    onTarballs(portal),
	"name":      onDocuments(renamed),
	"junk":      onDocuments(junk),
	"slow":      Trickle(1500 * time.Millisecond),
}

// None is the honest answer, with validators and transfer coding.
func None(a answer) {
	h := a.w.Header()
	for key, values := range a.header {
		h[key] = values
	}
	if tag := h.Get("Etag"); tag != "" && a.r.Header.Get("If-None-Match") == tag {
		a.w.WriteHeader(http.StatusNotModified)
		return
	}
	if !a.tarball && strings.Contains(a.r.Header.Get("Accept-Encoding"), "gzip") {
		var squeezed bytes.Buffer
		z := gzip.NewWriter(&squeezed)
		_, _ = z.Write(a.body) // into memory: cannot fail
		_ = z.Close()
		h.Set("Content-Encoding", "gzip")
		a.body = squeezed.Bytes()
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	a.w.WriteHeader(a.code)
	if a.r.Method == http.MethodHead {
		return
	}
	_, _ = a.w.Write(a.body) // a client that has gone away
}

// hangUp closes the connection without a word, as a host that is going down does.
func hangUp(answer) { panic(http.ErrAbortHandler) }

func status(code int) Fault {
	return func(a answer) {
		a.w.Header().Set("Content-Type", "application/json")
		a.w.WriteHeader(code)
		_, _ = a.w.Write([]byte(`{"error":"` + http.StatusText(code) + `"}`))
	}
}

// portal is what stands between a hotel's guests and the internet.
func portal(a answer) {
	a.w.Header().Set("Content-Type", "text/html")
	_, _ = a.w.Write([]byte("<!doctype html><title>Please sign in</title><p>Please sign in to this network."))
}

func onTarballs(f Fault) Fault {
	return func(a answer) {
		if !a.tarball {
			None(a)
			return
		}
		f(a)
	}
}

func onDocuments(f Fault) Fault {
	return func(a answer) {
		if a.tarball {
			None(a)
			return
		}
		f(a)
	}
}

// flipped has the right length and one wrong byte.
func flipped(a answer) {
	a.body = bytes.Clone(a.body)
	a.body[len(a.body)/2] ^= 1
	None(a)
}

// truncated is half, and says it is whole.
func truncated(a answer) {
	a.body = a.body[:len(a.body)/2]
	None(a)
}

func longer(a answer) {
	a.body = append(bytes.Clone(a.body), "more"...)
	None(a)
}

func empty(a answer) {
	a.body = nil
	None(a)
}

// renamed is the document of another package.
func renamed(a answer) {
	a.code, a.header = http.StatusOK, http.Header{"Content-Type": {"application/json"}}
	a.body = []byte(`{"name":"right","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{` +
		`"name":"right","version":"1.0.0","dist":{"shasum":"da39a3ee5e6b4b0d3255bfef95601890afd80709",` +
		`"tarball":"http://` + a.r.Host + `/right/-/right-1.0.0.tgz"}}}}`)
	None(a)
}

func junk(a answer) {
	a.code, a.header = http.StatusOK, http.Header{"Content-Type": {"application/json"}}
	a.body = []byte(`{"name":`)
	None(a)
}

// Trickle sends half of a tarball at once and the rest after a pause.
func Trickle(pause time.Duration) Fault {
	return halved(func() <-chan time.Time { return time.After(pause) })
}

// Hold sends half of a tarball at once and the rest when release is closed.
func Hold(release <-chan time.Time) Fault {
	return halved(func() <-chan time.Time { return release })
}

// halved sends half of a tarball at once and the rest when what more returns gives a value or is closed.
func halved(more func() <-chan time.Time) Fault {
	return onTarballs(func(a answer) {
		if a.code != http.StatusOK {
			None(a)
			return
		}
		a.w.Header().Set("Content-Type", "application/octet-stream")
		a.w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		half := len(a.body) / 2
		_, _ = a.w.Write(a.body[:half])
		if err := http.NewResponseController(a.w).Flush(); err != nil {
			return
		}
		select {
		case <-more():
			_, _ = a.w.Write(a.body[half:])
		case <-a.r.Context().Done():
		}
	})
}
