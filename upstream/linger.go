package upstream

import (
	"slices"
	"time"
)

// maxLingering bounds the landed flights that hold on to their spools, each perhaps an open file.
const maxLingering = 256

// crowd notes a landed flight and lets the oldest go when there are too many.
func (c *Client) crowd(f *flight) {
	c.mu.Lock()
	f.linger = time.AfterFunc(c.opts.Linger, func() { c.forget(f) })
	c.lingering = append(c.lingering, f)
	var oldest *flight
	if len(c.lingering) > maxLingering {
		oldest = c.lingering[0]
	}
	closed := c.closed
	c.mu.Unlock()
	if oldest != nil {
		c.forget(oldest)
	}
	if closed {
		c.forget(f)
	}
}

// forget ends the lingering of a landed flight; it does nothing to one that is still flying or was forgotten before.
func (c *Client) forget(f *flight) {
	c.mu.Lock()
	i := slices.Index(c.lingering, f)
	if i < 0 {
		c.mu.Unlock()
		return
	}
	c.lingering = slices.Delete(c.lingering, i, i+1)
	if c.flights[f.key] == f {
		delete(c.flights, f.key)
	}
	c.mu.Unlock()
	f.linger.Stop()
	f.leave(c.discard)
}
