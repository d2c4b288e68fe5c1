package accounts

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"entrepot/access/oidc"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/strictjson"
)

// IdentityTokens proves the tokens of identity providers.
type IdentityTokens interface {
	// Verify fails with *oidc.Error for a token that is not its issuer's, not for one of the audiences, or over.
	Verify(ctx context.Context, t *oidc.Token, audiences []string) error
}

// WebIdentityRequest asks for a session of a role with a token of an identity provider. Its Narrowing has no tags: those stand in
// the token.
type WebIdentityRequest struct {
	Role  string // its ARN
	Name  string // of the session
	Token artifact.Secret
	Narrowing
}

// WebIdentity is what a token was found to say.
type WebIdentity struct {
	Subject  string
	Audience string
	Provider string // ARN
}

const withWebIdentity = "sts:AssumeRoleWithWebIdentity"

// AssumeRoleWithWebIdentity begins a session of a role for whom an identity provider of the role's account vouches, if the
// role's trust policy lets that provider, with what the token says as condition keys: ISSUER:sub, ISSUER:aud and so on for every
// claim that is a text, a number, a boolean or a list of texts. c is nobody in particular, under the circumstances of the request.
//
// Errors are those of AssumeRole; and BadIdentityToken, IdentityTokenExpired or ProviderUnreachable, by the problem with the token.
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, c iam.Caller, in WebIdentityRequest) (
	begun Begun, who WebIdentity, err error) {
	role, err := iam.ParseARN(in.Role)
	if err != nil || role.Service != "iam" || !artifact.AccountID(role.Account).Valid() {
		return Begun{}, who, artifact.Errorf(artifact.Invalid, "RoleArn: %.200q is not the ARN of a role.", in.Role)
	}
	token, err := oidc.Parse(in.Token.Reveal())
	if err != nil {
		return Begun{}, who, identityProblem(err)
	}
	arn := s.providerARN(artifact.AccountID(role.Account), token.Issuer)
	var p catalog.IdentityProvider
	err = s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		p, err = r.IdentityProvider(arn)
		return err
	})
	if artifact.Is(err, artifact.NotFound) || err == nil && p.URL != token.Issuer {
		return Begun{}, who, BadIdentityToken.errorf("No OpenIDConnect provider found in your account for %.255s", token.Issuer)
	}
	if err != nil {
		return Begun{}, who, err
	}
	if err := s.IdentityTokens.Verify(ctx, token, p.ClientIDs); err != nil {
		return Begun{}, who, identityProblem(err)
	}
	d, err := describedBy(token, in.Name)
	if err != nil {
		return Begun{}, who, err
	}
	d.Provider = p.ARN
	c.Principal = iam.Principal{Account: string(p.Account), ARN: p.ARN}
	err = s.change(ctx, c, withWebIdentity, func(a *changing) (err error) {
		if _, err := a.IdentityProvider(p.ARN); err != nil {
			return err // it was removed since
		}
		begun, err = a.playForToken(in, token, d)
		return err
	})
	return begun, WebIdentity{token.Subject, audienceOf(token)[0], p.ARN}, err
}

func (a *changing) playForToken(in WebIdentityRequest, token *oidc.Token, d catalog.SessionDetails) (Begun, error) {
	refused := func(why error) error {
		return artifact.Errorf(artifact.Denied, "Not authorized to perform %s", withWebIdentity).Causing(why)
	}
	r, err := a.trusted(in.Role)
	if artifact.Is(err, artifact.NotFound) {
		return Begun{}, refused(&Refusal{a.action, iam.Decision{Reason: iam.NoResourceAllow, Resource: in.Role}})
	}
	if err != nil {
		return Begun{}, err
	}
	subject := r.assumed(d)
	subject.Keys["aws:federatedprovider"] = []string{d.Provider}
	addClaims(subject.Keys, token)
	for _, action := range actionsOf(a.action, d) {
		if err := Authorize(a.caller, action, subject); err != nil {
			return Begun{}, refused(err)
		}
	}
	return a.play(r, d, in.Narrowing, int(r.MaxSession.Seconds()))
}

// identityProblem tells what is wrong with a token, or with its issuer.
func identityProblem(err error) error {
	wrong, ok := errors.AsType[*oidc.Error](err)
	if !ok {
		return err
	}
	problem := map[oidc.Problem]Problem{oidc.Invalid: BadIdentityToken, oidc.Expired: IdentityTokenExpired,
		oidc.Unreachable: ProviderUnreachable}[wrong.Problem]
	return problem.errorf("%s", wrong.Message)
}

// issuerName is an issuer as ARNs and condition keys have it: without its scheme.
func issuerName(url string) string {
	_, name, _ := strings.Cut(url, "://")
	return name
}

// audienceOf is for whom a token was made: the party that asked for it where the token says so.
func audienceOf(t *oidc.Token) []string {
	if t.Party != "" {
		return []string{t.Party}
	}
	return t.Audiences
}

// addClaims adds what a token says as condition keys (IAM user guide, "Available keys for AWS OIDC federation"). The audience is that of
// audienceOf, and the one in aud is under oaud beside.
func addClaims(keys map[string][]string, t *oidc.Token) {
	prefix := strings.ToLower(issuerName(t.Issuer)) + ":"
	for _, claim := range t.Claims.Members {
		if values := valuesOf(claim); len(values) > 0 {
			keys[prefix+strings.ToLower(claim.Name)] = values
		}
	}
	keys[prefix+"aud"], keys[prefix+"oaud"] = audienceOf(t), t.Audiences
}

func valuesOf(claim *strictjson.Value) []string {
	if claim.Kind == strictjson.Number || claim.Kind == strictjson.Bool {
		return []string{claim.Text}
	}
	return oidc.Texts(claim)
}

// The claims by which an identity provider gives a session its tags and its source identity (IAM user guide, "Passing session
// tags using AssumeRoleWithWebIdentity"), and what the values must be like (STS service model).
const (
	tagsClaim           = "https://aws.amazon.com/tags"
	sourceIdentityClaim = "https://aws.amazon.com/source_identity"
	maxTokenTags        = 50
)

var (
	sourceIdentityForm = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	tagKeyForm         = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$`)
	tagValueForm       = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$`)
)

// describedBy is the session that a token asks for.
func describedBy(t *oidc.Token, name string) (catalog.SessionDetails, error) {
	d := catalog.SessionDetails{Name: name}
	if claim := t.Claims.Member(sourceIdentityClaim); claim != nil {
		d.SourceIdentity = claim.Text
		if claim.Kind != strictjson.Text || !sourceIdentityForm.MatchString(claim.Text) {
			return d, BadIdentityToken.errorf("The claim %s is no source identity.", sourceIdentityClaim)
		}
	}
	claim := t.Claims.Member(tagsClaim)
	if claim == nil {
		return d, nil
	}
	d.Transitive = oidc.Texts(claim.Member("transitive_tag_keys"))
	tags := claim.Member("principal_tags")
	if tags == nil || len(tags.Members) > maxTokenTags {
		return d, BadIdentityToken.errorf("The claim %s does not have 1 to %d tags.", tagsClaim, maxTokenTags)
	}
	d.Tags = make(map[string]string, len(tags.Members))
	for _, tag := range tags.Members {
		values := oidc.Texts(tag)
		if len(values) != 1 || !tagKeyForm.MatchString(tag.Name) || !tagValueForm.MatchString(values[0]) {
			return d, BadIdentityToken.errorf("The claim %s has a tag that no session can have: want one value for each key.", tagsClaim)
		}
		d.Tags[tag.Name] = values[0]
	}
	for _, key := range d.Transitive {
		if _, there := d.Tags[key]; !there {
			return d, BadIdentityToken.errorf("The claim %s has a transitive tag that is none of its tags.", tagsClaim)
		}
	}
	return d, nil
}
