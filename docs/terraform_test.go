package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// scenarios are what the acceptance tests of Terraform's AWS provider do with CodeArtifact, by their own names.
var scenarios = []struct {
	of    string
	names []string
}{
	{"aws_codeartifact_domain", []string{"basic", "defaultEncryptionKey", "tags", "disappears", "migrateAssetSizeBytesToString"}},
	{"aws_codeartifact_domain_permissions_policy", []string{"basic", "owner", "disappears", "disappearsDomain", "ignoreEquivalent"}},
	{"aws_codeartifact_repository", []string{
		"basic", "tags", "owner", "description", "upstreams", "externalConnection", "disappears",
	}},
	{"aws_codeartifact_repository_permissions_policy", []string{"basic", "owner", "disappears", "disappearsDomain", "ignoreEquivalent"}},
	{"data aws_codeartifact_authorization_token", []string{"basic", "owner", "duration"}},
	{"data aws_codeartifact_repository_endpoint", []string{"basic", "owner"}},
}

var (
	scenario = regexp.MustCompile(`(?m)^# scenario (\S+): (.+)\n(?:resource|(data)) "(\S+)" "(\S+)" \{$`)
	marked   = regexp.MustCompile(`(?m)^# scenario `)
)

// TestTerraformsScenariosAreInTheSession wants each scenario beside a resource of the session's stack, and writes the table.
func TestTerraformsScenariosAreInTheSession(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "e2e/testdata/terraform_administers_everything.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	rows, found := map[string]string{}, scenario.FindAllStringSubmatch(string(text), -1)
	for _, s := range found {
		of, name, what := strings.TrimSpace(s[3]+" "+s[4]), s[1], s[2]
		rows[of+" "+name] = fmt.Sprintf("| `%s` | %s | `%s` | %s |\n", of, name, s[5], what)
	}
	if got, want := len(rows), len(marked.FindAll(text, -1)); got != want || got != len(found) {
		t.Errorf("%d scenarios are marked in the session, and %d of them, each of another name, stand above a resource", want, got)
	}
	var table strings.Builder
	table.WriteString("| resource | scenario | in the stack | what it is there |\n| --- | --- | --- | --- |\n")
	for _, s := range scenarios {
		for _, name := range s.names {
			row := rows[s.of+" "+name]
			if row == "" {
				t.Errorf("the session has no scenario %s of %s", name, s.of)
			}
			table.WriteString(row)
			delete(rows, s.of+" "+name)
		}
	}
	for name := range rows {
		t.Errorf("the provider has no scenario %s", name)
	}
	wantTable(t, "terraform", table.String())
}
