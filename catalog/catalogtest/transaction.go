package catalogtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// held reports whether the owner has the domain.
func (f *fixture) held(name string) bool {
	f.Helper()
	err := f.Read(context.Background(), func(r catalog.Reader) error {
		_, err := r.Domain(artifact.DomainKey{Owner: owner, Name: name})
		return err
	})
	if err != nil && !artifact.Is(err, artifact.NotFound) {
		f.Fatal(err)
	}
	return err == nil
}

func createDomain(w catalog.Writer, name string) error {
	_, err := w.CreateDomain(catalog.Domain{DomainKey: artifact.DomainKey{Owner: owner, Name: name}})
	return err
}

func testTransactions(t *testing.T, open func(t *testing.T) catalog.Store) {
	for _, rows := range [][]row{wholeOrNothing(), cancelledCalls(), concurrentWrites()} {
		runRows(t, open, rows)
	}
}

// wholeOrNothing is what a read sees and a write leaves, however its function ends.
func wholeOrNothing() []row {
	return []row{
		{"a_read_is_one_snapshot", func(t *testing.T, f *fixture) {
			f.domain("before")
			f.read(func(r catalog.Reader) error {
				key := artifact.DomainKey{Owner: owner, Name: "before"}
				d, err := r.Domain(key)
				if err != nil {
					return err
				}
				f.domain("after")
				f.write(func(w catalog.Writer) error { return w.DeleteDomain(d.ID) })
				if _, err := r.Domain(key); err != nil {
					t.Errorf("what was deleted meanwhile: got %v, want it still there", err)
				}
				l, err := r.Domains(owner, catalog.Page{Limit: 10})
				if len(l.Items) != 1 {
					t.Errorf("got %d domains, want the one of the snapshot", len(l.Items))
				}
				return err
			})
		}},
		{"a_write_sees_its_own_writes", func(t *testing.T, f *fixture) {
			f.write(func(w catalog.Writer) error {
				if err := createDomain(w, "acme"); err != nil {
					return err
				}
				_, err := w.Domain(artifact.DomainKey{Owner: owner, Name: "acme"})
				return err
			})
		}},
		{"an_error_rolls_everything_back_and_comes_out_as_it_is", func(t *testing.T, f *fixture) {
			err := f.Write(context.Background(), func(w catalog.Writer) error {
				if err := createDomain(w, "acme"); err != nil {
					return err
				}
				return errOnPurpose
			})
			if !errors.Is(err, errOnPurpose) {
				t.Errorf("got %v, want %v", err, errOnPurpose)
			}
			want(t, "held", f.held("acme"), false)
			if err := f.Read(context.Background(), func(catalog.Reader) error { return errOnPurpose }); !errors.Is(err, errOnPurpose) {
				t.Errorf("got %v from Read, want %v", err, errOnPurpose)
			}
		}},
		{"a_refused_verb_leaves_the_rest_of_the_write_alone", func(t *testing.T, f *fixture) {
			f.domain("taken")
			f.write(func(w catalog.Writer) error {
				if err := createDomain(w, "first"); err != nil {
					return err
				}
				wantKind(t, createDomain(w, "taken"), artifact.Conflict)
				return createDomain(w, "second")
			})
			want(t, "first", f.held("first"), true)
			want(t, "second", f.held("second"), true)
		}},
		{"a_panic_rolls_back_and_goes_on_to_the_caller", func(t *testing.T, f *fixture) {
			func() {
				defer func() { want(t, "panic", recover(), any("on purpose")) }()
				_ = f.Write(context.Background(), func(w catalog.Writer) error {
					if err := createDomain(w, "acme"); err != nil {
						return err
					}
					panic("on purpose")
				})
			}()
			func() {
				defer func() { _ = recover() }()
				_ = f.Read(context.Background(), func(catalog.Reader) error { panic("on purpose") })
			}()
			want(t, "held", f.held("acme"), false)
			f.domain("acme")
		}},
		{"a_goroutine_that_ends_in_a_write_rolls_back", func(t *testing.T, f *fixture) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = f.Write(context.Background(), func(w catalog.Writer) error {
					_ = createDomain(w, "acme")
					runtime.Goexit()
					return nil
				})
			}()
			<-done
			want(t, "held", f.held("acme"), false)
			f.domain("acme")
		}},
		{"what_was_handed_out_is_dead_afterwards", func(t *testing.T, f *fixture) {
			var r catalog.Reader
			var w catalog.Writer
			f.read(func(inside catalog.Reader) error { r = inside; return nil })
			f.write(func(inside catalog.Writer) error { w = inside; return nil })
			if _, err := r.DomainByID(1); err == nil || artifact.Is(err, artifact.NotFound) {
				t.Errorf("got %v from a Reader after its Read, want it refused", err)
			}
			if err := createDomain(w, "acme"); err == nil {
				t.Error("a Writer wrote after its Write")
			}
			want(t, "held", f.held("acme"), false)
		}},
		{"a_reader_is_no_writer", func(t *testing.T, f *fixture) {
			f.read(func(r catalog.Reader) error {
				if _, ok := r.(catalog.Writer); ok {
					t.Error("what Read hands out can be turned into a Writer")
				}
				return nil
			})
		}},
	}
}

// cancelledCalls fail alone and leave nothing.
func cancelledCalls() []row {
	return []row{
		{"a_cancelled_call_does_not_start", func(t *testing.T, f *fixture) {
			cancelled, cancel := context.WithCancel(context.Background())
			cancel()
			err := f.Write(cancelled, func(catalog.Writer) error { t.Error("a Write started"); return nil })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Write: got %v, want %v", err, context.Canceled)
			}
			err = f.Read(cancelled, func(catalog.Reader) error { t.Error("a Read started"); return nil })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Read: got %v, want %v", err, context.Canceled)
			}
		}},
		{"a_call_cancelled_halfway_fails_alone", func(t *testing.T, f *fixture) {
			for name, swallow := range map[string]bool{"told": false, "swallowed": true} {
				cancelled, cancel := context.WithCancel(context.Background())
				err := f.Write(cancelled, func(w catalog.Writer) error {
					if err := createDomain(w, name); err != nil {
						return err
					}
					cancel()
					if err := createDomain(w, name+"2"); !swallow {
						return err
					}
					return nil
				})
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
				}
				want(t, name, f.held(name), false)
			}
			f.domain("still-works")
		}},
		{"a_waiting_write_that_is_cancelled_is_dropped", func(t *testing.T, f *fixture) {
			inside, release := make(chan struct{}), make(chan struct{})
			var all sync.WaitGroup
			all.Go(func() {
				f.write(func(w catalog.Writer) error {
					close(inside)
					<-release
					return createDomain(w, "first")
				})
			})
			<-inside
			for i := range 20 {
				// Some end before the first write does, some at the same moment.
				waiting, cancel := context.WithTimeout(context.Background(), time.Duration(i)*time.Millisecond/2)
				all.Go(func() {
					defer cancel()
					err := f.Write(waiting, func(w catalog.Writer) error { return createDomain(w, fmt.Sprintf("waiting-%d", i)) })
					if err != nil && !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("got %v, want a deadline", err)
					}
					if got := f.held(fmt.Sprintf("waiting-%d", i)); got != (err == nil) {
						t.Errorf("Write returned %v and what it wrote is there: %v", err, got)
					}
				})
			}
			time.Sleep(5 * time.Millisecond)
			close(release)
			all.Wait()
			want(t, "first", f.held("first"), true)
			f.domain("last")
		}},
	}
}

// concurrentWrites wait for each other, and for nothing once the store is closed.
func concurrentWrites() []row {
	return []row{
		{"concurrent_writers_each_succeed_or_fail_alone", func(t *testing.T, f *fixture) {
			var all sync.WaitGroup
			for i := range 96 {
				all.Go(func() {
					name := fmt.Sprintf("d%d", i)
					defer func() {
						if recovered := recover(); (recovered != nil) != (i%3 == 2) {
							t.Errorf("%s: got panic %v", name, recovered)
						}
					}()
					err := f.Write(context.Background(), func(w catalog.Writer) error {
						if err := createDomain(w, name); err != nil {
							return err
						}
						switch i % 3 {
						case 1:
							return errOnPurpose
						case 2:
							panic("on purpose")
						}
						return nil
					})
					if errors.Is(err, errOnPurpose) != (i%3 == 1) {
						t.Errorf("%s: got %v", name, err)
					}
				})
			}
			all.Wait()
			for i := range 96 {
				want(t, fmt.Sprintf("d%d", i), f.held(fmt.Sprintf("d%d", i)), i%3 == 0)
			}
		}},
		{"of_64_that_create_one_version_one_wins", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, npm("lodash"))
			var all sync.WaitGroup
			var won, lost atomic.Int32
			for i := range 64 {
				all.Go(func() {
					v := version(npm("lodash"), "1.0.0", asset("a", byte(i), int64(i)))
					err := f.Write(context.Background(), func(w catalog.Writer) error { return create(w, id, v) })
					switch {
					case err == nil:
						won.Add(1)
					case artifact.Is(err, artifact.Conflict):
						lost.Add(1)
					default:
						t.Errorf("got %v, want success or a conflict", err)
					}
				})
			}
			all.Wait()
			want(t, "winners", won.Load(), 1)
			want(t, "losers", lost.Load(), 63)
		}},
		{"64_versions_of_one_package_in_parallel_are_all_there", func(t *testing.T, f *fixture) {
			id := f.repository(f.domain("acme"), "team")
			f.pack(id, npm("lodash"))
			var all sync.WaitGroup
			for i := range 64 {
				all.Go(func() { f.publish(id, version(npm("lodash"), fmt.Sprintf("1.%d.0", i), asset("a", byte(i), 1))) })
			}
			all.Wait()
			f.read(func(r catalog.Reader) error {
				l, err := r.Versions(id, npm("lodash"), catalog.VersionFilter{}, catalog.Page{Limit: 100})
				want(t, "versions", len(l.Items), 64)
				return err
			})
		}},
		{"a_closed_store_refuses", func(t *testing.T, f *fixture) {
			f.domain("acme")
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if err := f.Read(context.Background(), func(catalog.Reader) error { return nil }); err == nil {
				t.Error("a closed store reads")
			}
			if err := f.Write(context.Background(), func(catalog.Writer) error { return nil }); err == nil {
				t.Error("a closed store writes")
			}
			if err := f.Close(); err != nil {
				t.Errorf("closing again: %v", err)
			}
		}},
	}
}
