package npm

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
	"entrepot/upstream"
)

// hashes are those that an integrity may have, the strongest first. SHA-384, which nobody writes, is none that this server
// computes: as any unknown one it is passed over.
var hashes = [...]struct {
	name string
	size int // bytes
	want func(sum []byte) upstream.Want
}{
	{"sha512", sha512.Size, func(sum []byte) upstream.Want { return upstream.Want{SHA512: sum} }},
	{"sha256", sha256.Size, func(sum []byte) upstream.Want { return upstream.Want{SHA256: sum} }},
	{"sha1", sha1.Size, func(sum []byte) upstream.Want { return upstream.Want{SHA1: sum} }},
	{"md5", md5.Size, func(sum []byte) upstream.Want { return upstream.Want{MD5: sum} }},
}

const sha1At = 2 // in hashes

// digestAt returns the digest of the algorithm at a place in hashes.
func digestAt(d *artifact.Digests, at int) []byte {
	switch at {
	case 0:
		return d.SHA512[:]
	case 1:
		return d.SHA256[:]
	case sha1At:
		return d.SHA1[:]
	}
	return d.MD5[:]
}

// eachHash reads a Subresource Integrity text, such as "sha512-BASE64?options sha1-BASE64", and calls each with the
// algorithm's place in hashes. Hashes that are malformed or of an unknown kind are passed over (SRI, section 3.3.3).
func eachHash(sri string, each func(at int, sum []byte)) {
	for item := range strings.FieldsSeq(sri) {
		algorithm, encoded, _ := strings.Cut(item, "-")
		encoded, _, _ = strings.Cut(encoded, "?")
		for at, h := range hashes {
			if h.name != algorithm {
				continue
			}
			if sum, err := base64.StdEncoding.DecodeString(encoded); err == nil && len(sum) == h.size {
				each(at, sum)
			}
		}
	}
}

// eachPromise is eachHash for what a version's dist promises: the hashes of integrity, and shasum. Of old packages one of
// them is missing, or both are there and the weaker is wrong.
func eachPromise(dist jsonscan.Members, each func(at int, sum []byte)) {
	said, _ := dist.Text("integrity")
	eachHash(said, each)
	shasum, _ := dist.Text("shasum")
	if sum, err := hex.DecodeString(shasum); err == nil && len(sum) == sha1.Size {
		each(sha1At, sum)
	}
}

// promised returns the digests that a version's dist promises, where it is one of an algorithm. It is asked of each of
// thousands of versions.
func promised(dist jsonscan.Members) artifact.Digests {
	var d artifact.Digests
	var known, several [len(hashes)]bool
	eachPromise(dist, func(at int, sum []byte) {
		into := digestAt(&d, at)
		several[at] = several[at] || known[at] && !bytes.Equal(into, sum)
		known[at] = true
		copy(into, sum)
	})
	for at, s := range several {
		if s {
			clear(digestAt(&d, at))
		}
	}
	return d
}

// sums are hashes by their algorithm's place in hashes.
type sums [len(hashes)][][]byte

func (s *sums) add(at int, sum []byte) { s[at] = append(s[at], sum) }

// strongest returns the place of the strongest algorithm that has a hash; one of its hashes has to fit, whatever weaker
// ones say (SRI, section 3.3.4). -1: there is none.
func (s *sums) strongest() int {
	return slices.IndexFunc(s[:], func(of [][]byte) bool { return len(of) > 0 })
}

// want is what the bytes must be. False: the registry promises nothing that could be checked.
func (s *sums) want() (upstream.Want, bool) {
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
	var said sums
	eachHash(sri, said.add)
	at := said.strongest()
	return at >= 0 && slices.ContainsFunc(said[at], func(sum []byte) bool { return bytes.Equal(sum, digestAt(&got, at)) })
}

// integrity writes the SHA-512 as clients do.
func integrity(d artifact.Digests) string {
	return "sha512-" + base64.StdEncoding.EncodeToString(d.SHA512[:])
}
