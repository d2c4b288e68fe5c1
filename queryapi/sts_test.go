package queryapi

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
	"entrepot/iam"
)

// keys makes credentials that tests can know.
type keys struct{}

func (keys) Begin(s catalog.Session) (record catalog.Session, secret, token artifact.Secret, err error) {
	s.ID = "ASIA" + strings.Repeat("7", 16)
	return s, artifact.NewSecret("the secret"), artifact.NewSecret("the token"), nil
}

// stsService is STS and IAM on the real rules, with the role ci that ann may assume.
type stsService struct {
	*testing.T
	sts, iam *Service
	ann      iam.Caller
}

func newSTS(t *testing.T) *stsService {
	t.Helper()
	store := sqlcatalogtest.Open(t, filepath.Join(t.TempDir(), "catalog"), sqlcatalog.Options{})
	t.Cleanup(func() { _ = store.Close() })
	now := func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 123456000, time.UTC) }
	rules := accounts.New(accounts.Options{Catalog: store, Region: "eu-west-1", Now: now, SessionKeys: keys{}})
	s := &stsService{t, STS(rules), IAM(rules), ann()}
	all, err := iam.Parse([]byte(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`), iam.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	s.ann.Identity = []*iam.Policy{all}
	err = store.Write(t.Context(), func(w catalog.Writer) error {
		return w.CreatePrincipal(catalog.Principal{ID: s.ann.Principal.ID, Account: "123456789012", Kind: catalog.UserPrincipal,
			Path: "/", Name: "ann", ARN: s.ann.Principal.ARN, CreatedAt: now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	s.says(s.call(s.iam, "CreateRole", "RoleName", "ci", "MaxSessionDuration", "7200", "Description", "of jobs", "Tags.member.1.Key", "a",
		"Tags.member.1.Value", "b", "AssumeRolePolicyDocument", trustAccount), "<RoleName>ci</RoleName>")
	return s
}

const trustAccount = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:*"}]}`

// call makes a call with parameters in turn: name, value, name, value.
func (s *stsService) call(of *Service, action string, parameters ...string) *httptest.ResponseRecorder {
	s.Helper()
	return s.callAs(s.ann, of, action, parameters...)
}

func (s *stsService) callAs(c iam.Caller, of *Service, action string, parameters ...string) *httptest.ResponseRecorder {
	s.Helper()
	form := url.Values{"Action": {action}, "Version": {of.Version}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	w := httptest.NewRecorder()
	of.Serve(w, httptest.NewRequest("POST", "/", strings.NewReader(form.Encode())), c)
	return w
}

func (s *stsService) says(w *httptest.ResponseRecorder, texts ...string) {
	s.Helper()
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			s.Errorf("got %d %s\nwant %s in it", w.Code, w.Body, text)
		}
	}
}

func (s *stsService) fails(w *httptest.ResponseRecorder, status int, code, message string) {
	s.Helper()
	if got := told(s.T, w); w.Code != status || got.Code != code || !strings.Contains(got.Message, message) {
		s.Errorf("got %d %s %q, want %d %s %q", w.Code, got.Code, got.Message, status, code, message)
	}
}

const ciARN = "arn:aws:iam::123456789012:role/ci"

func TestARoleIsAssumed(t *testing.T) {
	s := newSTS(t)
	s.says(s.call(s.sts, "AssumeRole", "RoleArn", ciARN, "RoleSessionName", "job-7", "DurationSeconds", "900", "SourceIdentity", "ann",
		"Tags.member.1.Key", "team", "Tags.member.1.Value", "core", "TransitiveTagKeys.member.1", "team",
		"Policy", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`),
		"<Credentials><AccessKeyId>ASIA7777777777777777</AccessKeyId><SecretAccessKey>the secret</SecretAccessKey>"+
			"<SessionToken>the token</SessionToken><Expiration>2026-11-20T12:15:00Z</Expiration></Credentials>",
		"<Arn>arn:aws:sts::123456789012:assumed-role/ci/job-7</Arn>", ":job-7</AssumedRoleId>", "<PackedPolicySize>1</PackedPolicySize>",
		"<SourceIdentity>ann</SourceIdentity>")
	s.says(s.call(s.sts, "GetAccessKeyInfo", "AccessKeyId", "ASIA7777777777777777"), "<Account>123456789012</Account>")
	s.fails(s.call(s.sts, "AssumeRole", "RoleArn", ciARN+"x", "RoleSessionName", "job"), http.StatusForbidden, "AccessDenied",
		"not authorized to perform: sts:AssumeRole on resource: "+ciARN+"x")
	s.fails(s.call(s.sts, "AssumeRole", "RoleArn", ciARN, "RoleSessionName", "j"), http.StatusBadRequest, "ValidationError", "roleSessionName")
	s.fails(s.call(s.sts, "AssumeRole", "RoleArn", ciARN, "RoleSessionName", "job", "DurationSeconds", "43201"), http.StatusBadRequest,
		"ValidationError", "durationSeconds")
	s.fails(s.call(s.sts, "AssumeRole", "RoleArn", ciARN, "RoleSessionName", "job", "Policy", "{}"), http.StatusBadRequest,
		"MalformedPolicyDocument", "there is no Statement")
	s.fails(s.call(s.sts, "AssumeRole", "RoleArn", ciARN, "RoleSessionName", "job", "TokenCode", "123456"), http.StatusForbidden,
		"AccessDenied", "MultiFactorAuthentication failed")
}

func TestSessionsOfUsersAreBegun(t *testing.T) {
	s := newSTS(t)
	s.says(s.call(s.sts, "GetSessionToken"), "<SessionToken>the token</SessionToken><Expiration>2026-11-21T00:00:00Z</Expiration>")
	s = newSTS(t)
	s.says(s.call(s.sts, "GetFederationToken", "Name", "bob"), "<FederatedUserId>123456789012:bob</FederatedUserId>",
		"<Arn>arn:aws:sts::123456789012:federated-user/bob</Arn>")
	s.fails(s.call(s.sts, "DecodeAuthorizationMessage", "EncodedMessage", "x"), http.StatusBadRequest,
		"InvalidAuthorizationMessageException", "plain words")
}

func TestWhoSignsNothingIsToldWhatHeMayAsk(t *testing.T) {
	s := newSTS(t)
	nobody := iam.Caller{Circumstances: iam.Circumstances{RequestID: "request-4"}}
	s.fails(s.callAs(nobody, s.sts, "GetCallerIdentity"), http.StatusForbidden, "MissingAuthenticationToken", "Missing Authentication Token")
	s.fails(s.callAs(nobody, s.iam, "ListRoles"), http.StatusForbidden, "MissingAuthenticationToken", "Missing Authentication Token")
	web := []string{"RoleArn", ciARN, "RoleSessionName", "job"}
	s.fails(s.callAs(nobody, s.sts, "AssumeRoleWithWebIdentity", append(web, "WebIdentityToken", "no.t.oken")...), http.StatusBadRequest,
		"InvalidIdentityToken", "base64")
	s.fails(s.callAs(nobody, s.sts, "AssumeRoleWithWebIdentity", append(web, "WebIdentityToken", "a.b.c.d", "ProviderId", "graph.example.test")...),
		http.StatusBadRequest, "ValidationError", "ProviderId")
	w := s.callAs(nobody, s.sts, "AssumeRoleWithWebIdentity", append(web, "WebIdentityToken", "abc")...)
	if s.fails(w, http.StatusBadRequest, "ValidationError", "webIdentityToken"); bytes.Contains(w.Body.Bytes(), []byte("abc")) {
		t.Errorf("a token is echoed: %s", w.Body)
	}
}

func TestRolesAreToldAsTheModelHasThem(t *testing.T) {
	s := newSTS(t)
	s.says(s.call(s.iam, "GetRole", "RoleName", "ci"), "<Path>/</Path><RoleName>ci</RoleName><RoleId>AROA", "<Arn>"+ciARN+"</Arn>",
		"<AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22", "<Description>of jobs</Description>",
		"<MaxSessionDuration>7200</MaxSessionDuration>", "<Tags><member><Key>a</Key><Value>b</Value></member></Tags>",
		"<RoleLastUsed></RoleLastUsed>")
	s.call(s.sts, "AssumeRole", "RoleArn", ciARN, "RoleSessionName", "job")
	s.says(s.call(s.iam, "GetRole", "RoleName", "ci"),
		"<RoleLastUsed><LastUsedDate>2026-11-20T12:00:00Z</LastUsedDate><Region>eu-west-1</Region></RoleLastUsed>")
	s.says(s.call(s.iam, "UpdateRole", "RoleName", "ci", "MaxSessionDuration", "3600"), "<UpdateRoleResult></UpdateRoleResult>")
	s.says(s.call(s.iam, "UpdateRoleDescription", "RoleName", "ci", "Description", ""), "<MaxSessionDuration>3600</MaxSessionDuration>")
	s.says(s.call(s.iam, "UpdateAssumeRolePolicy", "RoleName", "ci", "PolicyDocument", trustAccount), "<UpdateAssumeRolePolicyResponse")
	s.says(s.call(s.iam, "TagRole", "RoleName", "ci", "Tags.member.1.Key", "c", "Tags.member.1.Value", ""), "<TagRoleResponse")
	s.says(s.call(s.iam, "UntagRole", "RoleName", "ci", "TagKeys.member.1", "a"), "<UntagRoleResponse")
	s.says(s.call(s.iam, "ListRoleTags", "RoleName", "ci"), "<Tags><member><Key>c</Key><Value></Value></member></Tags><IsTruncated>false")
	s.says(s.call(s.iam, "ListRoles"), "<Roles><member><Path>/</Path><RoleName>ci</RoleName>", "<IsTruncated>false</IsTruncated>")
	s.says(s.call(s.iam, "ListInstanceProfilesForRole", "RoleName", "ci"), "<InstanceProfiles></InstanceProfiles><IsTruncated>false")
	s.says(s.call(s.iam, "DeleteRole", "RoleName", "ci"), "<DeleteRoleResponse")
	s.fails(s.call(s.iam, "GetRole", "RoleName", "ci"), http.StatusNotFound, "NoSuchEntity", "The role with name ci cannot be found.")
}

func TestIdentityProvidersAreToldAsTheModelHasThem(t *testing.T) {
	s := newSTS(t)
	const arn = "arn:aws:iam::123456789012:oidc-provider/issuer.example.test"
	s.says(s.call(s.iam, "CreateOpenIDConnectProvider", "Url", "https://issuer.example.test", "ClientIDList.member.1", "sts.amazonaws.com",
		"ThumbprintList.member.1", strings.Repeat("a", 40), "Tags.member.1.Key", "a", "Tags.member.1.Value", "b"),
		"<OpenIDConnectProviderArn>"+arn+"</OpenIDConnectProviderArn><Tags><member><Key>a</Key>")
	s.fails(s.call(s.iam, "CreateOpenIDConnectProvider", "Url", "https://issuer.example.test"), http.StatusConflict, "EntityAlreadyExists", "already")
	s.fails(s.call(s.iam, "CreateOpenIDConnectProvider", "Url", "http://issuer.example.test"), http.StatusBadRequest, "InvalidInput", "https")
	for action, more := range map[string][]string{
		"AddClientIDToOpenIDConnectProvider":    {"ClientID", "more"},
		"UpdateOpenIDConnectProviderThumbprint": {"ThumbprintList.member.1", strings.Repeat("b", 40)},
		"TagOpenIDConnectProvider":              {"Tags.member.1.Key", "c", "Tags.member.1.Value", "d"},
		"UntagOpenIDConnectProvider":            {"TagKeys.member.1", "a"},
	} {
		s.says(s.call(s.iam, action, append([]string{"OpenIDConnectProviderArn", arn}, more...)...), "<"+action+"Response")
	}
	s.says(s.call(s.iam, "RemoveClientIDFromOpenIDConnectProvider", "OpenIDConnectProviderArn", arn, "ClientID", "sts.amazonaws.com"), "Response")
	s.says(s.call(s.iam, "GetOpenIDConnectProvider", "OpenIDConnectProviderArn", arn), "<Url>issuer.example.test</Url>"+
		"<ClientIDList><member>more</member></ClientIDList><ThumbprintList><member>"+strings.Repeat("b", 40)+"</member></ThumbprintList>",
		"<Tags><member><Key>c</Key>")
	s.says(s.call(s.iam, "ListOpenIDConnectProviders"), "<OpenIDConnectProviderList><member><Arn>"+arn+"</Arn></member>")
	s.says(s.call(s.iam, "ListOpenIDConnectProviderTags", "OpenIDConnectProviderArn", arn), "<Value>d</Value>")
	s.says(s.call(s.iam, "DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn", arn), "<DeleteOpenIDConnectProviderResponse")
}
