package queryapi

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Organizations returns AWS Organizations, as far as it is offered: accounts under one root.
func Organizations(rules *accounts.Service) *JSONService {
	o := organizations{rules}
	g := organizationsGrammar
	return &JSONService{
		Target: "AWSOrganizationsV20161128",
		Operations: map[string]Operation{
			"CloseAccount":                        jsonDo(g, done(o.closeAccount)),
			"CreateAccount":                       jsonDo(g, o.createAccount),
			"CreateOrganization":                  jsonDo(g, o.createOrganization),
			"DeleteOrganization":                  jsonDo(g, done(o.deleteOrganization)),
			"DescribeAccount":                     jsonDo(g, o.describeAccount),
			"DescribeCreateAccountStatus":         jsonDo(g, o.describeCreateAccountStatus),
			"DescribeOrganization":                jsonDo(g, o.describeOrganization),
			"ListAWSServiceAccessForOrganization": jsonDo(g, o.listServices),
			"ListAccounts":                        jsonDo(g, o.listAccounts),
			"ListAccountsForParent":               jsonDo(g, o.listAccountsForParent),
			"ListChildren":                        jsonDo(g, o.listChildren),
			"ListCreateAccountStatus":             jsonDo(g, o.listCreateAccountStatus),
			"ListOrganizationalUnitsForParent":    jsonDo(g, o.listUnits),
			"ListParents":                         jsonDo(g, o.listParents),
			"ListRoots":                           jsonDo(g, o.listRoots),
			"ListTagsForResource":                 jsonDo(g, o.listTags),
			"RemoveAccountFromOrganization":       jsonDo(g, done(o.removeAccount)),
			"TagResource":                         jsonDo(g, done(o.tagResource)),
			"UntagResource":                       jsonDo(g, done(o.untagResource)),
		},
		Failures: map[artifact.Kind]Failure{
			artifact.Invalid:   {http.StatusBadRequest, "InvalidInputException"},
			artifact.NotFound:  {http.StatusBadRequest, "AccountNotFoundException"},
			artifact.Conflict:  {http.StatusBadRequest, "ConflictException"},
			artifact.Quota:     {http.StatusBadRequest, "ConstraintViolationException"},
			artifact.Throttled: {http.StatusBadRequest, "TooManyRequestsException"},
		},
		Problems: map[accounts.Problem]Failure{
			accounts.NotInOrganization:     {http.StatusBadRequest, "AWSOrganizationsNotInUseException"},
			accounts.AlreadyInOrganization: {http.StatusBadRequest, "AlreadyInOrganizationException"},
			accounts.OrganizationInUse:     {http.StatusBadRequest, "OrganizationNotEmptyException"},
			accounts.NoSuchAccount:         {http.StatusBadRequest, "AccountNotFoundException"},
			accounts.NoSuchChild:           {http.StatusBadRequest, "ChildNotFoundException"},
			accounts.NoSuchParent:          {http.StatusBadRequest, "ParentNotFoundException"},
			accounts.NoSuchTarget:          {http.StatusBadRequest, "TargetNotFoundException"},
			accounts.NoSuchRequest:         {http.StatusBadRequest, "CreateAccountStatusNotFoundException"},
			accounts.AlreadyClosed:         {http.StatusBadRequest, "AccountAlreadyClosedException"},
			accounts.ManagerStays:          {http.StatusBadRequest, "MasterCannotLeaveOrganizationException"},
			accounts.Constraint:            {http.StatusBadRequest, "ConstraintViolationException"},
		},
	}
}

// organizationsGrammar has the shapes of the model of Organizations.
var organizationsGrammar = grammar{
	"AccountId":              text(0, 12, `\d{12}`),
	"ChildId":                text(0, 100, `(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})`),
	"ChildType":              oneOf("ACCOUNT", "ORGANIZATIONAL_UNIT"),
	"CreateAccountName":      text(1, 50, `[\u0020-\u007E]+`, `[ -~]+`),
	"CreateAccountRequestId": text(0, 36, `car-[a-z0-9]{8,32}`),
	"CreateAccountState":     oneOf(inProgress, succeeded, failed),
	"Email":                  text(6, 64, `[^\s@]+@[^\s@]+\.[^\s@]+`),
	"IAMUserAccessToBilling": oneOf("ALLOW", "DENY"),
	"MaxResults":             number(1, 20),
	"NextToken":              text(0, 100_000, `[\s\S]*`),
	"OrganizationFeatureSet": oneOf(allFeatures, "CONSOLIDATED_BILLING"),
	"ParentId":               text(0, 100, `(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})`),
	"RoleName":               text(0, 64, `[\w+=,.@-]{1,64}`),
	"TagKey":                 text(1, 128, `([\p{L}\p{Z}\p{N}_.:/=+\-@]*)`),
	"TagValue":               text(0, 256, `([\p{L}\p{Z}\p{N}_.:/=+\-@]*)`),
	"TaggableResourceId": text(0, 130, `(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})|(^p-[0-9a-zA-Z_]{8,128})|`+
		`(^rp-[0-9a-zA-Z_]{4,128})|(^rt-[0-9a-zA-Z_]{8,32})`),
}

// organizations are the operations.
type organizations struct{ rules *accounts.Service }

// allFeatures is the feature set of every organization.
const allFeatures = "ALL"

type createOrganizationInput struct {
	FeatureSet string `member:"FeatureSet,OrganizationFeatureSet"`
}

type organizationOutput struct {
	Organization organizationShape `json:"Organization"`
}

type organizationShape struct {
	ID                   string     `json:"Id"`
	ARN                  string     `json:"Arn"`
	FeatureSet           string     `json:"FeatureSet"`
	MasterAccountARN     string     `json:"MasterAccountArn"`
	MasterAccountID      string     `json:"MasterAccountId"`
	MasterAccountEmail   string     `json:"MasterAccountEmail"`
	AvailablePolicyTypes []struct{} `json:"AvailablePolicyTypes"` // none: organizations have no policies here
}

func organizationOf(o accounts.Organization) organizationOutput {
	return organizationOutput{organizationShape{ID: o.ID, ARN: o.ARN, FeatureSet: allFeatures, MasterAccountARN: o.Manager.ARN,
		MasterAccountID: string(o.Management), MasterAccountEmail: o.Manager.Email, AvailablePolicyTypes: []struct{}{}}}
}

func (o organizations) createOrganization(ctx context.Context, c iam.Caller, in createOrganizationInput) (
	out organizationOutput, err error) {
	if in.FeatureSet != "" && in.FeatureSet != allFeatures {
		return out, artifact.Errorf(artifact.Invalid, "Organizations have all features here: there are no bills to consolidate.")
	}
	made, err := o.rules.CreateOrganization(ctx, c)
	return organizationOf(made), err
}

func (o organizations) describeOrganization(ctx context.Context, c iam.Caller, _ struct{}) (organizationOutput, error) {
	found, err := o.rules.DescribeOrganization(ctx, c)
	return organizationOf(found), err
}

func (o organizations) deleteOrganization(ctx context.Context, c iam.Caller, _ struct{}) error {
	return o.rules.DeleteOrganization(ctx, c)
}

// nextInput is what lists are asked with.
type nextInput struct {
	NextToken  string `member:"NextToken,NextToken"`
	MaxResults int    `member:"MaxResults,MaxResults"`
}

// membersOnPage is how many items a page has where nobody says it; as many as may be asked for.
const membersOnPage = 20

func (in nextInput) page() catalog.Page {
	if in.MaxResults == 0 {
		in.MaxResults = membersOnPage
	}
	return catalog.Page{Limit: in.MaxResults, After: in.NextToken}
}

type rootList struct {
	Roots []rootShape `json:"Roots"`
}

type rootShape struct {
	ID          string     `json:"Id"`
	ARN         string     `json:"Arn"`
	Name        string     `json:"Name"`
	PolicyTypes []struct{} `json:"PolicyTypes"`
}

func (o organizations) listRoots(ctx context.Context, c iam.Caller, _ nextInput) (rootList, error) {
	found, err := o.rules.Roots(ctx, c)
	return rootList{[]rootShape{{found.Root, found.RootARN, "Root", []struct{}{}}}}, err
}

type serviceList struct {
	EnabledServicePrincipals []struct{} `json:"EnabledServicePrincipals"`
}

func (o organizations) listServices(ctx context.Context, c iam.Caller, _ nextInput) (serviceList, error) {
	return serviceList{[]struct{}{}}, o.rules.Services(ctx, c)
}

type parentInput struct {
	ParentID   string `member:"ParentId,ParentId,required"`
	NextToken  string `member:"NextToken,NextToken"`
	MaxResults int    `member:"MaxResults,MaxResults"`
}

func (in parentInput) page() catalog.Page { return nextInput{in.NextToken, in.MaxResults}.page() }

type unitList struct {
	OrganizationalUnits []struct{} `json:"OrganizationalUnits"`
}

func (o organizations) listUnits(ctx context.Context, c iam.Caller, in parentInput) (unitList, error) {
	return unitList{[]struct{}{}}, o.rules.UnitsUnder(ctx, c, in.ParentID)
}

// The states of accounts and of requests for them (service model).
const (
	activeAccount    = "ACTIVE"
	closedAccount    = "CLOSED"
	suspendedAccount = "SUSPENDED" // the Status of a closed account, which has fewer words than its State

	inProgress = "IN_PROGRESS"
	succeeded  = "SUCCEEDED"
	failed     = "FAILED"
)

type accountShape struct {
	ID              string   `json:"Id"`
	ARN             string   `json:"Arn"`
	Email           string   `json:"Email"`
	Name            string   `json:"Name"`
	Status          string   `json:"Status"`
	State           string   `json:"State"`
	Paths           []string `json:"Paths"`
	JoinedMethod    string   `json:"JoinedMethod"`
	JoinedTimestamp jsonTime `json:"JoinedTimestamp"`
}

func accountOf(m accounts.Member) accountShape {
	s := accountShape{ID: string(m.ID), ARN: m.ARN, Email: m.Email, Name: m.Name, Status: activeAccount, State: activeAccount,
		Paths: []string{m.Path}, JoinedMethod: "CREATED", JoinedTimestamp: jsonTime(m.JoinedAt)}
	if m.Manages {
		s.JoinedMethod = "INVITED"
	}
	if !m.ClosedAt.IsZero() {
		s.Status, s.State = suspendedAccount, closedAccount
	}
	return s
}

type accountList struct {
	Accounts  []accountShape `json:"Accounts"`
	NextToken string         `json:"NextToken,omitempty"`
}

func accountsOf(l catalog.Listing[accounts.Member]) accountList {
	out := accountList{[]accountShape{}, l.Next}
	for _, m := range l.Items {
		out.Accounts = append(out.Accounts, accountOf(m))
	}
	return out
}

func (o organizations) listAccounts(ctx context.Context, c iam.Caller, in nextInput) (accountList, error) {
	l, err := o.rules.ListAccounts(ctx, c, in.page())
	return accountsOf(l), err
}

func (o organizations) listAccountsForParent(ctx context.Context, c iam.Caller, in parentInput) (accountList, error) {
	l, err := o.rules.AccountsUnder(ctx, c, in.ParentID, in.page())
	return accountsOf(l), err
}

type listChildrenInput struct {
	ParentID   string `member:"ParentId,ParentId,required"`
	ChildType  string `member:"ChildType,ChildType,required"`
	NextToken  string `member:"NextToken,NextToken"`
	MaxResults int    `member:"MaxResults,MaxResults"`
}

type childList struct {
	Children  []placed `json:"Children"`
	NextToken string   `json:"NextToken,omitempty"`
}

// placed is what is under something or above it.
type placed struct {
	ID   string `json:"Id"`
	Type string `json:"Type"`
}

func (o organizations) listChildren(ctx context.Context, c iam.Caller, in listChildrenInput) (childList, error) {
	l, err := o.rules.Children(ctx, c, in.ParentID, nextInput{in.NextToken, in.MaxResults}.page())
	out := childList{Children: []placed{}}
	if in.ChildType != "ACCOUNT" {
		return out, err // there are no organizational units
	}
	out.NextToken = l.Next
	for _, m := range l.Items {
		out.Children = append(out.Children, placed{string(m.ID), in.ChildType})
	}
	return out, err
}

type listParentsInput struct {
	ChildID    string `member:"ChildId,ChildId,required"`
	NextToken  string `member:"NextToken,NextToken"`
	MaxResults int    `member:"MaxResults,MaxResults"`
}

type parentList struct {
	Parents []placed `json:"Parents"`
}

func (o organizations) listParents(ctx context.Context, c iam.Caller, in listParentsInput) (parentList, error) {
	root, err := o.rules.Parent(ctx, c, in.ChildID)
	return parentList{[]placed{{root, "ROOT"}}}, err
}

type accountInput struct {
	AccountID string `member:"AccountId,AccountId,required"`
}

type accountOutput struct {
	Account accountShape `json:"Account"`
}

func (o organizations) describeAccount(ctx context.Context, c iam.Caller, in accountInput) (accountOutput, error) {
	m, err := o.rules.DescribeAccount(ctx, c, in.AccountID)
	return accountOutput{accountOf(m)}, err
}

func (o organizations) closeAccount(ctx context.Context, c iam.Caller, in accountInput) error {
	return o.rules.CloseAccount(ctx, c, in.AccountID)
}

func (o organizations) removeAccount(ctx context.Context, c iam.Caller, in accountInput) error {
	return o.rules.RemoveAccount(ctx, c, in.AccountID)
}

type organizationTag struct {
	Key   string `member:"Key,TagKey,required" json:"Key"`
	Value string `member:"Value,TagValue,required" json:"Value"`
}

func accountTags(shapes []organizationTag) []accounts.Tag {
	tags := make([]accounts.Tag, len(shapes))
	for i, t := range shapes {
		tags[i] = accounts.Tag(t)
	}
	return tags
}

type createAccountInput struct {
	Email                  string            `member:"Email,Email,required"`
	AccountName            string            `member:"AccountName,CreateAccountName,required"`
	RoleName               string            `member:"RoleName,RoleName"`
	IAMUserAccessToBilling string            `member:"IamUserAccessToBilling,IAMUserAccessToBilling"` // there are no bills
	Tags                   []organizationTag `member:"Tags,"`
}

type creationOutput struct {
	CreateAccountStatus creation `json:"CreateAccountStatus"`
}

type creation struct {
	ID                 string   `json:"Id"`
	AccountName        string   `json:"AccountName"`
	State              string   `json:"State"`
	RequestedTimestamp jsonTime `json:"RequestedTimestamp"`
	CompletedTimestamp jsonTime `json:"CompletedTimestamp"`
	AccountID          string   `json:"AccountId,omitempty"`
	FailureReason      string   `json:"FailureReason,omitempty"`
}

// creationOf says what has become of a request: it is done before it is answered.
func creationOf(r catalog.AccountRequest) creation {
	state := succeeded
	if r.Failure != "" {
		state = failed
	}
	return creation{r.ID, r.AccountName, state, jsonTime(r.At), jsonTime(r.At), string(r.Account), r.Failure}
}

func (o organizations) createAccount(ctx context.Context, c iam.Caller, in createAccountInput) (creationOutput, error) {
	r, err := o.rules.CreateAccount(ctx, c, accounts.NewAccount{Email: in.Email, Name: in.AccountName, Role: in.RoleName,
		Tags: accountTags(in.Tags)})
	return creationOutput{creationOf(r)}, err
}

type creationInput struct {
	ID string `member:"CreateAccountRequestId,CreateAccountRequestId,required"`
}

func (o organizations) describeCreateAccountStatus(ctx context.Context, c iam.Caller, in creationInput) (creationOutput, error) {
	r, err := o.rules.DescribeCreateAccountStatus(ctx, c, in.ID)
	return creationOutput{creationOf(r)}, err
}

type listCreationsInput struct {
	States     []string `member:"States,CreateAccountState"`
	NextToken  string   `member:"NextToken,NextToken"`
	MaxResults int      `member:"MaxResults,MaxResults"`
}

type creationList struct {
	CreateAccountStatuses []creation `json:"CreateAccountStatuses"`
	NextToken             string     `json:"NextToken,omitempty"`
}

// listCreateAccountStatus leaves out of each page what is in other states, so a page may be short or empty, as on AWS.
func (o organizations) listCreateAccountStatus(ctx context.Context, c iam.Caller, in listCreationsInput) (creationList, error) {
	l, err := o.rules.ListCreateAccountStatus(ctx, c, nextInput{in.NextToken, in.MaxResults}.page())
	out := creationList{[]creation{}, l.Next}
	for _, r := range l.Items {
		if told := creationOf(r); len(in.States) == 0 || slices.Contains(in.States, told.State) {
			out.CreateAccountStatuses = append(out.CreateAccountStatuses, told)
		}
	}
	return out, err
}

type listTagsInput struct {
	ResourceID string `member:"ResourceId,TaggableResourceId,required"`
	NextToken  string `member:"NextToken,NextToken"`
}

type organizationTags struct {
	Tags []organizationTag `json:"Tags"`
}

// listTags answers all tags at once: an account has fifty at most.
func (o organizations) listTags(ctx context.Context, c iam.Caller, in listTagsInput) (organizationTags, error) {
	tags, err := o.rules.AccountTags(ctx, c, in.ResourceID)
	out := organizationTags{[]organizationTag{}}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, organizationTag{key, tags[key]})
	}
	return out, err
}

type tagAccountInput struct {
	ResourceID string            `member:"ResourceId,TaggableResourceId,required"`
	Tags       []organizationTag `member:"Tags,,required"`
}

func (o organizations) tagResource(ctx context.Context, c iam.Caller, in tagAccountInput) error {
	return o.rules.TagAccount(ctx, c, in.ResourceID, accountTags(in.Tags))
}

type untagAccountInput struct {
	ResourceID string   `member:"ResourceId,TaggableResourceId,required"`
	TagKeys    []string `member:"TagKeys,TagKey,required"`
}

func (o organizations) untagResource(ctx context.Context, c iam.Caller, in untagAccountInput) error {
	return o.rules.UntagAccount(ctx, c, in.ResourceID, in.TagKeys)
}
