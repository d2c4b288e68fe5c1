package queryapi

import (
	"context"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// keys are the actions on access keys, and on the account as a whole.
func (a *iamAPI) keys() map[string]Action {
	return map[string]Action{
		"CreateAccessKey":      do(iamGrammar, a.createAccessKey),
		"ListAccessKeys":       do(iamGrammar, a.listAccessKeys),
		"UpdateAccessKey":      do(iamGrammar, done(a.updateAccessKey)),
		"DeleteAccessKey":      do(iamGrammar, done(a.deleteAccessKey)),
		"GetAccessKeyLastUsed": do(iamGrammar, a.getAccessKeyLastUsed),
		"CreateAccountAlias":   do(iamGrammar, done(a.createAccountAlias)),
		"DeleteAccountAlias":   do(iamGrammar, done(a.deleteAccountAlias)),
		"ListAccountAliases":   do(iamGrammar, a.listAccountAliases),
		"GetAccountSummary":    do(iamGrammar, a.getAccountSummary),

		"GetAccountAuthorizationDetails": do(iamGrammar, a.accountAuthorizationDetails),
	}
}

type createAccessKeyIn struct {
	UserName string `query:"UserName,existingUserNameType"`
}

type accessKeyOut struct {
	AccessKey accessKeyShape `xml:"AccessKey"`
}

type accessKeyShape struct {
	UserName        string     `xml:"UserName"`
	AccessKeyID     string     `xml:"AccessKeyId"`
	Status          string     `xml:"Status"`
	SecretAccessKey string     `xml:"SecretAccessKey"`
	CreateDate      *time.Time `xml:"CreateDate"`
}

func (a *iamAPI) createAccessKey(ctx context.Context, c iam.Caller, in createAccessKeyIn) (accessKeyOut, error) {
	user, key, secret, err := a.rules.CreateAccessKey(ctx, c, in.UserName)
	return accessKeyOut{accessKeyShape{user.Name, key.ID, statusOf(key), secret.Reveal(), when(key.CreatedAt)}}, err
}

func statusOf(k catalog.AccessKey) string {
	if k.Active {
		return "Active"
	}
	return "Inactive"
}

type listAccessKeysIn struct {
	UserName string `query:"UserName,existingUserNameType"`
	Marker   string `query:"Marker,markerType"`
	MaxItems int    `query:"MaxItems,maxItemsType"`
}

type accessKeysOut struct {
	Metadata members[accessKeyMetadata] `xml:"AccessKeyMetadata"`
	more
}

type accessKeyMetadata struct {
	UserName    string     `xml:"UserName"`
	AccessKeyID string     `xml:"AccessKeyId"`
	Status      string     `xml:"Status"`
	CreateDate  *time.Time `xml:"CreateDate"`
}

func (a *iamAPI) listAccessKeys(ctx context.Context, c iam.Caller, in listAccessKeysIn) (accessKeysOut, error) {
	user, l, err := a.rules.ListAccessKeys(ctx, c, in.UserName, pageOf(in.Marker, in.MaxItems))
	list := each(l.Items, func(k catalog.AccessKey) accessKeyMetadata {
		return accessKeyMetadata{user.Name, k.ID, statusOf(k), when(k.CreatedAt)}
	})
	return accessKeysOut{list, moreOf(l.Next)}, err
}

type updateAccessKeyIn struct {
	UserName    string `query:"UserName,existingUserNameType"`
	AccessKeyID string `query:"AccessKeyId,accessKeyIdType,required"`
	Status      string `query:"Status,statusType,required"`
}

func (a *iamAPI) updateAccessKey(ctx context.Context, c iam.Caller, in updateAccessKeyIn) error {
	if in.Status == "Expired" {
		return artifact.Errorf(artifact.Invalid, "Status must be Active or Inactive.").Causing(accounts.InvalidInput)
	}
	return a.rules.UpdateAccessKey(ctx, c, in.UserName, in.AccessKeyID, in.Status == "Active")
}

type deleteAccessKeyIn struct {
	UserName    string `query:"UserName,existingUserNameType"`
	AccessKeyID string `query:"AccessKeyId,accessKeyIdType,required"`
}

func (a *iamAPI) deleteAccessKey(ctx context.Context, c iam.Caller, in deleteAccessKeyIn) error {
	return a.rules.DeleteAccessKey(ctx, c, in.UserName, in.AccessKeyID)
}

type ofAccessKeyIn struct {
	AccessKeyID string `query:"AccessKeyId,accessKeyIdType,required"`
}

type lastUsedOut struct {
	UserName string        `xml:"UserName"`
	LastUsed lastUsedShape `xml:"AccessKeyLastUsed"`
}

type lastUsedShape struct {
	LastUsedDate *time.Time `xml:"LastUsedDate"`
	ServiceName  string     `xml:"ServiceName"`
	Region       string     `xml:"Region"`
}

// getAccessKeyLastUsed says N/A of a key that nobody has used (API reference, AccessKeyLastUsed).
func (a *iamAPI) getAccessKeyLastUsed(ctx context.Context, c iam.Caller, in ofAccessKeyIn) (lastUsedOut, error) {
	user, last, err := a.rules.GetAccessKeyLastUsed(ctx, c, in.AccessKeyID)
	shape := lastUsedShape{when(last.At), last.Service, last.Region}
	if last.At.IsZero() {
		shape = lastUsedShape{ServiceName: "N/A", Region: "N/A"}
	}
	return lastUsedOut{user.Name, shape}, err
}

type aliasIn struct {
	AccountAlias string `query:"AccountAlias,accountAliasType,required"`
}

func (a *iamAPI) createAccountAlias(ctx context.Context, c iam.Caller, in aliasIn) error {
	return a.rules.CreateAccountAlias(ctx, c, in.AccountAlias)
}

func (a *iamAPI) deleteAccountAlias(ctx context.Context, c iam.Caller, in aliasIn) error {
	return a.rules.DeleteAccountAlias(ctx, c, in.AccountAlias)
}

type listIn struct {
	Marker   string `query:"Marker,markerType"`
	MaxItems int    `query:"MaxItems,maxItemsType"`
}

type aliasesOut struct {
	AccountAliases members[string] `xml:"AccountAliases"`
	more
}

// listAccountAliases has one page: an account has one alias at most.
func (a *iamAPI) listAccountAliases(ctx context.Context, c iam.Caller, _ listIn) (out aliasesOut, err error) {
	alias, err := a.rules.AccountAlias(ctx, c)
	if alias != "" {
		out.AccountAliases = members[string]{alias}
	}
	return out, err
}

type summaryOut struct {
	SummaryMap entries[int] `xml:"SummaryMap"`
}

// getAccountSummary tells what there is, and zero of what an account cannot have here.
func (a *iamAPI) getAccountSummary(ctx context.Context, c iam.Caller, _ struct{}) (summaryOut, error) {
	s, err := a.rules.GetAccountSummary(ctx, c)
	return summaryOut{entries[int]{
		"Users": s.Users, "UsersQuota": s.Quotas.Users,
		"Groups": s.Groups, "GroupsQuota": s.Quotas.Groups,
		"Roles": s.Roles, "RolesQuota": s.Quotas.Roles,
		"Policies": s.Policies, "PoliciesQuota": s.Quotas.Policies,
		"PolicyVersionsInUse": s.PolicyVersions, "PolicyVersionsInUseQuota": s.Quotas.Policies * s.Quotas.PolicyVersions,
		"VersionsPerPolicyQuota":       s.Quotas.PolicyVersions,
		"GroupsPerUserQuota":           s.Quotas.GroupsOfUser,
		"AccessKeysPerUserQuota":       s.Quotas.AccessKeys,
		"AttachedPoliciesPerUserQuota": s.Quotas.AttachedPolicies, "AttachedPoliciesPerGroupQuota": s.Quotas.AttachedPolicies,
		"AttachedPoliciesPerRoleQuota": s.Quotas.AttachedPolicies,
		"UserPolicySizeQuota":          s.Sizes.User, "GroupPolicySizeQuota": s.Sizes.Group, "RolePolicySizeQuota": s.Sizes.Role,
		"PolicySizeQuota":          s.Sizes.Managed,
		"AccountAccessKeysPresent": s.RootKeys,
		"AccountMFAEnabled":        0, "MFADevices": 0, "MFADevicesInUse": 0, "AccountPasswordPresent": 0,
		"AccountSigningCertificatesPresent": 0, "ServerCertificates": 0, "InstanceProfiles": 0,
	}}, err
}
