package repository

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/iam"
)

// audit records a change in the transaction that makes it. detail holds the parameters worth knowing later, never a policy
// text, a token or a body. What is deleted is recorded before.
func (s *Service) audit(w catalog.Writer, c iam.Caller, action string, on Subject, detail map[string]any) error {
	var administrator artifact.AccountID
	if on.Repository != "" {
		repo, err := w.Repository(on.Domain.Repository(on.Repository))
		if err != nil && !artifact.Is(err, artifact.NotFound) {
			return fmt.Errorf("audit %s: %w", action, err)
		}
		administrator = repo.Administrator
	}
	return s.auditOf(w, c, action, administrator, on, detail)
}

// auditOf is audit where the administrator of the repository is known; empty if there is no repository.
func (s *Service) auditOf(w catalog.Writer, c iam.Caller, action string, administrator artifact.AccountID, on Subject,
	detail map[string]any) error {
	asked, judged, err := judgedAt(action, on)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	call := audit.Done(c, asked.Permission())
	call.Reads = asked.readOnly()
	event, err := s.auditEvent(c, asked, judged, on, call, detail)
	if err != nil {
		return err
	}
	event.Administrator = string(administrator)
	return w.Record(event)
}

// auditEvent is an audit event but for the administrator of the repository.
func (s *Service) auditEvent(c iam.Caller, asked Action, judged *level, on Subject, call audit.Call, detail map[string]any) (
	catalog.Event, error) {
	resource := ""
	if arns := judged.resources(s, on); len(arns) > 0 {
		resource = arns[len(arns)-1]
	}
	event, err := catalog.Audited(s.Now(), c, asked.Permission(), resource, call, detail)
	event.Owner = string(on.Domain.Owner)
	return event, err
}

// auditRefusal records that somebody was not allowed to do something, and which statement decided; nil where policies allow it and
// something else stands against it. It returns the refusal, or what went wrong with that. Only that of a change is worth a
// transaction that the caller waits for. Nobody in particular is on record with nothing: it would be the service itself that has
// called.
func (s *Service) auditRefusal(ctx context.Context, at *configuration, c iam.Caller, asked Action, judged *level, on Subject,
	decision *iam.Decision, refusal error) error {
	if c.Principal.Anonymous() {
		return refusal
	}
	told, _ := errors.AsType[*artifact.Error](refusal)
	call := audit.Barred(c, told.Reason)
	if decision != nil {
		call = audit.Refused(c, *decision, told.Reason)
	}
	call.Reads = asked.readOnly()
	event, err := s.auditEvent(c, asked, judged, on, call, nil)
	if err != nil {
		return err
	}
	if at.repository != nil {
		event.Administrator = string(at.repository.Administrator)
	}
	switch {
	case asked.Changes:
		err = s.Catalog.Write(context.WithoutCancel(ctx), func(w catalog.Writer) error { return w.Record(event) })
	case s.RecordLater != nil:
		s.RecordLater(event)
	}
	if err != nil {
		return err
	}
	return refusal
}

// auditKept records who read a version and so had a repository keep it. A read without a credential is nobody's.
func (s *Service) auditKept(w catalog.Writer, c iam.Caller, repo catalog.Repository, v artifact.VersionKey) error {
	if c.Principal.Anonymous() {
		return nil
	}
	detail := map[string]any{"packageFormat": v.Format, "packageName": v.Name, "packageVersion": v.Version, "kept": true}
	if v.Namespace != "" {
		detail["packageNamespace"] = v.Namespace
	}
	return s.auditOf(w, c, readFromRepository, repo.Administrator, OnRepository(repo.RepositoryKey), detail)
}

// announce records an operation on a version and the changes it made, in the same transaction. v is the version after
// it.
func (s *Service) announce(w catalog.Writer, c iam.Caller, repo catalog.Repository, v artifact.Version,
	operation events.Operation, changed events.Changes) error {
	event := events.Change{
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
		Action:    string(operation),
		Resource:  onPackage.resources(s, OnPackage(repo.RepositoryKey, v.PackageKey))[0],
		Detail:    text,
	})
}
