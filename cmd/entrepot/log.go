package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"entrepot/config"
)

// openLog returns the log, and flush, which writes down the lines that are still in memory: it is called when nothing
// logs any more.
func openLog(l config.Log, to io.Writer) (log *slog.Logger, flush func()) {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.Level)) // checked when the configuration was loaded
	options := &slog.HandlerOptions{Level: level}
	lines := &lineWriter{to: to}
	var handler slog.Handler = slog.NewTextHandler(lines, options)
	if l.Format == "json" {
		handler = slog.NewJSONHandler(lines, options)
	}
	return slog.New(promptHandler{handler, lines}), lines.flush
}

const (
	// logDelay is how long a line may stay in memory.
	logDelay = 100 * time.Millisecond
	// logRoom is how many bytes of lines may wait there; whoever brings more writes them all.
	logRoom = 64 << 10
)

// lineWriter writes lines together, since a system call for each answered request costs as much as some requests
// themselves. A line that cannot be written is lost: there is no other place to say so.
type lineWriter struct {
	to io.Writer

	mu      sync.Mutex
	waiting []byte
	due     bool // a flush is on its way
}

// Write takes one line or several, whole.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, p...)
	switch {
	case len(w.waiting) >= logRoom:
		w.write()
	case !w.due:
		w.due = true
		time.AfterFunc(logDelay, w.flush)
	}
	return len(p), nil
}

// flush writes what waits.
func (w *lineWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = false
	w.write()
}

func (w *lineWriter) write() {
	if len(w.waiting) > 0 {
		_, _ = w.to.Write(w.waiting)
		w.waiting = w.waiting[:0]
	}
}

// promptHandler has warnings and errors written down before the program goes on: they may be its last words.
type promptHandler struct {
	slog.Handler
	lines *lineWriter
}

// Handle writes one record.
func (h promptHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		h.lines.flush()
	}
	return err
}

// WithAttrs returns a handler that adds attributes.
func (h promptHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return promptHandler{h.Handler.WithAttrs(attrs), h.lines}
}

// WithGroup returns a handler that puts attributes into a group.
func (h promptHandler) WithGroup(name string) slog.Handler {
	return promptHandler{h.Handler.WithGroup(name), h.lines}
}
