package swift

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// Bounds on what a publisher says about a release.
const (
	maxMetadata       = 256 << 10 // bytes
	maxRepositoryURLs = 64
)

// metadata is what a publisher says about a release: members of an object, compact. It is passed on whole. Clients decode
// what they know of it with every release that they look at, and one value of another type makes a release unusable.
type metadata struct{ jsonscan.Members }

// parseMetadata reads the metadata of a release. Invalid: it is no object, is too large, or a member that clients read is of
// another type than they expect (registry specification, 4.2.2).
func parseMetadata(text []byte) (metadata, error) {
	if len(text) > maxMetadata {
		return metadata{}, invalid("The metadata has more than %d bytes.", maxMetadata)
	}
	all, err := jsonscan.SplitOutside(text)
	if err != nil {
		return metadata{}, invalid("The metadata is no JSON object: %s.", err)
	}
	return metadata{all}, releaseMembers.check("", all)
}

// members are those of an object that clients read.
type members []member

// member is one of them: what it is called, whether the object is unusable without it, and what its value must be. A value of null
// is none.
type member struct {
	name     string
	required bool
	valid    func(at string, value []byte) error
}

var (
	organizationMembers = members{{"name", true, isText}, {"email", false, isText}, {"description", false, isText}, {"url", false, isText}}
	authorMembers       = members{
		{"name", true, isText}, {"email", false, isText}, {"description", false, isText}, {"url", false, isText},
		{"organization", false, organizationMembers.valid},
	}
	releaseMembers = members{
		{"author", false, authorMembers.valid}, {"description", false, isText}, {"licenseURL", false, isText},
		{"readmeURL", false, isText}, {"repositoryURLs", false, areTexts}, {"originalPublicationTime", false, isTime},
	}
)

// check compares an object with what clients read of it. at is where it stands, with a dot at its end unless it is empty.
func (known members) check(at string, all jsonscan.Members) error {
	for _, m := range known {
		value := all.Find(m.name)
		none := value == nil || string(value) == "null"
		if none && m.required {
			return invalid("The metadata has no %s, without which clients cannot read the release.", at+m.name)
		}
		if none {
			continue
		}
		if err := m.valid(at+m.name, value); err != nil {
			return err
		}
	}
	return nil
}

// valid is check for a value that is to be an object.
func (known members) valid(at string, value []byte) error {
	all, err := jsonscan.Split(value)
	if err != nil {
		return mistyped(at, "an object")
	}
	return known.check(at+".", all)
}

func isText(at string, value []byte) error {
	if _, ok := jsonscan.AsText(value); !ok {
		return mistyped(at, "a text")
	}
	return nil
}

func areTexts(at string, value []byte) error {
	if value[0] != '[' || !jsonscan.OnlyTexts(value) {
		return mistyped(at, "a list of texts")
	}
	n := 0
	for range jsonscan.Elements(value) {
		if n++; n > maxRepositoryURLs {
			return invalid("The metadata has more than %d %s.", maxRepositoryURLs, at)
		}
	}
	return nil
}

// wholeSeconds is the only way of writing a time that SwiftPM reads: with fractions of a second, or a date alone, it cannot
// decode the release.
const wholeSeconds = "2006-01-02T15:04:05Z07:00"

func isTime(at string, value []byte) error {
	text, ok := jsonscan.AsText(value)
	if _, err := time.Parse(wholeSeconds, text); !ok || err != nil || strings.Contains(text, ".") || strings.Contains(text, ",") {
		return mistyped(at, "a time such as 2026-03-01T10:00:00Z, without fractions of a second")
	}
	return nil
}

func mistyped(at, want string) error {
	return invalid("The metadata's %s is not %s, and clients could not read the release.", at, want)
}

// encode writes the metadata as an object; nothing for none.
func (m metadata) encode() json.RawMessage {
	if m.Members == nil {
		return json.RawMessage("{}")
	}
	return m.Append(nil)
}

// repositoryURLs are where the publisher says that the package's sources are kept, as they were written.
func (m metadata) repositoryURLs() []string {
	var all []string
	for value := range jsonscan.Elements(m.Find("repositoryURLs")) {
		if text, ok := jsonscan.AsText(value); ok {
			all = append(all, text)
		}
	}
	return all
}

// describe extracts what the API tells about a version.
func (m metadata) describe(i identity, readme string) artifact.Details {
	d := artifact.Details{DisplayName: i.String(), Readme: readme}
	d.Summary, _ = m.Text("description")
	if text, _ := m.Text("licenseURL"); webAddress(text) {
		d.Licenses = []artifact.License{{URL: text}}
	}
	for _, address := range m.repositoryURLs() {
		if webAddress(address) {
			d.SourceCode = address
			break
		}
	}
	return d
}

// webAddress reports whether a text is an address that a browser may be led to.
func webAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
