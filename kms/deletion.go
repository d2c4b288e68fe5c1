package kms

import (
	"context"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// How long a deletion waits, in days (KMS API reference, ScheduleKeyDeletion).
const (
	minWaiting     = 7
	maxWaiting     = 30
	defaultWaiting = 30
)

const day = 24 * time.Hour

// ScheduleDeletion has a key destroyed when as many days are over, 7 to 30; 0 means 30. Until then it opens nothing, and
// CancelDeletion calls it off.
func (s *Service) ScheduleDeletion(ctx context.Context, c iam.Caller, asked string, days int) (scheduled Key, err error) {
	if days == 0 {
		days = defaultWaiting
	}
	if days < minWaiting || days > maxWaiting {
		return Key{}, fail(badValue, "PendingWindowInDays must be between %d and %d, not %d.", minWaiting, maxWaiting, days)
	}
	a := ask{action: "ScheduleKeyDeletion", key: asked, waiting: days, detail: map[string]any{"pendingWindowInDays": days}}
	err = s.change(ctx, c, a, func(_ catalog.Writer, k *Key) error {
		if err := k.notPending(); err != nil {
			return err
		}
		k.DeletesAt, k.Waiting = s.Now().UTC().Add(time.Duration(days)*day), days
		scheduled = *k
		return nil
	})
	return scheduled, err
}

// CancelDeletion calls a deletion off. The key is disabled then.
func (s *Service) CancelDeletion(ctx context.Context, c iam.Caller, asked string) (kept Key, err error) {
	err = s.change(ctx, c, ask{action: "CancelKeyDeletion", key: asked}, func(_ catalog.Writer, k *Key) error {
		if k.State() != PendingDeletion {
			return fail(invalidState, "%s is not pending deletion.", k.ARN)
		}
		k.DeletesAt, k.Waiting, k.Enabled = time.Time{}, 0, false
		kept = *k
		return nil
	})
	return kept, err
}

// tended is how many keys are looked after in one transaction.
const tended = 100

// Tend destroys the keys whose waiting is over, for good, and gives new material to those that are to be rotated. It is
// the work of a job.
func (s *Service) Tend(ctx context.Context) error {
	for {
		n := 0
		err := s.Catalog.Write(ctx, func(w catalog.Writer) error {
			now := s.Now().UTC()
			due, err := w.EncryptionKeysDue(now, tended)
			if err != nil {
				return err
			}
			n = len(due)
			for _, k := range due {
				if err := s.tend(w, s.described(k), now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n < tended {
			return err
		}
	}
}

func (s *Service) tend(w catalog.Writer, k Key, now time.Time) error {
	system := iam.Caller{Principal: iam.Principal{Account: string(k.Account)}} // its own work has no principal
	if k.State() != PendingDeletion {
		if err := s.rotate(w, k, now); err != nil {
			return err
		}
		return s.audit(w, system, "RotateKey", k.ARN, nil)
	}
	if err := w.DeleteEncryptionKey(k.ID); err != nil && !artifact.Is(err, artifact.NotFound) {
		return err
	}
	return s.audit(w, system, "DeleteKey", k.ARN, nil)
}
