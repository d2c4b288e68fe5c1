package queryapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// organizationsService is Organizations as the administrator of the installation's account sees it.
type organizationsService struct {
	*iamService
	*JSONService
}

func newOrganizations(t *testing.T) *organizationsService {
	t.Helper()
	s := newIAM(t)
	if err := s.rules.InstallPolicies(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.rules.InstallAccount(t.Context(), "123456789012"); err != nil {
		t.Fatal(err)
	}
	return &organizationsService{s, Organizations(s.rules)}
}

// call makes a call and returns its answer.
func (s *organizationsService) call(operation, body string) (int, string) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "AWSOrganizationsV20161128."+operation)
	s.JSONService.Serve(w, r, s.admin)
	return w.Code, w.Body.String()
}

// answers wants success, and reads the answer.
func (s *organizationsService) answers(operation, body string, into any) {
	s.Helper()
	status, text := s.call(operation, body)
	if status != http.StatusOK {
		s.Fatalf("%s: got %d %s", operation, status, text)
	}
	if into == nil {
		if text != "" {
			s.Errorf("%s: got %s, want no body", operation, text)
		}
		return
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		s.Fatalf("%s: %v in %s", operation, err, text)
	}
}

// wants wants an answer word for word, in which $org, $root, $account and $request stand for ids.
func (s *organizationsService) wants(operation, body, want string, ids *strings.Replacer) {
	s.Helper()
	if _, got := s.call(operation, ids.Replace(body)); got != ids.Replace(want) {
		s.Errorf("%s: got  %s\nwant %s", operation, got, ids.Replace(want))
	}
}

func TestOrganizationsAreAnsweredInTheirShapes(t *testing.T) {
	s := newOrganizations(t)
	var made struct{ Organization struct{ Id string } }
	s.answers("CreateOrganization", `{"FeatureSet":"ALL"}`, &made)
	var roots struct{ Roots []struct{ Id string } }
	s.answers("ListRoots", `{}`, &roots)
	var created struct {
		CreateAccountStatus struct{ Id, AccountId, State string }
	}
	s.answers("CreateAccount", `{"Email":"a@example.test","AccountName":"team","Tags":[{"Key":"k","Value":"v"}]}`, &created)
	status := created.CreateAccountStatus
	ids := strings.NewReplacer("$org", made.Organization.Id, "$root", roots.Roots[0].Id, "$account", status.AccountId, "$request", status.Id)
	const (
		arn  = "arn:aws:organizations::123456789012:"
		team = `{"Id":"$account","Arn":"` + arn + `account/$org/$account","Email":"a@example.test","Name":"team","Status":"ACTIVE",` +
			`"State":"ACTIVE","Paths":["$org/$root/$account/"],"JoinedMethod":"CREATED","JoinedTimestamp":1795176000.123}`
		mine = `{"Id":"123456789012","Arn":"` + arn + `account/$org/123456789012","Email":"root@123456789012.invalid","Name":"Entrepot",` +
			`"Status":"ACTIVE","State":"ACTIVE","Paths":["$org/$root/123456789012/"],"JoinedMethod":"INVITED","JoinedTimestamp":1795176000.123}`
		request = `{"Id":"$request","AccountName":"team","State":"SUCCEEDED","RequestedTimestamp":1795176000.123,` +
			`"CompletedTimestamp":1795176000.123,"AccountId":"$account"}`
		none = `"NextToken"`
	)
	s.wants("DescribeOrganization", "", `{"Organization":{"Id":"$org","Arn":"`+arn+`organization/$org","FeatureSet":"ALL",`+
		`"MasterAccountArn":"`+arn+`account/$org/123456789012","MasterAccountId":"123456789012",`+
		`"MasterAccountEmail":"root@123456789012.invalid","AvailablePolicyTypes":[]}}`, ids)
	s.wants("ListRoots", `{}`, `{"Roots":[{"Id":"$root","Arn":"`+arn+`root/$org/$root","Name":"Root","PolicyTypes":[]}]}`, ids)
	s.wants("DescribeAccount", `{"AccountId":"$account"}`, `{"Account":`+team+`}`, ids)
	both := team + "," + mine
	if status.AccountId > "123456789012" {
		both = mine + "," + team
	}
	s.wants("ListAccounts", `{}`, `{"Accounts":[`+both+`]}`, ids)
	s.wants("ListAccountsForParent", `{"ParentId":"$root"}`, `{"Accounts":[`+both+`]}`, ids)
	s.wants("ListParents", `{"ChildId":"$account"}`, `{"Parents":[{"Id":"$root","Type":"ROOT"}]}`, ids)
	s.wants("ListChildren", `{"ParentId":"$root","ChildType":"ORGANIZATIONAL_UNIT"}`, `{"Children":[]}`, ids)
	if _, got := s.call("ListChildren", ids.Replace(`{"ParentId":"$root","ChildType":"ACCOUNT","MaxResults":1}`)); !strings.Contains(got, none) ||
		!strings.Contains(got, `"Type":"ACCOUNT"`) {
		t.Errorf("a page of children: got %s", got)
	}
	s.wants("ListOrganizationalUnitsForParent", `{"ParentId":"$root"}`, `{"OrganizationalUnits":[]}`, ids)
	s.wants("ListAWSServiceAccessForOrganization", `{}`, `{"EnabledServicePrincipals":[]}`, ids)
	s.wants("DescribeCreateAccountStatus", `{"CreateAccountRequestId":"$request"}`, `{"CreateAccountStatus":`+request+`}`, ids)
	s.wants("ListCreateAccountStatus", `{"States":["SUCCEEDED"]}`, `{"CreateAccountStatuses":[`+request+`]}`, ids)
	s.wants("ListCreateAccountStatus", `{"States":["FAILED","IN_PROGRESS"]}`, `{"CreateAccountStatuses":[]}`, ids)
	s.answers("TagResource", ids.Replace(`{"ResourceId":"$account","Tags":[{"Key":"a","Value":""}]}`), nil)
	s.wants("ListTagsForResource", `{"ResourceId":"$account"}`, `{"Tags":[{"Key":"a","Value":""},{"Key":"k","Value":"v"}]}`, ids)
	s.answers("UntagResource", ids.Replace(`{"ResourceId":"$account","TagKeys":["a","k"]}`), nil)
	s.wants("ListTagsForResource", `{"ResourceId":"$account"}`, `{"Tags":[]}`, ids)
	s.answers("CloseAccount", ids.Replace(`{"AccountId":"$account"}`), nil)
	s.wants("DescribeAccount", `{"AccountId":"$account"}`, `{"Account":`+strings.Replace(team, `"Status":"ACTIVE","State":"ACTIVE"`,
		`"Status":"SUSPENDED","State":"CLOSED"`, 1)+`}`, ids)
	s.answers("DeleteOrganization", "", nil)
}

func TestErrorsOfOrganizationsHaveTheNamesOfItsModel(t *testing.T) {
	s := newOrganizations(t)
	model := modelOf(t, "organizations")
	fails := func(operation, body, code, says string) {
		t.Helper()
		status, text := s.call(operation, body)
		var got struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if status != http.StatusBadRequest || got.Type != code || !strings.Contains(got.Message, says) {
			t.Errorf("%s %s: got %d %s, want %s: %s", operation, body, status, text, code, says)
		}
		if _, known := model.Shapes[code]; !known {
			t.Errorf("the model has no %s", code)
		}
	}
	fails("DescribeOrganization", "", "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
	fails("CreateOrganization", `{"FeatureSet":"CONSOLIDATED_BILLING"}`, "InvalidInputException", "all features")
	s.answers("CreateOrganization", `{}`, &struct{}{})
	fails("CreateOrganization", `{}`, "AlreadyInOrganizationException", "already a member")
	fails("CreateAccount", `{"Email":"nobody","AccountName":"a"}`, "InvalidInputException", "'email' failed to satisfy constraint")
	fails("DescribeAccount", `{"AccountId":"999999999999"}`, "AccountNotFoundException", "no account 999999999999")
	fails("ListParents", `{"ChildId":"999999999999"}`, "ChildNotFoundException", "")
	fails("ListAccountsForParent", `{"ParentId":"r-none"}`, "ParentNotFoundException", "")
	fails("ListTagsForResource", `{"ResourceId":"r-none"}`, "TargetNotFoundException", "")
	fails("DescribeCreateAccountStatus", `{"CreateAccountRequestId":"car-12345678"}`, "CreateAccountStatusNotFoundException", "")
	fails("CloseAccount", `{"AccountId":"123456789012"}`, "ConstraintViolationException", "management account")
	fails("RemoveAccountFromOrganization", `{"AccountId":"123456789012"}`, "MasterCannotLeaveOrganizationException", "")
	var made struct {
		CreateAccountStatus struct{ AccountId, State, FailureReason string }
	}
	s.answers("CreateAccount", `{"Email":"a@example.test","AccountName":"a"}`, &made)
	id := `{"AccountId":"` + made.CreateAccountStatus.AccountId + `"}`
	fails("DeleteOrganization", "", "OrganizationNotEmptyException", "still belongs")
	s.answers("CloseAccount", id, nil)
	fails("CloseAccount", id, "AccountAlreadyClosedException", "already closed")
	s.answers("CreateAccount", `{"Email":"a@example.test","AccountName":"a"}`, &made)
	if got := made.CreateAccountStatus; got.State != "FAILED" || got.FailureReason != "EMAIL_ALREADY_EXISTS" {
		t.Errorf("got %+v, want the email taken", got)
	}
	s.rules.Quotas.Accounts = 1
	fails("CreateAccount", `{"Email":"b@example.test","AccountName":"b"}`, "ConstraintViolationException", "allowed number")
	other := s.admin
	s.admin.Principal.Account, s.admin.Principal.ARN = "999999999999", "arn:aws:iam::999999999999:user/x"
	fails("ListAccounts", `{}`, "AWSOrganizationsNotInUseException", "")
	s.admin = other
	s.admin.Identity = nil
	fails("ListAccounts", `{}`, "AccessDeniedException", "organizations:ListAccounts")
}

func TestAMemberIsToldThatItDoesNotManage(t *testing.T) {
	s := newOrganizations(t)
	s.answers("CreateOrganization", `{}`, &struct{}{})
	var made struct{ CreateAccountStatus struct{ AccountId string } }
	s.answers("CreateAccount", `{"Email":"a@example.test","AccountName":"a"}`, &made)
	id := made.CreateAccountStatus.AccountId
	s.admin.Principal.Account, s.admin.Principal.ARN = id, "arn:aws:iam::"+id+":user/x"
	s.answers("DescribeOrganization", "", &struct{}{})
	if status, got := s.call("ListAccounts", `{}`); status != 400 || !strings.Contains(got, `"__type":"AccessDeniedException"`) ||
		!strings.Contains(got, "You don't have permissions to access this resource.") {
		t.Errorf("got %d %s", status, got)
	}
}
