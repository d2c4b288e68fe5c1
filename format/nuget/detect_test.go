package nuget

import (
	"testing"

	"entrepot/upstream/detect/detecttest"
)

func TestDotnetSaysWhereItsSourceIs(t *testing.T) {
	const asked = "dotnet nuget list source --format short"
	for name, c := range map[string]struct{ out, want string }{
		"the one that is enabled and no folder": {
			"E https://nuget.example.test/v3/index.json\nD https://off.example.test/\nE /opt/packages\n",
			"https://nuget.example.test/v3/index.json"},
		"two":  {"E https://a.example.test/\nE https://b.example.test/\n", "2 registries"},
		"none": {"D https://off.example.test/\n", "names no registry"},
	} {
		t.Run(name, func(t *testing.T) {
			detecttest.Want(t, detectors, detecttest.Machine{asked: c.out}, "public:nuget-org", c.want)
		})
	}
	t.Run("no dotnet on the machine", func(t *testing.T) {
		detecttest.Want(t, detectors, nil, "public:nuget-org", "not installed")
	})
}
