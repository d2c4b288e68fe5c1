package fsck

import (
	"context"
	"encoding/json"
	"fmt"

	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/iam"
)

// repairContents turns assets that came from a registry, and whose bytes are lost, back into promises: who asks for one
// has it fetched again and proven against the digest on record, which stays. That needs no registry now.
func (c *check) repairContents(ctx context.Context) error {
	if c.Repair {
		for _, v := range c.turned {
			if err := c.promiseAgain(ctx, v); err != nil {
				return fmt.Errorf("repair %s: %w", v.key, err)
			}
		}
	}
	for _, f := range c.lost {
		f.Repaired = f.Repairable && c.Repair
		c.report.add(*f)
	}
	return nil
}

// promiseAgain changes one version, with a record of the change.
func (c *check) promiseAgain(ctx context.Context, in versionIn) error {
	return c.Catalog.Write(ctx, func(w catalog.Writer) error {
		v, err := w.Version(in.repository, in.key)
		if err != nil {
			return err
		}
		var names []string
		for i, a := range v.Assets {
			if c.lost[blobKey{in.domain, a.SHA256}] != nil && !a.Promised {
				v.Assets[i].Promised = true
				names = append(names, a.Name)
			}
		}
		if err := w.UpdateVersion(in.repository, v); err != nil {
			return err
		}
		return c.record(w, in, names)
	})
}

// record says what was changed, and that it was the system's own work.
func (c *check) record(w catalog.Writer, in versionIn, assets []string) error {
	repo, err := w.RepositoryByID(in.repository)
	if err != nil {
		return err
	}
	detail, err := json.Marshal(map[string]any{"domain": repo.RepositoryKey.Domain, "repository": repo.Name,
		"packageVersion": in.key.String(), "assets": assets, "reason": "the bytes were damaged or missing"})
	if err != nil {
		return err
	}
	system := iam.Caller{Principal: iam.Principal{Account: string(repo.Owner)}}
	return w.Record(catalog.Event{Time: c.Now(), Kind: catalog.AuditEvent, Account: string(repo.Owner), Owner: string(repo.Owner),
		Administrator: string(repo.Administrator), Action: repaired, Detail: detail, Call: audit.Done(system, repaired).Encode()})
}

// repaired is the action of a record about a repair; no API has it.
const repaired = "entrepot:RepairAssets"
