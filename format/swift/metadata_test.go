package swift

import (
	"strings"
	"testing"

	"entrepot/artifact"
)

func TestMetadataThatClientsCannotReadIsRefused(t *testing.T) {
	for text, reason := range map[string]string{
		`{}`: "", ` {"a" : [1, {"b": null}]} `: "", `{"author":null,"description":null,"repositoryURLs":null}`: "",
		`{"author":{"name":"A","email":"e","description":"d","url":"","organization":{"name":"O","url":"u"},"more":1}}`: "",
		`{"description":"","licenseURL":"not a URL","readmeURL":"","repositoryURLs":[]}`:                                "",
		`{"originalPublicationTime":"2025-01-01T00:00:00Z"}`:                                                            "",
		`{"originalPublicationTime":"2025-01-01T00:00:00+00:00"}`:                                                       "",
		``: "no JSON object", `[]`: "no JSON object", `{"a":1,"a":2}`: "comes twice", "{\"a\":\"\xff\"}": "no JSON object",
		`{} x`: "no JSON object", `{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`: "no JSON object",
		`{"author":{}}`: "no author.name", `{"author":{"name":null}}`: "no author.name", `{"author":"A"}`: "author is not an object",
		`{"author":{"name":1}}`: "author.name is not a text", `{"author":{"name":"A","organization":{"url":"u"}}}`: "no author.organization.name",
		`{"author":{"name":"A","organization":[]}}`: "author.organization is not an object", `{"description":1}`: "description is not a text",
		`{"readmeURL":{}}`: "readmeURL is not a text", `{"licenseURL":true}`: "licenseURL is not a text",
		`{"repositoryURLs":"u"}`: "repositoryURLs is not a list", `{"repositoryURLs":["u",1]}`: "repositoryURLs is not a list",
		`{"repositoryURLs":[` + strings.Repeat(`"u",`, maxRepositoryURLs) + `"u"]}`: "more than",
		`{"originalPublicationTime":"2025-01-01"}`:                                  "a time", `{"originalPublicationTime":"2025-01-01T00:00:00.000Z"}`: "a time",
		`{"originalPublicationTime":"2025-01-01T00:00:00,5Z"}`: "a time", `{"originalPublicationTime":1735689600}`: "a time",
	} {
		_, err := parseMetadata([]byte(text))
		if reason == "" && err != nil || reason != "" && (!artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), reason)) {
			t.Errorf("%.80s: got %v, want %q", text, err, reason)
		}
	}
}
