package npm

import (
	"fmt"
	"time"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// addresses makes the URLs of one package.
type addresses struct {
	tarball      []byte // up to the version, as the inside of a JSON string
	attestations []byte
}

func addressesOf(url func(path string) string, p artifact.PackageKey) addresses {
	inside := func(text string) []byte {
		q := jsonscan.Quoted(text)
		return q[1 : len(q)-1]
	}
	return addresses{
		tarball:      inside(url(escapedName(p) + "/-/" + escapedBase(p) + "-")),
		attestations: inside(url(attestationsBase + escapedName(p) + "@")),
	}
}

// shownTime is the public registry's time where there is one (user guide, "package version age gating").
func shownTime(v artifact.Version) time.Time {
	if !v.UpstreamTime.IsZero() {
		return v.UpstreamTime
	}
	return v.PublishedAt
}

// appendVersion writes one version object out of its manifest.
func appendVersion(dst []byte, v artifact.Version, full bool, at addresses) ([]byte, error) {
	m, err := cutManifest(v.Manifest)
	if err != nil {
		return dst, fmt.Errorf("render %s: %w", v.VersionKey, err)
	}
	dst = append(dst, m.listed[:len(m.listed)-1]...)
	if full {
		dst = appendInside(dst, m.rest)
		dst = append(comma(dst), `"_id":`...)
		dst = jsonscan.AppendQuoted(dst, fullName(v.PackageKey)+"@"+v.Version)
	}
	dst = append(comma(dst), `"dist":`...)
	dst = append(dst, m.dist[:len(m.dist)-1]...)
	if len(m.attestations) > len("{}") {
		dst = append(comma(dst), `"attestations":`...)
		dst = append(dst, m.attestations[:len(m.attestations)-1]...)
		dst = append(comma(dst), `"url":"`...)
		dst = append(append(append(dst, at.attestations...), v.Version...), `"}`...)
	}
	dst = append(comma(dst), `"tarball":"`...)
	dst = append(append(dst, at.tarball...), v.Version...)
	return append(dst, `.tgz"}}`...), nil
}

// comma separates a member from the one before, unless the object has just begun.
func comma(dst []byte) []byte {
	if dst[len(dst)-1] == '{' {
		return dst
	}
	return append(dst, ',')
}

// appendInside adds the members of object to the one being written.
func appendInside(dst, object []byte) []byte {
	if len(object) == len("{}") {
		return dst
	}
	return append(comma(dst), object[1:len(object)-1]...)
}
