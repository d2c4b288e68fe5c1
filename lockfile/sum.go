package lockfile

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// Sum is a digest.
type Sum struct {
	Algorithm string // MD5, SHA-1, SHA-256 or SHA-512, as the API calls them
	Hex       string // in small letters
}

// algorithms are the digests that can be compared, the weakest first.
var algorithms = []struct {
	name    string // in the API
	written string // in lockfiles
	size    int    // bytes
}{
	{"MD5", "md5", md5.Size},
	{"SHA-1", "sha1", sha1.Size},
	{"SHA-256", "sha256", sha256.Size},
	{"SHA-512", "sha512", sha512.Size},
}

// sumOf is a digest from its bytes; ok is false for one that cannot be compared.
func sumOf(algorithm string, raw []byte) (s Sum, ok bool) {
	for _, a := range algorithms {
		if a.written == algorithm && a.size == len(raw) {
			return Sum{a.name, hex.EncodeToString(raw)}, true
		}
	}
	return Sum{}, false
}

// integrity reads digests as browsers and npm's clients write them: sha512-BASE64, several of them with spaces between
// (Subresource Integrity, "The integrity attribute"). Those of unknown algorithms are passed over.
func integrity(text string) []Sum {
	var sums []Sum
	for _, one := range strings.Fields(text) {
		algorithm, value, _ := strings.Cut(one, "-")
		value, _, _ = strings.Cut(value, "?")
		raw, err := base64.StdEncoding.DecodeString(value)
		if s, ok := sumOf(algorithm, raw); ok && err == nil {
			sums = append(sums, s)
		}
	}
	return sums
}

// colon reads a digest as Python's clients write it: sha256:HEX.
func colon(text string) []Sum {
	algorithm, value, _ := strings.Cut(strings.TrimSpace(text), ":")
	return inHex(algorithm, value)
}

// inHex reads a digest in hex.
func inHex(algorithm, value string) []Sum {
	raw, err := hex.DecodeString(value)
	if s, ok := sumOf(algorithm, raw); ok && err == nil {
		return []Sum{s}
	}
	return nil
}

// Verdict is what a pin says of a file that a version has.
type Verdict int

// The verdicts.
const (
	Unlisted Verdict = iota // the pin knows other files
	Unproven                // it is meant, and there is no digest on both sides
	Right                   // it is meant, and it is the one
	Wrong                   // it is meant, and it is another
)

// Judge says whether a file of the version is one that the pin means. hashes are its digests by the names of the API.
func (p Pin) Judge(name string, hashes map[string]string) Verdict {
	if len(p.Files) == 0 {
		return Unproven
	}
	verdict := Unlisted
	for _, f := range p.Files {
		compared, same := f.compare(hashes)
		switch {
		case f.Name != "" && f.Name != name:
		case compared && same:
			return Right
		case f.Name != "" && compared:
			verdict = Wrong
		case verdict == Unlisted && !compared:
			verdict = Unproven
		}
	}
	return verdict
}

// compare compares by the strongest digest that both sides have, as npm does: what else is written beside it counts for nothing.
func (f File) compare(hashes map[string]string) (compared, same bool) {
	for i := len(algorithms) - 1; i >= 0; i-- {
		got, known := hashes[algorithms[i].name]
		for _, want := range f.Sums {
			if known && want.Algorithm == algorithms[i].name {
				compared = true
				same = same || want.Hex == got
			}
		}
		if compared {
			return true, same
		}
	}
	return false, false
}
