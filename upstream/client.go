package upstream

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"entrepot/artifact"
)

// A Client fetches documents and assets. It may be used by any number of goroutines; Close ends it.
type Client struct {
	opts       Options
	transports transports
	metrics    metrics
	loads      singleflight.Group

	ctx    context.Context // of everything that outlives its caller
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	mu            sync.Mutex // guards what follows
	closed        bool
	lingering     []*flight // finished, oldest first
	revalidations map[revalidationKey]*revalidation
	flights       map[string]*flight
	probes        map[probeKey]*probe
	entries       *lru.Cache[Key, memory]
	absences      *lru.Cache[Key, time.Time] // until when the upstream is believed not to have a document
	files         *lru.Cache[Key, knownFile] // assets, also those that are not there
	breakers      *lru.Cache[string, *breaker]
	limiters      *lru.Cache[string, *rate.Limiter] // of refreshes, by connection: remotes come and go
	remarks       *lru.Cache[Key, struct{}]         // what was logged of documents, see Remark
}

// maxBreakers bounds the hosts remembered: metadata may name any number.
const maxBreakers = 1024

// maxLimiters bounds the connections of which refreshes are counted. One that is forgotten has been quiet for longest, so its rate is
// what it would be.
const maxLimiters = 4096

// maxRemarks bounds how many remarks about documents are remembered.
const maxRemarks = 4096

// errClosed is the cause of everything that Close ends.
var errClosed = errors.New("the client was closed")

func shuttingDown() error {
	return artifact.Errorf(artifact.Unavailable, "The server is shutting down.").Causing(errClosed)
}

// retell gives each of several callers an error of its own: a door may add to it.
func retell(err error) error {
	if e, ok := err.(*artifact.Error); ok {
		own := *e
		return &own
	}
	return err
}

// New returns a client. The error is Invalid and names the option that is wrong.
func New(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.fill()
	fallback(&o.randomFloat64, o.randomFloat64 == nil, rand.Float64)
	c := &Client{
		opts:          o,
		transports:    newTransports(&o),
		revalidations: make(map[revalidationKey]*revalidation),
		flights:       make(map[string]*flight),
		probes:        make(map[probeKey]*probe),
		entries:       table[Key, memory](o.MaxEntries),
		absences:      table[Key, time.Time](o.MaxEntries),
		files:         table[Key, knownFile](o.MaxEntries),
		breakers:      table[string, *breaker](maxBreakers),
		limiters:      table[string, *rate.Limiter](maxLimiters),
		remarks:       table[Key, struct{}](maxRemarks),
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	return c, nil
}

// table makes a bounded table; the only error it could have is a size that is not positive.
func table[K comparable, V any](size int) *lru.Cache[K, V] {
	t, err := lru.New[K, V](size)
	if err != nil {
		panic(err)
	}
	return t
}

// Close ends what is under way and waits for it. Callers of unfinished transfers get an Unavailable error, later calls
// too; documents that need no fetching are still answered.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel(errClosed)
	c.wg.Wait()
	c.mu.Lock()
	lingering := slices.Clone(c.lingering)
	c.mu.Unlock()
	for _, f := range lingering {
		c.dismiss(f)
	}
	c.transports.close()
	return nil
}

// spawn runs work that outlives its caller. A panic in it, say in a caller's Regenerate, becomes what failed is told.
// The caller holds c.mu. After Close nothing runs and the result is false.
func (c *Client) spawn(work func(context.Context), fail func(error)) bool {
	if c.closed {
		return false
	}
	c.wg.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				c.opts.Logger.Error("panic while fetching from upstream", "panic", fmt.Sprint(p),
					"stack", string(debug.Stack()))
				fail(fmt.Errorf("fetch from upstream: panic: %v", p))
			}
		}()
		work(c.ctx)
	})
	return true
}
