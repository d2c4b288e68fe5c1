package artifact

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// AccountID is a twelve-digit AWS account number.
type AccountID string

// DomainKey identifies a domain within the installation's region.
type DomainKey struct {
	Owner AccountID
	Name  string
}

// RepositoryKey identifies a repository. Owner is the account that owns the domain.
type RepositoryKey struct {
	Owner        AccountID
	Domain, Name string
}

// PackageKey identifies a package within a repository. Namespace is empty where the format or the package has none;
// an npm scope stands here without its @.
type PackageKey struct {
	Format          Format
	Namespace, Name string
}

// VersionKey identifies one version of a package within a repository.
type VersionKey struct {
	PackageKey
	Version string
}

// DomainKey returns the domain the repository lives in.
func (k RepositoryKey) DomainKey() DomainKey { return DomainKey{k.Owner, k.Domain} }

// Repository returns the key of the repository called name in the domain.
func (k DomainKey) Repository(name string) RepositoryKey {
	return RepositoryKey{k.Owner, k.Name, name}
}

// At returns the key of one version of the package.
func (k PackageKey) At(version string) VersionKey { return VersionKey{k, version} }

// String writes owner/name.
func (k DomainKey) String() string { return string(k.Owner) + "/" + k.Name }

// String writes owner/domain/name.
func (k RepositoryKey) String() string { return k.DomainKey().String() + "/" + k.Name }

// String writes format/namespace/name with an empty middle segment where there is no namespace, as package ARNs do.
func (k PackageKey) String() string { return string(k.Format) + "/" + k.Namespace + "/" + k.Name }

// Qualified writes the package as its format's clients do: @acme/ui, org.acme:ui, acme.ui, or the name alone where there
// is no namespace. It is what every sentence calls the package.
func (k PackageKey) Qualified() string {
	if k.Namespace == "" {
		return k.Name
	}
	for _, f := range formats {
		if f.name == k.Format {
			return f.before + k.Namespace + f.after + k.Name
		}
	}
	return k.Namespace + "/" + k.Name
}

// String writes the package, an @ and the version.
func (k VersionKey) String() string { return k.PackageKey.String() + "@" + k.Version }

// The field grammar of the service model (2018-09-22). Clients check none of it, so every door does.
var (
	accountPattern    = regexp.MustCompile(`^[0-9]{12}$`)
	domainPattern     = regexp.MustCompile(`^[a-z][a-z0-9\-]{0,48}[a-z0-9]$`)
	repositoryPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._\-]{1,99}$`)
	coordinatePattern = regexp.MustCompile(`^[^#/\s]+$`)
)

// Valid reports whether the account is twelve digits.
func (a AccountID) Valid() bool { return accountPattern.MatchString(string(a)) }

// ValidDomainName reports whether s may name a domain: 2–50 characters, lower-case letters, digits and dashes, starting
// with a letter and not ending in a dash.
func ValidDomainName(s string) bool { return domainPattern.MatchString(s) }

// ValidRepositoryName reports whether s may name a repository: 2–100 letters, digits, dots, dashes and underscores.
func ValidRepositoryName(s string) bool { return repositoryPattern.MatchString(s) }

// ValidCoordinate reports whether s may be a package's namespace, name or version: 1–255 characters, none of them '#',
// '/', white space or a control character, and not a dot segment. The model stops at white space; dot segments and
// controls are refused as well, because no client needs them and every path traversal does.
func ValidCoordinate(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= 255 && coordinatePattern.MatchString(s) &&
		s != "." && s != ".." && !strings.ContainsFunc(s, isControl)
}

func isControl(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }
