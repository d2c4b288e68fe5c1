package accounts

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// NewIdentityProvider is what an identity provider is made of.
type NewIdentityProvider struct {
	URL         string
	ClientIDs   []string
	Thumbprints []string
	Tags        []Tag
}

// maxThumbprints is how many thumbprints an identity provider has (IAM user guide, "IAM and AWS STS quotas").
const maxThumbprints = 5

// providerARN is the ARN of the identity provider that an account has for an issuer.
func (s *Service) providerARN(account artifact.AccountID, issuer string) string {
	return s.arnOf(account, "oidc-provider", rootPath, issuerName(issuer))
}

// issuerForm is the part of an issuer's URL that stands in an ARN.
var issuerForm = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?(/[\w+=,.@-]+)*/?$`)

// checkIssuer refuses URLs that are no issuer's (OpenID Connect Core 1.0 §2: https, without query and fragment). One without TLS must
// be the operator's.
func (s *Service) checkIssuer(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && !s.private(u) || u.User != nil || !issuerForm.MatchString(issuerName(text)) ||
		u.RawQuery != "" || u.Fragment != "" || text != strings.ToLower(u.Scheme)+"://"+issuerName(text) {
		return InvalidInput.errorf("Invalid Open ID Connect Provider URL: it begins with https:// and has no query.")
	}
	return nil
}

func (s *Service) private(u *url.URL) bool { return s.PrivateIssuer != nil && s.PrivateIssuer(u) }

// CreateIdentityProvider makes an identity provider whose tokens are taken for its client IDs. Its URL is the issuer's, exactly as
// tokens have it in iss.
func (s *Service) CreateIdentityProvider(ctx context.Context, c iam.Caller, n NewIdentityProvider) (
	p catalog.IdentityProvider, err error) {
	err = s.change(ctx, c, "iam:CreateOpenIDConnectProvider", func(a *changing) error {
		p, err = a.createProvider(n)
		return err
	})
	return p, err
}

func (a *changing) createProvider(n NewIdentityProvider) (p catalog.IdentityProvider, err error) {
	p = catalog.IdentityProvider{ARN: a.providerARN(a.account(), n.URL), Account: a.account(), URL: n.URL, ClientIDs: n.ClientIDs,
		Thumbprints: n.Thumbprints, CreatedAt: a.Now().UTC()}
	on := Subject{ARN: p.ARN, Given: tagMap(n.Tags)}
	if err := a.may(on); err != nil {
		return p, err
	}
	if len(n.Tags) > 0 {
		if err := Authorize(a.caller, "iam:TagOpenIDConnectProvider", on); err != nil {
			return p, err
		}
	}
	if err := a.checkIssuer(n.URL); err != nil {
		return p, err
	}
	if err := a.countProviders(); err != nil {
		return p, err
	}
	if p.Tags, err = a.tagged(nil, n.Tags); err != nil {
		return p, err
	}
	if err := a.checkProvider(p); err != nil {
		return p, err
	}
	err = a.write.CreateIdentityProvider(p)
	if artifact.Is(err, artifact.Conflict) {
		err = AlreadyExists.errorf("Provider with url %s already exists.", n.URL)
	}
	if err != nil {
		return p, err
	}
	return p, a.record(p.ARN, map[string]any{"clientIDList": p.ClientIDs})
}

// countProviders is Quota when the account has as many identity providers as it may have.
func (a *reading) countProviders() error {
	have, err := a.IdentityProviders(a.account(), catalog.Page{Limit: a.Quotas.IdentityProviders})
	if err == nil && len(have.Items) >= a.Quotas.IdentityProviders {
		err = artifact.Errorf(artifact.Quota, "Cannot exceed quota for OpenIdConnectProvidersPerAccount: %d",
			a.Quotas.IdentityProviders)
	}
	return err
}

// checkProvider refuses more audiences and thumbprints than there may be, and any of them twice.
func (a *reading) checkProvider(p catalog.IdentityProvider) error {
	switch {
	case len(p.ClientIDs) > a.Quotas.ClientIDs:
		return artifact.Errorf(artifact.Quota, "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", a.Quotas.ClientIDs)
	case len(p.Thumbprints) > maxThumbprints:
		return InvalidInput.errorf("Thumbprint list must contain fewer than %d entries.", maxThumbprints+1)
	case repeats(p.ClientIDs) || repeats(p.Thumbprints):
		return InvalidInput.errorf("Client IDs and thumbprints may not be given more than once.")
	}
	return nil
}

func repeats(list []string) bool {
	sorted := slices.Sorted(slices.Values(list))
	return len(slices.Compact(sorted)) < len(list)
}

// provider finds an identity provider of the caller's account by its ARN and asks whether the action may be done to it.
func (a *reading) provider(arn string, with Subject) (catalog.IdentityProvider, error) {
	p, err := a.IdentityProvider(arn)
	if artifact.Is(err, artifact.NotFound) || err == nil && p.Account != a.account() {
		with.ARN = arn
		if err := a.may(with); err != nil {
			return p, err
		}
		return p, artifact.Errorf(artifact.NotFound, "OpenIDConnect Provider not found for arn %s", arn)
	}
	if err != nil {
		return p, err
	}
	with.ARN, with.Owner, with.Tags = p.ARN, p.Account, p.Tags
	return p, a.may(with)
}

// GetIdentityProvider returns an identity provider.
func (s *Service) GetIdentityProvider(ctx context.Context, c iam.Caller, arn string) (p catalog.IdentityProvider, err error) {
	err = s.look(ctx, c, "iam:GetOpenIDConnectProvider", func(a *reading) error {
		p, err = a.provider(arn, Subject{})
		return err
	})
	return p, err
}

// ListIdentityProviders returns the account's identity providers by ARN.
func (s *Service) ListIdentityProviders(ctx context.Context, c iam.Caller) (list []catalog.IdentityProvider, err error) {
	err = s.look(ctx, c, "iam:ListOpenIDConnectProviders", func(a *reading) error {
		if err := a.may(Subject{ARN: a.arnOf(a.account(), "oidc-provider", rootPath, "*")}); err != nil {
			return err
		}
		have, err := a.IdentityProviders(a.account(), catalog.Page{Limit: catalog.MaxPage})
		list = have.Items
		return err
	})
	return list, err
}

// DeleteIdentityProvider removes an identity provider. Sessions that it vouched for last as long as they would.
func (s *Service) DeleteIdentityProvider(ctx context.Context, c iam.Caller, arn string) error {
	return s.change(ctx, c, "iam:DeleteOpenIDConnectProvider", func(a *changing) error {
		p, err := a.provider(arn, Subject{})
		if err != nil {
			return err
		}
		if err := a.write.DeleteIdentityProvider(p.ARN); err != nil {
			return err
		}
		return a.record(p.ARN, nil)
	})
}

// changeProvider changes one part of an identity provider.
func (s *Service) changeProvider(ctx context.Context, c iam.Caller, action, arn string, with Subject,
	detail map[string]any, change func(p *catalog.IdentityProvider) error) error {
	return s.change(ctx, c, action, func(a *changing) error {
		p, err := a.provider(arn, with)
		if err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		if err := a.checkProvider(p); err != nil {
			return err
		}
		if err := a.write.UpdateIdentityProvider(p); err != nil {
			return err
		}
		return a.record(p.ARN, detail)
	})
}

// AddClientID has an identity provider's tokens taken for another audience; nothing happens if they are.
func (s *Service) AddClientID(ctx context.Context, c iam.Caller, arn, id string) error {
	return s.changeProvider(ctx, c, "iam:AddClientIDToOpenIDConnectProvider", arn, Subject{}, map[string]any{"clientID": id},
		func(p *catalog.IdentityProvider) error {
			if !slices.Contains(p.ClientIDs, id) {
				p.ClientIDs = append(slices.Clone(p.ClientIDs), id)
			}
			return nil
		})
}

// RemoveClientID is the inverse; nothing happens if they are not.
func (s *Service) RemoveClientID(ctx context.Context, c iam.Caller, arn, id string) error {
	return s.changeProvider(ctx, c, "iam:RemoveClientIDFromOpenIDConnectProvider", arn, Subject{}, map[string]any{"clientID": id},
		func(p *catalog.IdentityProvider) error {
			p.ClientIDs = slices.DeleteFunc(slices.Clone(p.ClientIDs), func(have string) bool { return have == id })
			return nil
		})
}

// SetThumbprints replaces the thumbprints of an identity provider's certificates. They are kept for those who ask for them: which
// certificates are believed is for the machine to say.
func (s *Service) SetThumbprints(ctx context.Context, c iam.Caller, arn string, thumbprints []string) error {
	return s.changeProvider(ctx, c, "iam:UpdateOpenIDConnectProviderThumbprint", arn, Subject{},
		map[string]any{"thumbprintList": thumbprints}, func(p *catalog.IdentityProvider) error {
			p.Thumbprints = thumbprints
			return nil
		})
}

// TagIdentityProvider puts tags to an identity provider or overwrites their values.
func (s *Service) TagIdentityProvider(ctx context.Context, c iam.Caller, arn string, tags []Tag) error {
	return s.changeProvider(ctx, c, "iam:TagOpenIDConnectProvider", arn, Subject{Given: tagMap(tags)},
		map[string]any{"tags": tagMap(tags)}, func(p *catalog.IdentityProvider) (err error) {
			p.Tags, err = s.tagged(p.Tags, tags)
			return err
		})
}

// UntagIdentityProvider takes tags away. Those it does not have are passed over.
func (s *Service) UntagIdentityProvider(ctx context.Context, c iam.Caller, arn string, keys []string) error {
	return s.changeProvider(ctx, c, "iam:UntagOpenIDConnectProvider", arn, Subject{Taken: keys}, map[string]any{"tagKeys": keys},
		func(p *catalog.IdentityProvider) error {
			p.Tags = untagged(p.Tags, keys)
			return nil
		})
}

// IdentityProviderTags lists an identity provider's tags by key.
func (s *Service) IdentityProviderTags(ctx context.Context, c iam.Caller, arn string, page catalog.Page) (
	l catalog.Listing[Tag], err error) {
	err = s.look(ctx, c, "iam:ListOpenIDConnectProviderTags", func(a *reading) error {
		p, err := a.provider(arn, Subject{})
		if err != nil {
			return err
		}
		l, err = catalog.PageOf(TagsOf(p.Tags), Tag.name, page)
		return err
	})
	return l, err
}
