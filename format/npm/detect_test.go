package npm

import (
	"testing"

	"entrepot/upstream/detect/detecttest"
)

func TestNPMSaysWhereItsRegistryIs(t *testing.T) {
	const asked = "npm config get registry"
	for name, c := range map[string]struct {
		machine detecttest.Machine
		want    string
	}{
		"an address":      {detecttest.Machine{asked: "https://registry.example.test/\n"}, "https://registry.example.test/"},
		"no address":      {detecttest.Machine{asked: "undefined\n"}, "no address"},
		"no npm at all":   {nil, "not installed"},
		"a logged-in npm": {detecttest.Machine{asked: "http://127.0.0.1:8090/d-1/npm/r/"}, "this server"},
	} {
		t.Run(name, func(t *testing.T) {
			detecttest.Want(t, detectors, c.machine, "public:npmjs", c.want, "http://127.0.0.1:8090")
		})
	}
}
