package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

// Check is one thing without which the server cannot do its work.
type Check struct {
	Name string // shown to everybody who asks
	Run  func(ctx context.Context) error
}

// FolderWritable makes a check that creates, syncs and removes a file in the folder. A full disk is no failure: what is
// kept is served all the same, and a server that gets no work any more can make no room.
func FolderWritable(folder string) Check {
	return Check{"data folder", func(context.Context) error {
		err := tryFile(folder)
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			return nil
		}
		return err
	}}
}

func tryFile(folder string) error {
	f, err := os.CreateTemp(folder, ".ready-*")
	if err != nil {
		return fmt.Errorf("create a file: %w", err)
	}
	_, err = f.Write([]byte("ready"))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

const (
	checkTime = 2 * time.Second // for all checks together
	checkAge  = time.Second     // an answer this old is given again
)

// health runs the checks, at most once per checkAge however many ask.
type health struct {
	checks []Check
	now    func() time.Time
	mu     sync.Mutex
	at     time.Time
	failed string // the name of the first check that failed
	err    error
}

// ask returns the name and the error of the first check that fails.
func (h *health) ask() (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if age := h.now().Sub(h.at); !h.at.IsZero() && age >= 0 && age < checkAge {
		return h.failed, h.err
	}
	// Not the request's context: its end must not be remembered as a failure.
	ctx, cancel := context.WithTimeout(context.Background(), checkTime)
	defer cancel()
	h.failed, h.err = "", nil
	for _, check := range h.checks {
		if err := check.Run(ctx); err != nil {
			h.failed, h.err = check.Name, err
			break
		}
	}
	h.at = h.now()
	return h.failed, h.err
}

func isHealth(path string) bool { return path == "/healthz" || path == "/readyz" }

// serveHealth answers /healthz, which tells that the process is there, and /readyz, which tells that work may be sent.
func (s *Server) serveHealth(x *exchange, r *http.Request, path string) {
	x.door, x.pattern = "health", path
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		x.w.Header().Set("Allow", "GET, HEAD")
		writeProblem(x.w, http.StatusMethodNotAllowed, "This method is not served here.")
		return
	}
	if path == "/readyz" {
		if s.draining.Load() {
			writeProblem(x.w, http.StatusServiceUnavailable, "The server is shutting down.")
			return
		}
		if name, err := s.health.ask(); err != nil {
			x.err = fmt.Errorf("check %s: %w", name, err)
			writeProblem(x.w, http.StatusServiceUnavailable, "Not ready: "+name+".")
			return
		}
	}
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	x.w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(x.w, "ok\n")
	if path == "/readyz" {
		for _, note := range s.notes {
			if text := note(); text != "" {
				_, _ = io.WriteString(x.w, text+"\n")
			}
		}
	}
}
