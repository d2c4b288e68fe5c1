package pypi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"entrepot/artifact"
)

// The kept form of a registry's page about a project: a line of JSON with the head, which says where each version stands;
// then the versions, each as the lines of its files in JSON. Places count from the end of the head's line.
const keptForm = "pypi 1" // a change of the form, or of what is taken from a page, changes this

var errKeptForm = errors.New("kept page is not in its form")

// Bounds on a registry's page. The largest seen in practice, of projects with a build for each night and platform, have
// some tens of thousands of files and 20 MB.
const (
	maxPage    = 512 << 20 // bytes; the fetching room has a smaller, configurable bound
	maxFiles   = 200_000   // of a project
	maxHeld    = 128 << 20 // bytes of all that is taken from a page, which is held whole
	maxText    = 8 << 10   // bytes of a URL, a reason, a requirement; a longer one is left out
	maxHead    = 64 << 20  // bytes of the head's line
	maxListed  = 1000      // addresses of PEP 708
	maxPerFile = 64 << 10  // bytes of what a page says about one file; a file with more is left out
)

// head describes a kept page.
type head struct {
	Project projectFacts `json:"project"`
	Index   []place      `json:"index"`
}

// place is where a version stands in the kept form.
type place struct {
	Version string    `json:"v"`
	At      int64     `json:"a"` // bytes from the end of the head's line
	Length  int64     `json:"n"` // bytes
	Time    time.Time `json:"t,omitzero"`
}

// keptFile is a line: a file of a version.
type keptFile struct {
	Name  string          `json:"name"`
	Size  int64           `json:"size"` // bytes; 0 if the registry does not say
	Facts json.RawMessage `json:"facts"`
}

// write writes the kept form of the versions, in their order.
func (r *releases) write(dst io.Writer) error {
	h := head{Project: r.project}
	at := int64(0)
	for _, one := range r.versions {
		length := int64(len(one.lines))
		h.Index = append(h.Index, place{Version: one.version, At: at, Length: length, Time: one.first})
		at += length
	}
	line, err := json.Marshal(h)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(dst, 64<<10)
	_, _ = out.Write(append(line, '\n')) // a bufio.Writer keeps its first error for Flush
	for _, one := range r.versions {
		_, _ = out.Write(one.lines)
	}
	return out.Flush()
}

// readHead reads the head of a kept page; size is that of its line with the line feed.
func readHead(r io.Reader) (h head, size int64, err error) {
	line, err := bufio.NewReaderSize(io.LimitReader(r, maxHead), 64<<10).ReadBytes('\n')
	if err == io.EOF {
		err = errKeptForm
	}
	if err != nil {
		return head{}, 0, err
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return head{}, 0, fmt.Errorf("%w: %w", errKeptForm, err)
	}
	return h, int64(len(line)), nil
}

// readFiles reads the lines of one version.
func readFiles(lines []byte) ([]artifact.Asset, error) {
	var files []artifact.Asset
	for line := range bytes.Lines(lines) {
		var kept keptFile
		if err := json.Unmarshal(line, &kept); err != nil {
			return nil, fmt.Errorf("%w: %w", errKeptForm, err)
		}
		a := artifact.Asset{Name: kept.Name, Size: kept.Size, Facts: kept.Facts}
		if a.Size == 0 {
			a.Size = -1
		}
		facts, err := factsOf(a)
		if err != nil {
			return nil, err
		}
		a.Digests = facts.digests()
		files = append(files, a)
	}
	return files, nil
}
