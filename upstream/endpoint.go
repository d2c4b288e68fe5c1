package upstream

import (
	"net/url"
	"slices"
	"strings"

	"entrepot/artifact"
)

// Endpoint is where a repository with the API of CodeArtifact serves its formats, as GetRepositoryEndpoint tells it: at
// https://DOMAIN-OWNER.d.codeartifact.REGION.amazonaws.com/FORMAT/REPOSITORY/, or below a path at DOMAIN-OWNER/FORMAT/REPOSITORY/.
type Endpoint struct {
	Domain     artifact.DomainKey
	Repository string
	server     url.URL // without a path, and with the host as the URL has it
	before     string  // the path before the format, with a slash at its end
}

// ownerDigits is the length of an account's number.
const ownerDigits = 12

// ParseEndpoint reads the endpoint of a repository for any format. The error is Invalid and says what one looks like.
func ParseEndpoint(text string) (Endpoint, error) {
	refuse := func() (Endpoint, error) {
		return Endpoint{}, artifact.Errorf(artifact.Invalid, "This is not the endpoint of a repository, which is .../FORMAT/REPOSITORY/ at a "+
			"host or below a path that names DOMAIN-ACCOUNT, as get-repository-endpoint prints it. A registry of another kind names its format.")
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.RawPath != "" || len(text) > maxURL {
		return refuse()
	}
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(segments) < 2 || !artifact.Format(segments[len(segments)-2]).Valid() {
		return refuse()
	}
	e := Endpoint{Repository: segments[len(segments)-1], server: url.URL{Scheme: u.Scheme, Host: u.Host}}
	ahead := segments[:len(segments)-2]
	host, _, _ := strings.Cut(u.Hostname(), ".")
	named := false
	if len(ahead) > 0 {
		e.Domain, named = domainOf(ahead[len(ahead)-1])
	}
	if !named {
		e.Domain, named = domainOf(host)
	}
	if !named || e.Repository == "" || slices.Contains(segments, "") {
		return refuse()
	}
	e.before = "/"
	if len(ahead) > 0 {
		e.before = "/" + strings.Join(ahead, "/") + "/"
	}
	return e, nil
}

// domainOf reads DOMAIN-OWNER.
func domainOf(label string) (artifact.DomainKey, bool) {
	at := len(label) - ownerDigits - 1
	if at < 1 || label[at] != '-' || strings.ContainsFunc(label[at+1:], func(c rune) bool { return c < '0' || c > '9' }) {
		return artifact.DomainKey{}, false
	}
	return artifact.DomainKey{Owner: artifact.AccountID(label[at+1:]), Name: label[:at]}, true
}

// For is the repository's address for a format.
func (e Endpoint) For(f artifact.Format) *url.URL {
	u := e.server
	u.Path = e.before + string(f) + "/" + e.Repository + "/"
	return &u
}

// awsHost is what hosts of AWS's repositories have behind the domain: .d.codeartifact.REGION.amazonaws.com.
const awsHost = ".d.codeartifact."

// Server is the address of the API beside the repositories: the same host, but for AWS's own.
func (e Endpoint) Server() string {
	u := e.server
	if _, region, ok := strings.Cut(u.Host, awsHost); ok {
		u.Host = "codeartifact." + region
	}
	return u.String()
}
