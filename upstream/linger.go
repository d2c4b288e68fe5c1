package upstream

import (
	"slices"
	"time"
)

// maxLingering bounds the finished flights that hold on to their spools, each perhaps an open file.
const maxLingering = 256

// keepForLatecomers notes a finished flight and lets the oldest go when there are too many.
func (c *Client) keepForLatecomers(f *flight) {
	c.mu.Lock()
	f.linger = time.AfterFunc(c.opts.Linger, func() { c.dismiss(f) })
	c.lingering = append(c.lingering, f)
	var oldest *flight
	if len(c.lingering) > maxLingering {
		oldest = c.lingering[0]
	}
	closed := c.closed
	c.mu.Unlock()
	if oldest != nil {
		c.dismiss(oldest)
	}
	if closed {
		c.dismiss(f)
	}
}

// dismiss ends the lingering of a finished flight; it does nothing to one that is still under way or was dismissed
// before.
func (c *Client) dismiss(f *flight) {
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
