package sqlcatalog

import (
	"entrepot/artifact"
	"entrepot/catalog"
)

const providerColumns = "SELECT arn, account, url, client_ids, thumbprints, tags, created_at FROM identity_providers "

func scanProvider(row scanner, p *catalog.IdentityProvider) error {
	return row.Scan(&p.ARN, &p.Account, &p.URL, document{&p.ClientIDs}, document{&p.Thumbprints}, document{&p.Tags},
		instant{&p.CreatedAt})
}

func noProvider(arn string) error {
	return artifact.Errorf(artifact.NotFound, "Identity provider %s does not exist.", arn)
}

// IdentityProvider implements catalog.IdentityProviderReader.
func (s *session) IdentityProvider(arn string) (catalog.IdentityProvider, error) {
	p, found, err := one(s, "find an identity provider", scanProvider, providerColumns+"WHERE arn = ?", arn)
	if err == nil && !found {
		err = noProvider(arn)
	}
	return p, err
}

// IdentityProviders implements catalog.IdentityProviderReader.
func (s *session) IdentityProviders(account artifact.AccountID, page catalog.Page) (
	catalog.Listing[catalog.IdentityProvider], error) {
	var where conditions
	where.add("account = ?", account)
	if page.After != "" {
		after, err := unmark(providerList, 1, page.After)
		if err != nil {
			return catalog.Listing[catalog.IdentityProvider]{}, err
		}
		where.add("arn > ?", after[0])
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list identity providers", scanProvider,
		providerColumns+"WHERE "+where.String()+" ORDER BY arn LIMIT ?", append(where.args, limit+1)...)
	return listing(items, limit, func(p catalog.IdentityProvider) string { return mark(providerList, p.ARN) }), err
}

// CreateIdentityProvider implements catalog.IdentityProviderWriter.
func (s *session) CreateIdentityProvider(p catalog.IdentityProvider) error {
	n, err := s.exec("create an identity provider", `INSERT INTO identity_providers
		(arn, account, url, client_ids, thumbprints, tags, created_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		p.ARN, p.Account, p.URL, written(p.ClientIDs), written(p.Thumbprints), written(p.Tags), p.CreatedAt.UnixMicro())
	if err == nil && n == 0 {
		err = artifact.Errorf(artifact.Conflict, "Identity provider %s already exists.", p.ARN)
	}
	return err
}

// UpdateIdentityProvider implements catalog.IdentityProviderWriter.
func (s *session) UpdateIdentityProvider(p catalog.IdentityProvider) error {
	n, err := s.exec("update an identity provider",
		"UPDATE identity_providers SET client_ids = ?, thumbprints = ?, tags = ? WHERE arn = ?",
		written(p.ClientIDs), written(p.Thumbprints), written(p.Tags), p.ARN)
	if err == nil && n == 0 {
		err = noProvider(p.ARN)
	}
	return err
}

// DeleteIdentityProvider implements catalog.IdentityProviderWriter.
func (s *session) DeleteIdentityProvider(arn string) error {
	n, err := s.exec("delete an identity provider", "DELETE FROM identity_providers WHERE arn = ?", arn)
	if err == nil && n == 0 {
		err = noProvider(arn)
	}
	return err
}
