package format

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"entrepot/artifact"
)

// Freshness is how long a client may use an answer without asking again: a Cache-Control value. Everything is private,
// because everything depends on who asks.
type Freshness string

const (
	// Immutable is for what never changes under its URL.
	Immutable Freshness = "private, max-age=31536000, immutable"
	// Revalidate is for what may change at any time: a client asks again, which costs it a 304.
	Revalidate Freshness = "private, no-cache"
)

// MaxAge is for what may be this old, in whole seconds, before a client asks again. Withdrawn versions and changed
// permissions are seen as much later.
func MaxAge(age time.Duration) Freshness {
	return Freshness(fmt.Sprintf("private, max-age=%d", int64(age/time.Second)))
}

// Tag is what a strong entity tag is made of.
type Tag uint8

const (
	// TagSHA256 is the SHA-256: of an asset all of it in hex, of a document its first half.
	TagSHA256 Tag = iota
	// TagMD5 is the MD5 in hex. Bundler before 2.5 compares the tag of an index with the MD5 of what it has, and gives the
	// index up if they differ.
	TagMD5
)

func quotedHex(digest []byte) string { return `"` + hex.EncodeToString(digest) + `"` }

// setDigests names the SHA-256 of the whole content without coding: Repr-Digest of RFC 9530, and Digest of RFC 3230
// before it. Under a Content-Encoding RFC 9530 would have the digest of the coded bytes; the clients that verify it, of
// which Bundler is one, compare it with what they have after decoding.
func setDigests(h http.Header, sum artifact.Digest) {
	text := base64.StdEncoding.EncodeToString(sum[:])
	h["Repr-Digest"] = []string{"sha-256=:" + text + ":"}
	h["Digest"] = []string{"sha-256=" + text}
}

// setChecksums names all digests of the whole content without coding, in the way that Maven's repository managers have.
func setChecksums(h http.Header, d artifact.Digests) {
	h["X-Checksum-Md5"] = []string{hex.EncodeToString(d.MD5[:])}
	h["X-Checksum-Sha1"] = []string{hex.EncodeToString(d.SHA1[:])}
	h["X-Checksum-Sha256"] = []string{d.SHA256.String()}
	h["X-Checksum-Sha512"] = []string{hex.EncodeToString(d.SHA512[:])}
}

// forget takes back what was said about a content that will not come, so that it is not said about the error. What the
// server and Format.Header have set stays.
func forget(h http.Header) {
	for name := range h {
		if contentHeaders[name] || strings.HasPrefix(name, "X-Checksum-") {
			delete(h, name)
		}
	}
}

var contentHeaders = map[string]bool{
	"Accept-Ranges": true, "Cache-Control": true, "Content-Disposition": true, "Content-Encoding": true,
	"Content-Length": true, "Content-Range": true, "Content-Type": true, "Digest": true, "Etag": true,
	"Last-Modified": true, "Repr-Digest": true, "Vary": true,
}
