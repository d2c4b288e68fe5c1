package format_test

import (
	"testing"

	"entrepot/format"
)

func TestADocumentIsReadWithoutCoding(t *testing.T) {
	for _, whole := range []bool{true, false} {
		if got, err := format.ReadDocument(document(whole)); err != nil || string(got) != body {
			t.Errorf("kept without coding: %t: got %d bytes, %v, want %d", whole, len(got), err, len(body))
		}
	}
}
