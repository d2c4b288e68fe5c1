package queryapi

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entrepot/accounts"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/iam"
)

// iamService is IAM on the real rules, over an empty catalog, as an administrator sees it.
type iamService struct {
	*testing.T
	*Service
	rules *accounts.Service
	admin iam.Caller
}

func newIAM(t *testing.T) *iamService {
	t.Helper()
	store := sqlcatalogtest.Open(t, filepath.Join(t.TempDir(), "catalog"), sqlcatalog.Options{Rehearse: true})
	t.Cleanup(func() { _ = store.Close() })
	now := time.Date(2026, 11, 20, 12, 0, 0, 123456000, time.UTC)
	rules := accounts.New(accounts.Options{Catalog: store, Now: func() time.Time { return now }})
	admin := ann()
	all, err := iam.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`),
		iam.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	admin.Identity = []*iam.Policy{all}
	s := &iamService{t, IAM(rules), rules, admin}
	err = store.Write(t.Context(), func(w catalog.Writer) error {
		return w.CreatePrincipal(catalog.Principal{ID: admin.Principal.ID, Account: "123456789012", Kind: catalog.UserPrincipal,
			Path: "/", Name: "ann", ARN: admin.Principal.ARN, CreatedAt: now})
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// call makes a call with parameters in turn: name, value, name, value.
func (s *iamService) call(action string, parameters ...string) *httptest.ResponseRecorder {
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	w := httptest.NewRecorder()
	s.Serve(w, httptest.NewRequest("POST", "/", strings.NewReader(form.Encode())), s.admin)
	return w
}

// says calls and wants an answer with these texts in it.
func (s *iamService) says(w *httptest.ResponseRecorder, texts ...string) {
	s.Helper()
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			s.Errorf("got %d %s\nwant %s in it", w.Code, w.Body, text)
		}
	}
}

// fails wants an error.
func (s *iamService) fails(w *httptest.ResponseRecorder, status int, code, message string) {
	s.Helper()
	if got := told(s.T, w); w.Code != status || got.Code != code || got.Message != message {
		s.Errorf("got %d %s\nwant %d %s: %s", w.Code, w.Body, status, code, message)
	}
}

func TestUsersAreAnsweredInTheShapesOfIAM(t *testing.T) {
	s := newIAM(t)
	s.says(s.call("CreateUser", "UserName", "bob", "Path", "/team/", "Tags.member.1.Key", "a", "Tags.member.1.Value", ""),
		`<CreateUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateUserResult><User><Path>/team/</Path>`+
			`<UserName>bob</UserName><UserId>AIDA`, `<Arn>arn:aws:iam::123456789012:user/team/bob</Arn>`+
			`<CreateDate>2026-11-20T12:00:00Z</CreateDate><Tags><member><Key>a</Key><Value></Value></member></Tags></User>`+
			`</CreateUserResult><ResponseMetadata>`)
	s.says(s.call("GetUser"), `<UserName>ann</UserName>`)
	first := s.call("ListUsers", "MaxItems", "1")
	s.says(first, `<Users><member><Path>/</Path><UserName>ann</UserName>`, `<IsTruncated>true</IsTruncated><Marker>`)
	_, marker, _ := strings.Cut(first.Body.String(), "<Marker>")
	marker, _, _ = strings.Cut(marker, "</Marker>")
	s.says(s.call("ListUsers", "Marker", marker), `<UserName>bob</UserName>`, `</Users><IsTruncated>false</IsTruncated></ListUsersResult>`)
	s.says(s.call("ListUsers", "PathPrefix", "/none/"), `<ListUsersResult><Users></Users><IsTruncated>false</IsTruncated>`)
	s.says(s.call("ListUserTags", "UserName", "bob"), `<Tags><member><Key>a</Key><Value></Value></member></Tags>`)
	for _, form := range [][]string{
		{"TagUser", "UserName", "bob", "Tags.member.1.Key", "b", "Tags.member.1.Value", "c"},
		{"UntagUser", "UserName", "bob", "TagKeys.member.1", "a"},
		{"UpdateUser", "UserName", "bob", "NewUserName", "Bob", "NewPath", "/"},
		{"DeleteUser", "UserName", "Bob"},
	} {
		if w := s.call(form[0], form[1:]...); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "Result") {
			s.Errorf("%s: got %d %s", form[0], w.Code, w.Body)
		}
	}
}

func TestErrorsOfUsersHaveTheCodesThatClientsKnow(t *testing.T) {
	s := newIAM(t)
	s.fails(s.call("GetUser", "UserName", "bob"), 404, "NoSuchEntity", "The user with name bob cannot be found.")
	s.fails(s.call("CreateUser", "UserName", "ANN"), 409, "EntityAlreadyExists", "User with name ANN already exists.")
	s.fails(s.call("CreateUser", "UserName", "a/b"), 400, "ValidationError", "1 validation error detected: Value 'a/b' at "+
		`'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`)
	s.fails(s.call("CreateUser", "UserName", "bob", "Path", "/team"), 400, "ValidationError", "1 validation error detected: Value "+
		`'/team' at 'path' failed to satisfy constraint: Member must satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)`)
	s.fails(s.call("ListUsers", "Marker", "x"), 400, "ValidationError", "The page marker was not given out by this list.")
	s.fails(s.call("TagUser", "UserName", "ann", "Tags.member.1.Key", "aws:a", "Tags.member.1.Value", ""), 400, "InvalidInput",
		"Tag keys may not begin with aws:, which is AWS's own.")
	s.admin.Identity = nil
	s.fails(s.call("DeleteUser", "UserName", "ann"), 403, "AccessDenied", "User: arn:aws:iam::123456789012:user/ann is not "+
		"authorized to perform: iam:DeleteUser on resource: arn:aws:iam::123456789012:user/ann because no identity-based "+
		"policy allows the iam:DeleteUser action")
}

func TestSimulationsAreAnsweredInTheShapesOfIAM(t *testing.T) {
	s := newIAM(t)
	policy := `{"Statement":{"Effect":"Allow","Action":"codeartifact:Read*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}}`
	s.says(s.call("SimulateCustomPolicy", "PolicyInputList.member.1", policy, "ActionNames.member.1", "codeartifact:ReadFromRepository",
		"ContextEntries.member.1.ContextKeyName", "aws:SecureTransport", "ContextEntries.member.1.ContextKeyType", "boolean",
		"ContextEntries.member.1.ContextKeyValues.member.1", "true"),
		`<SimulateCustomPolicyResult><EvaluationResults><member><EvalActionName>codeartifact:ReadFromRepository</EvalActionName>`+
			`<EvalResourceName>*</EvalResourceName><EvalDecision>allowed</EvalDecision><MatchedStatements><member>`+
			`<SourcePolicyId>PolicyInputList.1</SourcePolicyId><SourcePolicyType>IAM Policy</SourcePolicyType><StartPosition><Line>1</Line>`+
			`<Column>15</Column></StartPosition><EndPosition><Line>1</Line><Column>129</Column></EndPosition></member></MatchedStatements>`+
			`<MissingContextValues></MissingContextValues></member></EvaluationResults><IsTruncated>false</IsTruncated>`)
	arn := "arn:aws:codeartifact:us-east-1:123456789012:repository/d/r"
	s.says(s.call("SimulatePrincipalPolicy", "PolicySourceArn", s.admin.Principal.ARN, "PolicyInputList.member.1", policy,
		"PermissionsBoundaryPolicyInputList.member.1", policy, "ActionNames.member.1", "codeartifact:ReadFromRepository",
		"ResourceArns.member.1", arn), `<EvalResourceName>`+arn+`</EvalResourceName><EvalDecision>implicitDeny</EvalDecision>`+
		`<ResourceSpecificResults><member><EvalResourceName>`+arn+`</EvalResourceName><EvalResourceDecision>implicitDeny</EvalResourceDecision>`+
		`<MatchedStatements></MatchedStatements><MissingContextValues><member>aws:SecureTransport</member></MissingContextValues>`+
		`<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>`+
		`<EvalDecisionDetails></EvalDecisionDetails></member></ResourceSpecificResults>`)
	s.says(s.call("GetContextKeysForCustomPolicy", "PolicyInputList.member.1", policy),
		`<ContextKeyNames><member>aws:SecureTransport</member></ContextKeyNames>`)
	s.says(s.call("GetContextKeysForPrincipalPolicy", "PolicySourceArn", s.admin.Principal.ARN), `<ContextKeyNames></ContextKeyNames>`)
	s.fails(s.call("SimulateCustomPolicy", "PolicyInputList.member.1", "{}", "ActionNames.member.1", "a:B"), 400, "InvalidInput",
		"Invalid Input PolicyInputList.1: policy document: there is no Statement (near byte 1)")
	s.fails(s.call("SimulateCustomPolicy", "ActionNames.member.1", "a:B"), 400, "ValidationError", "1 validation error detected: Value at "+
		"'policyInputList' failed to satisfy constraint: Member must not be null")
	s.fails(s.call("GetContextKeysForPrincipalPolicy", "PolicySourceArn", "arn:aws:iam::123456789012:user/none"), 404, "NoSuchEntity",
		"The user with name none cannot be found.")
}

func TestDetailsOfAnAccountAreAnsweredInTheShapesOfIAM(t *testing.T) {
	s := newIAM(t)
	s.call("CreateGroup", "GroupName", "staff")
	s.call("AddUserToGroup", "GroupName", "staff", "UserName", "ann")
	s.call("PutUserPolicy", "UserName", "ann", "PolicyName", "p", "PolicyDocument",
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	s.call("CreateRole", "RoleName", "ci", "AssumeRolePolicyDocument",
		`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"123456789012"}}}`)
	s.call("CreatePolicy", "PolicyName", "own", "PolicyDocument", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	const document = `%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D`
	s.says(s.call("GetAccountAuthorizationDetails"),
		`<UserPolicyList><member><PolicyName>p</PolicyName><PolicyDocument>`+document+`</PolicyDocument></member></UserPolicyList>`+
			`<GroupList><member>staff</member></GroupList><AttachedManagedPolicies></AttachedManagedPolicies></member></UserDetailList>`,
		`<GroupDetailList><member><Path>/</Path><GroupName>staff</GroupName>`, `<GroupPolicyList></GroupPolicyList>`,
		`<RoleDetailList><member><Path>/</Path><RoleName>ci</RoleName>`, `<InstanceProfileList></InstanceProfileList>`,
		`<Policies><member><PolicyName>own</PolicyName>`, `<PolicyVersionList><member><Document>`+document+`</Document><VersionId>v1</VersionId>`+
			`<IsDefaultVersion>true</IsDefaultVersion>`)
	w := s.call("GetAccountAuthorizationDetails", "Filter.member.1", "Role", "MaxItems", "1")
	s.says(w, `<UserDetailList></UserDetailList>`, `<RoleName>ci</RoleName>`, `<IsTruncated>false</IsTruncated>`)
	s.fails(s.call("GetAccountAuthorizationDetails", "Filter.member.1", "Key"), 400, "ValidationError", "1 validation error detected: Value "+
		"'Key' at 'filter.1.member' failed to satisfy constraint: Member must satisfy enum value set: [User, Role, Group, LocalManagedPolicy, "+
		"AWSManagedPolicy]")
}

func TestWhatNobodyHasIsAnsweredAsOfSomebodyWhoHasNone(t *testing.T) {
	s := newIAM(t)
	for action, list := range map[string]string{"ListMFADevices": "MFADevices", "ListSSHPublicKeys": "SSHPublicKeys",
		"ListSigningCertificates": "Certificates", "ListServiceSpecificCredentials": "ServiceSpecificCredentials",
		"ListInstanceProfiles": "InstanceProfiles", "ListServerCertificates": "ServerCertificateMetadataList",
		"ListVirtualMFADevices": "VirtualMFADevices"} {
		want := "<" + action + "Result><" + list + "></" + list + "><IsTruncated>false</IsTruncated>"
		s.says(s.call(action), want)
	}
	s.fails(s.call("ListMFADevices", "UserName", "none"), 404, "NoSuchEntity", "The user with name none cannot be found.")
	s.fails(s.call("GetLoginProfile", "UserName", "ann"), 404, "NoSuchEntity", "Login Profile for User ann cannot be found.")
	s.fails(s.call("DeleteLoginProfile", "UserName", "ann"), 404, "NoSuchEntity", "Login Profile for User ann cannot be found.")
	s.fails(s.call("GetAccountPasswordPolicy"), 404, "NoSuchEntity", "The Password Policy with domain name 123456789012 cannot be found.")
	s.admin.Identity = nil
	for _, action := range []string{"ListMFADevices", "ListVirtualMFADevices", "GetLoginProfile", "GetAccountPasswordPolicy"} {
		if got := told(s.T, s.call(action)); got.Code != "AccessDenied" {
			t.Errorf("%s: got %+v", action, got)
		}
	}
}

func TestTheCredentialReportIsThereAtOnce(t *testing.T) {
	s := newIAM(t)
	s.says(s.call("GenerateCredentialReport"), "<State>COMPLETE</State>")
	s.says(s.call("GetCredentialReport"), "<Content>dXNlcixhcm4s", "</Content><ReportFormat>text/csv</ReportFormat>"+
		"<GeneratedTime>2026-11-20T12:00:00Z</GeneratedTime>")
}
