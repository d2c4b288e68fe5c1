package upstream

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"entrepot/artifact"
)

// Want is what is known about an asset before it comes. Every field that is given must be met. A digest of zeros is one
// like another, which no bytes meet; nil is none.
type Want struct {
	Size   int64 // bytes; zero or less when unknown: an empty asset is never taken
	MD5    []byte
	SHA1   []byte
	SHA256 []byte
	SHA512 []byte
	// AnyOf are what one alone of is enough, if there are any (Subresource Integrity: several hashes of one algorithm).
	AnyOf []Want
}

func (w Want) digests() []wantedDigest {
	return []wantedDigest{
		{"md5", w.MD5, func(d artifact.Digests) []byte { return d.MD5[:] }},
		{"sha1", w.SHA1, func(d artifact.Digests) []byte { return d.SHA1[:] }},
		{"sha256", w.SHA256, func(d artifact.Digests) []byte { return d.SHA256[:] }},
		{"sha512", w.SHA512, func(d artifact.Digests) []byte { return d.SHA512[:] }},
	}
}

type wantedDigest struct {
	name string
	want []byte
	got  func(artifact.Digests) []byte
}

// anyDigest reports whether at least one digest is given.
func (w Want) anyDigest() bool {
	return len(w.MD5)+len(w.SHA1)+len(w.SHA256)+len(w.SHA512) > 0 ||
		len(w.AnyOf) > 0 && !slices.ContainsFunc(w.AnyOf, func(one Want) bool { return !one.anyDigest() })
}

// check refuses a digest of the wrong length, which nothing could ever meet.
func (w Want) check() error {
	for _, d := range w.digests() {
		if n := len(d.got(artifact.Digests{})); len(d.want) != 0 && len(d.want) != n {
			return artifact.Errorf(artifact.Invalid, "The wanted %s has %d bytes instead of %d.",
				d.name, len(d.want), n)
		}
	}
	for _, one := range w.AnyOf {
		if err := one.check(); err != nil {
			return err
		}
	}
	return nil
}

// mismatch returns the first thing that is not as wanted, and false if everything is.
func (w Want) mismatch(got artifact.Digests, size int64) (Mismatch, bool) {
	if w.Size > 0 && w.Size != size {
		return Mismatch{What: "size", Want: strconv.FormatInt(w.Size, 10), Got: strconv.FormatInt(size, 10)}, true
	}
	for _, d := range w.digests() {
		if sum := d.got(got); len(d.want) > 0 && !bytes.Equal(d.want, sum) {
			return Mismatch{What: d.name, Want: hex.EncodeToString(d.want), Got: hex.EncodeToString(sum)}, true
		}
	}
	return w.noneOf(got, size)
}

// noneOf returns what is wrong with the first of AnyOf, if something is wrong with each; it names what all of them want.
func (w Want) noneOf(got artifact.Digests, size int64) (first Mismatch, differs bool) {
	for i, one := range w.AnyOf {
		m, differs := one.mismatch(got, size)
		switch {
		case !differs:
			return Mismatch{}, false
		case i == 0:
			first = m
		default:
			first.Want += " or " + m.Want
		}
	}
	return first, len(w.AnyOf) > 0
}

// ErrMismatch marks bytes that arrived whole and are not what was promised. It is the cause of an Unavailable error: who
// tries again at once gets the same.
var ErrMismatch = fmt.Errorf("%w: it is not what was promised", errContent)
