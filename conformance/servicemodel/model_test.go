package servicemodel

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTheModelIsBotocores makes the extract anew where Python's botocore is installed. A newer botocore may know more than
// the table of operations: then the table and the extract are to follow it.
func TestTheModelIsBotocores(t *testing.T) {
	made, err := exec.Command("python3", "model.py", "codeartifact", "2018-09-22").Output()
	if err != nil {
		t.Skipf("python3 with botocore is not installed: %v", err)
	}
	if d := cmp.Diff(extract, string(made)); d != "" {
		t.Errorf("model.txt and botocore's model (-kept +botocore):\n%s", d)
	}
}

func TestTheModelIsWhole(t *testing.T) {
	m := CodeArtifact()
	if len(m.Operations) != 48 {
		t.Errorf("got %d operations, want 48", len(m.Operations))
	}
	for _, name := range m.Names() {
		op := m.Operations[name]
		for _, shape := range append([]string{op.Input, op.Output}, op.Errors...) {
			if _, known := m.Shapes[shape]; !known && shape != "" {
				t.Errorf("%s: there is no shape %s", name, shape)
			}
		}
	}
	for _, s := range m.Shapes {
		for _, shape := range []string{s.Key, s.Each} {
			if _, known := m.Shapes[shape]; !known && shape != "" {
				t.Errorf("%s: there is no shape %s", s.Name, shape)
			}
		}
		for _, member := range s.Members {
			if _, known := m.Shapes[member.Shape]; !known {
				t.Errorf("%s.%s: there is no shape %s", s.Name, member.Name, member.Shape)
			}
		}
		if s.Pattern != "" {
			s.Allows("a pattern that is not read stops here")
		}
	}
}

func TestValuesAreHeldAgainstTheirShape(t *testing.T) {
	const domain = `"name":"acme","owner":"111122223333","status":"Active","createdTime":1602535878.039,"repositoryCount":0`
	for name, row := range map[string]struct{ shape, value, want string }{
		"good":                {"DescribeDomainResult", `{"domain":{` + domain + `}}`, ""},
		"an unknown member":   {"DescribeDomainResult", `{"domain":{` + domain + `,"more":1}}`, ".domain.more: DomainDescription has no such member"},
		"null":                {"DescribeDomainResult", `{"domain":null}`, ".domain: null, which is to be left out"},
		"an enum's value":     {"DescribeDomainResult", `{"domain":{"status":"active"}}`, `.domain.status: "active" is no DomainStatus`},
		"a text for a number": {"DescribeDomainResult", `{"domain":{"repositoryCount":"0"}}`, ".domain.repositoryCount: 0 is no number"},
		"a fraction":          {"DescribeDomainResult", `{"domain":{"repositoryCount":0.5}}`, ".domain.repositoryCount: 0.5 is no Integer"},
		"a time in text":      {"DescribeDomainResult", `{"domain":{"createdTime":"2020-01-01"}}`, ".domain.createdTime: 2020-01-01 is no timestamp"},
		"a pattern":           {"DescribeDomainResult", `{"domain":{"name":"Acme"}}`, `.domain.name: "Acme" is no DomainName`},
		"a list's entry":      {"ListDomainsResult", `{"domains":[{"owner":"1"}]}`, `.domains.0.owner: "1" is no AccountId`},
		"a map's key":         {"AssetSummary", `{"name":"a","hashes":{"sha1":"` + strings.Repeat("0", 40) + `"}}`, `.hashes key: "sha1" is no HashAlgorithm`},
		"a required member":   {"AssetSummary", `{}`, ".name: required, and not there"},
		"an object at all":    {"ListDomainsResult", `[]`, ": [] is no structure"},
	} {
		t.Run(name, func(t *testing.T) {
			decoder := json.NewDecoder(strings.NewReader(row.value))
			decoder.UseNumber()
			var value any
			if err := decoder.Decode(&value); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(CodeArtifact().Check(row.shape, value), "; "); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
