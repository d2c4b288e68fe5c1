package queryapi

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/kms"
)

// KMS returns the Key Management Service, as far as it is offered: keys for domains. It encrypts nothing for others.
func KMS(keys *kms.Service) *JSONService {
	k := keyManagement{keys}
	return &JSONService{Target: "TrentService", Operations: map[string]Operation{
		"CancelKeyDeletion":    jsonDo(kmsGrammar, k.cancelKeyDeletion),
		"CreateAlias":          jsonDo(kmsGrammar, done(k.createAlias)),
		"CreateKey":            jsonDo(kmsGrammar, k.createKey),
		"DeleteAlias":          jsonDo(kmsGrammar, done(k.deleteAlias)),
		"DescribeKey":          jsonDo(kmsGrammar, k.describeKey),
		"DisableKey":           jsonDo(kmsGrammar, done(k.disableKey)),
		"DisableKeyRotation":   jsonDo(kmsGrammar, done(k.disableKeyRotation)),
		"EnableKey":            jsonDo(kmsGrammar, done(k.enableKey)),
		"EnableKeyRotation":    jsonDo(kmsGrammar, done(k.enableKeyRotation)),
		"GetKeyPolicy":         jsonDo(kmsGrammar, k.getKeyPolicy),
		"GetKeyRotationStatus": jsonDo(kmsGrammar, k.getKeyRotationStatus),
		"ListAliases":          jsonDo(kmsGrammar, k.listAliases),
		"ListGrants":           jsonDo(kmsGrammar, k.listGrants),
		"ListKeyPolicies":      jsonDo(kmsGrammar, k.listKeyPolicies),
		"ListKeys":             jsonDo(kmsGrammar, k.listKeys),
		"ListResourceTags":     jsonDo(kmsGrammar, k.listResourceTags),
		"PutKeyPolicy":         jsonDo(kmsGrammar, done(k.putKeyPolicy)),
		"ScheduleKeyDeletion":  jsonDo(kmsGrammar, k.scheduleKeyDeletion),
		"TagResource":          jsonDo(kmsGrammar, done(k.tagResource)),
		"UntagResource":        jsonDo(kmsGrammar, done(k.untagResource)),
		"UpdateAlias":          jsonDo(kmsGrammar, done(k.updateAlias)),
		"UpdateKeyDescription": jsonDo(kmsGrammar, done(k.updateKeyDescription)),
	}}
}

// kmsGrammar has the shapes of KMS's model.
var kmsGrammar = grammar{
	"AliasNameType":            text(1, 256, `[a-zA-Z0-9:/_-]+`),
	"DescriptionType":          text(0, 8192),
	"KeyIdType":                text(1, 2048),
	"CustomerMasterKeySpec":    text(1, 64),
	"KeySpec":                  text(1, 64),
	"KeyUsageType":             text(1, 64),
	"LimitType":                number(1, 1000),
	"MarkerType":               text(1, 1024, `[\u0020-\u00FF]*`, `[\x{20}-\x{FF}]*`),
	"OriginType":               text(1, 64),
	"PendingWindowInDaysType":  number(1, 365),
	"PolicyNameType":           text(1, 128, `[\w]+`),
	"PolicyType":               text(1, 131072, `[\u0009\u000A\u000D\u0020-\u00FF]+`, `[\x{09}\x{0A}\x{0D}\x{20}-\x{FF}]+`),
	"PrincipalIdType":          text(1, 256, `[\w+=,.@:/-]+`),
	"GrantIdType":              text(1, 128),
	"RotationPeriodInDaysType": number(90, 2560),
	"TagKeyType":               text(1, 128),
	"TagValueType":             text(0, 256),
	"CustomKeyStoreIdType":     text(1, 64),
	"XksKeyIdType":             text(1, 128, `[a-zA-Z0-9-_.]+`),
	"NullableBooleanType":      {},
	"BooleanType":              {},
}

// keyManagement are the operations.
type keyManagement struct{ keys *kms.Service }

// The properties of all keys: they are symmetric, and the service makes them.
const (
	symmetric = "SYMMETRIC_DEFAULT"
	encrypts  = "ENCRYPT_DECRYPT"
	ofKMS     = "AWS_KMS"
)

type keyMetadata struct {
	AWSAccountID          string   `json:"AWSAccountId"`
	KeyID                 string   `json:"KeyId"`
	ARN                   string   `json:"Arn"`
	CreationDate          jsonTime `json:"CreationDate"`
	Enabled               bool     `json:"Enabled"`
	Description           string   `json:"Description"`
	KeyUsage              string   `json:"KeyUsage"`
	KeyState              string   `json:"KeyState"`
	DeletionDate          jsonTime `json:"DeletionDate,omitzero"`
	Origin                string   `json:"Origin"`
	KeyManager            string   `json:"KeyManager"`
	CustomerMasterKeySpec string   `json:"CustomerMasterKeySpec"`
	KeySpec               string   `json:"KeySpec"`
	EncryptionAlgorithms  []string `json:"EncryptionAlgorithms"`
	MultiRegion           bool     `json:"MultiRegion"`
}

func metadataOf(k kms.Key) keyMetadata {
	manager := "CUSTOMER"
	if k.Managed {
		manager = "AWS"
	}
	return keyMetadata{AWSAccountID: string(k.Account), KeyID: k.ID, ARN: k.ARN, CreationDate: jsonTime(k.CreatedAt),
		Enabled: k.State() == kms.Enabled, Description: k.Description, KeyUsage: encrypts, KeyState: k.State(),
		DeletionDate: jsonTime(k.DeletesAt), Origin: ofKMS, KeyManager: manager, CustomerMasterKeySpec: symmetric,
		KeySpec: symmetric, EncryptionAlgorithms: []string{symmetric}}
}

type keyOutput struct {
	KeyMetadata keyMetadata `json:"KeyMetadata"`
}

type kmsTag struct {
	TagKey   string `member:"TagKey,TagKeyType,required"`
	TagValue string `member:"TagValue,TagValueType,required"`
}

func (t kmsTag) pair() (key, value string) { return t.TagKey, t.TagValue }

func unsupported(message string) error {
	return &Error{http.StatusBadRequest, "UnsupportedOperationException", message}
}

type createKeyInput struct {
	Policy                         string   `member:"Policy,PolicyType"`
	Description                    string   `member:"Description,DescriptionType"`
	KeyUsage                       string   `member:"KeyUsage,KeyUsageType"`
	CustomerMasterKeySpec          string   `member:"CustomerMasterKeySpec,CustomerMasterKeySpec"`
	KeySpec                        string   `member:"KeySpec,KeySpec"`
	Origin                         string   `member:"Origin,OriginType"`
	CustomKeyStoreID               string   `member:"CustomKeyStoreId,CustomKeyStoreIdType"`
	BypassPolicyLockoutSafetyCheck bool     `member:"BypassPolicyLockoutSafetyCheck,BooleanType"`
	Tags                           []kmsTag `member:"Tags,"`
	MultiRegion                    bool     `member:"MultiRegion,NullableBooleanType"`
	XksKeyID                       string   `member:"XksKeyId,XksKeyIdType"`
}

// plain refuses kinds of keys that domains cannot be made under.
func (in createKeyInput) plain() error {
	for _, member := range []struct{ value, want string }{
		{in.KeyUsage, encrypts}, {in.CustomerMasterKeySpec, symmetric}, {in.KeySpec, symmetric}, {in.Origin, ofKMS},
		{in.CustomKeyStoreID, ""}, {in.XksKeyID, ""},
	} {
		if member.value != "" && member.value != member.want {
			return unsupported("'" + shorten(member.value) + "' is not offered here: keys are symmetric, for encryption, and of " +
				"this service's own making.")
		}
	}
	if in.MultiRegion {
		return unsupported("Keys of several regions are not offered here.")
	}
	return nil
}

func (k keyManagement) createKey(ctx context.Context, c iam.Caller, in createKeyInput) (out keyOutput, err error) {
	if err := in.plain(); err != nil {
		return out, err
	}
	tags, err := tagMap(in.Tags, "TagException")
	if err != nil {
		return out, err
	}
	made, err := k.keys.CreateKey(ctx, c, kms.Spec{Description: in.Description, Policy: in.Policy, Tags: tags,
		Unsafe: in.BypassPolicyLockoutSafetyCheck})
	return keyOutput{metadataOf(made)}, err
}

// keyInput names a key.
type keyInput struct {
	KeyID string `member:"KeyId,KeyIdType,required"`
}

func (k keyManagement) describeKey(ctx context.Context, c iam.Caller, in keyInput) (keyOutput, error) {
	found, err := k.keys.Key(ctx, c, in.KeyID)
	return keyOutput{metadataOf(found)}, err
}

func (k keyManagement) enableKey(ctx context.Context, c iam.Caller, in keyInput) error {
	return k.keys.SetEnabled(ctx, c, in.KeyID, true)
}

func (k keyManagement) disableKey(ctx context.Context, c iam.Caller, in keyInput) error {
	return k.keys.SetEnabled(ctx, c, in.KeyID, false)
}

type updateKeyDescriptionInput struct {
	KeyID       string `member:"KeyId,KeyIdType,required"`
	Description string `member:"Description,DescriptionType,required"`
}

func (k keyManagement) updateKeyDescription(ctx context.Context, c iam.Caller, in updateKeyDescriptionInput) error {
	return k.keys.Describe(ctx, c, in.KeyID, in.Description)
}

type scheduleKeyDeletionInput struct {
	KeyID               string `member:"KeyId,KeyIdType,required"`
	PendingWindowInDays int    `member:"PendingWindowInDays,PendingWindowInDaysType"`
}

type scheduledDeletion struct {
	KeyID               string   `json:"KeyId"`
	DeletionDate        jsonTime `json:"DeletionDate"`
	KeyState            string   `json:"KeyState"`
	PendingWindowInDays int      `json:"PendingWindowInDays"`
}

func (k keyManagement) scheduleKeyDeletion(ctx context.Context, c iam.Caller, in scheduleKeyDeletionInput) (
	scheduledDeletion, error) {
	key, err := k.keys.ScheduleDeletion(ctx, c, in.KeyID, in.PendingWindowInDays)
	return scheduledDeletion{key.ARN, jsonTime(key.DeletesAt), key.State(), key.Waiting}, err
}

type cancelledDeletion struct {
	KeyID string `json:"KeyId"`
}

func (k keyManagement) cancelKeyDeletion(ctx context.Context, c iam.Caller, in keyInput) (cancelledDeletion, error) {
	key, err := k.keys.CancelDeletion(ctx, c, in.KeyID)
	return cancelledDeletion{key.ARN}, err
}

// pageInput is what lists are asked with.
type pageInput struct {
	Limit  int    `member:"Limit,LimitType"`
	Marker string `member:"Marker,MarkerType"`
}

// page makes a page of standard items where none are asked for.
func (in pageInput) page(standard int) catalog.Page {
	if in.Limit == 0 {
		in.Limit = standard
	}
	return catalog.Page{Limit: in.Limit, After: in.Marker}
}

type listKeysInput struct {
	Limit  int    `member:"Limit,LimitType"`
	Marker string `member:"Marker,MarkerType"`
}

type keyEntry struct {
	KeyID  string `json:"KeyId"`
	KeyARN string `json:"KeyArn"`
}

type keyList struct {
	Keys       []keyEntry `json:"Keys"`
	NextMarker string     `json:"NextMarker,omitempty"`
	Truncated  bool       `json:"Truncated"`
}

// The sizes of pages where none is asked for (KMS API reference).
const (
	keysOnPage    = 100
	aliasesOnPage = 50
)

func (k keyManagement) listKeys(ctx context.Context, c iam.Caller, in listKeysInput) (keyList, error) {
	l, err := k.keys.Keys(ctx, c, pageInput(in).page(keysOnPage))
	out := keyList{Keys: []keyEntry{}, NextMarker: l.Next, Truncated: l.Next != ""}
	for _, key := range l.Items {
		out.Keys = append(out.Keys, keyEntry{key.ID, key.ARN})
	}
	return out, err
}

type aliasInput struct {
	AliasName string `member:"AliasName,AliasNameType,required"`
}

type targetInput struct {
	AliasName   string `member:"AliasName,AliasNameType,required"`
	TargetKeyID string `member:"TargetKeyId,KeyIdType,required"`
}

func (k keyManagement) createAlias(ctx context.Context, c iam.Caller, in targetInput) error {
	return k.keys.CreateAlias(ctx, c, in.AliasName, in.TargetKeyID)
}

func (k keyManagement) updateAlias(ctx context.Context, c iam.Caller, in targetInput) error {
	return k.keys.UpdateAlias(ctx, c, in.AliasName, in.TargetKeyID)
}

func (k keyManagement) deleteAlias(ctx context.Context, c iam.Caller, in aliasInput) error {
	return k.keys.DeleteAlias(ctx, c, in.AliasName)
}

type listAliasesInput struct {
	KeyID  string `member:"KeyId,KeyIdType"`
	Limit  int    `member:"Limit,LimitType"`
	Marker string `member:"Marker,MarkerType"`
}

type aliasEntry struct {
	AliasName       string   `json:"AliasName"`
	AliasARN        string   `json:"AliasArn"`
	TargetKeyID     string   `json:"TargetKeyId"`
	CreationDate    jsonTime `json:"CreationDate"`
	LastUpdatedDate jsonTime `json:"LastUpdatedDate"`
}

type aliasList struct {
	Aliases    []aliasEntry `json:"Aliases"`
	NextMarker string       `json:"NextMarker,omitempty"`
	Truncated  bool         `json:"Truncated"`
}

func (k keyManagement) listAliases(ctx context.Context, c iam.Caller, in listAliasesInput) (aliasList, error) {
	l, err := k.keys.Aliases(ctx, c, in.KeyID, pageInput{in.Limit, in.Marker}.page(aliasesOnPage))
	out := aliasList{Aliases: []aliasEntry{}, NextMarker: l.Next, Truncated: l.Next != ""}
	for _, a := range l.Items {
		out.Aliases = append(out.Aliases, aliasEntry{a.Name, a.ARN, a.Key, jsonTime(a.CreatedAt), jsonTime(a.UpdatedAt)})
	}
	return out, err
}

type getKeyPolicyInput struct {
	KeyID      string `member:"KeyId,KeyIdType,required"`
	PolicyName string `member:"PolicyName,PolicyNameType"`
}

type keyPolicyOutput struct {
	Policy     string `json:"Policy"`
	PolicyName string `json:"PolicyName"`
}

func (k keyManagement) getKeyPolicy(ctx context.Context, c iam.Caller, in getKeyPolicyInput) (keyPolicyOutput, error) {
	document, err := k.keys.KeyPolicy(ctx, c, in.KeyID, in.PolicyName)
	return keyPolicyOutput{document, kms.PolicyName}, err
}

type putKeyPolicyInput struct {
	KeyID                          string `member:"KeyId,KeyIdType,required"`
	PolicyName                     string `member:"PolicyName,PolicyNameType"`
	Policy                         string `member:"Policy,PolicyType,required"`
	BypassPolicyLockoutSafetyCheck bool   `member:"BypassPolicyLockoutSafetyCheck,BooleanType"`
}

func (k keyManagement) putKeyPolicy(ctx context.Context, c iam.Caller, in putKeyPolicyInput) error {
	return k.keys.PutKeyPolicy(ctx, c, in.KeyID, in.PolicyName, in.Policy, in.BypassPolicyLockoutSafetyCheck)
}

type keyPageInput struct {
	KeyID  string `member:"KeyId,KeyIdType,required"`
	Limit  int    `member:"Limit,LimitType"`
	Marker string `member:"Marker,MarkerType"`
}

type policyNames struct {
	PolicyNames []string `json:"PolicyNames"`
	Truncated   bool     `json:"Truncated"`
}

func (k keyManagement) listKeyPolicies(ctx context.Context, c iam.Caller, in keyPageInput) (policyNames, error) {
	names, err := k.keys.PolicyNames(ctx, c, in.KeyID)
	return policyNames{PolicyNames: names}, err
}

type rotationStatus struct {
	KeyID                string   `json:"KeyId"`
	KeyRotationEnabled   bool     `json:"KeyRotationEnabled"`
	RotationPeriodInDays int      `json:"RotationPeriodInDays,omitempty"`
	NextRotationDate     jsonTime `json:"NextRotationDate,omitzero"`
}

func (k keyManagement) getKeyRotationStatus(ctx context.Context, c iam.Caller, in keyInput) (rotationStatus, error) {
	key, err := k.keys.Rotation(ctx, c, in.KeyID)
	return rotationStatus{key.ARN, key.Rotation != 0, key.Rotation, jsonTime(key.RotatesAt)}, err
}

type enableKeyRotationInput struct {
	KeyID                string `member:"KeyId,KeyIdType,required"`
	RotationPeriodInDays int    `member:"RotationPeriodInDays,RotationPeriodInDaysType"`
}

func (k keyManagement) enableKeyRotation(ctx context.Context, c iam.Caller, in enableKeyRotationInput) error {
	return k.keys.EnableRotation(ctx, c, in.KeyID, in.RotationPeriodInDays)
}

func (k keyManagement) disableKeyRotation(ctx context.Context, c iam.Caller, in keyInput) error {
	return k.keys.DisableRotation(ctx, c, in.KeyID)
}

type tagResourceInput struct {
	KeyID string   `member:"KeyId,KeyIdType,required"`
	Tags  []kmsTag `member:"Tags,,required"`
}

func (k keyManagement) tagResource(ctx context.Context, c iam.Caller, in tagResourceInput) error {
	tags, err := tagMap(in.Tags, "TagException")
	if err != nil {
		return err
	}
	return k.keys.Tag(ctx, c, in.KeyID, tags)
}

type untagResourceInput struct {
	KeyID   string   `member:"KeyId,KeyIdType,required"`
	TagKeys []string `member:"TagKeys,TagKeyType,required"`
}

func (k keyManagement) untagResource(ctx context.Context, c iam.Caller, in untagResourceInput) error {
	return k.keys.Untag(ctx, c, in.KeyID, in.TagKeys)
}

type kmsTagOutput struct {
	TagKey   string `json:"TagKey"`
	TagValue string `json:"TagValue"`
}

type resourceTags struct {
	Tags      []kmsTagOutput `json:"Tags"`
	Truncated bool           `json:"Truncated"`
}

// listResourceTags answers all tags at once: a key has fifty at most.
func (k keyManagement) listResourceTags(ctx context.Context, c iam.Caller, in keyPageInput) (resourceTags, error) {
	tags, err := k.keys.Tags(ctx, c, in.KeyID)
	out := resourceTags{Tags: []kmsTagOutput{}}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, kmsTagOutput{name, tags[name]})
	}
	return out, err
}

type listGrantsInput struct {
	Limit            int    `member:"Limit,LimitType"`
	Marker           string `member:"Marker,MarkerType"`
	KeyID            string `member:"KeyId,KeyIdType,required"`
	GrantID          string `member:"GrantId,GrantIdType"`
	GranteePrincipal string `member:"GranteePrincipal,PrincipalIdType"`
}

type grantList struct {
	Grants    []struct{} `json:"Grants"`
	Truncated bool       `json:"Truncated"`
}

// listGrants answers that there are none: what a domain needs of a key is not granted, it follows from the domain.
func (k keyManagement) listGrants(ctx context.Context, c iam.Caller, in listGrantsInput) (grantList, error) {
	return grantList{Grants: []struct{}{}}, k.keys.Grants(ctx, c, in.KeyID)
}
