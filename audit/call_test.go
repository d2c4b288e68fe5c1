package audit

import (
	"net/netip"
	"reflect"
	"testing"

	"entrepot/iam"
)

const arn = "arn:aws:iam::123456789012:"

func TestACallTellsWhoMadeIt(t *testing.T) {
	since := map[string][]string{"aws:tokenissuetime": {"2026-03-04T05:06:07Z"}}
	for name, row := range map[string]struct {
		caller iam.Caller
		want   Call
	}{
		"a user": {iam.Caller{Principal: iam.Principal{Account: "123456789012", ARN: arn + "user/team/ann", ID: "AIDAANN", Name: "ann"}, AccessKey: "AKIAANN"},
			Call{Kind: User, ID: "AIDAANN", User: "ann", AccessKey: "AKIAANN"}},
		"the account itself": {iam.Caller{Principal: iam.Principal{Account: "123456789012", ARN: arn + "root", ID: "R"}, AccessKey: "AKIAROOT"},
			Call{Kind: Root, ID: "123456789012", AccessKey: "AKIAROOT"}},
		"a role in a session": {iam.Caller{Principal: iam.Principal{Account: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/ci/job",
			ID: "AROACI:job", Role: arn + "role/ci"}, AccessKey: "ASIAJOB", Context: since,
			Temporary: iam.Temporary{ID: "ASIAJOB", Principal: "AROACI", Role: true, SourceIdentity: "ann"}},
			Call{Kind: AssumedRole, ID: "AROACI:job", AccessKey: "ASIAJOB", Session: &Session{Role: arn + "role/ci", RoleID: "AROACI",
				Since: "2026-03-04T05:06:07Z", SourceIdentity: "ann"}}},
		"a user in a session": {iam.Caller{Principal: iam.Principal{Account: "123456789012", ARN: arn + "user/ann", ID: "AIDAANN", Name: "ann"},
			AccessKey: "ASIAANN", Context: since, Temporary: iam.Temporary{ID: "ASIAANN", Principal: "AIDAANN"}},
			Call{Kind: User, ID: "AIDAANN", User: "ann", AccessKey: "ASIAANN", Session: &Session{Since: "2026-03-04T05:06:07Z"}}},
		"a federated user": {iam.Caller{Principal: iam.Principal{Account: "123456789012", ARN: "arn:aws:sts::123456789012:federated-user/bob", ID: "123456789012:bob"}},
			Call{Kind: Federated, ID: "123456789012:bob"}},
		"whom a provider vouches for": {iam.Caller{Principal: iam.Principal{Account: "123456789012", ARN: arn + "oidc-provider/issuer.example.test"}},
			Call{Kind: WebIdentity}},
		"the installation": {iam.Caller{Principal: iam.Principal{Account: "123456789012"}}, Call{Kind: Service}},
		"a package manager": {iam.Caller{Principal: iam.Principal{Account: "123456789012", ARN: arn + "user/ann", Name: "ann"},
			Circumstances: iam.Circumstances{RequestID: "r", Source: netip.MustParseAddr("192.0.2.7"), UserAgent: "npm/11", Method: "PUT", Path: "/npm/lodash"}},
			Call{Kind: User, User: "ann", Source: "192.0.2.7", UserAgent: "npm/11", Method: "PUT", Path: "/npm/lodash"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(Done(row.caller, "s:A").Encode())
			if err != nil || !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, row.want)
			}
		})
	}
}

func TestACallTellsWhatDecided(t *testing.T) {
	c := iam.Caller{Rulings: &iam.Rulings{}}
	c.Rulings.Keep("s:A", iam.Decision{Reason: iam.AllowedByResource, Policy: "domain policy", Statement: 2, Resource: "arn:r"})
	want := Decision{Allowed: true, Reason: "allowed by resource-based policy", ByResource: true, Policy: "domain policy", Statement: "#2", Resource: "arn:r"}
	if got := Done(c, "s:A"); got.Decision == nil || *got.Decision != want || got.Error != "" {
		t.Errorf("got %+v, want %+v", got.Decision, want)
	}
	if got := Done(c, "s:B"); got.Decision != nil {
		t.Errorf("of what nobody decided: got %+v", got.Decision)
	}
	got := Refused(c, iam.Decision{Reason: iam.DeniedByIdentity, Sid: "No", Statement: 1}, "User may not")
	if got.Error != AccessDenied || got.Message != "User may not" || got.Decision.Allowed || got.Decision.Statement != "No" || got.Decision.ByResource {
		t.Errorf("got %+v %+v", got, got.Decision)
	}
}

func TestACallOfWhichNothingIsKnownIsEmpty(t *testing.T) {
	if got, err := Parse(nil); err != nil || !reflect.DeepEqual(got, Call{}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := Parse([]byte("{")); err == nil {
		t.Errorf("half a call: got %+v", got)
	}
}

func TestAnARNHasAnAccount(t *testing.T) {
	for text, want := range map[string]string{arn + "user/ann": "123456789012", "arn:aws:iam::aws:policy/ReadOnlyAccess": "",
		"*": "", "": "", "arn:aws:organizations::123456789012:account/o-1/210987654321": "123456789012"} {
		if got := AccountOf(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
