package awsapi

import (
	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/repository"
)

// The structs below are the first members of nearly every input: what the operation is about. An input embeds one and
// thereby says what permission is asked on.

// ofAccount is for operations on nothing in particular.
type ofAccount struct{}

func (*ofAccount) complete(*API, iam.Caller) error { return nil }
func (*ofAccount) subject() repository.Subject     { return repository.Subject{} }

type ofDomain struct {
	Domain      string             `query:"domain" is:"DomainName,required"`
	DomainOwner artifact.AccountID `query:"domain-owner" is:"AccountId,blank"`
}

func (d *ofDomain) complete(_ *API, c iam.Caller) error {
	d.DomainOwner = ownerOr(d.DomainOwner, c)
	return nil
}

func (d *ofDomain) subject() repository.Subject { return repository.OnDomain(d.key()) }
func (d *ofDomain) key() artifact.DomainKey {
	return artifact.DomainKey{Owner: d.DomainOwner, Name: d.Domain}
}

// ownerOr returns the owner a request names, else the caller's account (API reference, "domainOwner").
func ownerOr(named artifact.AccountID, c iam.Caller) artifact.AccountID {
	if named == "" {
		return artifact.AccountID(c.Principal.Account)
	}
	return named
}

type ofRepository struct {
	ofDomain
	Repository string `query:"repository" is:"RepositoryName,required"`
}

func (r *ofRepository) subject() repository.Subject { return repository.OnRepository(r.key()) }
func (r *ofRepository) key() artifact.RepositoryKey { return r.ofDomain.key().Repository(r.Repository) }

// coordinates names a package, wherever it is.
type coordinates struct {
	Format    artifact.Format `query:"format" is:"PackageFormat,required"`
	Namespace string          `query:"namespace" is:"PackageNamespace"`
	Package   string          `query:"package" is:"PackageName,required"`
}

func (p *coordinates) pkg() artifact.PackageKey {
	return artifact.PackageKey{Format: p.Format, Namespace: p.Namespace, Name: p.Package}
}

// complete checks the namespace against the format's rule (service model, PackageVersionDescription$namespace) and
// brings the names into the spelling under which they are kept.
func (p *coordinates) complete(a *API) error {
	switch rule := p.Format.Namespace(); {
	case rule == artifact.NamespaceRequired && p.Namespace == "":
		return refuse(FieldValidationFailed, "Packages of the format %s have a namespace; the request names none.", p.Format)
	case rule == artifact.NamespaceNever && p.Namespace != "":
		return refuse(FieldValidationFailed, "Packages of the format %s have no namespace; the request names %s.",
			p.Format, quoted(p.Namespace))
	}
	p.spell(a.rules.CanonicalAPI)
	return nil
}

// spell gives the package the spelling under which it is kept. That happens before permission is asked, because ARNs hold
// normalised names (user guide, "NuGet package name, version, and asset name normalization").
func (p *coordinates) spell(canonical func(artifact.VersionKey) artifact.VersionKey) {
	kept := canonical(p.pkg().At(""))
	p.Namespace, p.Package = kept.Namespace, kept.Name
}

type ofPackage struct {
	ofRepository
	coordinates
}

func (p *ofPackage) complete(a *API, c iam.Caller) error {
	if err := p.ofRepository.complete(a, c); err != nil {
		return err
	}
	return p.coordinates.complete(a)
}

func (p *ofPackage) subject() repository.Subject { return repository.OnPackage(p.key(), p.pkg()) }
func (p *ofPackage) key() artifact.RepositoryKey { return p.ofRepository.key() }

type ofVersion struct {
	ofPackage
	PackageVersion string `query:"version" is:"PackageVersion,required"`
}

func (v *ofVersion) complete(a *API, c iam.Caller) error {
	if err := v.ofPackage.complete(a, c); err != nil {
		return err
	}
	v.PackageVersion = a.rules.CanonicalAPI(v.pkg().At(v.PackageVersion)).Version
	return nil
}

func (v *ofVersion) version() artifact.VersionKey { return v.pkg().At(v.PackageVersion) }

// ofARN is for operations on what an ARN names.
type ofARN struct {
	ResourceArn string `query:"resourceArn" is:"Arn,required"`
	target      repository.Target
}

func (n *ofARN) complete(a *API, _ iam.Caller) (err error) {
	n.target, err = a.arns.parse(n.ResourceArn)
	return err
}

func (n *ofARN) subject() repository.Subject {
	return repository.Subject{Domain: n.target.DomainKey, Repository: n.target.Repository, Group: n.target.Group}
}

// ofGroup is for operations on a package group, whose pattern is in the query.
type ofGroup struct {
	ofDomain
	PackageGroup string `query:"package-group" is:"PackageGroupPattern,required"`
}

func (g *ofGroup) group() repository.GroupKey {
	return repository.GroupKey{DomainKey: g.key(), Pattern: g.PackageGroup}
}
func (g *ofGroup) subject() repository.Subject { return repository.OnGroup(g.group()) }

// ofNamedGroup is ofGroup for the two operations that carry the pattern in the body.
type ofNamedGroup struct {
	ofDomain
	PackageGroup string `json:"packageGroup" is:"PackageGroupPattern,required"`
}

func (g *ofNamedGroup) group() repository.GroupKey {
	return repository.GroupKey{DomainKey: g.key(), Pattern: g.PackageGroup}
}
func (g *ofNamedGroup) subject() repository.Subject { return repository.OnGroup(g.group()) }
