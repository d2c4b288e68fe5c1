package swift

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// manifestFile describes a package. Beside it may lie variants of it for newer tools.
const manifestFile = "Package.swift"

// variantPattern is that of a variant's file (registry specification, 4.3.1): the version of the tools it is for is its
// suffix. A number has five digits at most, so that all of them can be compared.
var variantPattern = regexp.MustCompile(`^Package@swift-([0-9]{1,5}(?:\.[0-9]{1,5}){0,2})\.swift$`)

// variantFile is the file of the variant with a suffix.
func variantFile(suffix string) string { return "Package@swift-" + suffix + ".swift" }

// toolsLine is how a manifest begins: with the version of the tools that it is written for. Since 5.4 there may be lines
// before it that are empty, and blanks in it.
var toolsLine = regexp.MustCompile(`(?i)^\s*//[ \t]*swift-tools-version[ \t]*:[ \t]*[0-9]+(?:\.[0-9]+){0,2}[^0-9.]`)

// saysTools reports whether a manifest is a text that says which tools it is for. It is a program, and nothing else of it is
// looked at.
func saysTools(manifest []byte) bool {
	return utf8.Valid(manifest) && toolsLine.Match(append(manifest[:len(manifest):len(manifest)], '\n'))
}

// toolsVersion is a version of Swift's tools; what a suffix leaves out is 0.
type toolsVersion [3]int

// parseTools reads a suffix, or what a client asks for: up to three numbers.
func parseTools(text string) (v toolsVersion, ok bool) {
	if !variantPattern.MatchString(variantFile(text)) {
		return v, false
	}
	for i, part := range strings.Split(text, ".") {
		v[i], _ = strconv.Atoi(part) // digits, and few
	}
	return v, true
}

// String has two numbers at least. SwiftPM looks for what it was told under this name, and finds a variant with one number
// under no other.
func (v toolsVersion) String() string {
	if v[2] == 0 {
		return fmt.Sprintf("%d.%d", v[0], v[1])
	}
	return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2])
}

// variants are the suffixes of those that a client may choose from, oldest tools first. They are the facts of the manifest.
type variants []string

// choose leaves one of those that are for the same tools, and those out that do not say what they are for.
func choose(files map[string][]byte) variants {
	byTools := map[toolsVersion]string{}
	for name, content := range files {
		found := variantPattern.FindStringSubmatch(name)
		if found == nil || !saysTools(content) {
			continue
		}
		v, _ := parseTools(found[1])
		if other, taken := byTools[v]; !taken || len(found[1]) > len(other) {
			byTools[v] = found[1]
		}
	}
	return inOrder(byTools)
}

// inOrder are the variants, oldest tools first.
func inOrder(byTools map[toolsVersion]string) (all variants) {
	for _, suffix := range byTools {
		all = append(all, suffix)
	}
	slices.SortFunc(all, func(a, b string) int {
		v, _ := parseTools(a)
		w, _ := parseTools(b)
		return slices.Compare(v[:], w[:])
	})
	return all
}

// encode writes the facts.
func (all variants) encode() []byte {
	text, _ := json.Marshal(all) // texts always can be written
	return text
}

// variantsOf reads the facts of a manifest.
func variantsOf(facts []byte) (all variants, err error) {
	if err := json.Unmarshal(facts, &all); err != nil {
		return nil, fmt.Errorf("facts of a manifest: %w", err)
	}
	return all, nil
}

// find returns the suffix of the variant that a client asks for: by the suffix itself, or by the version with all its
// numbers, as SwiftPM writes it. False: there is none, and the manifest itself will do.
func (all variants) find(asked string) (suffix string, ok bool) {
	if slices.Contains(all, asked) {
		return asked, true
	}
	want, ok := parseTools(asked)
	if !ok {
		return "", false
	}
	at := slices.IndexFunc(all, func(suffix string) bool {
		v, _ := parseTools(suffix)
		return v == want
	})
	if at < 0 {
		return "", false
	}
	return all[at], true
}

// links are the entries of a Link header about the variants of the manifest at an address (registry specification, 4.3).
// Clients read them by hand: an entry has these four fields and no other. The version of the tools is that of the suffix and
// not the one that the variant says: SwiftPM looks for the placeholder of a variant by it.
func (all variants) links(manifest string) links {
	var entries links
	for _, suffix := range all {
		v, _ := parseTools(suffix)
		entries = append(entries, fmt.Sprintf(`<%s?swift-version=%s>; rel="alternate"; filename="%s"; swift-tools-version="%s"`,
			manifest, v, variantFile(v.String()), v))
	}
	return entries
}
