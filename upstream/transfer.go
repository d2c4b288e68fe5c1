package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"entrepot/artifact"
)

// Transfer is an asset being read while it arrives. It must be closed. Read and Close may be called at the same time by
// two goroutines, each of them by one at a time.
//
// A door reads before it writes a status: until the first byte a failure is a plain *artifact.Error it can word. Later
// ones also wrap io.ErrUnexpectedEOF: then the connection is to be aborted, so that the client sees an incomplete body.
type Transfer struct {
	client *Client
	flight *flight
	ctx    context.Context
	req    AssetRequest

	mu       sync.Mutex // held while reading
	offset   int64
	accepted bool  // Want and Each of this caller are content
	err      error // what every later read returns

	once   sync.Once
	closed chan struct{}
}

// errTransferClosed is what reads return after Close.
var errTransferClosed = errors.New("upstream: the transfer is closed")

// Size is the number of bytes the upstream or Want announced, -1 when neither did. It is a promise and not a fact
// before the last byte was read.
func (t *Transfer) Size() int64 { return t.flight.view().size }

// Modified is when the upstream says that the file was last changed; zero if it does not say.
func (t *Transfer) Modified() time.Time { return t.flight.view().modified }

// begun waits until the upstream begins to answer.
func (t *Transfer) begun() error {
	for {
		v := t.flight.view()
		if v.err != nil {
			return retell(v.err)
		}
		if v.begun {
			return nil
		}
		if err := t.wait(v.change); err != nil {
			return err
		}
	}
}

func (t *Transfer) wait(change <-chan struct{}) error {
	select {
	case <-change:
		return nil
	case <-t.ctx.Done():
		return fmt.Errorf("read upstream asset: %w", t.ctx.Err())
	case <-t.closed:
		return errTransferClosed
	}
}

// Read reads on as far as bytes may go, waiting for more where there are none.
func (t *Transfer) Read(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil && len(p) > 0 {
		n, err := t.read(p)
		if n > 0 {
			t.offset += int64(n)
			return n, nil
		}
		t.err = t.word(err)
	}
	return 0, t.err
}

func (t *Transfer) read(p []byte) (int, error) {
	for {
		select {
		case <-t.closed:
			return 0, errTransferClosed
		default:
		}
		v := t.flight.view()
		if v.err != nil {
			return 0, retell(v.err)
		}
		free := v.received
		if t.req.Want.Size > 0 {
			free = min(free, t.req.Want.Size)
		}
		if t.offset < free-chunk {
			return t.readAt(v, p, free-chunk)
		}
		if v.complete {
			if err := t.accept(v); err != nil {
				return 0, err
			}
			if t.offset == v.received {
				return 0, io.EOF
			}
			return t.readAt(v, p, v.received)
		}
		if err := t.wait(v.change); err != nil {
			return 0, err
		}
	}
}

func (t *Transfer) readAt(v view, p []byte, limit int64) (int, error) {
	n, err := v.spool.ReadAt(p[:min(int64(len(p)), limit-t.offset)], t.offset)
	if n > 0 {
		return n, nil
	}
	return 0, fmt.Errorf("read spooled asset at %d: %w", t.offset, errors.Join(err, io.ErrNoProgress))
}

// accept lets this caller have the last bytes: what it wanted may differ from what the first caller of the flight did.
func (t *Transfer) accept(v view) error {
	if t.accepted {
		return nil
	}
	if m, differs := t.req.Want.mismatch(v.digests, v.received); differs {
		to, err := t.client.target(t.req.Connection, t.req.URL, t.req.Path)
		if err != nil {
			return err
		}
		return t.client.reportMismatch(to, t.req, m)
	}
	if t.req.Each != nil {
		if err := t.req.Each(t.ctx, v.spool, v.digests, v.received); err != nil {
			return err
		}
	}
	t.accepted = true
	return nil
}

// word makes a failure after the first byte unmistakable.
func (t *Transfer) word(err error) error {
	if err == io.EOF || t.offset == 0 {
		return err
	}
	return fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)
}

// Wait waits until the asset is kept (nil) or its flight has failed (why). Nothing needs to be read for it; leaving, by
// ctx, does not end the flight.
func (t *Transfer) Wait(ctx context.Context) error {
	for {
		v := t.flight.view()
		if v.complete || v.err != nil {
			return retell(v.err)
		}
		select {
		case <-v.change:
		case <-ctx.Done():
			return fmt.Errorf("wait for upstream asset: %w", ctx.Err())
		}
	}
}

// Digests returns the digests of the whole asset once it is known to be right, and whether it is.
func (t *Transfer) Digests() (artifact.Digests, bool) {
	v := t.flight.view()
	return v.digests, v.complete
}

// Close leaves. The flight goes on for the others, and to be kept.
func (t *Transfer) Close() error {
	t.once.Do(func() {
		close(t.closed)
		t.mu.Lock() // a read that is under way ends first: the spool may go with us
		defer t.mu.Unlock()
		t.err = errTransferClosed
		t.flight.leave(t.client.discard)
	})
	return nil
}
