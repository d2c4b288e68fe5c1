package repository

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// CreateDomain makes a domain in the caller's account with a key and a package group of all packages of its own. Conflict if the account has one of this
// name; Quota above the account's number; Invalid for an encryption key that cannot be one.
func (s *Service) CreateDomain(ctx context.Context, c iam.Caller, spec DomainSpec) (DomainInfo, error) {
	key := artifact.DomainKey{Owner: artifact.AccountID(c.Principal.Account), Name: spec.Name}
	encryption, err := s.encryptionKey(key.Owner, spec.EncryptionKey)
	if err != nil {
		return DomainInfo{}, err
	}
	if err := s.mayTag(ctx, c, OnDomain(key), spec.Tags); err != nil {
		return DomainInfo{}, err
	}
	wrapped, err := s.Stores.NewKey()
	if err != nil {
		return DomainInfo{}, fmt.Errorf("make a key for domain %s: %w", key, err)
	}
	d := catalog.Domain{DomainKey: key, EncryptionKey: encryption, DataKey: wrapped, CreatedAt: s.Now()}
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		if _, err := w.Domain(key); err == nil {
			return domainExists(key)
		}
		owned := 0
		domains := func(p catalog.Page) (catalog.Listing[catalog.Domain], error) { return w.Domains(key.Owner, p) }
		for _, err := range catalog.Each(domains) {
			if err != nil {
				return err
			}
			owned++
		}
		if owned >= s.Quotas.Domains {
			return artifact.Errorf(artifact.Quota,
				"Account '%s' has reached its limit of %d domains.", key.Owner, s.Quotas.Domains).
				About(artifact.DomainResource, key.Name)
		}
		var err error
		if d.ID, err = w.CreateDomain(d); artifact.Is(err, artifact.Conflict) {
			return domainExists(key)
		} else if err != nil {
			return err
		}
		if _, err := w.CreatePackageGroup(rootGroup(d)); err != nil {
			return err
		}
		if err := w.PutTags(catalog.Holder{Domain: d.ID}, spec.Tags); err != nil {
			return err
		}
		return s.audit(w, c, "CreateDomain", OnDomain(key), map[string]any{"domainName": key.Name})
	})
	return DomainInfo{Domain: d}, err
}

func domainExists(key artifact.DomainKey) error {
	return artifact.Errorf(artifact.Conflict, "Domain '%s' already exists.", key.Name).
		About(artifact.DomainResource, key.Name)
}

// Domain describes a domain, live.
func (s *Service) Domain(ctx context.Context, key artifact.DomainKey) (info DomainInfo, err error) {
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		info, err = describeDomain(r, key)
		return err
	})
	return info, err
}

func describeDomain(r catalog.Reader, key artifact.DomainKey) (info DomainInfo, err error) {
	if info.Domain, err = r.Domain(key); artifact.Is(err, artifact.NotFound) {
		return info, noDomain(key)
	} else if err != nil {
		return info, err
	}
	info.Usage, err = r.Usage(info.ID)
	return info, err
}

// DeleteDomain removes a domain that has no repositories; Conflict while it has. A domain that is not there is no
// error, as on AWS: ok is false then.
func (s *Service) DeleteDomain(ctx context.Context, c iam.Caller,
	key artifact.DomainKey) (info DomainInfo, ok bool, err error) {
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		ok = false
		info, err = describeDomain(w, key)
		if artifact.Is(err, artifact.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if info.Repositories > 0 {
			return artifact.Errorf(artifact.Conflict, "Domain must contain 0 repositories before deletion").
				About(artifact.DomainResource, key.Name)
		}
		if err := w.DeleteDomain(info.ID); err != nil {
			return err
		}
		ok = true
		return s.audit(w, c, "DeleteDomain", OnDomain(key), map[string]any{"domainName": key.Name})
	})
	return info, ok && err == nil, err
}

// Domains lists the domains that an account owns.
func (s *Service) Domains(ctx context.Context, owner artifact.AccountID,
	page catalog.Page) (l catalog.Listing[catalog.Domain], err error) {
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		l, err = r.Domains(owner, page)
		return err
	})
	return l, err
}

var (
	kmsKeyID = regexp.MustCompile(`^(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)
	kmsAlias = regexp.MustCompile(`^alias/[A-Za-z0-9/_-]{1,250}$`)
)

// DomainID returns a domain's internal identity, zero if there is no such domain. It is remembered and costs no
// look-up.
func (s *Service) DomainID(ctx context.Context, key artifact.DomainKey) (catalog.DomainID, error) {
	at, err := s.configuration(ctx, key, "")
	if err != nil || at.domain == nil {
		return 0, err
	}
	return at.domain.ID, nil
}

// encryptionKey turns what CreateDomain accepts (a key ARN, a key id, an alias name, an alias ARN, or nothing for the
// account's own key) into the key ARN that DescribeDomain shows. No KMS stands behind it: the domain's real key is made
// and kept here, and the ARN is a stable name for it. Terraform retries on the words "KMS key not found".
func (s *Service) encryptionKey(account artifact.AccountID, asked string) (string, error) {
	id := asked
	prefix := iam.ARN{Partition: s.Partition, Service: "kms", Region: s.Region, Account: string(account)}
	if asked == "" {
		id = "alias/aws/codeartifact"
	} else if strings.HasPrefix(asked, "arn:") {
		parsed, err := iam.ParseARN(asked)
		if err != nil || parsed.Service != "kms" || parsed.Region != s.Region || parsed.Partition != s.Partition {
			return "", noKey(asked)
		}
		prefix.Account, id = parsed.Account, strings.TrimPrefix(parsed.Resource, "key/")
		if id == parsed.Resource && !strings.HasPrefix(id, "alias/") {
			return "", noKey(asked)
		}
	}
	if kmsAlias.MatchString(id) {
		id = stableUUID(prefix.Account + "/" + prefix.Region + "/" + id)
	}
	if !kmsKeyID.MatchString(id) || !artifact.AccountID(prefix.Account).Valid() {
		return "", noKey(asked)
	}
	prefix.Resource = "key/" + id
	return prefix.String(), nil
}

func noKey(asked string) error {
	return artifact.Errorf(artifact.Invalid,
		"KMS key not found: '%s' is neither a key id, a key ARN, an alias name nor an alias ARN of this region.", asked)
}

// stableUUID derives the same key id from the same name each time.
func stableUUID(name string) string {
	h := sha256.Sum256([]byte(name))
	h[6], h[8] = h[6]&0x0f|0x50, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
