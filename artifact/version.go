package artifact

import "time"

// OriginType says how a version came into the domain.
type OriginType string

// The origin types of the service model.
const (
	OriginInternal OriginType = "INTERNAL" // made inside: published into a repository of the domain, or of another server of one's own
	OriginExternal OriginType = "EXTERNAL" // came through an external connection
	OriginUnknown  OriginType = "UNKNOWN"
)

// Valid reports whether o is an origin type of the service model.
func (o OriginType) Valid() bool {
	return o == OriginInternal || o == OriginExternal || o == OriginUnknown
}

// Origin is where a version entered the domain. Retention and copying keep it.
type Origin struct {
	Type       OriginType
	Repository string // the repository it was published to; empty for what came through a connection
	// Connection is the external connection that it came through, such as public:npmjs; empty for what was published here.
	// What comes through it is OriginExternal, unless the connection leads to another server of one's own.
	Connection string
}

// Fetched reports whether the version came through an external connection, as a registry has it.
func (o Origin) Fetched() bool { return o.Connection != "" }

// Published reports whether it was published into a repository of the domain.
func (o Origin) Published() bool { return o.Type == OriginInternal && o.Connection == "" }

// Version is one version of a package as one repository holds it.
type Version struct {
	VersionKey
	// Folded is what all spellings of the version have in common; empty where a format has one spelling of each.
	Folded      string
	Revision    string // opaque, up to 50 characters; names this exact set of assets and metadata
	Status      Status
	Origin      Origin
	Manifest    []byte  // the format's own document about the version; only that format reads it
	Details     Details // what the API tells about the version; written by the format
	Assets      []Asset
	PublishedAt time.Time // when it entered this system; the public registry's own time is UpstreamTime
	// UpstreamStatus is the status that the public registry last gave the version: Published, or Unlisted for one that it
	// yanked or hid. Empty for versions published here, and where the format does not follow its registry's.
	UpstreamStatus Status
	// UpstreamTime is when the public registry says the version was published; zero for versions published here.
	// Package managers are shown this one (user guide, "package version age gating").
	UpstreamTime time.Time
}

// Asset is one file of a version.
type Asset struct {
	Name string
	Size int64 // bytes; -1 for a promised asset whose registry does not say
	Digests
	// Facts are the format's own about this file, such as what a resolver reads of it; only that format reads them.
	Facts   []byte
	AddedAt time.Time // when the repository first knew of it; zero for an asset that no repository holds
	// Promised says that a registry lists the asset and its bytes have not been fetched yet. Digests are then those that
	// the registry promises; a zero one is not promised.
	Promised bool
}

// Asset returns the asset called name.
func (v Version) Asset(name string) (Asset, bool) {
	for _, a := range v.Assets {
		if a.Name == name {
			return a, true
		}
	}
	return Asset{}, false
}

// IndexBytes is what the version adds to documents about its package, in bytes and about: its manifest, and the name and
// facts of each asset.
func (v Version) IndexBytes() int64 {
	size := len(v.Manifest)
	for _, a := range v.Assets {
		size += len(a.Name) + len(a.Facts)
	}
	return int64(size)
}

// Details is what DescribePackageVersion, ListPackageVersionDependencies and GetPackageVersionReadme tell. A format
// extracts it once, when the version enters; no other room can read manifests.
type Details struct {
	DisplayName  string       `json:"displayName,omitempty"`
	Summary      string       `json:"summary,omitempty"`
	HomePage     string       `json:"homePage,omitempty"`
	SourceCode   string       `json:"sourceCode,omitempty"`
	Licenses     []License    `json:"licenses,omitempty"`
	Dependencies []Dependency `json:"dependencies,omitempty"`
	Readme       string       `json:"readme,omitempty"`
}

// MaxMetadataField is the size over which the service does not keep a metadata field, in bytes (API reference,
// DescribePackageVersion).
const MaxMetadataField = 400 << 10

// MetadataField is a text for a field of Details: empty where it is too large.
func MetadataField(text string) string {
	if len(text) > MaxMetadataField {
		return ""
	}
	return text
}

// License is a licence by name, by URL, or both.
type License struct {
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
}

// Dependency is a direct dependency out of a version's own manifest.
type Dependency struct {
	Namespace   string `json:"namespace,omitempty"`
	Package     string `json:"package"`
	Type        string `json:"type,omitempty"` // the format's word: regular, dev, peer, optional …
	Requirement string `json:"requirement,omitempty"`
}

// Control is one half of a package's origin controls.
type Control string

// The two settings of a control.
const (
	Allow Control = "ALLOW"
	Block Control = "BLOCK"
)

// Valid reports whether c is a setting of the service model.
func (c Control) Valid() bool { return c == Allow || c == Block }

// Controls says from where a package may take new versions in one repository. What is stored already stays served.
type Controls struct {
	Publish  Control // may clients publish versions here
	Upstream Control // may versions be ingested from upstream repositories and external connections
}

// Package is a package as one repository holds it; it may have no versions.
type Package struct {
	PackageKey
	Controls Controls
	// Folded is what may exist only once among the packages of a format in a repository, if that is less than the whole
	// name: two names that differ in what the format folds cannot both be there. Empty where it folds none.
	Folded string
}
