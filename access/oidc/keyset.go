package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"math/big"

	"entrepot/strictjson"
)

// The bounds of what an issuer publishes.
const (
	maxDocument = 512 << 10 // bytes; certificates may stand beside keys
	maxKeys     = 100
	minRSABits  = 2048
	maxRSABits  = 8192
)

// key is a public key of an issuer.
type key struct {
	id        string // may be empty
	algorithm string // the only one it is for; empty for any of its kind
	public    crypto.PublicKey
}

var documentRules = strictjson.Rules{Size: maxDocument, Depth: maxNesting, Keys: 1000}

// parseKeys reads a JSON Web Key Set (RFC 7517 §5). Keys that are not for signatures, of other kinds or too weak are passed
// over. The error says that none is left.
func parseKeys(document []byte) ([]key, error) {
	set, err := strictjson.Parse(document, documentRules)
	if err != nil {
		return nil, err
	}
	list := set.Member("keys")
	if list == nil || list.Kind != strictjson.List || len(list.Members) > maxKeys {
		return nil, errors.New("the document is no set of at most 100 keys")
	}
	var keys []key
	for _, item := range list.Members {
		if k, ok := parseKey(item); ok {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the document has no key that signatures can be proved with")
	}
	return keys, nil
}

// kinds of keys, by the member kty.
var kinds = map[string]func(item *strictjson.Value) (crypto.PublicKey, bool){"RSA": parseRSA, "EC": parseEC}

func parseKey(item *strictjson.Value) (k key, ok bool) {
	if item.Kind != strictjson.Object {
		return k, false
	}
	if use := item.Member("use"); use != nil && use.Text != "sig" {
		return k, false
	}
	kind, _ := textOf(item.Member("kty"))
	parse, known := kinds[kind]
	if !known {
		return k, false
	}
	k.id, _ = textOf(item.Member("kid"))
	k.algorithm, _ = textOf(item.Member("alg"))
	k.public, ok = parse(item)
	return k, ok
}

func parseRSA(item *strictjson.Value) (crypto.PublicKey, bool) {
	n, ok := numberOf(item, "n")
	e, okE := numberOf(item, "e")
	if !ok || !okE || n.BitLen() < minRSABits || n.BitLen() > maxRSABits || n.Bit(0) == 0 || e.BitLen() > 31 || e.Bit(0) == 0 || e.Int64() < 3 {
		return nil, false
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, true
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

func parseEC(item *strictjson.Value) (crypto.PublicKey, bool) {
	name, _ := textOf(item.Member("crv"))
	curve, known := curves[name]
	if !known {
		return nil, false
	}
	point := []byte{4} // uncompressed
	for _, coordinate := range []string{"x", "y"} {
		text, _ := textOf(item.Member(coordinate))
		bytes, ok := decode(text)
		if !ok || len(bytes) != coordinateSize(curve) {
			return nil, false
		}
		point = append(point, bytes...)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, point) // which is on the curve
	return public, err == nil
}

func numberOf(item *strictjson.Value, name string) (*big.Int, bool) {
	text, _ := textOf(item.Member(name))
	bytes, ok := decode(text)
	return new(big.Int).SetBytes(bytes), ok && len(bytes) > 0
}
