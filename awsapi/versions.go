package awsapi

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

type domainEntryPoint struct {
	RepositoryName         string `json:"repositoryName,omitempty"`
	ExternalConnectionName string `json:"externalConnectionName,omitempty"`
}

type versionOrigin struct {
	DomainEntryPoint domainEntryPoint    `json:"domainEntryPoint,omitzero"`
	OriginType       artifact.OriginType `json:"originType"`
}

func originOf(o artifact.Origin) versionOrigin {
	if o.Type == "" {
		o.Type = artifact.OriginUnknown
	}
	return versionOrigin{domainEntryPoint{o.Repository, o.Connection}, o.Type}
}

type versionSummary struct {
	Version  string          `json:"version"`
	Revision string          `json:"revision,omitempty"`
	Status   artifact.Status `json:"status"`
	Origin   versionOrigin   `json:"origin"`
}

func summarizeVersion(v catalog.VersionSummary) versionSummary {
	return versionSummary{v.Version, v.Revision, v.Status, originOf(v.Origin)}
}

type listPackageVersionsInput struct {
	ofPackage
	Status     artifact.Status     `query:"status" is:"PackageVersionStatus"`
	SortBy     string              `query:"sortBy" is:"PackageVersionSortType"`
	OriginType artifact.OriginType `query:"originType" is:"PackageVersionOriginType"`
	queryPage
}

type versionList struct {
	DefaultDisplayVersion string           `json:"defaultDisplayVersion,omitempty"`
	Format                artifact.Format  `json:"format"`
	Namespace             string           `json:"namespace,omitempty"`
	Package               string           `json:"package"`
	Versions              []versionSummary `json:"versions"`
	NextToken             string           `json:"nextToken,omitempty"`
}

func (a *API) listPackageVersions(ctx context.Context, _ iam.Caller,
	in *listPackageVersionsInput) (*versionList, error) {
	filter := catalog.VersionFilter{Status: in.Status, OriginType: in.OriginType, NewestFirst: in.SortBy != ""}
	found, err := a.rules.Versions(ctx, in.key(), in.pkg(), filter, in.page(defaultPage))
	if err != nil {
		return nil, err
	}
	return &versionList{found.DefaultDisplay, in.Format, in.Namespace, in.Package,
		each(found.Items, summarizeVersion), in.next(found.Next)}, nil
}

type license struct {
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
}

type versionDescription struct {
	Format               artifact.Format `json:"format"`
	Namespace            string          `json:"namespace,omitempty"`
	PackageName          string          `json:"packageName"`
	DisplayName          string          `json:"displayName,omitempty"`
	Version              string          `json:"version"`
	Summary              string          `json:"summary,omitempty"`
	HomePage             string          `json:"homePage,omitempty"`
	SourceCodeRepository string          `json:"sourceCodeRepository,omitempty"`
	PublishedTime        timestamp       `json:"publishedTime,omitzero"`
	Licenses             []license       `json:"licenses,omitempty"`
	Revision             string          `json:"revision,omitempty"`
	Status               artifact.Status `json:"status"`
	Origin               versionOrigin   `json:"origin"`
}

type versionInput struct{ ofVersion }

type describePackageVersionOutput struct {
	PackageVersion versionDescription `json:"packageVersion"`
}

func (a *API) describePackageVersion(ctx context.Context, _ iam.Caller,
	in *versionInput) (*describePackageVersionOutput, error) {
	v, err := a.rules.Version(ctx, in.key(), in.version())
	if err != nil {
		return nil, err
	}
	d := v.Details
	return &describePackageVersionOutput{versionDescription{Format: v.Format, Namespace: v.Namespace, PackageName: v.Name,
		DisplayName: d.DisplayName, Version: v.Version, Summary: d.Summary, HomePage: d.HomePage,
		SourceCodeRepository: d.SourceCode,
		PublishedTime:        timestamp{v.PublishedAt}, Revision: v.Revision, Status: v.Status, Origin: originOf(v.Origin),
		Licenses: each(d.Licenses, func(l artifact.License) license { return license(l) })}}, nil
}

// versionNamed begins the outputs that say which version they are about.
type versionNamed struct {
	Format          artifact.Format `json:"format"`
	Namespace       string          `json:"namespace,omitempty"`
	Package         string          `json:"package"`
	Version         string          `json:"version"`
	VersionRevision string          `json:"versionRevision,omitempty"`
}

func nameOf(v artifact.Version) versionNamed {
	return versionNamed{v.Format, v.Namespace, v.Name, v.Version, v.Revision}
}

type readmeOutput struct {
	versionNamed
	Readme string `json:"readme"`
}

// getPackageVersionReadme answers a version without a readme as one that is not there: the model has no empty answer.
func (a *API) getPackageVersionReadme(ctx context.Context, caller iam.Caller,
	in *versionInput) (*readmeOutput, error) {
	v, err := a.rules.Described(ctx, caller, in.key(), in.version())
	if err != nil {
		return nil, err
	}
	if v.Details.Readme == "" {
		return nil, artifact.Errorf(artifact.NotFound, "Version '%s' of the %s package '%s' in repository '%s' has no readme.",
			v.VersionKey.Version, v.Format, v.Qualified(), in.Repository).About(artifact.VersionResource, in.Domain+"/"+in.Repository+"/"+v.String())
	}
	return &readmeOutput{nameOf(v), v.Details.Readme}, nil
}

type assetSummary struct {
	Name   string            `json:"name"`
	Size   int64             `json:"size"`
	Hashes map[string]string `json:"hashes"`
}

// summarizeAsset tells the four digests of an asset. Of one that has not been fetched yet, it tells those that its
// registry promises.
func summarizeAsset(a artifact.Asset) assetSummary {
	hashes := map[string]string{}
	for _, h := range []struct {
		name string
		sum  []byte
	}{{"MD5", a.MD5[:]}, {"SHA-1", a.SHA1[:]}, {"SHA-256", a.SHA256[:]}, {"SHA-512", a.SHA512[:]}} {
		if unknown := bytes.Count(h.sum, []byte{0}) == len(h.sum); !a.Promised || !unknown {
			hashes[h.name] = hex.EncodeToString(h.sum)
		}
	}
	return assetSummary{a.Name, max(a.Size, 0), hashes}
}

type listPackageVersionAssetsInput struct {
	ofVersion
	queryPage
}

type assetList struct {
	versionNamed
	NextToken string         `json:"nextToken,omitempty"`
	Assets    []assetSummary `json:"assets"`
}

// listPackageVersionAssets lists by name, and goes on after a name: assets that arrive between two pages neither shift
// nor repeat the others. A disposed version has no assets, whatever its record remembers of them.
func (a *API) listPackageVersionAssets(ctx context.Context, _ iam.Caller,
	in *listPackageVersionAssetsInput) (*assetList, error) {
	v, err := a.rules.Version(ctx, in.key(), in.version())
	if err != nil {
		return nil, err
	}
	if v.Status == artifact.Disposed {
		v.Assets = nil
	}
	page := in.page(defaultPage)
	rest := slices.DeleteFunc(slices.Clone(v.Assets), func(asset artifact.Asset) bool {
		return page.After != "" && asset.Name <= page.After
	})
	slices.SortFunc(rest, func(x, y artifact.Asset) int { return strings.Compare(x.Name, y.Name) })
	marker := ""
	if len(rest) > page.Limit {
		rest = rest[:page.Limit]
		marker = rest[page.Limit-1].Name
	}
	return &assetList{nameOf(v), in.next(marker), each(rest, summarizeAsset)}, nil
}

type dependency struct {
	Namespace          string `json:"namespace,omitempty"`
	Package            string `json:"package"`
	DependencyType     string `json:"dependencyType,omitempty"`
	VersionRequirement string `json:"versionRequirement,omitempty"`
}

func dependencyOf(d artifact.Dependency) dependency {
	return dependency{d.Namespace, d.Package, d.Type, d.Requirement}
}

type listPackageVersionDependenciesInput struct {
	ofVersion
	tokenPage
}

type dependencyList struct {
	versionNamed
	NextToken    string       `json:"nextToken,omitempty"`
	Dependencies []dependency `json:"dependencies"`
}

// listPackageVersionDependencies goes on after a position. It only holds for the revision it was counted in.
func (a *API) listPackageVersionDependencies(ctx context.Context, _ iam.Caller,
	in *listPackageVersionDependenciesInput) (*dependencyList, error) {
	v, err := a.rules.Version(ctx, in.key(), in.version())
	if err != nil {
		return nil, err
	}
	all := v.Details.Dependencies
	start, err := positionAfter(in.after, v.Revision, len(all))
	if err != nil {
		return nil, err
	}
	end := min(start+dependenciesPage, len(all))
	marker := ""
	if end < len(all) {
		marker = strconv.Itoa(end) + " " + v.Revision
	}
	return &dependencyList{nameOf(v), in.next(marker), each(all[start:end], dependencyOf)}, nil
}

// positionAfter reads a marker of listPackageVersionDependencies; the empty one is the start.
func positionAfter(marker, revision string, length int) (int, error) {
	if marker == "" {
		return 0, nil
	}
	digits, counted, _ := strings.Cut(marker, " ")
	position, err := strconv.Atoi(digits)
	if err != nil || counted != revision || position < 0 || position > length {
		return 0, refuse(FieldValidationFailed, "The nextToken belongs to another revision of the package version.")
	}
	return position, nil
}
