package ruby

import (
	"testing"

	"entrepot/upstream/detect/detecttest"
)

func TestGemSaysWhereItsSourceIs(t *testing.T) {
	for name, c := range map[string]struct{ out, want string }{
		"one source":  {"*** CURRENT SOURCES ***\n\nhttps://gems.example.test/\n", "https://gems.example.test/"},
		"two sources": {"https://a.example.test/\nhttps://b.example.test/\n", "2 registries"},
		"none":        {"*** CURRENT SOURCES ***\n", "names no registry"},
	} {
		t.Run(name, func(t *testing.T) {
			detecttest.Want(t, detectors, detecttest.Machine{"gem sources --list": c.out}, "public:ruby-gems-org", c.want)
		})
	}
	t.Run("no gem on the machine", func(t *testing.T) {
		detecttest.Want(t, detectors, nil, "public:ruby-gems-org", "not installed")
	})
}
