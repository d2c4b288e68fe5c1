package awsapi

import (
	"context"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/packagegroup"
	"entrepot/repository"
)

type packageGroupReference struct {
	Arn     string `json:"arn"`
	Pattern string `json:"pattern"`
}

type packageGroupRestriction struct {
	Mode              artifact.RestrictionMode `json:"mode"`
	EffectiveMode     artifact.RestrictionMode `json:"effectiveMode"`
	InheritedFrom     *packageGroupReference   `json:"inheritedFrom,omitempty"`
	RepositoriesCount *int64                   `json:"repositoriesCount,omitempty"` // of a restriction that has a list
}

type packageGroupOriginConfiguration struct {
	Restrictions map[artifact.RestrictionType]packageGroupRestriction `json:"restrictions"`
}

// packageGroupDescription is a package group, also in lists: both have the same members.
type packageGroupDescription struct {
	Arn                 string                          `json:"arn"`
	Pattern             string                          `json:"pattern"`
	DomainName          string                          `json:"domainName"`
	DomainOwner         artifact.AccountID              `json:"domainOwner"`
	CreatedTime         timestamp                       `json:"createdTime,omitzero"`
	ContactInfo         string                          `json:"contactInfo,omitempty"`
	Description         string                          `json:"description,omitempty"`
	OriginConfiguration packageGroupOriginConfiguration `json:"originConfiguration"`
	Parent              *packageGroupReference          `json:"parent,omitempty"`
}

type packageGroupOutput struct {
	PackageGroup packageGroupDescription `json:"packageGroup"`
}

// describeGroup describes a package group. Only the group of all packages has no parent.
func (a *API) describeGroup(g repository.GroupInfo) packageGroupDescription {
	refer := func(pattern string) *packageGroupReference {
		if pattern == "" {
			return nil
		}
		return &packageGroupReference{a.arns.group(repository.GroupKey{DomainKey: g.DomainKey, Pattern: pattern}), pattern}
	}
	restrictions := make(map[artifact.RestrictionType]packageGroupRestriction, len(g.Restrictions))
	for t, r := range g.Restrictions {
		told := packageGroupRestriction{Mode: r.Mode, EffectiveMode: r.Effective, InheritedFrom: refer(r.From)}
		if n := int64(r.Repositories); r.Mode == artifact.ForSpecific {
			told.RepositoriesCount = &n
		}
		restrictions[t] = told
	}
	return packageGroupDescription{Arn: a.arns.group(g.GroupKey), Pattern: g.Pattern, DomainName: g.Name, DomainOwner: g.Owner,
		CreatedTime: timestamp{g.CreatedAt}, ContactInfo: g.ContactInfo, Description: g.Description,
		OriginConfiguration: packageGroupOriginConfiguration{restrictions}, Parent: refer(g.Parent)}
}

func (a *API) groupOf(g repository.GroupInfo, err error) (*packageGroupOutput, error) {
	if err != nil {
		return nil, err
	}
	return &packageGroupOutput{a.describeGroup(g)}, nil
}

type createPackageGroupInput struct {
	ofNamedGroup
	ContactInfo string `json:"contactInfo" is:"PackageGroupContactInfo"`
	Description string `json:"description" is:"Description"`
	tagList
}

func (in *createPackageGroupInput) check() error { return in.tagList.check() }

func (a *API) createPackageGroup(ctx context.Context, c iam.Caller, in *createPackageGroupInput) (*packageGroupOutput, error) {
	return a.groupOf(a.rules.CreateGroup(ctx, c, repository.GroupSpec{GroupKey: in.group(), ContactInfo: in.ContactInfo,
		Description: in.Description, Tags: in.requestTags()}))
}

type packageGroupInput struct{ ofGroup }

func (a *API) describePackageGroup(ctx context.Context, _ iam.Caller, in *packageGroupInput) (*packageGroupOutput, error) {
	return a.groupOf(a.rules.Group(ctx, in.group()))
}

func (a *API) deletePackageGroup(ctx context.Context, c iam.Caller, in *packageGroupInput) (*packageGroupOutput, error) {
	return a.groupOf(a.rules.DeleteGroup(ctx, c, in.group()))
}

type updatePackageGroupInput struct {
	ofNamedGroup
	ContactInfo *string `json:"contactInfo" is:"PackageGroupContactInfo"`
	Description *string `json:"description" is:"Description"`
}

func (a *API) updatePackageGroup(ctx context.Context, c iam.Caller, in *updatePackageGroupInput) (*packageGroupOutput, error) {
	return a.groupOf(a.rules.UpdateGroup(ctx, c, in.group(), repository.GroupChange{ContactInfo: in.ContactInfo,
		Description: in.Description}))
}

type packageGroupsOutput struct {
	PackageGroups []packageGroupDescription `json:"packageGroups"`
	NextToken     string                    `json:"nextToken,omitempty"`
}

type listPackageGroupsInput struct {
	ofDomain
	Prefix string `query:"prefix" is:"PackageGroupPatternPrefix"`
	queryPage
}

func (a *API) listPackageGroups(ctx context.Context, _ iam.Caller, in *listPackageGroupsInput) (*packageGroupsOutput, error) {
	l, err := a.rules.Groups(ctx, in.key(), in.Prefix, in.page(defaultPage))
	if err != nil {
		return nil, err
	}
	return &packageGroupsOutput{each(l.Items, a.describeGroup), in.next(l.Next)}, nil
}

type listSubPackageGroupsInput struct {
	ofGroup
	queryPage
}

func (a *API) listSubPackageGroups(ctx context.Context, _ iam.Caller,
	in *listSubPackageGroupsInput) (*packageGroupsOutput, error) {
	l, err := a.rules.SubGroups(ctx, in.group(), in.page(defaultPage))
	if err != nil {
		return nil, err
	}
	return &packageGroupsOutput{each(l.Items, a.describeGroup), in.next(l.Next)}, nil
}

type getAssociatedPackageGroupInput struct {
	ofDomain
	coordinates
}

func (in *getAssociatedPackageGroupInput) complete(a *API, c iam.Caller) error {
	if err := in.ofDomain.complete(a, c); err != nil {
		return err
	}
	return in.coordinates.complete(a)
}

func (in *getAssociatedPackageGroupInput) subject() repository.Subject {
	return repository.OnGroupOf(in.key(), in.pkg())
}

type associatedGroupOutput struct {
	PackageGroup    packageGroupDescription  `json:"packageGroup"`
	AssociationType packagegroup.Association `json:"associationType"`
}

func (a *API) getAssociatedPackageGroup(ctx context.Context, _ iam.Caller,
	in *getAssociatedPackageGroupInput) (*associatedGroupOutput, error) {
	g, how, err := a.rules.AssociatedGroup(ctx, in.key(), in.pkg())
	if err != nil {
		return nil, err
	}
	return &associatedGroupOutput{a.describeGroup(g), how}, nil
}

type associatedPackage struct {
	Format          artifact.Format          `json:"format"`
	Namespace       string                   `json:"namespace,omitempty"`
	Package         string                   `json:"package"`
	AssociationType packagegroup.Association `json:"associationType"`
}

type listAssociatedPackagesInput struct {
	ofGroup
	Preview *bool `query:"preview" is:"BooleanOptional"`
	queryPage
}

type associatedPackagesOutput struct {
	Packages  []associatedPackage `json:"packages"`
	NextToken string              `json:"nextToken,omitempty"`
}

func (a *API) listAssociatedPackages(ctx context.Context, _ iam.Caller,
	in *listAssociatedPackagesInput) (*associatedPackagesOutput, error) {
	l, err := a.rules.AssociatedPackages(ctx, in.group(), in.Preview != nil && *in.Preview, in.page(defaultPage))
	if err != nil {
		return nil, err
	}
	return &associatedPackagesOutput{each(l.Items, func(p repository.AssociatedPackage) associatedPackage {
		return associatedPackage{p.Format, p.Namespace, p.Name, p.Association}
	}), in.next(l.Next)}, nil
}

type listAllowedRepositoriesForGroupInput struct {
	ofGroup
	OriginRestrictionType artifact.RestrictionType `query:"originRestrictionType" is:"PackageGroupOriginRestrictionType,required"`
	queryPage
}

type allowedRepositoriesOutput struct {
	AllowedRepositories []string `json:"allowedRepositories"`
	NextToken           string   `json:"nextToken,omitempty"`
}

func (a *API) listAllowedRepositoriesForGroup(ctx context.Context, _ iam.Caller,
	in *listAllowedRepositoriesForGroupInput) (*allowedRepositoriesOutput, error) {
	l, err := a.rules.AllowedRepositories(ctx, in.group(), in.OriginRestrictionType, in.page(defaultPage))
	if err != nil {
		return nil, err
	}
	return &allowedRepositoriesOutput{append([]string{}, l.Items...), in.next(l.Next)}, nil
}

type updatePackageGroupOriginConfigurationInput struct {
	ofGroup
	Restrictions              map[artifact.RestrictionType]artifact.RestrictionMode `json:"restrictions" is:"OriginRestrictions"`
	AddAllowedRepositories    []allowedRepository                                   `json:"addAllowedRepositories" is:"PackageGroupAllowedRepositoryList"`
	RemoveAllowedRepositories []allowedRepository                                   `json:"removeAllowedRepositories" is:"PackageGroupAllowedRepositoryList"`
}

// allowedRepository is an entry of a list. The model has both members optional, and nothing can be done with one.
type allowedRepository struct {
	RepositoryName        string                   `json:"repositoryName" is:"RepositoryName"`
	OriginRestrictionType artifact.RestrictionType `json:"originRestrictionType" is:"PackageGroupOriginRestrictionType"`
}

func entriesOf(listed []allowedRepository) ([]repository.GroupRepository, error) {
	var entries []repository.GroupRepository
	for _, entry := range listed {
		if entry.RepositoryName == "" || entry.OriginRestrictionType == "" {
			return nil, refuse(FieldValidationFailed, "An allowed repository has both a repositoryName and an originRestrictionType.")
		}
		entries = append(entries, repository.GroupRepository{Type: entry.OriginRestrictionType, Name: entry.RepositoryName})
	}
	return entries, nil
}

// The keys of what a call has done to a list (service model, PackageGroupAllowedRepositoryUpdateType).
const (
	repositoriesAdded   = "ADDED"
	repositoriesRemoved = "REMOVED"
)

type groupOriginOutput struct {
	PackageGroup             packageGroupDescription                          `json:"packageGroup"`
	AllowedRepositoryUpdates map[artifact.RestrictionType]map[string][]string `json:"allowedRepositoryUpdates"`
}

func (a *API) updatePackageGroupOriginConfiguration(ctx context.Context, c iam.Caller,
	in *updatePackageGroupOriginConfigurationInput) (*groupOriginOutput, error) {
	change := repository.OriginChange{Modes: in.Restrictions}
	var err error
	if change.Allow, err = entriesOf(in.AddAllowedRepositories); err != nil {
		return nil, err
	}
	if change.Disallow, err = entriesOf(in.RemoveAllowedRepositories); err != nil {
		return nil, err
	}
	done, err := a.rules.UpdateGroupOrigin(ctx, c, in.group(), change)
	if err != nil {
		return nil, err
	}
	updates := map[artifact.RestrictionType]map[string][]string{}
	for _, t := range artifact.RestrictionTypes() {
		of := map[string][]string{}
		if names := done.Added[t]; len(names) > 0 {
			of[repositoriesAdded] = names
		}
		if names := done.Removed[t]; len(names) > 0 {
			of[repositoriesRemoved] = names
		}
		if len(of) > 0 {
			updates[t] = of
		}
	}
	return &groupOriginOutput{a.describeGroup(done.Group), updates}, nil
}
