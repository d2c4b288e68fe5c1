package trail

import (
	"encoding/json"
	"strings"
	"testing"

	"entrepot/audit"
	"entrepot/catalog"

	"github.com/google/go-cmp/cmp"
)

func TestARecordIsCloudTrails(t *testing.T) {
	session := &audit.Session{Role: "arn:aws:iam::" + ours + ":role/team/ci", RoleID: "AROACI", Since: "2026-11-20T11:00:00Z"}
	allowed := &audit.Decision{Allowed: true, Reason: "allowed by identity-based policy", Policy: "own", Statement: "#1"}
	published := catalog.Event{Sequence: 7, Time: noon.Add(1500), Kind: catalog.AuditEvent, RequestID: "r-1", Account: ours, Owner: ours,
		Administrator: ours, Principal: "arn:aws:sts::" + ours + ":assumed-role/ci/job", Action: "codeartifact:PublishPackageVersion",
		Resource: "arn:aws:codeartifact:eu-west-1:" + ours + ":package/house/team/npm/acme/left", Detail: json.RawMessage(`{"packageVersion":"1.0.0"}`),
		Call: audit.Call{Kind: audit.AssumedRole, ID: "AROACI:job", AccessKey: "ASIAJOB", Session: session, Source: "192.0.2.7",
			UserAgent: "npm/11", Method: "PUT", Path: "/npm/@acme%2fleft", Decision: allowed}.Encode()}
	got, err := New(Options{Region: region}).record(published, ours)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROACI:job",` +
		`"arn":"arn:aws:sts::123456789012:assumed-role/ci/job","accountId":"123456789012","accessKeyId":"ASIAJOB",` +
		`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROACI","arn":"arn:aws:iam::123456789012:role/team/ci",` +
		`"accountId":"123456789012","userName":"ci"},"attributes":{"creationDate":"2026-11-20T11:00:00Z","mfaAuthenticated":"false"}}},` +
		`"eventTime":"2026-11-20T12:00:00Z","eventSource":"codeartifact.amazonaws.com","eventName":"PublishPackageVersion",` +
		`"awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.7","userAgent":"npm/11","requestParameters":{"domainName":"house",` +
		`"domainOwner":"123456789012","packageFormat":"npm","packageName":"left","packageNamespace":"acme","packageVersion":"1.0.0",` +
		`"repositoryName":"team"},"responseElements":null,"additionalEventData":{"httpMethod":"PUT","requestUri":"/npm/@acme%2fleft",` +
		`"decision":{"allowed":true,"reason":"allowed by identity-based policy","policy":"own","statement":"#1"}},"requestID":"r-1",` +
		`"eventID":"` + eventID(published, ours) + `","readOnly":false,"resources":[{"accountId":"123456789012",` +
		`"type":"AWS::CodeArtifact::Package","ARN":"arn:aws:codeartifact:eu-west-1:123456789012:package/house/team/npm/acme/left"}],` +
		`"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012","eventCategory":"Management"}`
	text, err := json.Marshal(got)
	if d := cmp.Diff(want, string(text)); err != nil || d != "" {
		t.Errorf("%v -want +got\n%s", err, d)
	}
}

func TestWhatARecordSays(t *testing.T) {
	user := audit.Call{Kind: audit.User, ID: "AIDAANN", User: "ann", AccessKey: "AKIAANN"}
	denied := user
	denied.Error, denied.Message, denied.Reads = audit.AccessDenied, "User may not", true
	own := func(action, resource, detail string, call audit.Call) catalog.Event {
		return catalog.Event{Sequence: 1, Time: noon, Account: ours, Owner: audit.AccountOf(resource), Principal: "arn:aws:iam::" + ours + ":user/ann",
			Action: action, Resource: resource, Detail: json.RawMessage(detail), Call: call.Encode()}
	}
	iamARN := "arn:aws:iam::" + ours + ":"
	for name, row := range map[string]struct {
		event     catalog.Event
		want, not string
	}{
		"a token": {own("codeartifact:GetAuthorizationToken", "arn:aws:codeartifact:eu-west-1:"+ours+":domain/house",
			`{"durationSeconds":900,"expiration":1}`, user),
			`"requestParameters":{"domainName":"house","domainOwner":"123456789012","durationSeconds":900},` +
				`"responseElements":{"expiration":1,"sessionToken":"HIDDEN_DUE_TO_SECURITY_REASONS"}`, ""},
		"a refused token": {own("codeartifact:GetAuthorizationToken", "arn:aws:codeartifact:eu-west-1:"+ours+":domain/house", `{}`, denied),
			`"errorCode":"AccessDenied","errorMessage":"User may not","requestParameters":{"domainName":"house","domainOwner":"123456789012"},` +
				`"responseElements":null`, "HIDDEN"},
		"what was refused, and by what": {own("iam:DeleteUser", iamARN+"user/bob", `{}`, audit.Call{Kind: audit.User, Error: audit.AccessDenied,
			Decision: &audit.Decision{Reason: "explicit deny in identity-based policy", Policy: "p", Statement: "No"}}),
			`"decision":{"allowed":false,"reason":"explicit deny in identity-based policy","policy":"p","statement":"No"}`, ""},
		"an access key": {own("iam:CreateAccessKey", iamARN+"user/team/bob", `{"accessKeyId":"AKIABOB"}`, user),
			`"requestParameters":{"userName":"bob"},"responseElements":{"accessKey":{"accessKeyId":"AKIABOB"}}`, ""},
		"a role assumed": {own("sts:AssumeRole", iamARN+"role/ci", `{"accessKeyId":"ASIAJOB","expiration":2,"roleSessionName":"job"}`, user),
			`"requestParameters":{"roleArn":"arn:aws:iam::123456789012:role/ci","roleSessionName":"job"},"responseElements":{"credentials":` +
				`{"accessKeyId":"ASIAJOB","expiration":2,"sessionToken":"HIDDEN_DUE_TO_SECURITY_REASONS"}}`, "roleName"},
		"a key": {own("kms:ScheduleKeyDeletion", "arn:aws:kms:eu-west-1:"+ours+":key/k-1", `{"pendingWindowInDays":7}`, user),
			`"eventSource":"kms.amazonaws.com","eventName":"ScheduleKeyDeletion"`, ""},
		"an account": {own("organizations:CloseAccount", "arn:aws:organizations::"+ours+":account/o-1/"+theirs, `{}`, user),
			`"requestParameters":{"accountId":"210987654321"}`, ""},
		"a policy attached": {own("iam:AttachUserPolicy", iamARN+"user/bob", `{"policyArn":"arn:p"}`, user),
			`"requestParameters":{"policyArn":"arn:p","userName":"bob"}`, ""},
		"a group of packages": {own("codeartifact:CreatePackageGroup", "arn:aws:codeartifact:eu-west-1:"+ours+":package-group/house/npm/%2a", `{}`, user),
			`"packageGroup":"/npm/*"`, ""},
		"an action of our own":  {own("entrepot:RevokeTokens", iamARN+"user/bob", `{"revoked":3}`, user), `"eventSource":"entrepot","eventName":"RevokeTokens"`, ""},
		"nothing in particular": {own("iam:CreateAccountAlias", "", `{"accountAlias":"house"}`, user), `"requestParameters":{"accountAlias":"house"}`, `"resources"`},
		"the installation's own work": {catalog.Event{Sequence: 1, Time: noon, Account: ours, Action: "kms:RotateKey", Call: audit.Call{Kind: audit.Service}.Encode()},
			`"userIdentity":{"type":"AWSService","accountId":"123456789012","invokedBy":"entrepot"}`, `"AwsApiCall"`},
		"what was recorded before more was known": {catalog.Event{Sequence: 1, Time: noon, Account: ours, Principal: "arn:p", Action: "iam:DeleteUser",
			Detail: json.RawMessage(`{"errorCode":"AccessDenied","reason":"no","statement":"S"}`)},
			`"errorCode":"AccessDenied","requestParameters":null,"responseElements":null,"additionalEventData":{"decision":{"allowed":false,"reason":"no","statement":"S"}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := New(Options{Region: region}).record(row.event, ours)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(r)
			if err != nil || !strings.Contains(string(text), row.want) || row.not != "" && strings.Contains(string(text), row.not) {
				t.Errorf("got %s, %v, want %s and not %s", text, err, row.want, row.not)
			}
		})
	}
}

func TestAnotherAccountLearnsWhoButNoneOfHisKeysAndPolicies(t *testing.T) {
	decision := &audit.Decision{Allowed: true, Reason: "allowed by resource-based policy", ByResource: true, Policy: "domain policy", Statement: "Guests"}
	e := catalog.Event{Sequence: 3, Time: noon, Account: theirs, Owner: ours, Administrator: theirs, Principal: "arn:aws:iam::" + theirs + ":user/guest",
		Action: "codeartifact:DeleteRepository", Resource: "arn:aws:codeartifact:eu-west-1:" + ours + ":repository/house/team",
		Call: audit.Call{Kind: audit.User, ID: "AIDAGUEST", User: "guest", AccessKey: "AKIAGUEST", Source: "192.0.2.9", Decision: decision}.Encode()}
	s := New(Options{Region: region})
	told := map[string]Record{}
	for _, account := range recipients(e) {
		r, err := s.record(e, account)
		if err != nil {
			t.Fatal(err)
		}
		told[account] = r
	}
	if len(told) != 2 {
		t.Fatalf("%d accounts are told, want 2", len(told))
	}
	if who := (UserIdentity{Type: "AWSAccount", PrincipalID: "AIDAGUEST", ARN: e.Principal, AccountID: theirs}); told[ours].UserIdentity != who {
		t.Errorf("the owner is told %+v, want %+v", told[ours].UserIdentity, who)
	}
	if who := told[theirs].UserIdentity; who.UserName != "guest" || who.AccessKeyID != "AKIAGUEST" {
		t.Errorf("his own account is told %+v", who)
	}
	if d := told[ours].AdditionalEventData.Decision; d.Statement != "Guests" || d.Policy != "domain policy" {
		t.Errorf("the owner is told %+v of its policy", d)
	}
	if d := told[theirs].AdditionalEventData.Decision; d.Statement != "" || d.Policy != "" || d.Reason != decision.Reason {
		t.Errorf("the caller's account is told %+v of a policy that is not its own", d)
	}
	if told[ours].EventID == told[theirs].EventID || told[ours].SharedEventID == "" || told[ours].SharedEventID != told[theirs].SharedEventID {
		t.Errorf("ids %s and %s, shared %s and %s", told[ours].EventID, told[theirs].EventID, told[ours].SharedEventID, told[theirs].SharedEventID)
	}
	// Of a policy of the caller's, the owner is not told the name.
	e.Call = audit.Call{Kind: audit.User, Decision: &audit.Decision{Allowed: true, Policy: "own", Statement: "S"}}.Encode()
	if r, err := s.record(e, ours); err != nil || r.AdditionalEventData.Decision.Policy != "" {
		t.Errorf("the owner is told %+v, %v", r.AdditionalEventData, err)
	}
}

func TestAnIDLeadsToItsEvent(t *testing.T) {
	seen := map[string]bool{}
	for _, sequence := range []int64{0, 1, 2, 3, 1 << 20, 1<<62 - 1} {
		for _, account := range []string{ours, theirs, ""} {
			id := eventID(catalog.Event{Sequence: sequence, Time: noon, RequestID: "r"}, account)
			got, ok := sequenceOf(id)
			if !ok || got != sequence || seen[id] || len(id) != 36 || id[14] != '8' {
				t.Errorf("%s: got %d, %v, want %d, once", id, got, ok, sequence)
			}
			seen[id] = true
		}
	}
	for _, not := range []string{"", "x", "urn:uuid:5f2c8f0a-3c63-8f6e-9d0a-2f4f0d1c9b11", "5F2C8F0A-3C63-8F6E-9D0A-2F4F0D1C9B11"} {
		if n, ok := sequenceOf(not); ok {
			t.Errorf("%q: got %d", not, n)
		}
	}
}
