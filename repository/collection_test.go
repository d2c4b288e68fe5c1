package repository_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/mem"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/jobs"
	"entrepot/repository"

	"github.com/prometheus/client_golang/prometheus"
)

// meeting is a fixture whose domain's byte store lets a test in where publications and collections meet.
type meeting struct {
	*fixture
	store *meetingStore
}

// meetingStore calls its hooks, if they are set, each one time: after the next commit of a draft, and around the next
// deletion.
type meetingStore struct {
	blob.Store
	mu                                    sync.Mutex
	committed, beforeDelete, afterDeleted func() error
}

// call runs a hook once.
func (s *meetingStore) call(hook *func() error) error {
	s.mu.Lock()
	do := *hook
	*hook = nil
	s.mu.Unlock()
	if do == nil {
		return nil
	}
	return do()
}

func (s *meetingStore) Create(ctx context.Context) (blob.Draft, error) {
	d, err := s.Store.Create(ctx)
	return meetingDraft{d, s}, err
}

func (s *meetingStore) Delete(ctx context.Context, d artifact.Digest) error {
	if err := s.call(&s.beforeDelete); err != nil {
		return err
	}
	if err := s.Store.Delete(ctx, d); err != nil {
		return err
	}
	return s.call(&s.afterDeleted)
}

type meetingDraft struct {
	blob.Draft
	store *meetingStore
}

func (d meetingDraft) Commit(ctx context.Context, digest artifact.Digest) (blob.Info, error) {
	info, err := d.Draft.Commit(ctx, digest)
	if err == nil {
		err = d.store.call(&d.store.committed)
	}
	return info, err
}

// oneStore gives every domain the same store.
type oneStore struct{ store blob.Store }

func (v oneStore) Open(catalog.Domain) (blob.Store, error) { return v.store, nil }

func newMeeting(t *testing.T) meeting {
	t.Helper()
	m := meeting{store: &meetingStore{Store: mem.New(time.Now)}}
	m.fixture = openFixture(t, t.TempDir(), oneStore{m.store}, newRegistry(t), sqlcatalog.Options{})
	_, err := m.rules.CreateDomain(t.Context(), m.owner, repository.DomainSpec{Name: domainKey.Name})
	m.check(err)
	m.repo("r")
	return m
}

// collect runs a collector to which everything is old enough, after some time.
func (m meeting) collect(after time.Duration) error {
	return collect(m.catalog, oneStore{m.store}, func() time.Time { return time.Now().Add(after) })
}

func collect(c catalog.Store, v repository.DomainStores, now func() time.Time) error {
	spaces := jobs.DomainSpaces(c, v.Open, mem.New(time.Now))
	o, err := jobs.NewOrphans(c, spaces, -time.Hour, now, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	return o.Run(context.Background())
}

func TestAPublicationOutlivesACollectionBetweenItsBytesAndItsRecord(t *testing.T) {
	m := newMeeting(t)
	m.store.committed = func() error { return m.collect(0) }
	m.publish("r", "a@1.0.0", "text")
	m.fetches("r", "a@1.0.0", "text")
}

func TestAFetchOutlivesACollectionBetweenItsBytesAndItsRecord(t *testing.T) {
	m := newMeeting(t)
	m.connect("r")
	body := big("left")
	m.registry.offer("left@1.0.0", body)
	m.store.committed = func() error { return m.collect(0) }
	m.fetches("r", "left@1.0.0", body)
	m.registry.goDown()
	m.fetches("r", "left@1.0.0", body)
}

// TestAPublicationWaitsForADeletionUnderWay has the same bytes published while they are being deleted: before they are
// removed, and after.
func TestAPublicationWaitsForADeletionUnderWay(t *testing.T) {
	for name, hook := range map[string]func(s *meetingStore) *func() error{
		"before_the_bytes_go": func(s *meetingStore) *func() error { return &s.beforeDelete },
		"after_they_went":     func(s *meetingStore) *func() error { return &s.afterDeleted },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMeeting(t)
			m.publish("r", "a@1.0.0", "text")
			m.deleteVersion("r", "a@1.0.0")
			inside, published := make(chan struct{}), make(chan error)
			*hook(m.store) = func() error {
				close(inside)
				time.Sleep(50 * time.Millisecond) // the publication meets the mark meanwhile; if not, it has nothing to wait for
				return nil
			}
			go func() {
				<-inside
				_, err := m.tryPublish("r", "a@2.0.0", "text")
				for artifact.Is(err, artifact.Unavailable) { // told to try again, where the deletion takes its time
					_, err = m.tryPublish("r", "a@2.0.0", "text")
				}
				published <- err
			}()
			m.check(m.collect(0))
			m.check(<-published)
			m.fetches("r", "a@2.0.0", "text")
		})
	}
}

// TestADeletionLeftBehindHoldsAPublicationUpForAWhileOnly has the collector fail, as if it had died, before the bytes go
// and after.
func TestADeletionLeftBehindHoldsAPublicationUpForAWhileOnly(t *testing.T) {
	dead := errors.New("the collector died")
	for name, hook := range map[string]func(s *meetingStore) *func() error{
		"before_the_bytes_go": func(s *meetingStore) *func() error { return &s.beforeDelete },
		"after_they_went":     func(s *meetingStore) *func() error { return &s.afterDeleted },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each waits for two and a half seconds
			m := newMeeting(t)
			m.publish("r", "a@1.0.0", "text")
			m.deleteVersion("r", "a@1.0.0")
			*hook(m.store) = func() error { return dead }
			if err := m.collect(0); !errors.Is(err, dead) {
				t.Fatalf("got %v, want that the collector died", err)
			}
			_, err := m.tryPublish("r", "a@2.0.0", "text")
			m.refuses(artifact.Unavailable, err)
			if told, ok := errors.AsType[*artifact.Error](err); !ok || told.RetryAfter <= 0 {
				t.Errorf("got %v, want it to say when to try again", err)
			}
			m.holds("r", "a")
			m.publish("r", "b@1.0.0", "other bytes have nothing to wait for")
			m.check(m.collect(time.Hour))
			m.publish("r", "a@2.0.0", "text")
			m.fetches("r", "a@2.0.0", "text")
		})
	}
}

func TestWhatIsInUseIsCopiedAndRetainedThroughCollections(t *testing.T) {
	m := newMeeting(t)
	m.repo("over", "r")
	m.repo("beside")
	m.publish("r", "a@1.0.0", "text")
	m.check(m.collect(0))
	m.fetches("over", "a@1.0.0", "text")
	v := at("a@1.0.0")
	_, err := m.rules.Copy(t.Context(), m.owner, repository.CopySpec{From: key("r"), To: key("beside"),
		PackageKey: v.PackageKey, Selection: repository.Selection{Versions: []string{v.Version}}})
	m.check(err)
	m.deleteVersion("r", "a@1.0.0")
	m.check(m.collect(0))
	m.fetches("over", "a@1.0.0", "text")
	m.fetches("beside", "a@1.0.0", "text")
}
