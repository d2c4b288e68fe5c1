package pypi

import (
	"strings"
	"testing"

	"entrepot/upstream/detect/detecttest"
)

const pipHelp = `Package Index Options:
  -i, --index-url <url>       Base URL of the Python Package Index (default
                              https://pypi.example.test/simple). This should
                              point to a repository.
  --extra-index-url <url>     Extra URLs (default https://wrong.example.test/).
`

func TestPipSaysWhereItsIndexIs(t *testing.T) {
	for name, c := range map[string]struct {
		machine detecttest.Machine
		want    string
	}{
		"its default": {detecttest.Machine{"pip config list": ":env:.cert='x'\n", "pip help install": pipHelp},
			"https://pypi.example.test/simple"},
		"its configuration": {detecttest.Machine{"pip help install": pipHelp,
			"pip config list": "global.index-url='https://mirror.example.test/simple'\n"},
			"https://mirror.example.test/simple"},
		"its environment first": {detecttest.Machine{"pip config list": "global.index-url='https://a.example.test/'\n" +
			":env:.index-url='https://b.example.test/'\n"}, "https://b.example.test/"},
		"by another name":       {detecttest.Machine{"python3 -m pip help install": pipHelp}, "https://pypi.example.test/simple"},
		"a help without one":    {detecttest.Machine{"pip help install": "Usage:"}, "no default index"},
		"no pip on the machine": {nil, "not installed"},
	} {
		t.Run(name, func(t *testing.T) { detecttest.Want(t, detectors, c.machine, "public:pypi", c.want) })
	}
}

func FuzzClientOutput(f *testing.F) {
	f.Add(pipHelp)
	f.Add("global.index-url='https://mirror.example.test/simple'\n")
	f.Fuzz(func(t *testing.T, text string) {
		if address, err := pipDefault(text); err == nil && !strings.Contains(text, address) {
			t.Errorf("pip's default %q stands nowhere", address)
		}
		if address, _, ok := pipConfigured(text); ok && !strings.Contains(text, address) {
			t.Errorf("pip's index %q stands nowhere", address)
		}
	})
}
