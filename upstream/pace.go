package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// A pacer is a body that must keep moving: no silence longer than StallTimeout, and never behind Patience plus its bytes
// at MinRate, counted from when its request began. Together they cap the time of any body by its size.
type pacer struct {
	io.ReadCloser
	c        *Client
	to       target
	b        *breaker
	cancel   context.CancelCauseFunc
	timer    *time.Timer
	began    time.Time
	read     int64
	reported sync.Once
	slow     chan struct{} // closed when the timer fired
}

// pace puts a pacer over the body of a request that began at a time. cancel ends the request. Timers run on the monotonic
// clock, not on Options.Now, which tells ages.
func (c *Client) pace(body io.ReadCloser, to target, b *breaker, began time.Time,
	cancel context.CancelCauseFunc) io.ReadCloser {
	p := &pacer{ReadCloser: body, c: c, to: to, b: b, cancel: cancel, began: began, slow: make(chan struct{})}
	p.timer = time.AfterFunc(max(p.patience(), 0), func() {
		close(p.slow)
		cancel(errSlow)
	})
	return p
}

func (p *pacer) patience() time.Duration {
	o := &p.c.opts
	total := o.Patience + time.Duration(float64(p.read)/float64(o.MinRate)*float64(time.Second))
	return min(o.StallTimeout, total-time.Since(p.began))
}

// errBroken marks a body that did not come to its end.
var errBroken = errors.New("the answer broke off")

// Read reads on. An error other than io.EOF wraps errBroken and counts against the host, unless it is ours.
func (p *pacer) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	p.read += int64(n)
	p.c.metrics.received(p.to.connection, n)
	if err == nil {
		if p.timer.Stop() {
			p.timer.Reset(max(p.patience(), 0))
		}
		return n, nil
	}
	p.timer.Stop()
	if err == io.EOF {
		return n, io.EOF
	}
	select {
	case <-p.slow:
		err = errSlow
	default:
	}
	if !errors.Is(err, context.Canceled) && !errors.Is(err, errClosed) {
		p.reported.Do(func() {
			p.b.broke()
			p.c.metrics.request(p.to.connection, brokenBody)
		})
	}
	return n, fmt.Errorf("%w: %w", errBroken, err)
}

// Close ends the request.
func (p *pacer) Close() error {
	p.timer.Stop()
	p.cancel(nil)
	return p.ReadCloser.Close()
}
