package main

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/config"
)

func TestLinesAreWrittenTogetherWithinATenthOfASecond(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		synctest.Test(t, func(t *testing.T) {
			var out writes
			log, flush := openLog(config.Log{Level: "info", Format: format}, &out)
			for _, text := range []string{"first", "second"} {
				log.Info(text)
				log.Debug("quiet")
			}
			if out.text() != "" {
				t.Errorf("%s: %q was written at once", format, out.text())
			}
			time.Sleep(101 * time.Millisecond)
			synctest.Wait()
			if out.count() != 1 || strings.Count(out.text(), "\n") != 2 || !strings.Contains(out.text(), "second") {
				t.Errorf("%s: got %q, want two lines in one write", format, out.text())
			}
			log.Info("last words")
			flush()
			if !strings.Contains(out.text(), "last words") {
				t.Errorf("%s: %q lacks what was flushed", format, out.text())
			}
		})
	}
}

func TestWarningsAndErrorsAreWrittenAtOnceAndInOrder(t *testing.T) {
	for _, level := range []slog.Level{slog.LevelWarn, slog.LevelError} {
		synctest.Test(t, func(t *testing.T) {
			var out writes
			log, _ := openLog(config.Log{Level: "info", Format: "text"}, &out)
			log = log.With("with", "one").WithGroup("group")
			log.Info("before")
			log.Log(t.Context(), level, "now", "key", "value")
			before := strings.Index(out.text(), "before")
			now := strings.Index(out.text(), "msg=now with=one group.key=value")
			if before < 0 || now < before {
				t.Errorf("%s: got %q at once, want both lines", level, out.text())
			}
		})
	}
}

func TestManyLinesDoNotWaitInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out writes
		log, flush := openLog(config.Log{Level: "info", Format: "text"}, &out)
		line := strings.Repeat("x", 1000)
		for range 500 {
			log.Info(line)
		}
		if missing := 500*1000 - len(out.text()); missing > 64<<10 {
			t.Errorf("%d bytes are in memory, want at most 64 KiB", missing)
		}
		flush()
		if n := strings.Count(out.text(), line); n != 500 {
			t.Errorf("got %d lines, want 500", n)
		}
	})
}

// writes remembers each write.
type writes struct {
	mu  sync.Mutex
	all []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, string(bytes.Clone(p)))
	return len(p), nil
}

func (w *writes) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.all)
}

func (w *writes) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.all, "")
}
