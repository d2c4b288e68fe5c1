package upstream

// What judges outside bytes, for tests and fuzz targets.
var (
	RetryAfter   = retryAfter
	GuardAddress = guardAddress
)

// Below resolves a path under the origin.
func (o Origin) Below(path string) (string, error) {
	u, err := o.below(path)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// AllowRefresh takes one refresh out of a connection's rate, and returns of how many connections there is one.
func (c *Client) AllowRefresh(connection string) (allowed bool, connections int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.allowRefresh(Key{Connection: connection}), c.limiters.Len()
}

// WithRandom replaces the jitter.
func (o Options) WithRandom(f func() float64) Options {
	o.randomFloat64 = f
	return o
}
