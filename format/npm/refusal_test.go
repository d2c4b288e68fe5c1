package npm

import (
	"regexp"
	"strings"
	"testing"

	"entrepot/artifact"
)

var wildcard = regexp.MustCompile(`\{[a-z]+(\.\.\.)?\}`)

// example turns a pattern into a path that it matches.
func example(pattern string) string {
	return strings.TrimPrefix(wildcard.ReplaceAllString(pattern, "widget"), "/")
}

func TestWhatIsNotSupportedIsRefusedInWordsThatHelp(t *testing.T) {
	for _, row := range []struct {
		name, method, path string
		status             int
		words              string
	}{
		{"unpublish of a version changes the document", "PUT", "widget/-rev/1-a", 405,
			"aws codeartifact delete-package-versions"},
		{"unpublish of a version removes the tarball", "DELETE", "@acme/widget/-/widget-1.0.0.tgz/-rev/1-a", 405,
			"delete-package-versions"},
		{"npm 6 doubles the path", "DELETE", "npm/shelf/widget/-/widget-1.0.0.tgz/-rev/1-a", 405, "delete-package-versions"},
		{"npm 6 doubles a longer path", "DELETE", "d-123456789012/npm/shelf/@a/b/-/b-1.0.0.tgz/-rev/1-a", 405,
			"delete-package-versions"},
		{"unpublish of a package", "DELETE", "@acme%2fwidget/-rev/1-a", 405, "delete-package-versions"},
		{"web login", "POST", "-/v1/login", 404, "aws codeartifact login --tool npm"},
		{"adduser", "PUT", "-/user/org.couchdb.user:ada", 405, "aws codeartifact login --tool npm"},
		{"logout", "DELETE", "-/user/token/secret", 405, "npm logout"},
		{"bulk audit", "POST", "-/npm/v1/security/advisories/bulk", 404, "advisories"},
		{"quick audit", "POST", "-/npm/v1/security/audits/quick", 404, "advisories"},
		{"legacy audit", "POST", "-/npm/v1/security/audits", 404, "advisories"},
		{"keys", "GET", "-/npm/v1/keys", 404, "signing keys"},
		{"hook", "POST", "-/npm/v1/hooks", 404, "hooks"},
		{"owner", "GET", "-/package/@acme%2fwidget/collaborators", 404, "put-repository-permissions-policy"},
		{"team", "PUT", "-/org/acme/team", 404, "put-repository-permissions-policy"},
		{"star", "PUT", "widget", 405, "npm star"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			w := s.Do(row.method, row.path, `{"name":"widget","users":{}}`)
			if w.Code != row.status || !strings.Contains(w.Body.String(), row.words) {
				t.Errorf("got %d %s, want %d with %q", w.Code, w.Body, row.status, row.words)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Error("the answer repeats a token")
			}
		})
	}
}

func TestMessagesNameAScopedPackageAsItsClientWritesIt(t *testing.T) {
	s := newSite(t)
	s.publish("@acme/bar", "1.0.0", "latest")
	s.Control(shelf, key("@acme/closed"), artifact.Block, artifact.Allow)
	put := func(name string) string {
		manifest := object{"name": name, "version": "1.0.0", "description": "another"}
		return text(t, putOf(name, "1.0.0", "latest", packed(t, manifest, nil), manifest))
	}
	for _, row := range []struct {
		name, method, path, body, want string
	}{
		{"a package that is not there", "GET", "@acme%2fnone", "", "@acme/none"},
		{"a version that is not there", "GET", "@acme%2fbar/9.9.9", "", "@acme/bar"},
		{"a tarball that is not there", "GET", "@acme/bar/-/bar-9.9.9.tgz", "", "@acme/bar"},
		{"a version that is there already", "PUT", "@acme%2fbar", put("@acme/bar"), "@acme/bar"},
		{"a package closed to publishers", "PUT", "@acme%2fclosed", put("@acme/closed"), "@acme/closed"},
		{"a tag for a version that is not there", "PUT", "-/package/@acme%2fbar/dist-tags/good", `"9.9.9"`, "@acme/bar"},
		{"a tag that is not there", "DELETE", "-/package/@acme%2fbar/dist-tags/good", "", "@acme/bar"},
		{"the deprecation of a package that is not there", "PUT", "@acme%2fnone",
			`{"name":"@acme/none","versions":{"1.0.0":{"deprecated":"x"}}}`, "@acme/none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := s.Do(row.method, row.path, row.body)
			if said := w.Body.String(); w.Code < 400 || !strings.Contains(said, row.want) {
				t.Errorf("got %d %s, want a refusal that says %s", w.Code, said, row.want)
			}
		})
	}
}
