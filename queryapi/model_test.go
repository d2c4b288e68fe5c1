package queryapi

import (
	"os"
	"os/exec"
	"testing"

	"entrepot/conformance/servicemodel"

	"github.com/google/go-cmp/cmp"
)

// modelVersions are the services whose models stand below testdata, with botocore's versions of them.
var modelVersions = map[string]string{"iam": "2010-05-08", "sts": "2011-06-15", "kms": "2014-11-01", "organizations": "2016-11-28",
	"cloudtrail": "2013-11-01", "events": "2015-10-07"}

// modelText is what botocore says of a service, as conformance/servicemodel/model.py has written it.
func modelText(t testing.TB, service string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + service + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func modelOf(t testing.TB, service string) servicemodel.Model {
	t.Helper()
	return servicemodel.Parse(modelText(t, service))
}

// TestTheModelsAreBotocores makes the models anew where Python's botocore is installed.
func TestTheModelsAreBotocores(t *testing.T) {
	for service, version := range modelVersions {
		made, err := exec.Command("python3", "../conformance/servicemodel/model.py", service, version).Output()
		if err != nil {
			t.Skipf("python3 with botocore is not installed: %v", err)
		}
		if d := cmp.Diff(modelText(t, service), string(made)); d != "" {
			t.Errorf("testdata/%s.txt and botocore's model (-kept +botocore):\n%s", service, d)
		}
	}
}

// shapeOf is a shape of a model as grammars have it.
func shapeOf(s servicemodel.Shape) shape {
	return shape{min: s.Min, max: max(s.Max, 0), enum: s.Enum, pattern: s.Pattern}
}
