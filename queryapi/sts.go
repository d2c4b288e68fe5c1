package queryapi

import (
	"context"
	"net/http"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/iam"
)

// STS returns the Security Token Service over the rules.
func STS(rules *accounts.Service) *Service {
	s := sts{rules}
	return &Service{
		Version:   "2011-06-15",
		Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		Actions: map[string]Action{
			"AssumeRole":                 do(stsGrammar, s.assumeRole),
			"AssumeRoleWithWebIdentity":  do(stsGrammar, s.assumeRoleWithWebIdentity).ofAnybody(),
			"DecodeAuthorizationMessage": do(stsGrammar, decodeAuthorizationMessage),
			"GetAccessKeyInfo":           do(stsGrammar, s.getAccessKeyInfo),
			"GetCallerIdentity":          do(stsGrammar, getCallerIdentity),
			"GetFederationToken":         do(stsGrammar, s.getFederationToken),
			"GetSessionToken":            do(stsGrammar, s.getSessionToken),
		},
		Problems: map[accounts.Problem]Failure{
			accounts.MalformedPolicy:      {http.StatusBadRequest, "MalformedPolicyDocument"},
			accounts.PolicyTooLarge:       {http.StatusBadRequest, "PackedPolicyTooLarge"},
			accounts.BadIdentityToken:     {http.StatusBadRequest, "InvalidIdentityToken"},
			accounts.IdentityTokenExpired: {http.StatusBadRequest, "ExpiredTokenException"},
			accounts.ProviderUnreachable:  {http.StatusBadRequest, "IDPCommunicationError"},
		},
	}
}

// sts has the actions that the rules do.
type sts struct{ rules *accounts.Service }

const namePattern = `[\w+=,.@-]*`

// stsGrammar is that of the service's model.
var stsGrammar = grammar{
	"arnType": text(20, 2048,
		`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`,
		`[\t\n\r -~\x{85}\x{A0}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]+`),
	"roleSessionNameType":       text(2, 64, namePattern),
	"userNameType":              text(2, 32, namePattern),
	"sourceIdentityType":        text(2, 64, namePattern),
	"externalIdType":            text(2, 1224, `[\w+=,.@:\/-]*`),
	"roleDurationSecondsType":   number(900, 43200),
	"durationSecondsType":       number(900, 129600),
	"sessionPolicyDocumentType": text(1, 2048, `[\u0009\u000A\u000D\u0020-\u00FF]+`, `[\x09\x0A\x0D\x20-\x{FF}]+`),
	"unrestrictedSessionPolicyDocumentType": text(1, 0, `[\u0009\u000A\u000D\u0020-\u00FF]+`,
		`[\x09\x0A\x0D\x20-\x{FF}]+`),
	"clientTokenType":    text(4, 20000),
	"urlType":            text(4, 2048),
	"accessKeyIdType":    text(16, 128, `[\w]*`),
	"encodedMessageType": text(1, 10240),
	"tagKeyType":         text(1, 128, `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`),
	"tagValueType":       text(0, 256, `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`),
	"serialNumberType":   text(9, 256, `[\w+=/:,.@-]*`),
	"tokenCodeType":      text(6, 6, `[\d]*`),
}

type policyARN struct {
	ARN string `query:"arn,arnType"`
}

// narrowing makes what the rules narrow a session by.
func narrowing(seconds int, policy string, managed []policyARN, tags []tagShape) accounts.Narrowing {
	n := accounts.Narrowing{Seconds: seconds, Policy: policy, Tags: tagsOf(tags)}
	for _, p := range managed {
		n.PolicyARNs = append(n.PolicyARNs, p.ARN)
	}
	return n
}

// credentials are those of a session, as they are told.
type credentials struct {
	AccessKeyID     string     `xml:"AccessKeyId"`
	SecretAccessKey string     `xml:"SecretAccessKey"`
	SessionToken    string     `xml:"SessionToken"`
	Expiration      *time.Time `xml:"Expiration"`
}

func credentialsOf(b accounts.Begun) credentials {
	return credentials{b.KeyID, b.Secret.Reveal(), b.Token.Reveal(), when(b.ExpiresAt)}
}

type assumedRoleUser struct {
	ID  string `xml:"AssumedRoleId"`
	ARN string `xml:"Arn"`
}

type assumeRoleInput struct {
	RoleARN         string      `query:"RoleArn,arnType,required"`
	RoleSessionName string      `query:"RoleSessionName,roleSessionNameType,required"`
	PolicyARNs      []policyARN `query:"PolicyArns,"`
	Policy          string      `query:"Policy,unrestrictedSessionPolicyDocumentType"`
	Seconds         int         `query:"DurationSeconds,roleDurationSecondsType"`
	Tags            []tagShape  `query:"Tags,"`
	Transitive      []string    `query:"TransitiveTagKeys,tagKeyType"`
	ExternalID      string      `query:"ExternalId,externalIdType"`
	SourceIdentity  string      `query:"SourceIdentity,sourceIdentityType"`
	SerialNumber    string      `query:"SerialNumber,serialNumberType"`
	TokenCode       string      `query:"TokenCode,tokenCodeType"`
}

type assumeRoleOutput struct {
	Credentials     credentials     `xml:"Credentials"`
	AssumedRoleUser assumedRoleUser `xml:"AssumedRoleUser"`
	PackedSize      int             `xml:"PackedPolicySize"`
	SourceIdentity  string          `xml:"SourceIdentity,omitempty"`
}

func (s sts) assumeRole(ctx context.Context, c iam.Caller, in assumeRoleInput) (out assumeRoleOutput, err error) {
	if err := noDevice(in.SerialNumber, in.TokenCode); err != nil {
		return out, err
	}
	n := narrowing(in.Seconds, in.Policy, in.PolicyARNs, in.Tags)
	b, err := s.rules.AssumeRole(ctx, c, accounts.AssumeRequest{Role: in.RoleARN, Name: in.RoleSessionName, ExternalID: in.ExternalID,
		SourceIdentity: in.SourceIdentity, Transitive: in.Transitive, Narrowing: n})
	if err != nil {
		return out, err
	}
	return assumeRoleOutput{credentialsOf(b), assumedRoleUser{b.ID, b.ARN}, b.PackedSize, b.SourceIdentity}, nil
}

// noDevice refuses the codes of devices, which nobody has here, with AWS's answer to a wrong one.
func noDevice(serial, code string) error {
	if serial == "" && code == "" {
		return nil
	}
	return artifact.Errorf(artifact.Denied, "MultiFactorAuthentication failed: no user has a device here.")
}

type webIdentityInput struct {
	RoleARN         string          `query:"RoleArn,arnType,required"`
	RoleSessionName string          `query:"RoleSessionName,roleSessionNameType,required"`
	Token           artifact.Secret `query:"WebIdentityToken,clientTokenType,required"`
	ProviderID      string          `query:"ProviderId,urlType"`
	PolicyARNs      []policyARN     `query:"PolicyArns,"`
	Policy          string          `query:"Policy,sessionPolicyDocumentType"`
	Seconds         int             `query:"DurationSeconds,roleDurationSecondsType"`
}

type webIdentityOutput struct {
	Credentials     credentials     `xml:"Credentials"`
	Subject         string          `xml:"SubjectFromWebIdentityToken"`
	AssumedRoleUser assumedRoleUser `xml:"AssumedRoleUser"`
	PackedSize      int             `xml:"PackedPolicySize"`
	Provider        string          `xml:"Provider"`
	Audience        string          `xml:"Audience"`
	SourceIdentity  string          `xml:"SourceIdentity,omitempty"`
}

func (s sts) assumeRoleWithWebIdentity(ctx context.Context, c iam.Caller, in webIdentityInput) (out webIdentityOutput, err error) {
	if in.ProviderID != "" {
		return out, artifact.Errorf(artifact.Invalid, "ProviderId is for providers of OAuth 2.0, which are not known here. "+
			"Leave it out: an identity token says who issued it.")
	}
	n := narrowing(in.Seconds, in.Policy, in.PolicyARNs, nil)
	b, who, err := s.rules.AssumeRoleWithWebIdentity(ctx, c, accounts.WebIdentityRequest{Role: in.RoleARN, Name: in.RoleSessionName,
		Token: in.Token, Narrowing: n})
	if err != nil {
		return out, err
	}
	return webIdentityOutput{credentialsOf(b), who.Subject, assumedRoleUser{b.ID, b.ARN}, b.PackedSize, who.Provider, who.Audience,
		b.SourceIdentity}, nil
}

type sessionTokenInput struct {
	Seconds      int    `query:"DurationSeconds,durationSecondsType"`
	SerialNumber string `query:"SerialNumber,serialNumberType"`
	TokenCode    string `query:"TokenCode,tokenCodeType"`
}

type sessionTokenOutput struct {
	Credentials credentials `xml:"Credentials"`
}

func (s sts) getSessionToken(ctx context.Context, c iam.Caller, in sessionTokenInput) (out sessionTokenOutput, err error) {
	if err := noDevice(in.SerialNumber, in.TokenCode); err != nil {
		return out, err
	}
	b, err := s.rules.SessionToken(ctx, c, in.Seconds)
	if err != nil {
		return out, err
	}
	return sessionTokenOutput{credentialsOf(b)}, nil
}

type federationTokenInput struct {
	Name       string      `query:"Name,userNameType,required"`
	Policy     string      `query:"Policy,sessionPolicyDocumentType"`
	PolicyARNs []policyARN `query:"PolicyArns,"`
	Seconds    int         `query:"DurationSeconds,durationSecondsType"`
	Tags       []tagShape  `query:"Tags,"`
}

type federatedUser struct {
	ID  string `xml:"FederatedUserId"`
	ARN string `xml:"Arn"`
}

type federationTokenOutput struct {
	Credentials   credentials   `xml:"Credentials"`
	FederatedUser federatedUser `xml:"FederatedUser"`
	PackedSize    int           `xml:"PackedPolicySize"`
}

func (s sts) getFederationToken(ctx context.Context, c iam.Caller, in federationTokenInput) (out federationTokenOutput, err error) {
	n := narrowing(in.Seconds, in.Policy, in.PolicyARNs, in.Tags)
	b, err := s.rules.FederationToken(ctx, c, in.Name, n)
	if err != nil {
		return out, err
	}
	return federationTokenOutput{credentialsOf(b), federatedUser{b.ID, b.ARN}, b.PackedSize}, nil
}

type accessKeyInfoInput struct {
	AccessKeyID string `query:"AccessKeyId,accessKeyIdType,required"`
}

type accessKeyInfoOutput struct {
	Account string `xml:"Account"`
}

func (s sts) getAccessKeyInfo(ctx context.Context, c iam.Caller, in accessKeyInfoInput) (accessKeyInfoOutput, error) {
	account, err := s.rules.KeyAccount(ctx, c, in.AccessKeyID)
	return accessKeyInfoOutput{string(account)}, err
}

type callerIdentity struct {
	ARN     string `xml:"Arn"`
	UserID  string `xml:"UserId"`
	Account string `xml:"Account"`
}

// getCallerIdentity asks for no permission: it cannot be denied (STS API reference).
func getCallerIdentity(_ context.Context, c iam.Caller, _ struct{}) (callerIdentity, error) {
	return callerIdentity{c.Principal.ARN, c.Principal.ID, c.Principal.Account}, nil
}

type encodedMessageInput struct {
	Message string `query:"EncodedMessage,encodedMessageType,required"`
}

type decodedMessage struct {
	Message string `xml:"DecodedMessage"`
}

// decodeAuthorizationMessage has nothing to decode: refusals are told in plain words here.
func decodeAuthorizationMessage(context.Context, iam.Caller, encodedMessageInput) (decodedMessage, error) {
	return decodedMessage{}, &Error{http.StatusBadRequest, "InvalidAuthorizationMessageException",
		"No message of this server is encoded: it says in plain words why something is not authorized."}
}
