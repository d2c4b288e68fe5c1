package suite

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// throttle asks for the same until it is too much, with credentials that may do nothing: an endpoint that admits few requests a
// second says so soon.
func (c *conductor) throttle(ctx context.Context) error {
	for _, client := range c.clients {
		for _, operation := range throttledOperations() {
			r := Good(operation)
			r.As, r.refused = nobody, true
			if content, ok := r.Input["assetContent"].(string); ok {
				r.Input["assetSHA256"] = sha256Of(content)
			}
			a, err := c.untilThrottled(ctx, client, r)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", client.Name(), operation, err)
			}
			c.took(client, operation, throttling, "too many requests", judgeThrottled(operation, client, a))
			c.report.provoked(operation, throttled)
		}
	}
	return nil
}

// mostRequests of one operation are made before the endpoint is believed to have no rates. They are made one after the other.
const mostRequests = 2000

func (c *conductor) untilThrottled(ctx context.Context, client Client, r Request) (a Answer, err error) {
	began := time.Now()
	for n := 0; n < mostRequests && time.Since(began) < time.Minute; n++ {
		if a, err = c.do(ctx, client, r); err != nil || a.Refusal != nil && a.Refusal.Code == throttled {
			return a, err
		}
	}
	return a, nil
}

func judgeThrottled(operation string, client Client, a Answer) string {
	if a.Refusal == nil || a.Refusal.Code != throttled {
		return fmt.Sprintf("got %+v, want a %s", a.Refusal, throttled)
	}
	if client.Name() == "cli" {
		return ""
	}
	if wrong := shapeErrors(operation, a); len(wrong) > 0 {
		return wrong[0]
	}
	if seconds, err := strconv.Atoi(a.Header["retry-after"]); err != nil || seconds < 1 {
		return fmt.Sprintf("got Retry-After %q, want whole seconds", a.Header["retry-after"])
	}
	return ""
}

// throttledOperations are those that declare the error. The others are throttled all the same, and their clients know it by its
// code.
func throttledOperations() []string {
	return slices.DeleteFunc(model.Names(), func(name string) bool {
		return !slices.Contains(model.Operations[name].Errors, throttled)
	})
}
