package sigv4

import (
	"fmt"
	"strings"
	"testing"

	"entrepot/artifact"
)

func BenchmarkVerify(b *testing.B) {
	for _, row := range []struct {
		name   string
		secret artifact.Secret
	}{{"key in the cache", testSecret}, {"key id nobody has", artifact.Secret{}}} {
		b.Run(row.name, func(b *testing.B) {
			v := verifierAt(testTime)
			r, err := received(presignedExample().wire(b))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				c, err := v.Parse(r)
				if err != nil {
					b.Fatal(err)
				}
				if err := v.Verify(c, row.secret, testPayload); (err == nil) == row.secret.IsZero() {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDeriveKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		deriveKey(testSecret, "20261120", testScope)
	}
}

func TestNothingPrintsASignatureOrASecret(t *testing.T) {
	s := example()
	s.session = "CANARYSESSION"
	wire := s.wire(t)
	r, err := received(wire)
	if err != nil {
		t.Fatal(err)
	}
	v := verifierAt(testTime)
	c, err := v.Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(c, testSecret, testPayload); err != nil {
		t.Fatal(err)
	}
	_, signature, _ := strings.Cut(wire, "Signature=")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed := fmt.Sprintf(verb+verb, c, v)
		for _, hidden := range []string{signature[:64], "CANARYSESSION", testSecret.Reveal(), v.dummy.Reveal()} {
			if strings.Contains(printed, hidden) {
				t.Errorf("%s prints %q", verb, hidden)
			}
		}
	}
}
