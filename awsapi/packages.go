package awsapi

import (
	"context"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

type originRestrictions struct {
	Publish  artifact.Control `json:"publish" is:"AllowPublish,required"`
	Upstream artifact.Control `json:"upstream" is:"AllowUpstream,required"`
}

type originConfiguration struct {
	Restrictions originRestrictions `json:"restrictions"`
}

func originConfigurationOf(p artifact.Package) originConfiguration {
	return originConfiguration{originRestrictions{p.Controls.Publish, p.Controls.Upstream}}
}

// packageSummary is a package in lists. DescribePackage calls the same name differently.
type packageSummary struct {
	Format              artifact.Format     `json:"format"`
	Namespace           string              `json:"namespace,omitempty"`
	Package             string              `json:"package"`
	OriginConfiguration originConfiguration `json:"originConfiguration"`
}

func summarizePackage(p artifact.Package) packageSummary {
	return packageSummary{p.Format, p.Namespace, p.Name, originConfigurationOf(p)}
}

type packageDescription struct {
	Format              artifact.Format     `json:"format"`
	Namespace           string              `json:"namespace,omitempty"`
	Name                string              `json:"name"`
	OriginConfiguration originConfiguration `json:"originConfiguration"`
}

type packageInput struct{ ofPackage }

type describePackageOutput struct {
	Package packageDescription `json:"package"`
}

func (a *API) describePackage(ctx context.Context, _ iam.Caller, in *packageInput) (*describePackageOutput, error) {
	p, err := a.rules.Package(ctx, in.key(), in.pkg())
	if err != nil {
		return nil, err
	}
	return &describePackageOutput{packageDescription{p.Format, p.Namespace, p.Name, originConfigurationOf(p)}}, nil
}

type deletePackageOutput struct {
	DeletedPackage packageSummary `json:"deletedPackage"`
}

func (a *API) deletePackage(ctx context.Context, c iam.Caller, in *packageInput) (*deletePackageOutput, error) {
	p, err := a.rules.DeletePackage(ctx, c, in.key(), in.pkg())
	if err != nil {
		return nil, err
	}
	return &deletePackageOutput{summarizePackage(p)}, nil
}

type putPackageOriginConfigurationInput struct {
	ofPackage
	Restrictions *originRestrictions `json:"restrictions" is:",required"`
}

// complete takes any spelling, of formats too whose other calls want the kept one: controls under another name would
// never match anything.
func (in *putPackageOriginConfigurationInput) complete(a *API, c iam.Caller) error {
	if err := in.ofPackage.complete(a, c); err != nil {
		return err
	}
	in.spell(a.rules.Canonical)
	return nil
}

type originConfigurationOutput struct {
	OriginConfiguration originConfiguration `json:"originConfiguration"`
}

func (a *API) putPackageOriginConfiguration(ctx context.Context, c iam.Caller,
	in *putPackageOriginConfigurationInput) (*originConfigurationOutput, error) {
	controls := artifact.Controls{Publish: in.Restrictions.Publish, Upstream: in.Restrictions.Upstream}
	p, err := a.rules.PutControls(ctx, c, in.key(), in.pkg(), controls)
	if err != nil {
		return nil, err
	}
	return &originConfigurationOutput{originConfigurationOf(p)}, nil
}

// listPackagesInput filters. Namespace and prefix need not be those of any package; where the API takes a format's names in
// any spelling, it takes them so here too.
type listPackagesInput struct {
	ofRepository
	Format        artifact.Format  `query:"format" is:"PackageFormat"`
	Namespace     string           `query:"namespace" is:"PackageNamespace"`
	PackagePrefix string           `query:"package-prefix" is:"PackageName"`
	Publish       artifact.Control `query:"publish" is:"AllowPublish"`
	Upstream      artifact.Control `query:"upstream" is:"AllowUpstream"`
	queryPage
}

func (in *listPackagesInput) complete(a *API, c iam.Caller) error {
	begins := artifact.PackageKey{Format: in.Format, Namespace: in.Namespace, Name: in.PackagePrefix}
	begins = a.rules.CanonicalAPI(begins.At("")).PackageKey
	in.Namespace, in.PackagePrefix = begins.Namespace, begins.Name
	return in.ofRepository.complete(a, c)
}

// check holds the guide's rule ("list-packages"): a namespace means nothing without its format.
func (in *listPackagesInput) check() error {
	if in.Namespace != "" && in.Format == "" {
		return refuse(FieldValidationFailed, "A namespace can only be given together with a format.")
	}
	return nil
}

type packageList struct {
	Packages  []packageSummary `json:"packages"`
	NextToken string           `json:"nextToken,omitempty"`
}

func (a *API) listPackages(ctx context.Context, _ iam.Caller, in *listPackagesInput) (*packageList, error) {
	filter := catalog.PackageFilter{Format: in.Format, NamespacePrefix: in.Namespace, NamePrefix: in.PackagePrefix,
		Controls: artifact.Controls{Publish: in.Publish, Upstream: in.Upstream}}
	found, err := a.rules.Packages(ctx, in.key(), filter, in.page(defaultPackagesPage))
	if err != nil {
		return nil, err
	}
	return &packageList{each(found.Items, summarizePackage), in.next(found.Next)}, nil
}
