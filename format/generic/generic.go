// Package generic is the format of packages that no package manager knows: names, versions and files as their publishers
// please (user guide, "Using CodeArtifact with generic packages").
//
// Everything goes through the API: PublishPackageVersion brings one asset a call, and leaves the version unfinished or
// closes it. There are no documents, no upstreams and nothing to route.
package generic

import (
	"strings"
	"unicode"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Format returns the registration of generic packages.
func Format() format.Format {
	return format.Format{
		Name: artifact.Generic,
		Traits: repository.Traits{
			Growth:       repository.GrowUnfinished,
			InternalOnly: true,
			ByAPI:        true,
			Check:        check,
		},
	}
}

// check refuses names that nobody may publish. The API's grammar has been checked before.
func check(v artifact.VersionKey, asset string) error {
	for _, part := range []struct{ what, text string }{
		{"namespace", v.Namespace}, {"package", v.Name}, {"version", v.Version},
	} {
		if strings.ContainsFunc(part.text, turnsText) {
			return invalid("The %s %q has a character that changes the direction of text.", part.what, part.text)
		}
	}
	return checkAsset(asset)
}

// turnsText reports whether a character makes text show in another order than it is written in: such a name can pass for
// another one.
func turnsText(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// specials are the characters of asset names beside letters, digits and single spaces (user guide, "Generic packages
// overview", with the back-quote that only the service model has).
const specials = "~!@^&()-`_+[]{};,."

// categories are those of letters and digits in asset names (same page).
var categories = []*unicode.RangeTable{unicode.Ll, unicode.Lm, unicode.Lo, unicode.Lt, unicode.Lu, unicode.Nl, unicode.Nd}

func checkAsset(name string) error {
	switch {
	case name == "." || name == "..":
		return invalid("An asset cannot be called %q.", name)
	case strings.HasPrefix(name, " ") || strings.HasSuffix(name, " ") || strings.Contains(name, "  "):
		return invalid("The asset name %q has a space at an end or two in a row.", name)
	}
	for _, r := range name {
		if r != ' ' && !strings.ContainsRune(specials, r) && !unicode.In(r, categories...) {
			return invalid("The asset name %q has the character %q. It may have letters, digits, single spaces and any of %s",
				name, r, specials)
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return artifact.Errorf(artifact.Invalid, format, args...)
}
