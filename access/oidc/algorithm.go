package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of the algorithms
	_ "crypto/sha512"
	"math/big"
)

// algorithm is a way to sign (RFC 7518 §3).
type algorithm struct {
	hash crypto.Hash
	// verify reports whether the signature over the digest was made with the key's other half. A key of another kind has
	// signed nothing.
	verify func(key crypto.PublicKey, hash crypto.Hash, digest, signature []byte) bool
}

// algorithms are those that AWS takes of identity providers (IAM user guide, "Create an OpenID Connect identity provider").
// There is none with a shared secret among them and none that signs nothing, so no token can choose one.
var algorithms = map[string]algorithm{
	"RS256": {crypto.SHA256, verifyRSA},
	"RS384": {crypto.SHA384, verifyRSA},
	"RS512": {crypto.SHA512, verifyRSA},
	"ES256": {crypto.SHA256, verifyECDSA(elliptic.P256())},
	"ES384": {crypto.SHA384, verifyECDSA(elliptic.P384())},
	"ES512": {crypto.SHA512, verifyECDSA(elliptic.P521())},
}

func verifyRSA(key crypto.PublicKey, hash crypto.Hash, digest, signature []byte) bool {
	public, ok := key.(*rsa.PublicKey)
	return ok && rsa.VerifyPKCS1v15(public, hash, digest, signature) == nil
}

// verifyECDSA takes signatures of two numbers of the curve's size, one after the other.
func verifyECDSA(curve elliptic.Curve) func(crypto.PublicKey, crypto.Hash, []byte, []byte) bool {
	size := coordinateSize(curve)
	return func(key crypto.PublicKey, _ crypto.Hash, digest, signature []byte) bool {
		public, ok := key.(*ecdsa.PublicKey)
		if !ok || public.Curve != curve || len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(public, digest, r, s)
	}
}

// coordinateSize is the length of a coordinate in bytes.
func coordinateSize(curve elliptic.Curve) int { return (curve.Params().BitSize + 7) / 8 }

// proves reports whether the key, which its publisher may have meant for one algorithm alone, has signed the token.
func (k key) proves(t *Token) bool {
	if k.algorithm != "" && k.algorithm != t.algorithm {
		return false
	}
	a := algorithms[t.algorithm]
	h := a.hash.New()
	h.Write([]byte(t.signed))
	return a.verify(k.public, a.hash, h.Sum(nil), t.signature)
}
