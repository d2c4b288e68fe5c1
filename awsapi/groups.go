package awsapi

import (
	"entrepot/iam"
	"entrepot/repository"
)

// The inputs of operations that are known but not available yet: those of package groups.

type packageGroupInput struct{ ofGroup }

type createPackageGroupInput struct {
	ofNamedGroup
	ContactInfo string `json:"contactInfo" is:"PackageGroupContactInfo"`
	Description string `json:"description" is:"Description"`
	tagList
}

func (in *createPackageGroupInput) check() error { return in.tagList.check() }

type updatePackageGroupInput struct {
	ofNamedGroup
	ContactInfo *string `json:"contactInfo" is:"PackageGroupContactInfo"`
	Description *string `json:"description" is:"Description"`
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

func (in *getAssociatedPackageGroupInput) subject() repository.Subject { return repository.Subject{} }

type listAllowedRepositoriesForGroupInput struct {
	ofGroup
	OriginRestrictionType string `query:"originRestrictionType" is:"PackageGroupOriginRestrictionType,required"`
	queryPage
}

type listAssociatedPackagesInput struct {
	ofGroup
	Preview *bool `query:"preview" is:"BooleanOptional"`
	queryPage
}

type listPackageGroupsInput struct {
	ofDomain
	Prefix string `query:"prefix" is:"PackageGroupPatternPrefix"`
	queryPage
}

type listSubPackageGroupsInput struct {
	ofGroup
	queryPage
}

type updatePackageGroupOriginConfigurationInput struct {
	ofGroup
	Restrictions              map[string]string   `json:"restrictions" is:"OriginRestrictions"`
	AddAllowedRepositories    []allowedRepository `json:"addAllowedRepositories" is:"PackageGroupAllowedRepositoryList"`
	RemoveAllowedRepositories []allowedRepository `json:"removeAllowedRepositories" is:"PackageGroupAllowedRepositoryList"`
}

type allowedRepository struct {
	RepositoryName        string `json:"repositoryName" is:"RepositoryName"`
	OriginRestrictionType string `json:"originRestrictionType" is:"PackageGroupOriginRestrictionType"`
}
