package awsapi

import (
	"context"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/repository"
)

// The operations on several versions at once. They answer 200 even if every version failed; each version says for
// itself how it fared (API reference, CopyPackageVersions, "successfulVersions" and "failedVersions").

type versionResult struct {
	Revision string          `json:"revision,omitempty"`
	Status   artifact.Status `json:"status"`
}

type versionError struct {
	ErrorCode    repository.FailureCode `json:"errorCode"`
	ErrorMessage string                 `json:"errorMessage"`
}

type outcome struct {
	SuccessfulVersions map[string]versionResult `json:"successfulVersions"`
	FailedVersions     map[string]versionError  `json:"failedVersions"`
}

func outcomeOf(o repository.Outcome, err error) (*outcome, error) {
	if err != nil {
		return nil, err
	}
	out := &outcome{map[string]versionResult{}, map[string]versionError{}}
	for version, r := range o.Successful {
		out.SuccessfulVersions[version] = versionResult(r)
	}
	for version, f := range o.Failed {
		out.FailedVersions[version] = versionError{f.Code, f.Message}
	}
	return out, nil
}

// normalizer spells versions of one package as they are kept.
type normalizer func(version string) string

func normalizerFor(a *API, p artifact.PackageKey) normalizer {
	return func(version string) string { return a.rules.CanonicalAPI(p.At(version)).Version }
}

// each spells a list and drops repetitions, which ask for nothing more.
func (spell normalizer) each(versions []string) []string {
	seen := make(map[string]bool, len(versions))
	list := make([]string, 0, len(versions))
	for _, v := range versions {
		if v = spell(v); !seen[v] {
			seen[v] = true
			list = append(list, v)
		}
	}
	return list
}

// keys spells the keys of a map; one that is empty demands nothing and is as good as absent, whichever operation it is
// for. Two keys that mean one version could demand two revisions of it: that is refused.
func (spell normalizer) keys(revisions map[string]string) (map[string]string, error) {
	if len(revisions) == 0 {
		return nil, nil
	}
	kept := make(map[string]string, len(revisions))
	for _, v := range sortedKeys(revisions) {
		if _, twice := kept[spell(v)]; twice {
			return nil, refuse(FieldValidationFailed, "versionRevisions names the version %s twice, in two spellings.",
				quoted(spell(v)))
		}
		kept[spell(v)] = revisions[v]
	}
	return kept, nil
}

// selected is the versions a call means.
type selected struct {
	Versions       []string        `json:"versions" is:"PackageVersionList,required"`
	ExpectedStatus artifact.Status `json:"expectedStatus" is:"PackageVersionStatus"`
}

func (s *selected) check() error {
	if len(s.Versions) == 0 {
		return refuse(FieldValidationFailed, "versions names no version.")
	}
	return nil
}

// selectedRevisions is selected, optionally with the revision that each version must have.
type selectedRevisions struct {
	selected
	VersionRevisions map[string]string `json:"versionRevisions" is:"PackageVersionRevisionMap"`
}

func (s *selectedRevisions) check() error {
	if err := s.selected.check(); err != nil || s.VersionRevisions == nil {
		return err
	}
	same := len(s.VersionRevisions) == len(s.Versions)
	for _, v := range s.Versions {
		_, there := s.VersionRevisions[v]
		same = same && there
	}
	if !same {
		return refuse(FieldValidationFailed, "versions and versionRevisions must name the same versions.")
	}
	return nil
}

func (s *selectedRevisions) spell(n normalizer) (err error) {
	s.Versions = n.each(s.Versions)
	s.VersionRevisions, err = n.keys(s.VersionRevisions)
	return err
}

func (s *selectedRevisions) selection() repository.Selection {
	return repository.Selection{Versions: s.Versions, Revisions: s.VersionRevisions, Expected: s.ExpectedStatus}
}

type updatePackageVersionsStatusInput struct {
	ofPackage
	selectedRevisions
	TargetStatus artifact.Status `json:"targetStatus" is:"PackageVersionStatus,required"`
}

func (in *updatePackageVersionsStatusInput) complete(a *API, c iam.Caller) error {
	if err := in.ofPackage.complete(a, c); err != nil {
		return err
	}
	return in.spell(normalizerFor(a, in.pkg()))
}

func (in *updatePackageVersionsStatusInput) check() error {
	if !in.TargetStatus.Target() {
		return refuse(FieldValidationFailed,
			"targetStatus must be one of Published, Unlisted and Archived, not %s.", in.TargetStatus)
	}
	return in.selectedRevisions.check()
}

func (a *API) updatePackageVersionsStatus(ctx context.Context, c iam.Caller,
	in *updatePackageVersionsStatusInput) (*outcome, error) {
	return outcomeOf(a.rules.SetStatus(ctx, c, in.key(), in.pkg(), in.selection(), in.TargetStatus))
}

type disposePackageVersionsInput struct {
	ofPackage
	selectedRevisions
}

func (in *disposePackageVersionsInput) complete(a *API, c iam.Caller) error {
	if err := in.ofPackage.complete(a, c); err != nil {
		return err
	}
	return in.spell(normalizerFor(a, in.pkg()))
}

func (a *API) disposePackageVersions(ctx context.Context, c iam.Caller,
	in *disposePackageVersionsInput) (*outcome, error) {
	return outcomeOf(a.rules.Dispose(ctx, c, in.key(), in.pkg(), in.selection()))
}

type deletePackageVersionsInput struct {
	ofPackage
	selected
}

func (in *deletePackageVersionsInput) complete(a *API, c iam.Caller) error {
	err := in.ofPackage.complete(a, c)
	in.Versions = normalizerFor(a, in.pkg()).each(in.Versions)
	return err
}

func (a *API) deletePackageVersions(ctx context.Context, c iam.Caller,
	in *deletePackageVersionsInput) (*outcome, error) {
	return outcomeOf(a.rules.DeleteVersions(ctx, c, in.key(), in.pkg(),
		repository.Selection{Versions: in.Versions, Expected: in.ExpectedStatus}))
}

// copyPackageVersionsInput copies from one repository to another of the same domain. Permission is asked on the package
// in the destination; the rules ask for the source.
type copyPackageVersionsInput struct {
	ofDomain
	coordinates
	SourceRepository      string            `query:"source-repository" is:"RepositoryName,required"`
	DestinationRepository string            `query:"destination-repository" is:"RepositoryName,required"`
	Versions              []string          `json:"versions" is:"PackageVersionList"`
	VersionRevisions      map[string]string `json:"versionRevisions" is:"PackageVersionRevisionMap"`
	AllowOverwrite        bool              `json:"allowOverwrite" is:"BooleanOptional"`
	IncludeFromUpstream   bool              `json:"includeFromUpstream" is:"BooleanOptional"`
}

func (in *copyPackageVersionsInput) complete(a *API, c iam.Caller) (err error) {
	if err := in.ofDomain.complete(a, c); err != nil {
		return err
	}
	if err := in.coordinates.complete(a); err != nil {
		return err
	}
	spell := normalizerFor(a, in.pkg())
	in.Versions = spell.each(in.Versions)
	in.VersionRevisions, err = spell.keys(in.VersionRevisions)
	return err
}

func (in *copyPackageVersionsInput) subject() repository.Subject {
	return repository.OnPackage(in.key().Repository(in.DestinationRepository), in.pkg())
}

func (in *copyPackageVersionsInput) check() error {
	if (len(in.Versions) == 0) == (len(in.VersionRevisions) == 0) {
		return refuse(FieldValidationFailed, "Exactly one of versions and versionRevisions must name versions.")
	}
	if in.SourceRepository == in.DestinationRepository {
		return refuse(FieldValidationFailed, "The source and the destination repository must be different.")
	}
	return nil
}

func (a *API) copyPackageVersions(ctx context.Context, c iam.Caller, in *copyPackageVersionsInput) (*outcome, error) {
	return outcomeOf(a.rules.Copy(ctx, c, repository.CopySpec{
		From:            in.key().Repository(in.SourceRepository),
		To:              in.key().Repository(in.DestinationRepository),
		PackageKey:      in.pkg(),
		Selection:       repository.Selection{Versions: in.Versions, Revisions: in.VersionRevisions},
		AllowOverwrite:  in.AllowOverwrite,
		IncludeUpstream: in.IncludeFromUpstream,
	}))
}
