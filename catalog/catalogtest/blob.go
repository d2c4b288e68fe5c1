package catalogtest

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

// shop is a repository that publishes and deletes contents, each as a version of its own.
type shop struct {
	*fixture
	domain catalog.DomainID
	id     catalog.RepositoryID
}

func openShop(f *fixture) shop {
	d := f.domain("acme")
	s := shop{f, d, f.repository(d, "team")}
	f.pack(s.id, npm("lodash"))
	return s
}

func content(n byte) artifact.Digest { return asset("", n, 0).SHA256 }

// one is version text with a content as its only asset.
func one(text string, n byte) artifact.Version {
	return version(npm("lodash"), text, asset("a", n, 10))
}

func (s shop) fence(contents ...artifact.Digest) (fence catalog.Fence, deleting bool) {
	s.Helper()
	s.read(func(r catalog.Reader) (err error) {
		fence, deleting, err = r.BlobFence(s.domain, contents...)
		return err
	})
	return fence, deleting
}

// record publishes a content that was stored under the fence.
func (s shop) record(since catalog.Fence, text string, n byte) error {
	return s.Write(context.Background(), func(w catalog.Writer) error {
		if err := w.ClaimBlobs(s.domain, since, content(n)); err != nil {
			return err
		}
		return w.CreateVersion(s.id, one(text, n))
	})
}

func (s shop) recorded(since catalog.Fence, text string, n byte) {
	s.Helper()
	if err := s.record(since, text, n); err != nil {
		s.Fatalf("record %s: %v", text, err)
	}
}

func (s shop) unclaimed(err error) {
	s.Helper()
	wantKind(s.TB, err, artifact.Unavailable)
	if !errors.Is(err, catalog.ErrUnclaimed) {
		s.Fatalf("got %v, want ErrUnclaimed beneath", err)
	}
}

// begin begins a deletion at a moment, taking over those of before stale.
func (s shop) begin(now, stale time.Time, contents ...byte) (d catalog.Deletion) {
	s.Helper()
	var digests []artifact.Digest
	for _, n := range contents {
		digests = append(digests, content(n))
	}
	s.write(func(w catalog.Writer) (err error) {
		d, err = w.BeginDeletion(s.domain, digests, now, stale)
		return err
	})
	return d
}

func (s shop) finish(d catalog.Deletion, now time.Time) {
	s.Helper()
	s.write(func(w catalog.Writer) error { return w.FinishDeletion(d, now) })
}

func (s shop) remove(text string) {
	s.Helper()
	s.write(func(w catalog.Writer) error { return w.DeleteVersion(s.id, npm("lodash").At(text)) })
}

func testBlobs(t *testing.T, open func(t *testing.T) catalog.Store) {
	for _, rows := range [][]row{claims(), deletions()} {
		runRows(t, open, rows)
	}
}

// claims are needed for what is not in use.
func claims() []row {
	return []row{
		{"what_is_not_in_use_needs_a_claim", func(t *testing.T, f *fixture) {
			s := openShop(f)
			create := func(text string) error {
				return s.Write(context.Background(), func(w catalog.Writer) error { return w.CreateVersion(s.id, one(text, 1)) })
			}
			s.unclaimed(create("1"))
			fence, _ := s.fence()
			s.recorded(fence, "1", 1)
			if err := create("2"); err != nil {
				t.Errorf("the content is in use, and yet: %v", err)
			}
			want(t, "bytes", f.bytes(s.domain), 10)
		}},
		{"a_refused_reference_fails_the_write_even_if_the_caller_goes_on", func(t *testing.T, f *fixture) {
			s := openShop(f)
			s.unclaimed(s.Write(context.Background(), func(w catalog.Writer) error {
				_ = w.CreateVersion(s.id, one("1", 1))
				return nil
			}))
			s.unreadable(artifact.NotFound, func(r catalog.Reader) error {
				_, err := r.Version(s.id, npm("lodash").At("1"))
				return err
			})
		}},
		{"a_claim_counts_in_its_own_domain_and_transaction", func(t *testing.T, f *fixture) {
			s := openShop(f)
			other := f.domain("other")
			fence, _ := s.fence()
			s.write(func(w catalog.Writer) error { return w.ClaimBlobs(s.domain, fence, content(1)) })
			s.unclaimed(s.Write(context.Background(), func(w catalog.Writer) error {
				if err := w.ClaimBlobs(other, fence, content(1)); err != nil {
					return err
				}
				return w.CreateVersion(s.id, one("1", 1))
			}))
		}},
		{"a_content_that_stays_in_an_update_needs_no_claim", func(t *testing.T, f *fixture) {
			s := openShop(f)
			s.recorded(0, "1", 1)
			s.write(func(w catalog.Writer) error { return w.UpdateVersion(s.id, one("1", 1)) })
			want(t, "bytes", f.bytes(s.domain), 10)
		}},
	}
}

// deletions take what nobody refers to, and meet who wants to.
func deletions() []row {
	return []row{
		{"a_content_in_use_is_not_deleted", func(t *testing.T, f *fixture) {
			s := openShop(f)
			s.recorded(0, "1", 1)
			d := s.begin(moment(1), moment(0), 1, 2)
			want(t, "being deleted", d.Contents, []artifact.Digest{content(2)})
			s.recorded(0, "2", 1)
		}},
		{"bytes_stored_before_a_deletion_was_finished_are_stored_again", func(t *testing.T, f *fixture) {
			s := openShop(f)
			before, _ := s.fence()
			d := s.begin(moment(1), moment(0), 1)
			within, deleting := s.fence(content(2), content(1))
			want(t, "deleting", deleting, true)
			s.unclaimed(s.record(before, "1", 1))
			s.unclaimed(s.record(within, "1", 1))
			s.finish(d, moment(2))
			after, deleting := s.fence(content(1))
			want(t, "deleting", deleting, false)
			s.unclaimed(s.record(before, "1", 1))
			// The deletion had begun when this fence was read, and removed the bytes afterwards.
			s.unclaimed(s.record(within, "1", 1))
			s.recorded(before, "other", 2)
			s.recorded(after, "1", 1)
			want(t, "bytes", f.bytes(s.domain), 20)
		}},
		{"bytes_somebody_else_stored_and_uses_serve_an_older_fence_too", func(t *testing.T, f *fixture) {
			s := openShop(f)
			before, _ := s.fence()
			s.finish(s.begin(moment(1), moment(0), 1), moment(2))
			after, _ := s.fence()
			s.recorded(after, "1", 1)
			s.recorded(before, "2", 1)
		}},
		{"a_released_content_can_be_referred_to_by_who_stored_it", func(t *testing.T, f *fixture) {
			s := openShop(f)
			fence, _ := s.fence()
			s.recorded(fence, "1", 1)
			s.remove("1")
			s.recorded(fence, "2", 1)
		}},
		{"a_deletion_under_way_is_taken_over_when_it_is_stale_only", func(t *testing.T, f *fixture) {
			s := openShop(f)
			first := s.begin(moment(10), moment(0), 1)
			want(t, "begun twice", s.begin(moment(11), moment(9), 1).Contents, nil)
			unfinished := func(begun time.Time) (found []artifact.Digest) {
				s.read(func(r catalog.Reader) (err error) {
					found, err = r.UnfinishedDeletions(s.domain, begun, 10)
					return err
				})
				return found
			}
			want(t, "stale", unfinished(moment(9)), nil)
			want(t, "stale", unfinished(moment(10)), []artifact.Digest{content(1)})
			second := s.begin(moment(20), moment(10), 1)
			want(t, "taken over", second.Contents, []artifact.Digest{content(1)})
			s.finish(first, moment(21)) // comes too late and changes nothing
			_, deleting := s.fence(content(1))
			want(t, "deleting", deleting, true)
			s.finish(second, moment(22))
			_, deleting = s.fence(content(1))
			want(t, "deleting", deleting, false)
			want(t, "stale", unfinished(moment(99)), nil)
		}},
		{"a_deleted_content_can_be_deleted_again", func(t *testing.T, f *fixture) {
			s := openShop(f)
			s.finish(s.begin(moment(1), moment(0), 1), moment(2))
			want(t, "begun", s.begin(moment(3), moment(0), 1).Contents, []artifact.Digest{content(1)})
			fence, _ := s.fence()
			s.unclaimed(s.record(fence, "1", 1))
		}},
		{"a_fence_older_than_what_was_forgotten_is_refused", func(t *testing.T, f *fixture) {
			s := openShop(f)
			before, _ := s.fence()
			s.finish(s.begin(moment(1), moment(0), 1, 2, 3), moment(2))
			after, _ := s.fence()
			s.finish(s.begin(moment(3), moment(0), 4), moment(4))
			forget := func(finished time.Time, limit int) (n int) {
				s.write(func(w catalog.Writer) (err error) {
					n, err = w.ForgetDeletions(s.domain, finished, limit)
					return err
				})
				return n
			}
			want(t, "forgotten", forget(moment(2), 10), 0)
			want(t, "forgotten", forget(moment(3), 2), 2)
			want(t, "forgotten", forget(moment(3), 2), 1)
			s.unclaimed(s.record(before, "1", 1))
			s.unclaimed(s.record(before, "9", 9))
			s.recorded(after, "1", 1)
			s.unclaimed(s.record(after, "4", 4))
			between, _ := s.fence()
			s.finish(s.begin(moment(5), moment(0), 5), moment(6))
			want(t, "forgotten", forget(moment(7), 10), 2) // numbers 4 and 6: the higher one counts
			s.unclaimed(s.record(between, "5", 5))
		}},
		{"deletions_leave_the_usage_alone", func(t *testing.T, f *fixture) {
			s := openShop(f)
			s.recorded(0, "1", 1)
			s.recorded(0, "2", 2)
			s.remove("1")
			d := s.begin(moment(1), moment(0), 1, 3)
			want(t, "bytes", f.bytes(s.domain), 10)
			s.finish(d, moment(2))
			s.remove("2")
			want(t, "bytes", f.bytes(s.domain), 0)
			fence, _ := s.fence()
			s.recorded(fence, "3", 3)
			want(t, "bytes", f.bytes(s.domain), 10)
		}},
		{"contents_in_use_are_listed_in_order", func(t *testing.T, f *fixture) {
			s := openShop(f)
			for i, n := range []byte{9, 200, 1, 7} {
				s.recorded(0, strconv.Itoa(i), n)
			}
			s.recorded(0, "again", 7)
			s.remove("0") // content 9
			s.begin(moment(1), moment(0), 50)
			var got []byte
			var assets []int
			s.read(func(r catalog.Reader) error {
				got, assets = nil, nil
				for page := (catalog.Page{Limit: 2}); ; {
					l, err := r.BlobsInUse(s.domain, page)
					if err != nil {
						return err
					}
					for _, b := range l.Items {
						got, assets = append(got, b.Digest[0]), append(assets, b.Assets)
						want(t, "size", b.Size, 10)
					}
					if page.After = l.Next; l.Next == "" {
						return nil
					}
				}
			})
			want(t, "contents", got, []byte{1, 7, 200})
			want(t, "assets", assets, []int{1, 2, 1})
			f.unreadable(artifact.Invalid, func(r catalog.Reader) error {
				_, err := r.BlobsInUse(s.domain, catalog.Page{After: "forged"})
				return err
			})
		}},
		{"a_domain_that_is_not_there_is_not_found", func(t *testing.T, f *fixture) {
			f.unreadable(artifact.NotFound, func(r catalog.Reader) error { _, _, err := r.BlobFence(7); return err })
			f.refused(artifact.NotFound, func(w catalog.Writer) error {
				_, err := w.BeginDeletion(7, []artifact.Digest{content(1)}, moment(1), moment(0))
				return err
			})
			f.refused(artifact.NotFound, func(w catalog.Writer) error {
				return w.FinishDeletion(catalog.Deletion{Domain: 7, Number: 1}, moment(1))
			})
		}},
	}
}
