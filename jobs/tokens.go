package jobs

import (
	"context"
	"fmt"
	"time"

	"entrepot/catalog"
)

// removeBatch is how many rows are removed in one transaction, so that publications need not wait for all of them.
const removeBatch = 500

// ExpiredTokens returns the work of a job that removes authorization tokens that have been over for as long as kept says.
// Nobody can use them; what is gained is room.
func ExpiredTokens(c catalog.Store, kept time.Duration, now func() time.Time) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		err := removeAll(ctx, c, func(w catalog.Writer) (int, error) {
			return w.DeleteTokensExpired(now().Add(-kept), removeBatch)
		})
		if err != nil {
			return fmt.Errorf("remove expired tokens: %w", err)
		}
		return nil
	}
}

// ExpiredSessions returns the work of a job that removes sessions that have been over for as long as kept says and whose tokens are
// gone.
func ExpiredSessions(c catalog.Store, kept time.Duration, now func() time.Time) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		err := removeAll(ctx, c, func(w catalog.Writer) (int, error) {
			return w.DeleteSessionsExpired(now().Add(-kept), removeBatch)
		})
		if err != nil {
			return fmt.Errorf("remove expired sessions: %w", err)
		}
		return nil
	}
}

// removeAll runs remove, which removes up to removeBatch rows and tells how many, until there are no more.
func removeAll(ctx context.Context, c catalog.Store, remove func(catalog.Writer) (int, error)) error {
	for {
		removed := 0
		err := c.Write(ctx, func(w catalog.Writer) (err error) {
			removed, err = remove(w)
			return err
		})
		if err != nil || removed < removeBatch {
			return err
		}
	}
}
