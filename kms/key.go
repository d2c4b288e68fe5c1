package kms

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

// Key is an encryption key as it is described.
type Key struct {
	catalog.EncryptionKey
	ARN string
	// Managed says that the service keeps the key for its account: the one that domains are made under where none is named.
	// It stands for the master key, and cannot be changed.
	Managed bool
}

// The states of a key (service model, KeyState).
const (
	Enabled         = "Enabled"
	Disabled        = "Disabled"
	PendingDeletion = "PendingDeletion"
)

// State is the key's state.
func (k Key) State() string {
	switch {
	case !k.DeletesAt.IsZero():
		return PendingDeletion
	case k.Enabled:
		return Enabled
	}
	return Disabled
}

// notPending refuses what cannot be done with a key whose deletion is scheduled.
func (k Key) notPending() error {
	if k.State() == PendingDeletion {
		return fail(invalidState, "%s is pending deletion.", k.ARN)
	}
	return nil
}

// enabled refuses what can only be done with a key that is enabled.
func (k Key) enabled() error {
	if k.State() == Disabled {
		return fail(disabled, "%s is disabled.", k.ARN)
	}
	return k.notPending()
}

// managedAlias is the alias of the key that CodeArtifact keeps for an account, and awsAliases what such aliases begin with.
const (
	managedAlias = "alias/aws/codeartifact"
	awsAliases   = "alias/aws/"
)

// managedKey is the key that is kept for an account. Nothing is on record of it: its id follows from the account, and it
// was there before anybody asked.
func (s *Service) managedKey(account artifact.AccountID) Key {
	k := catalog.EncryptionKey{ID: stableUUID(string(account) + "/" + s.Region + "/" + managedAlias), Account: account, Enabled: true,
		CreatedAt:   managedSince,
		Description: "Default key that protects packages when no other key is defined", Policy: managedPolicy(s.Partition, account)}
	return Key{k, s.arn(account, "key/"+k.ID), true}
}

// stableUUID derives the same id from the same name each time.
func stableUUID(name string) string {
	h := sha256.Sum256([]byte(name))
	h[6], h[8] = h[6]&0x0f|0x50, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

func (s *Service) arn(account artifact.AccountID, resource string) string {
	return iam.ARN{Partition: s.Partition, Service: "kms", Region: s.Region, Account: string(account), Resource: resource}.String()
}

// naming says by what an operation takes a key.
type naming bool

const (
	byKey  naming = false // its id or ARN
	byName naming = true  // one of its aliases as well, or an alias's ARN
)

var (
	keyID     = regexp.MustCompile(`^(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)
	aliasName = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)
)

// reference is what an id, an alias or the ARN of either names.
type reference struct {
	account artifact.AccountID
	id      string // of a key; empty if alias is not
	alias   string
}

// refer reads how a caller names a key.
func (s *Service) refer(c iam.Caller, asked string, by naming) (reference, error) {
	named := reference{account: owner(c)}
	resource := asked
	if strings.HasPrefix(asked, "arn:") {
		parsed, err := iam.ParseARN(asked)
		if err != nil || parsed.Service != "kms" || !artifact.AccountID(parsed.Account).Valid() {
			return named, fail(invalidARN, "%s is not the ARN of a key.", quoted(asked))
		}
		if parsed.Region != s.Region || parsed.Partition != s.Partition {
			return named, fail(notFound, "Invalid arn %s: the region of this installation is %s.", quoted(asked), s.Region)
		}
		named.account, resource = artifact.AccountID(parsed.Account), parsed.Resource
		if id, isKey := strings.CutPrefix(resource, "key/"); isKey {
			resource = id
		} else if !strings.HasPrefix(resource, "alias/") {
			return named, fail(invalidARN, "%s is not the ARN of a key.", quoted(asked))
		}
	}
	switch {
	case by == byName && aliasName.MatchString(resource):
		named.alias = resource
	case keyID.MatchString(resource):
		named.id = resource
	default:
		return named, fail(notFound, "Invalid keyId %s", quoted(asked))
	}
	return named, nil
}

// find returns the key that is meant, or NotFound.
func (s *Service) find(r catalog.Reader, n reference) (Key, error) {
	managed := s.managedKey(n.account)
	if n.alias == managedAlias || n.id == managed.ID {
		return managed, nil
	}
	if n.alias != "" {
		a, err := r.KeyAlias(n.account, n.alias)
		if artifact.Is(err, artifact.NotFound) {
			return Key{}, fail(notFound, "Alias %s is not found.", s.arn(n.account, n.alias))
		}
		if err != nil {
			return Key{}, err
		}
		n.id = a.Key
	}
	k, err := r.EncryptionKey(n.id)
	if artifact.Is(err, artifact.NotFound) || err == nil && k.Account != n.account {
		return Key{}, fail(notFound, "Key '%s' does not exist", s.arn(n.account, "key/"+n.id))
	}
	return s.described(k), err
}

func (s *Service) described(k catalog.EncryptionKey) Key {
	return Key{EncryptionKey: k, ARN: s.arn(k.Account, "key/"+k.ID)}
}

// Spec asks for a key.
type Spec struct {
	Description string
	Policy      string // empty for the one that leaves everything to the account
	Tags        map[string]string
	// Unsafe lets the policy be one by which the caller could not change it any more.
	Unsafe bool
}

// CreateKey makes a key in the caller's account. LimitExceeded above the account's number, MalformedPolicyDocument for a
// policy that cannot be one, or that would lock the caller out.
func (s *Service) CreateKey(ctx context.Context, c iam.Caller, spec Spec) (Key, error) {
	id := s.NewID()
	k := s.described(catalog.EncryptionKey{ID: id, Account: owner(c), Description: spec.Description, Policy: spec.Policy,
		Material: s.Keyring.NewMaterial(id), Enabled: true, CreatedAt: s.Now().UTC(), Tags: spec.Tags})
	if spec.Policy == "" {
		k.Policy = defaultPolicy(s.Partition, k.Account)
	}
	a := ask{action: "CreateKey", tags: spec.Tags}
	err := s.write(ctx, c, a.action, func(w catalog.Writer) error {
		if err := s.permittedAnywhere(c, a); err != nil {
			return err
		}
		if len(spec.Tags) > 0 {
			if err := s.permittedAnywhere(c, ask{action: "TagResource", tags: spec.Tags}); err != nil {
				return err
			}
		}
		if err := s.checkTags(spec.Tags); err != nil {
			return err
		}
		if err := s.keepPolicy(w, c, &k, spec.Unsafe || spec.Policy == ""); err != nil {
			return err
		}
		owned := 0
		keys := func(p catalog.Page) (catalog.Listing[catalog.EncryptionKey], error) {
			return w.EncryptionKeys(k.Account, p)
		}
		for _, err := range catalog.Each(keys) {
			if err != nil {
				return err
			}
			owned++
		}
		if owned >= s.Quotas.Keys {
			return fail(limitExceeded, "Account %s has reached its limit of %d keys.", k.Account, s.Quotas.Keys)
		}
		if err := w.CreateEncryptionKey(k.EncryptionKey); err != nil {
			return err
		}
		return s.audit(w, c, a.action, k.ARN, map[string]any{"keyId": k.ID})
	})
	return k, err
}

// Key describes a key by its id, an alias, or the ARN of either.
func (s *Service) Key(ctx context.Context, c iam.Caller, asked string) (found Key, err error) {
	err = s.read(ctx, c, ask{action: "DescribeKey", key: asked}, byName, func(_ catalog.Reader, k Key) error {
		found = k
		return nil
	})
	return found, err
}

// Keys lists the keys of the caller's account by their ids, the one that is kept for it first.
func (s *Service) Keys(ctx context.Context, c iam.Caller, page catalog.Page) (l catalog.Listing[Key], err error) {
	if err := s.permittedAnywhere(c, ask{action: "ListKeys"}); err != nil {
		return l, s.looked(c, "ListKeys", err)
	}
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		l, err = listed(page, s.managedKey(owner(c)), s.described, func(p catalog.Page) (catalog.Listing[catalog.EncryptionKey], error) {
			return r.EncryptionKeys(owner(c), p)
		})
		return err
	})
	return l, err
}

// afterFirst is the marker of a list's second page where the first has nothing but what is not on record.
const afterFirst = "-"

// listed is a page of what is on record, behind first, which is not.
func listed[Record, Item any](page catalog.Page, first Item, item func(Record) Item,
	list func(catalog.Page) (catalog.Listing[Record], error)) (l catalog.Listing[Item], err error) {
	switch {
	case page.After == afterFirst:
		page.After = ""
	case page.After == "" && page.Limit <= 1:
		return catalog.Listing[Item]{Items: []Item{first}, Next: afterFirst}, nil
	case page.After == "":
		l.Items = append(l.Items, first)
		page.Limit--
	}
	found, err := list(page)
	if artifact.Is(err, artifact.Invalid) {
		return l, fail(invalidMarker, "The marker was not given out by this list.")
	}
	for _, record := range found.Items {
		l.Items = append(l.Items, item(record))
	}
	l.Next = found.Next
	return l, err
}

// SetEnabled enables or disables a key. What is wrapped under it opens no more while it is disabled.
func (s *Service) SetEnabled(ctx context.Context, c iam.Caller, asked string, enabled bool) error {
	action := "DisableKey"
	if enabled {
		action = "EnableKey"
	}
	return s.change(ctx, c, ask{action: action, key: asked}, func(_ catalog.Writer, k *Key) error {
		k.Enabled = enabled
		return k.notPending()
	})
}

// Describe gives a key another description.
func (s *Service) Describe(ctx context.Context, c iam.Caller, asked, description string) error {
	return s.change(ctx, c, ask{action: "UpdateKeyDescription", key: asked}, func(_ catalog.Writer, k *Key) error {
		k.Description = description
		return k.notPending()
	})
}

// quoted shows at most a hundred characters of what a caller sent.
func quoted(value string) string {
	const most = 100
	if runes := []rune(value); len(runes) > most {
		value = string(runes[:most]) + "…"
	}
	return "'" + value + "'"
}
