package pypi

import (
	"bytes"
	"strings"
	"testing"

	"entrepot/artifact"
)

func TestOnlyWheelsAndSourcesArePublished(t *testing.T) {
	_, err := inspect(bytes.NewReader(nil), 0, distribution{kind: otherKind, name: "demo", version: "1.0"})
	if !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), "Only wheels and source distributions") {
		t.Errorf("got %v", err)
	}
}
