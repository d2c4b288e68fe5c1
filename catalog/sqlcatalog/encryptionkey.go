package sqlcatalog

import (
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
)

const encryptionKeyColumns = `SELECT id, account, description, policy, material, enabled, created_at, deletes_at, waiting,
	rotates_at, rotation, tags FROM encryption_keys `

func scanEncryptionKey(row scanner, k *catalog.EncryptionKey) error {
	return row.Scan(&k.ID, &k.Account, &k.Description, &k.Policy, &k.Material, &k.Enabled, instant{&k.CreatedAt},
		instantOrNone{&k.DeletesAt}, &k.Waiting, instantOrNone{&k.RotatesAt}, &k.Rotation, (*tagSet)(&k.Tags))
}

const aliasColumns = "SELECT account, name, encryption_key, created_at, updated_at FROM key_aliases "

func scanAlias(row scanner, a *catalog.KeyAlias) error {
	return row.Scan(&a.Account, &a.Name, &a.Key, instant{&a.CreatedAt}, instant{&a.UpdatedAt})
}

// instantOrNone scans a time that may be NULL, which is the zero time.
type instantOrNone struct{ t *time.Time }

// Scan reads microseconds since 1970, or nothing.
func (i instantOrNone) Scan(src any) error {
	if src == nil {
		*i.t = time.Time{}
		return nil
	}
	return instant(i).Scan(src)
}

// orNull is how a time that may be zero is kept.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func noEncryptionKey(id string) error {
	return artifact.Errorf(artifact.NotFound, "Encryption key %s does not exist.", id)
}

func noAlias(name string) error {
	return artifact.Errorf(artifact.NotFound, "Alias %s does not exist.", name)
}

// EncryptionKey implements catalog.EncryptionKeyReader.
func (s *session) EncryptionKey(id string) (catalog.EncryptionKey, error) {
	k, found, err := one(s, "find an encryption key", scanEncryptionKey, encryptionKeyColumns+"WHERE id = ?", id)
	if err == nil && !found {
		err = noEncryptionKey(id)
	}
	return k, err
}

// EncryptionKeys implements catalog.EncryptionKeyReader.
func (s *session) EncryptionKeys(account artifact.AccountID, page catalog.Page) (
	catalog.Listing[catalog.EncryptionKey], error) {
	var where conditions
	where.add("account = ?", account)
	if page.After != "" {
		after, err := unmark(encryptionKeyList, 1, page.After)
		if err != nil {
			return catalog.Listing[catalog.EncryptionKey]{}, err
		}
		where.add("id > ?", after[0])
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list encryption keys", scanEncryptionKey,
		encryptionKeyColumns+"WHERE "+where.String()+" ORDER BY id LIMIT ?", append(where.args, limit+1)...)
	return listing(items, limit, func(k catalog.EncryptionKey) string { return mark(encryptionKeyList, k.ID) }), err
}

// EncryptionKeysDue implements catalog.EncryptionKeyReader.
func (s *session) EncryptionKeysDue(t time.Time, limit int) ([]catalog.EncryptionKey, error) {
	return all(s, "find encryption keys that are due", scanEncryptionKey, encryptionKeyColumns+
		"WHERE deletes_at <= ? OR rotates_at <= ? AND deletes_at IS NULL ORDER BY id LIMIT ?",
		t.UnixMicro(), t.UnixMicro(), clamp(limit))
}

// DomainsUnder implements catalog.EncryptionKeyReader.
func (s *session) DomainsUnder(key string) ([]catalog.Domain, error) {
	return all(s, "find the domains under an encryption key", scanDomain,
		domainColumns+"WHERE wrapped_under = ? AND wrapped_under <> '' ORDER BY id", key)
}

// KeyAlias implements catalog.EncryptionKeyReader.
func (s *session) KeyAlias(account artifact.AccountID, name string) (catalog.KeyAlias, error) {
	a, found, err := one(s, "find an alias", scanAlias, aliasColumns+"WHERE account = ? AND name = ?", account, name)
	if err == nil && !found {
		err = noAlias(name)
	}
	return a, err
}

// KeyAliases implements catalog.EncryptionKeyReader.
func (s *session) KeyAliases(account artifact.AccountID, key string, page catalog.Page) (
	catalog.Listing[catalog.KeyAlias], error) {
	var where conditions
	where.add("account = ?", account)
	if key != "" {
		where.add("encryption_key = ?", key)
	}
	if page.After != "" {
		after, err := unmark(keyAliasList, 1, page.After)
		if err != nil {
			return catalog.Listing[catalog.KeyAlias]{}, err
		}
		where.add("name > ?", after[0])
	}
	limit := clamp(page.Limit)
	items, err := all(s, "list aliases", scanAlias, aliasColumns+"WHERE "+where.String()+" ORDER BY name LIMIT ?",
		append(where.args, limit+1)...)
	return listing(items, limit, func(a catalog.KeyAlias) string { return mark(keyAliasList, a.Name) }), err
}

// CreateEncryptionKey implements catalog.EncryptionKeyWriter.
func (s *session) CreateEncryptionKey(k catalog.EncryptionKey) error {
	n, err := s.exec("create an encryption key", `INSERT INTO encryption_keys (id, account, description, policy, material,
		enabled, created_at, deletes_at, waiting, rotates_at, rotation, tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, k.ID, k.Account, k.Description, k.Policy, k.Material, k.Enabled, k.CreatedAt.UnixMicro(),
		orNull(k.DeletesAt), k.Waiting, orNull(k.RotatesAt), k.Rotation, tagSet(k.Tags))
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.Conflict, "Encryption key %s already exists.", k.ID)
	}
	s.touch(catalog.EncryptionKeyTopic(k.ID))
	return nil
}

// UpdateEncryptionKey implements catalog.EncryptionKeyWriter.
func (s *session) UpdateEncryptionKey(k catalog.EncryptionKey) error {
	n, err := s.exec("update an encryption key", `UPDATE encryption_keys SET description = ?, policy = ?, material = ?,
		enabled = ?, deletes_at = ?, waiting = ?, rotates_at = ?, rotation = ?, tags = ? WHERE id = ?`, k.Description, k.Policy,
		k.Material, k.Enabled, orNull(k.DeletesAt), k.Waiting, orNull(k.RotatesAt), k.Rotation, tagSet(k.Tags), k.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return noEncryptionKey(k.ID)
	}
	s.touch(catalog.EncryptionKeyTopic(k.ID))
	return nil
}

// DeleteEncryptionKey implements catalog.EncryptionKeyWriter.
func (s *session) DeleteEncryptionKey(id string) error {
	k, err := s.EncryptionKey(id)
	if err != nil {
		return err
	}
	// What is deleted stays in the file until its room is needed. Bytes of the same length take the place of the old ones.
	if _, err := s.exec("write over an encryption key", "UPDATE encryption_keys SET material = ? WHERE id = ?",
		make([]byte, len(k.Material)), id); err != nil {
		return err
	}
	if _, err := s.exec("delete an encryption key", "DELETE FROM encryption_keys WHERE id = ?", id); err != nil {
		return err
	}
	s.touch(catalog.EncryptionKeyTopic(id))
	return nil
}

// RewrapDomain implements catalog.EncryptionKeyWriter.
func (s *session) RewrapDomain(id catalog.DomainID, dataKey []byte) error {
	n, err := s.exec("wrap a data key anew", "UPDATE domains SET data_key = ? WHERE id = ?", dataKey, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return noDomainID(id)
	}
	s.touch(catalog.DomainTopic(id))
	return nil
}

// CreateKeyAlias implements catalog.EncryptionKeyWriter.
func (s *session) CreateKeyAlias(a catalog.KeyAlias) error {
	if err := s.ownsKey(a); err != nil {
		return err
	}
	n, err := s.exec("create an alias", `INSERT INTO key_aliases (account, name, encryption_key, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, a.Account, a.Name, a.Key, a.CreatedAt.UnixMicro(),
		a.UpdatedAt.UnixMicro())
	if err != nil {
		return err
	}
	if n == 0 {
		return artifact.Errorf(artifact.Conflict, "Alias %s already exists.", a.Name)
	}
	return nil
}

// ownsKey fails with NotFound if the alias's account has no such key.
func (s *session) ownsKey(a catalog.KeyAlias) error {
	found, err := s.exists("find an encryption key", "SELECT 1 FROM encryption_keys WHERE id = ? AND account = ?", a.Key, a.Account)
	if err == nil && !found {
		err = noEncryptionKey(a.Key)
	}
	return err
}

// UpdateKeyAlias implements catalog.EncryptionKeyWriter.
func (s *session) UpdateKeyAlias(a catalog.KeyAlias) error {
	if err := s.ownsKey(a); err != nil {
		return err
	}
	return s.changeAlias("update an alias", a.Name,
		"UPDATE key_aliases SET encryption_key = ?, updated_at = ? WHERE account = ? AND name = ?",
		a.Key, a.UpdatedAt.UnixMicro(), a.Account, a.Name)
}

// DeleteKeyAlias implements catalog.EncryptionKeyWriter.
func (s *session) DeleteKeyAlias(account artifact.AccountID, name string) error {
	return s.changeAlias("delete an alias", name, "DELETE FROM key_aliases WHERE account = ? AND name = ?", account, name)
}

// changeAlias runs a statement that changes one alias; NotFound if it changed none.
func (s *session) changeAlias(verb, name, query string, args ...any) error {
	n, err := s.exec(verb, query, args...)
	if err == nil && n == 0 {
		err = noAlias(name)
	}
	return err
}
