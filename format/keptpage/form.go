// Package keptpage keeps what an external registry lists of a package, for the formats whose registries tell it in one
// document: a page with all versions.
//
// A page is written in one pass that holds one version at a time, however large it is: what the format keeps of each
// version, one after the other; behind them the head, which says what the page says as a whole and where each version
// stands; at the end, where the head begins. So a version is read without reading the others, and all of them in one pass.
package keptpage

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"entrepot/artifact"
)

// layout names how a page is laid out. A change of the layout changes this.
const layout = "page 1"

// footerSize is that of what stands at the end, in bytes: where the head begins in decimal, filled with zeros, and a line
// feed.
const footerSize = 21

// maxHead bounds the head, which is held whole, in bytes. The largest registries have some ten thousand versions of a
// package, at about 70 bytes each.
const maxHead = 64 << 20

// ErrForm says that what is kept of a registry is not as it was written.
var ErrForm = errors.New("what is kept of the registry is not in its form")

// Head is what a page says besides what its versions are.
type Head struct {
	Labels   map[string]string `json:"labels"`   // the registry's own; versions by label
	Manifest json.RawMessage   `json:"manifest"` // what the format keeps about the package as a whole
	Index    []Place           `json:"index"`    // every version once, in the order in which they were written
}

// ReadManifest reads what a format keeps about a package as a whole, the Manifest of a Head, which is JSON. ErrForm: it is not.
func ReadManifest[T any](manifest []byte) (about T, err error) {
	if err := json.Unmarshal(manifest, &about); err != nil {
		return about, fmt.Errorf("%w: %w", ErrForm, err)
	}
	return about, nil
}

// Place is where a version stands in a page.
type Place struct {
	Version string    `json:"v"`
	At      int64     `json:"a"`          // bytes from the start
	Length  int64     `json:"n"`          // bytes
	Time    time.Time `json:"t,omitzero"` // when the registry published it; zero where it does not say
	// Unlisted says that the registry yanked or hid it: it is there for those who name it.
	Unlisted bool `json:"u,omitempty"`
}

func (p Place) status() artifact.Status {
	if p.Unlisted {
		return artifact.Unlisted
	}
	return artifact.Published
}

// Writer writes a page.
type Writer struct {
	out *bufio.Writer
	at  int64
}

// NewWriter returns a writer of a page to dst.
func NewWriter(dst io.Writer) *Writer { return &Writer{out: bufio.NewWriterSize(dst, 64<<10)} }

// Add writes what is kept of a version and returns where it stands. The version counts if that is in the index of the head.
func (w *Writer) Add(version string, kept []byte) (Place, error) {
	p := Place{Version: version, At: w.at, Length: int64(len(kept))}
	w.at += p.Length
	_, err := w.out.Write(kept)
	return p, err
}

// Finish writes the head and ends the page. It fails for a head that is too large to be read.
func (w *Writer) Finish(h Head) error {
	line, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("write head: %w", err)
	}
	if len(line) > maxHead {
		return fmt.Errorf("its head is larger than %d bytes", maxHead)
	}
	_, _ = w.out.Write(line) // a bufio.Writer keeps its first error for Flush
	_, _ = fmt.Fprintf(w.out, "%0*d\n", footerSize-1, w.at)
	return w.out.Flush()
}
