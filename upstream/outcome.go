package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"entrepot/artifact"
)

// ErrRefused is beneath the error of a 401 or 403: an answer of its own, which an old copy does not paper over.
var ErrRefused = errors.New("the upstream refused access")

// ErrLoop is beneath the error of an origin that has refused to be asked in a circle, or through too many servers.
var ErrLoop = errors.New("the request goes in a circle")

// ErrAskedBack is beneath the error of an origin that is the very one on whose behalf it was asked: it has nothing for itself
// that it does not know of.
var ErrAskedBack = fmt.Errorf("%w back to who has asked", ErrLoop)

// errSlow is why an attempt or a body was given up.
var errSlow = errors.New("the upstream is too slow")

// An outcome names what became of a request in metrics and decides what follows.
type outcome struct {
	label   string
	verdict verdict
	again   bool // another attempt may help
	renewed bool // what the origin wants to see is another one by now
}

var (
	answered      = outcome{"ok", worked, false, false}
	unmodified    = outcome{"not_modified", worked, false, false}
	redirected    = outcome{"redirect", worked, false, false}
	absent        = outcome{"absent", worked, false, false}
	refused       = outcome{"refused", worked, false, false}
	circular      = outcome{"loop", worked, false, false}
	throttled     = outcome{"throttled", failed, true, false}
	brokenServer  = outcome{"server_error", failed, true, false}
	oddStatus     = outcome{"unexpected_status", worked, false, false}
	unreachable   = outcome{"transport_error", failed, true, false}
	abandoned     = outcome{"abandoned", undecided, false, false}
	guardRefusal  = outcome{"address_refused", undecided, false, false}
	breakerIsOpen = "circuit_open"
	badContent    = "bad_content"
	brokenBody    = "broken_body"
)

// statuses lists every status that is not simply unexpected. Gone and Unavailable For Legal Reasons mean absence as
// much as Not Found does; Cargo's index protocol says so outright.
var statuses = map[int]outcome{
	http.StatusOK:                         answered,
	http.StatusNotModified:                unmodified,
	http.StatusMovedPermanently:           redirected,
	http.StatusFound:                      redirected,
	http.StatusSeeOther:                   redirected,
	http.StatusTemporaryRedirect:          redirected,
	http.StatusPermanentRedirect:          redirected,
	http.StatusUnauthorized:               refused,
	http.StatusForbidden:                  refused,
	http.StatusNotFound:                   absent,
	http.StatusGone:                       absent,
	http.StatusUnavailableForLegalReasons: absent,
	http.StatusLoopDetected:               circular,
	http.StatusRequestTimeout:             brokenServer,
	http.StatusTooManyRequests:            throttled,
	http.StatusInternalServerError:        brokenServer,
	http.StatusBadGateway:                 brokenServer,
	http.StatusServiceUnavailable:         brokenServer,
	http.StatusGatewayTimeout:             brokenServer,
}

// transportError words a request that got no response.
func (c *Client) transportError(ctx context.Context, to target, err error) (outcome, error) {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(err, errNotPublic):
		return guardRefusal, to.origin.unavailable("points to an address that is not public").Causing(err)
	case errors.Is(cause, errClosed):
		return abandoned, shuttingDown()
	case cause != nil && !errors.Is(cause, errSlow):
		return abandoned, to.origin.unavailable("was no longer asked").Causing(cause)
	case cause != nil:
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return unreachable, to.origin.unavailable("does not answer").Causing(err)
}

// statusError words a status that is no success.
func statusError(o Origin, status int, what outcome, hold time.Duration) error {
	var e *artifact.Error
	switch what {
	case absent:
		return o.notFound()
	case refused:
		had := "there are none in the configuration"
		if !o.Credential.IsZero() || o.Authorizer != nil {
			had = "the configured ones were refused"
		}
		return o.unavailable("wants other credentials: %s", had).
			Causing(fmt.Errorf("%w with status %d", ErrRefused, status))
	case circular:
		return o.unavailable("leads back to where the request has come from, or on through too many servers").Causing(ErrLoop)
	case throttled:
		e = o.unavailable("asks for patience")
	default:
		e = o.unavailable("answered with status %d", status)
	}
	e.RetryAfter = hold
	return e.Causing(fmt.Errorf("status %d", status))
}
