package repository

import (
	"context"
	"encoding/json"
	"fmt"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// audit records a change in the transaction that makes it, or the refusal of one. detail holds the parameters worth
// knowing later, never a policy text, a token or a body.
func (s *Service) audit(w catalog.Writer, c iam.Caller, action string, on Subject, detail map[string]any) error {
	done, judged, err := judgedAt(action, on)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if detail == nil {
		detail = map[string]any{}
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	resource := ""
	if arns := judged.resources(s, on); len(arns) > 0 {
		resource = arns[len(arns)-1]
	}
	return w.Record(catalog.Event{
		Time:      s.Now(),
		Kind:      catalog.AuditEvent,
		RequestID: c.RequestID,
		Account:   c.Principal.Account,
		Principal: c.Principal.ARN,
		Action:    done.Permission(),
		Resource:  resource,
		Detail:    text,
	})
}

// auditRefusal records that somebody was not allowed to change something, and which statement decided.
func (s *Service) auditRefusal(ctx context.Context, c iam.Caller, action string, on Subject, d iam.Decision) error {
	return s.Catalog.Write(context.WithoutCancel(ctx), func(w catalog.Writer) error {
		detail := map[string]any{"errorCode": "AccessDenied", "reason": d.Reason.String(), "statement": d.Sid}
		return s.audit(w, c, action, on, detail)
	})
}

// versionEvent is what happened to one version in one repository, in the shape of the service's event.
type versionEvent struct {
	Domain        string          `json:"domainName"`
	DomainOwner   string          `json:"domainOwner"`
	Repository    string          `json:"repositoryName"`
	Administrator string          `json:"repositoryAdministrator"`
	Format        artifact.Format `json:"packageFormat"`
	Namespace     *string         `json:"packageNamespace"` // null when there is none: rules in the wild match on it
	Package       string          `json:"packageName"`
	Version       string          `json:"packageVersion"`
	State         artifact.Status `json:"packageVersionState"`
	Revision      string          `json:"packageVersionRevision"`
	Changes       changes         `json:"changes"`
	Operation     string          `json:"operationType"`
}

// changes are what an operation did to a version. A version that is replaced counts its assets as added, so
// AssetsUpdated stays 0.
type changes struct {
	AssetsAdded     int  `json:"assetsAdded"`
	AssetsRemoved   int  `json:"assetsRemoved"`
	MetadataUpdated bool `json:"metadataUpdated"`
	AssetsUpdated   int  `json:"assetsUpdated"`
	StatusChanged   bool `json:"statusChanged"`
}

// The operation types of the service's event.
const (
	created = "Created"
	updated = "Updated"
	deleted = "Deleted"
)

// announce records an operation on a version and the changes it made, in the same transaction. v is the version after
// it.
func (s *Service) announce(w catalog.Writer, c iam.Caller, repo catalog.Repository, v artifact.Version,
	operation string, changed changes) error {
	event := versionEvent{
		Domain: repo.RepositoryKey.Domain, DomainOwner: string(repo.Owner),
		Repository: repo.Name, Administrator: string(repo.Administrator),
		Format: v.Format, Package: v.Name, Version: v.Version, State: v.Status, Revision: v.Revision,
		Changes: changed, Operation: operation,
	}
	if v.Namespace != "" {
		event.Namespace = &v.Namespace
	}
	text, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("announce %s: %w", v.VersionKey, err)
	}
	return w.Record(catalog.Event{
		Time:      s.Now(),
		Kind:      catalog.VersionEvent,
		RequestID: c.RequestID,
		Account:   c.Principal.Account,
		Principal: c.Principal.String(),
		Action:    operation,
		Resource:  onPackage.resources(s, OnPackage(repo.RepositoryKey, v.PackageKey))[0],
		Detail:    text,
	})
}
