package sqlcatalog_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
)

func createDomain(s *sqlcatalog.Store, name string) error {
	return s.Write(context.Background(), func(w catalog.Writer) error {
		_, err := w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: "1", Name: name}})
		return err
	})
}

// countDomains counts all domains; a test has fewer than a page.
func countDomains(t *testing.T, s *sqlcatalog.Store) int {
	t.Helper()
	var n int
	err := s.Read(context.Background(), func(r catalog.Reader) error {
		l, err := r.AllDomains(catalog.Page{Limit: catalog.MaxPage})
		n = len(l.Items)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// whileHeld starts n writes of domains named by number while another write holds the connection, lets it go when all
// wait for it, and returns their errors in no order and last that of the first write.
func whileHeld(t *testing.T, s *sqlcatalog.Store, n int, hold func(w catalog.Writer) error) []error {
	t.Helper()
	inside, release := make(chan struct{}), make(chan struct{})
	held := make(chan error, 1)
	go func() {
		held <- s.Write(context.Background(), func(w catalog.Writer) error {
			close(inside)
			<-release
			return hold(w)
		})
	}()
	<-inside
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- createDomain(s, fmt.Sprintf("d%d", i)) }()
	}
	wantWaiting(t, s, n)
	close(release)
	var all []error
	for range n {
		all = append(all, <-errs)
	}
	return append(all, <-held)
}

// wantWaiting waits until n writers wait for their turn.
func wantWaiting(t *testing.T, s *sqlcatalog.Store, n int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); s.Waiting() != n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d writers wait, want %d", s.Waiting(), n)
		}
	}
}

func TestWaitingWritersShareOneCommit(t *testing.T) {
	var commits atomic.Int32
	s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{AfterCommit: func() { commits.Add(1) }})
	errs := whileHeld(t, s, 40, func(catalog.Writer) error { return nil })
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := commits.Load(); got != 1 {
		t.Errorf("41 writes made %d commits, want 1", got)
	}
	if got := countDomains(t, s); got != 40 {
		t.Errorf("got %d domains, want 40", got)
	}
}

func TestFailedCommitFailsEveryParticipantAndNobodyElse(t *testing.T) {
	broken := errors.New("the disk is on fire")
	var fail atomic.Bool
	s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{BeforeCommit: func() error {
		if fail.Load() {
			return broken
		}
		return nil
	}})
	fail.Store(true)
	errs := whileHeld(t, s, 10, func(catalog.Writer) error { return nil })
	for _, err := range errs {
		if !errors.Is(err, broken) {
			t.Errorf("got %v, want %v", err, broken)
		}
	}
	fail.Store(false)
	if got := countDomains(t, s); got != 0 {
		t.Errorf("got %d domains after a failed commit, want none", got)
	}
	if err := createDomain(s, "later"); err != nil {
		t.Errorf("a write after a failed commit: %v", err)
	}
	if got := countDomains(t, s); got != 1 {
		t.Errorf("got %d domains, want 1", got)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRefusalThatRestsOnALostWriteIsNotGiven(t *testing.T) {
	broken := errors.New("the disk is on fire")
	s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{BeforeCommit: func() error { return broken }})
	errs := whileHeld(t, s, 1, func(w catalog.Writer) error {
		_, err := w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: "1", Name: "d0"}})
		return err
	})
	if artifact.Is(errs[0], artifact.Conflict) || !errors.Is(errs[0], broken) {
		t.Errorf("got %v, want the failure of the commit: the domain in the way was never there", errs[0])
	}
}

func TestCloseLetsRunningCallsEndAndRefusesWaitingOnes(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{Readers: 1})
	inside, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		err := s.Write(context.Background(), func(catalog.Writer) error { close(inside); <-release; return nil })
		if err != nil {
			t.Errorf("the running write: %v", err)
		}
	})
	<-inside
	reading := make(chan struct{})
	all.Go(func() {
		err := s.Read(context.Background(), func(r catalog.Reader) error {
			close(reading)
			<-release
			_, err := r.AllDomains(catalog.Page{Limit: 1})
			return err
		})
		if err != nil {
			t.Errorf("the running read: %v", err)
		}
	})
	<-reading
	all.Go(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	wantWaiting(t, s, 1) // Close waits for its turn as a write does
	all.Go(func() {
		if err := createDomain(s, "late"); !errors.Is(err, sqlcatalog.ErrClosed) {
			t.Errorf("a write behind Close: got %v, want %v", err, sqlcatalog.ErrClosed)
		}
	})
	wantWaiting(t, s, 2)
	close(release)
	all.Wait()
	if err := createDomain(s, "after"); !errors.Is(err, sqlcatalog.ErrClosed) {
		t.Errorf("got %v after Close, want %v", err, sqlcatalog.ErrClosed)
	}
}

// TestARehearsedWriteIsDoneOnce is what callers' tests rely on: fn runs twice, and what it does is there once.
func TestARehearsedWriteIsDoneOnce(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "catalog.db"), sqlcatalog.Options{Rehearse: true})
	runs := 0
	write := func(fail error) error {
		return s.Write(t.Context(), func(w catalog.Writer) error {
			runs++
			if _, err := w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: "1", Name: "d"}}); err != nil {
				return err
			}
			return fail
		})
	}
	failure := errors.New("on purpose")
	if err := write(failure); !errors.Is(err, failure) || runs != 1 || countDomains(t, s) != 0 {
		t.Errorf("got %v after %d runs, %d domains; want the failure of the one run, and none", err, runs, countDomains(t, s))
	}
	if err := write(nil); err != nil || runs != 3 || countDomains(t, s) != 1 {
		t.Errorf("got %v after %d runs, %d domains; want three runs, and one", err, runs, countDomains(t, s))
	}
}
