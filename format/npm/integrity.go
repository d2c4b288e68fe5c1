package npm

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
	"entrepot/upstream"
)

// hashes are those that an integrity may have, the strongest first, and how they are used. SHA-384, which nobody writes,
// is none that this server computes: as any unknown one it is passed over.
var hashes = []struct {
	name string
	sum  func(*artifact.Digests) []byte
	want func(sum []byte) upstream.Want
}{
	{"sha512", func(d *artifact.Digests) []byte { return d.SHA512[:] },
		func(sum []byte) upstream.Want { return upstream.Want{SHA512: sum} }},
	{"sha256", func(d *artifact.Digests) []byte { return d.SHA256[:] },
		func(sum []byte) upstream.Want { return upstream.Want{SHA256: sum} }},
	{"sha1", func(d *artifact.Digests) []byte { return d.SHA1[:] },
		func(sum []byte) upstream.Want { return upstream.Want{SHA1: sum} }},
	{"md5", func(d *artifact.Digests) []byte { return d.MD5[:] },
		func(sum []byte) upstream.Want { return upstream.Want{MD5: sum} }},
}

const sha1At = 2 // in hashes

// sums are hashes by their algorithm's place in hashes.
type sums [][][]byte

// readIntegrity reads a Subresource Integrity text, such as "sha512-BASE64?options sha1-BASE64". Hashes that are
// malformed or of an unknown kind are passed over (SRI §3.3.3).
func readIntegrity(sri string) sums {
	found := make(sums, len(hashes))
	for item := range strings.FieldsSeq(sri) {
		algorithm, encoded, _ := strings.Cut(item, "-")
		encoded, _, _ = strings.Cut(encoded, "?")
		for i, h := range hashes {
			if h.name == algorithm {
				found.add(i, encoded, base64.StdEncoding.DecodeString)
			}
		}
	}
	return found
}

// add reads a hash of the algorithm at a place, if it is well-formed.
func (s sums) add(at int, encoded string, decode func(string) ([]byte, error)) {
	sum, err := decode(encoded)
	if err == nil && len(sum) == len(hashes[at].sum(new(artifact.Digests))) {
		s[at] = append(s[at], sum)
	}
}

// strongest returns the place of the strongest algorithm that has a hash; one of its hashes has to fit, whatever weaker
// ones say (SRI §3.3.4). -1: there is none.
func (s sums) strongest() int {
	return slices.IndexFunc(s, func(of [][]byte) bool { return len(of) > 0 })
}

// promisedSums returns the hashes that a version's dist promises: those of integrity, and shasum. Of old packages one of
// them is missing, or both are there and the weaker is wrong.
func promisedSums(dist jsonscan.Members) sums {
	said, _ := dist.Text("integrity")
	found := readIntegrity(said)
	shasum, _ := dist.Text("shasum")
	found.add(sha1At, shasum, hex.DecodeString)
	return found
}

// promised returns the digests that a version's dist promises, where there is one of an algorithm.
func promised(dist jsonscan.Members) artifact.Digests {
	var d artifact.Digests
	for i, of := range promisedSums(dist) {
		if len(of) == 1 {
			copy(hashes[i].sum(&d), of[0])
		}
	}
	return d
}

// want is what the bytes must be. False: the registry promises nothing that could be checked.
func (s sums) want() (upstream.Want, bool) {
	at := s.strongest()
	if at < 0 {
		return upstream.Want{}, false
	}
	want := hashes[at].want
	if len(s[at]) == 1 {
		return want(s[at][0]), true
	}
	several := upstream.Want{}
	for _, sum := range s[at] {
		several.AnyOf = append(several.AnyOf, want(sum))
	}
	return several, true
}

// meets reports whether bytes with these digests have the integrity that a text asks for.
func meets(sri string, got artifact.Digests) bool {
	said := readIntegrity(sri)
	at := said.strongest()
	return at >= 0 && slices.ContainsFunc(said[at], func(sum []byte) bool { return bytes.Equal(sum, hashes[at].sum(&got)) })
}

// integrity writes the SHA-512 as clients do.
func integrity(d artifact.Digests) string {
	return "sha512-" + base64.StdEncoding.EncodeToString(d.SHA512[:])
}
