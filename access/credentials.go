package access

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"entrepot/artifact"
)

const maxCredentialBytes = 8 << 10 // of one header

// credentialHeaders are where package managers put a token. The query is none of them: URLs end up in logs. The first that
// carries one counts: NuGet signs in by Authorization, and sends beside it whatever its user gave as the key of a push, which
// many tutorials have as "az" or "x".
var credentialHeaders = []struct {
	name string
	read func(value string) (token string, ok bool)
}{
	{authorizationHeader, readAuthorization},
	{pushKeyHeader, func(value string) (string, bool) { return value, true }},
}

const (
	authorizationHeader = "Authorization"
	pushKeyHeader       = "X-Nuget-Apikey"
)

// nobody is the Basic credential of no user with no password. .NET answers every challenge with it when it has nothing to say.
const nobody = "Basic Og=="

// authorizationSchemes are the ways an Authorization header carries a token. Clients differ: npm sends Bearer; pip,
// twine, Maven, NuGet and Swift send Basic, with whatever user name their login command chose; Cargo and RubyGems send
// the configured text as it is.
var authorizationSchemes = []struct {
	scheme string
	read   func(rest string) (token string, ok bool)
}{
	{"bearer", func(rest string) (string, bool) { return rest, true }},
	{"basic", readBasic},
}

// Credential finds the token in a package manager's request. Unauthenticated if there is none, if its header is
// malformed, or if that is there several times with different ones: then nobody can say who is meant.
func Credential(h http.Header) (artifact.Secret, error) {
	found := ""
	for _, header := range credentialHeaders {
		if found != "" {
			break
		}
		for _, value := range offered(h, header.name) {
			if len(value) > maxCredentialBytes {
				return artifact.Secret{}, malformed(header.name)
			}
			token, ok := header.read(strings.TrimSpace(value))
			if !ok || token == "" || strings.ContainsFunc(token, notInToken) {
				return artifact.Secret{}, malformed(header.name)
			}
			if found != "" && found != token {
				return artifact.Secret{}, artifact.Errorf(artifact.Unauthenticated,
					"The request carries several different credentials.")
			}
			found = token
		}
	}
	if found == "" {
		return artifact.Secret{}, artifact.Errorf(artifact.Unauthenticated,
			"The request carries no authorization token.")
	}
	return artifact.NewSecret(found), nil
}

// offered are the values of a header, but for those of nobody.
func offered(h http.Header, name string) []string {
	values := h[name]
	if slices.Contains(values, nobody) {
		values = slices.DeleteFunc(slices.Clone(values), func(value string) bool { return value == nobody })
	}
	return values
}

// offersNone reports whether a request has none of the headers in which package managers put a token.
func offersNone(h http.Header) bool {
	for _, header := range credentialHeaders {
		if len(offered(h, header.name)) > 0 {
			return false
		}
	}
	return true
}

// Attempts reports whether a request tries to sign in: by a header, or by an AWS signature in its query. The key of a push of
// NuGet is an attempt only where it could be a token. It comes with every push, before the client was asked to sign in.
func Attempts(r *http.Request) bool {
	return len(offered(r.Header, authorizationHeader)) > 0 ||
		slices.ContainsFunc(r.Header[pushKeyHeader], func(key string) bool { return strings.HasPrefix(key, tokenPrefix) }) ||
		strings.Contains(r.URL.RawQuery, "X-Amz-Signature=")
}

// malformed names the header, never its value.
func malformed(header string) *artifact.Error {
	return artifact.Errorf(artifact.Unauthenticated, "The %s header carries no authorization token.", header)
}

func readAuthorization(value string) (string, bool) {
	scheme, rest, spaced := strings.Cut(value, " ")
	if !spaced {
		return value, true
	}
	for _, s := range authorizationSchemes {
		if strings.EqualFold(s.scheme, scheme) {
			return s.read(strings.TrimSpace(rest))
		}
	}
	return "", false
}

func readBasic(rest string) (string, bool) {
	pair, err := base64.StdEncoding.Strict().DecodeString(rest)
	if err != nil {
		return "", false
	}
	_, password, ok := strings.Cut(string(pair), ":")
	return password, ok
}

// notInToken refuses everything but visible ASCII; tokens hold less than that.
func notInToken(c rune) bool { return c <= ' ' || c >= 0x7f }
