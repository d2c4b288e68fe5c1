package kms

import (
	"context"
	"fmt"
	"time"

	"entrepot/catalog"
	"entrepot/iam"
)

// How often a key gets new material, in days (KMS API reference, EnableKeyRotation).
const (
	minRotation     = 90
	maxRotation     = 2560
	defaultRotation = 365
)

// EnableRotation gives a key new material every so many days, 90 to 2560; 0 means 365, or as it is.
func (s *Service) EnableRotation(ctx context.Context, c iam.Caller, asked string, days int) error {
	if days != 0 && (days < minRotation || days > maxRotation) {
		return fail(badValue, "RotationPeriodInDays must be between %d and %d, not %d.", minRotation, maxRotation, days)
	}
	return s.change(ctx, c, ask{action: "EnableKeyRotation", key: asked}, func(_ catalog.Writer, k *Key) error {
		if err := k.enabled(); err != nil {
			return err
		}
		if days == 0 {
			days = k.Rotation
		}
		if days == 0 {
			days = defaultRotation
		}
		if days != k.Rotation {
			k.Rotation, k.RotatesAt = days, s.Now().UTC().Add(time.Duration(days)*day)
		}
		return nil
	})
}

// DisableRotation leaves a key its material.
func (s *Service) DisableRotation(ctx context.Context, c iam.Caller, asked string) error {
	return s.change(ctx, c, ask{action: "DisableKeyRotation", key: asked}, func(_ catalog.Writer, k *Key) error {
		k.Rotation, k.RotatesAt = 0, time.Time{}
		return k.enabled()
	})
}

// Rotation describes a key whose rotation somebody wants to know. The key that is kept for an account is not rotated.
func (s *Service) Rotation(ctx context.Context, c iam.Caller, asked string) (found Key, err error) {
	err = s.read(ctx, c, ask{action: "GetKeyRotationStatus", key: asked}, byKey, func(_ catalog.Reader, k Key) error {
		found = k
		return nil
	})
	return found, err
}

// rotate gives a key new material, under which the data keys of its domains are wrapped from now on. The old material is
// gone then: no copy of it is needed.
func (s *Service) rotate(w catalog.Writer, k Key, now time.Time) error {
	anew := k.EncryptionKey
	anew.Material = s.Keyring.NewMaterial(k.ID)
	anew.RotatesAt = now.Add(time.Duration(k.Rotation) * day)
	domains, err := w.DomainsUnder(k.ID)
	if err != nil {
		return err
	}
	for _, d := range domains {
		wrapped, err := s.Keyring.Rewrap(d.DataKey, k.EncryptionKey, anew)
		if err != nil {
			return fmt.Errorf("rotate key %s: domain %s: %w", k.ID, d.DomainKey, err)
		}
		if err := w.RewrapDomain(d.ID, wrapped); err != nil {
			return err
		}
	}
	return w.UpdateEncryptionKey(anew)
}
