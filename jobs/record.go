package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entrepot/catalog"
)

// OldEvents returns the work of a job that removes what the record has kept of each kind for as long as kept says. A kind
// that is not in it is kept for ever. A failure of one kind does not keep it from the others.
func OldEvents(c catalog.Store, kept map[catalog.EventKind]time.Duration, now func() time.Time) func(
	ctx context.Context) error {
	return func(ctx context.Context) error {
		var failures []error
		for kind, age := range kept {
			err := removeAll(ctx, c, func(w catalog.Writer) (int, error) {
				return w.DeleteEvents(kind, now().Add(-age), removeBatch)
			})
			if err != nil {
				failures = append(failures, fmt.Errorf("remove old events of kind %s: %w", kind, err))
			}
		}
		return errors.Join(failures...)
	}
}
