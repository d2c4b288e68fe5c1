package iam

import (
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"time"
)

// Caller is a principal at work: who it is, which of its own policies apply, and the circumstances of this request.
// Authentication makes one per request; the rules ask Evaluate with it.
type Caller struct {
	Principal Principal
	Identity  []*Policy
	Boundary  *Policy   // nil means none
	Session   []*Policy // of which one must allow; none of them means that nothing narrows the session
	// Temporary is what is known of the session; zero for a caller with credentials of its own.
	Temporary Temporary
	// Context holds the request's condition keys: aws:sourceip, aws:securetransport, aws:currenttime …
	Context   map[string][]string
	AccessKey string // ID of the key or session that the request is made with; empty where that is not known
	Proof     Proof
	Rulings   *Rulings // how permission is decided for this request; nil if nobody wants to know
	// Circumstances are those of this request, as they were received.
	Circumstances
}

// Temporary is a session as its caller's requests have it.
type Temporary struct {
	ID             string // of its access key; empty without a session
	Principal      string // ID of the role or user whose session it is
	Role           bool   // it is a role's; else it stands for a user
	ExpiresAt      time.Time
	Transitive     []string // keys of the principal's tags that sessions begun with it have as well
	SourceIdentity string
}

// Proof is the signature by which a request says who makes it. It tells one request from another, and is the same each
// time the same one is sent; the zero Proof is of a caller who signed nothing.
type Proof struct {
	Digest [32]byte  // SHA-256 of the signature, which could be used again
	At     time.Time // when it was signed, by the signer's clock
}

// Format writes who the caller is, for every verb: policies are nobody's to print.
func (c Caller) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, c.Principal.ARN) }

// Circumstances are what is known of a request before it is known who makes it. Whoever receives requests knows them: it
// knows its clock, and which proxies to believe.
type Circumstances struct {
	RequestID string
	Source    netip.Addr // where the request comes from; the zero address if that is not known
	Secure    bool       // over TLS, all the way that is known
	At        time.Time
	UserAgent string // as the client calls itself
	// Method and Path are of a package manager's request; empty for a call of an API, whose name says it all. The path is as it is
	// below the format's name, without the repository and without a query: /npm/lodash. No secret is in it.
	Method, Path string
}

// Keys returns them as condition keys (IAM user guide, "AWS global condition context keys"). An address that is not
// known has no key, so that no condition on it holds.
func (c Circumstances) Keys() map[string][]string {
	at := c.At.UTC()
	keys := map[string][]string{
		"aws:currenttime":     {at.Format(time.RFC3339)},
		"aws:epochtime":       {strconv.FormatInt(at.Unix(), 10)},
		"aws:securetransport": {strconv.FormatBool(c.Secure)},
	}
	if c.Source.IsValid() {
		keys["aws:sourceip"] = []string{c.Source.String()}
	}
	return keys
}
