package main

import (
	"fmt"
	"os"
	"time"

	"entrepot/fsck"
)

// progress is a line on a terminal that is written over. On anything else nothing is shown.
type progress struct {
	to      *os.File
	started time.Time
	shown   time.Time
}

// every is how often the line is written.
const every = 200 * time.Millisecond

func newProgress(to *os.File) *progress {
	info, err := to.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		to = nil
	}
	return &progress{to: to, started: time.Now()}
}

// show tells how far the reading is, and how long the rest takes if it goes on as it did.
func (p *progress) show(at fsck.Progress) {
	p.write(func() string {
		return fmt.Sprintf("%d of %d contents, %s of %s%s", at.Contents, at.AllContents, size(at.Bytes), size(at.AllBytes),
			left(time.Since(p.started), at.Bytes, at.AllBytes))
	})
}

// write writes the line, unless it was written a moment ago.
func (p *progress) write(text func() string) {
	now := time.Now()
	if p.to == nil || now.Sub(p.shown) < every {
		return
	}
	p.shown = now
	fmt.Fprintf(p.to, "\r\x1b[K%s", text())
}

// left words the time that is left.
func left(taken time.Duration, done, all int64) string {
	if done == 0 || taken < time.Second {
		return ""
	}
	rest := time.Duration(float64(taken) / float64(done) * float64(all-done))
	return fmt.Sprintf(", %s left", rest.Round(time.Second))
}

// end removes the line.
func (p *progress) end() {
	if p.to != nil && !p.shown.IsZero() {
		fmt.Fprint(p.to, "\r\x1b[K")
	}
}
