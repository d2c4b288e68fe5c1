package nuget

import (
	"strings"

	"entrepot/artifact"
)

// canonical returns the key under which a version is kept: names in lower case, versions in NuGet's normal form (user
// guide, "NuGet package name, version, and asset name normalization").
func canonical(v artifact.VersionKey) artifact.VersionKey {
	v.Name, v.Version = strings.ToLower(v.Name), normalVersion(v.Version)
	return v
}

// normalVersion drops leading zeros, a fourth number that is zero, and build metadata. What is no NuGet version stays as
// it is written.
func normalVersion(version string) string {
	plain, _, _ := strings.Cut(version, "+")
	core, prerelease, _ := strings.Cut(plain, "-")
	numbers := strings.Split(core, ".")
	if len(numbers) > 4 {
		return version
	}
	for i, n := range numbers {
		if n == "" || strings.Trim(n, "0123456789") != "" {
			return version
		}
		if numbers[i] = strings.TrimLeft(n, "0"); numbers[i] == "" {
			numbers[i] = "0"
		}
	}
	if len(numbers) == 4 && numbers[3] == "0" {
		numbers = numbers[:3]
	}
	normal := strings.Join(numbers, ".")
	if prerelease != "" {
		normal += "-" + prerelease
	}
	return normal
}
