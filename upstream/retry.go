package upstream

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entrepot/artifact"
)

// backOff waits before the next attempt; false means there is no point.
func (c *Client) backOff(ctx context.Context, attempt int, err error) bool {
	var asked time.Duration
	if e, ok := errors.AsType[*artifact.Error](err); ok {
		asked = e.RetryAfter
	}
	d, ok := c.opts.pause(attempt, asked)
	if !ok {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// maxRetryAfter bounds what an upstream may ask for; a day is as good as for ever.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads a Retry-After header (RFC 9110 §10.2.3): whole seconds or an HTTP date. It is zero where there is
// none, or none that can be read, and never above a day.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if len(value) > 64 {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// pause is how long to wait before attempt n (1 is the first repetition): exponential with full jitter, so that many
// servers that failed together do not return together. What the upstream asked for is waited out if it is within
// reach; ok is false if it is not.
func (o *Options) pause(n int, asked time.Duration) (d time.Duration, ok bool) {
	if asked > o.RetryMax {
		return 0, false
	}
	ceiling := min(o.RetryBase<<min(n-1, 16), o.RetryMax)
	return max(asked, time.Duration(o.randomFloat64()*float64(ceiling))), true
}
