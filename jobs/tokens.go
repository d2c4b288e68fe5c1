package jobs

import (
	"context"
	"fmt"
	"time"

	"entrepot/catalog"
)

// tokenBatch is how many tokens are removed in one transaction, so that publications need not wait for all of them.
const tokenBatch = 500

// ExpiredTokens returns the work of a job that removes authorization tokens once they have expired. Nobody can use them
// any more; what is gained is room.
func ExpiredTokens(c catalog.Store, now func() time.Time) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		for {
			removed := 0
			err := c.Write(ctx, func(w catalog.Writer) (err error) {
				removed, err = w.DeleteTokensExpired(now(), tokenBatch)
				return err
			})
			if err != nil {
				return fmt.Errorf("remove expired tokens: %w", err)
			}
			if removed < tokenBatch {
				return nil
			}
		}
	}
}
