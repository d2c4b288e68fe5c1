package kms

import (
	"fmt"
	"strconv"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// ask is one question for permission.
type ask struct {
	action string // without its service prefix
	key    string // as the caller names it
	// via is the service on whose behalf the caller asks; empty for its own.
	via     string
	tags    map[string]string // that the request brings along
	tagKeys []string          // that it takes away
	unsafe  bool              // whether it gives up the check that keeps the caller from locking himself out
	waiting int               // days that it wants a deletion to wait
	detail  map[string]any    // what is worth recording of it
}

// permitted finds a key and asks whether the caller may do the action with it. A key that is not there is judged without
// a policy of its own: a caller of another account is denied whether or not it exists.
func (s *Service) permitted(r catalog.Reader, c iam.Caller, a ask, by naming) (Key, error) {
	named, err := s.refer(c, a.key, by)
	if err != nil {
		return Key{}, err
	}
	k, missing := s.find(r, named)
	if missing != nil && !artifact.Is(missing, artifact.NotFound) {
		return Key{}, missing
	}
	judged, on := &k, k.ARN
	if missing != nil {
		judged, on = nil, s.arn(named.account, "key/"+named.id)
		if named.alias != "" {
			on = s.arn(named.account, named.alias)
		}
		if named.account == owner(c) {
			// Its own account may know what it has not.
			k = Key{EncryptionKey: catalog.EncryptionKey{Account: named.account, Policy: defaultPolicy(s.Partition, named.account)}}
			judged = &k
		}
	}
	if err := s.allow(c, a, judged, on); err != nil {
		return Key{}, err
	}
	return k, missing
}

// permittedAnywhere asks for an action that is done to no key there is.
func (s *Service) permittedAnywhere(c iam.Caller, a ask) error {
	k := Key{EncryptionKey: catalog.EncryptionKey{Account: owner(c), Policy: defaultPolicy(s.Partition, owner(c))}}
	return s.allow(c, a, &k, "*")
}

// allow is nil, or an accessDenied that has the accounts.Refusal beneath it.
func (s *Service) allow(c iam.Caller, a ask, k *Key, on string) error {
	subject, err := s.subject(c, a, k, on)
	if err != nil {
		return err
	}
	return accounts.AuthorizeOr(accessDenied, c, "kms:"+a.action, subject)
}

// subject is what an action on a key is judged on (service authorization reference, "AWS Key Management Service"). Without
// a key there is no policy that could let anybody in.
func (s *Service) subject(c iam.Caller, a ask, k *Key, on string) (accounts.Subject, error) {
	keys := map[string][]string{
		"kms:calleraccount":                  {c.Principal.Account},
		"kms:bypasspolicylockoutsafetycheck": {strconv.FormatBool(a.unsafe)},
	}
	if a.via != "" {
		keys["kms:viaservice"] = []string{a.via}
		keys["kms:grantisforawsresource"] = []string{"true"}
	}
	if a.waiting != 0 {
		keys["kms:schedulekeydeletionpendingwindowindays"] = []string{strconv.Itoa(a.waiting)}
	}
	subject := accounts.Subject{ARN: on, Given: a.tags, Taken: a.tagKeys, Keys: keys, Delegated: true, Owner: nobody}
	if k == nil {
		return subject, nil
	}
	policy, err := iam.Parse([]byte(k.Policy), iam.KeyPolicy)
	if err != nil {
		return subject, fmt.Errorf("stored policy of key %s: %w", k.ID, err)
	}
	subject.Owner, subject.Tags, subject.Policies = k.Account, k.Tags, []*iam.Policy{policy}
	return subject, nil
}

// nobody owns what is not there.
const nobody = artifact.AccountID("-")
