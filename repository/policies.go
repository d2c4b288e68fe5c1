package repository

import (
	"context"
	"errors"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// PutPolicy replaces the resource policy of a domain or a repository. Invalid if the document is not a policy; NotFound if
// there is no such domain or repository; Conflict if a revision is given and is not the current one. The text is given back as
// it is written, but for the principals that it names: they are kept by what nobody else will ever be, see iam.Bind.
func (s *Service) PutPolicy(ctx context.Context, c iam.Caller, on Target,
	document, revision string) (p catalog.Policy, err error) {
	parsed, err := iam.Parse([]byte(document), iam.ResourcePolicy)
	if err != nil {
		return p, malformed(err)
	}
	statement, public := parsed.Public(readPermission)
	p = catalog.Policy{Document: document, Revision: revisionOf(s.NewID(), document), PutAt: s.Now()}
	action := "PutDomainPermissionsPolicy"
	if on.Repository != "" {
		action = "PutRepositoryPermissionsPolicy"
	}
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		h, err := holderOf(w, on)
		if err != nil {
			return err
		}
		if revision != "" {
			if err := unchanged(w, h, on, revision); err != nil {
				return err
			}
		}
		kept := p
		if kept.Document, err = iam.Bind(document, catalog.Directory{PrincipalReader: w}); err != nil {
			return malformed(err)
		}
		if err := w.PutPolicy(h, kept); err != nil {
			return err
		}
		return s.audit(w, c, action, on.subject(), map[string]any{"policyRevision": p.Revision, "public": public})
	})
	if err == nil && public && s.AnonymousReads {
		_, id := on.resource()
		s.Log.WarnContext(ctx, "a policy lets everybody read, without credentials too", "of", id, "statement", statement,
			"principal", c.Principal.String(), "request_id", c.RequestID)
	}
	return p, err
}

// malformed words what is wrong with a document.
func malformed(err error) error {
	if _, ours := errors.AsType[*iam.DocumentError](err); !ours {
		return err
	}
	return artifact.Errorf(artifact.Invalid, "The policy document is not valid: %v", err)
}

// shownPolicy is the policy of a holder as it is shown; NotFound if it has none.
func shownPolicy(r catalog.Reader, h catalog.Holder) (catalog.Policy, error) {
	p, err := r.Policy(h)
	if err != nil {
		return p, err
	}
	p.Document, err = iam.Unbind(p.Document, catalog.Directory{PrincipalReader: r})
	return p, err
}

// readPermission is what package managers need to read.
const readPermission = "codeartifact:" + readFromRepository

// Policy returns the resource policy of a domain or a repository; NotFound if there is none, or nothing to have it.
func (s *Service) Policy(ctx context.Context, on Target) (p catalog.Policy, err error) {
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		h, err := holderOf(r, on)
		if err != nil {
			return err
		}
		if p, err = shownPolicy(r, h); artifact.Is(err, artifact.NotFound) {
			return noPolicy(on)
		}
		return err
	})
	return p, err
}

// DeletePolicy removes the resource policy and returns it; NotFound if there is none, Conflict if a revision is given
// and is not the current one.
func (s *Service) DeletePolicy(ctx context.Context, c iam.Caller, on Target,
	revision string) (p catalog.Policy, err error) {
	action := "DeleteDomainPermissionsPolicy"
	if on.Repository != "" {
		action = "DeleteRepositoryPermissionsPolicy"
	}
	err = s.Catalog.Write(ctx, func(w catalog.Writer) error {
		h, err := holderOf(w, on)
		if err != nil {
			return err
		}
		if p, err = shownPolicy(w, h); artifact.Is(err, artifact.NotFound) {
			return noPolicy(on)
		} else if err != nil {
			return err
		}
		if revision != "" && revision != p.Revision {
			return staleRevision(on)
		}
		if err := w.DeletePolicy(h); err != nil {
			return err
		}
		return s.audit(w, c, action, on.subject(), nil)
	})
	return p, err
}

// unchanged is nil if the policy still has the revision; Conflict otherwise, also when there is none.
func unchanged(r catalog.Reader, h catalog.Holder, on Target, revision string) error {
	p, err := r.Policy(h)
	if artifact.Is(err, artifact.NotFound) || err == nil && p.Revision != revision {
		return staleRevision(on)
	}
	return err
}

func staleRevision(on Target) error {
	t, id := on.resource()
	return artifact.Errorf(artifact.Conflict, "The policy revision does not match the current revision").About(t, id)
}

func noPolicy(on Target) error {
	t, id := on.resource()
	return artifact.Errorf(artifact.NotFound, "There is no permissions policy on %s '%s'.", t, id).About(t, id)
}

func (t Target) subject() Subject {
	return Subject{Domain: t.DomainKey, Repository: t.Repository, Group: t.Group}
}

func (t Target) resource() (artifact.ResourceType, string) {
	if t.Group != "" {
		return GroupKey{t.DomainKey, t.Group}.resource()
	}
	if t.Repository == "" {
		return artifact.DomainResource, t.Name
	}
	return artifact.RepositoryResource, t.Name + "/" + t.Repository
}

// holderOf finds what a target means in the catalog.
func holderOf(r catalog.Reader, on Target) (h catalog.Holder, err error) {
	d, err := heldDomain(r, on.DomainKey)
	if err == nil && on.Group != "" {
		g, err := r.PackageGroup(d.ID, on.Group)
		if artifact.Is(err, artifact.NotFound) {
			err = noGroup(GroupKey{on.DomainKey, on.Group})
		}
		return catalog.Holder{Domain: d.ID, Group: g.ID}, err
	}
	if err != nil || on.Repository == "" {
		return catalog.Holder{Domain: d.ID}, err
	}
	repo, err := heldRepository(r, on.DomainKey.Repository(on.Repository))
	return catalog.Holder{Domain: d.ID, Repository: repo.ID}, err
}
