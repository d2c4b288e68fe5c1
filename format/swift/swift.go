// Package swift is the protocol of Swift package registries, as SwiftPM and Xcode speak it (SE-0292 and its successors,
// version 1 of the registry's interface).
//
// A release is a source archive, with the manifests that lie at its top beside it: clients read those to decide, and unpack
// the archive that they decide for. What a publisher signed is passed on to the last byte. There is no public registry of
// the protocol: packages are published here, or come from the repositories upstream and from remotes.
package swift

import (
	"net/http"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// Format returns the registration of Swift. Scope and name are kept in lower case, and the API takes them in any (user guide,
// "Swift package name and namespace normalization").
func Format() format.Format {
	return format.Format{
		Name:    artifact.Swift,
		Traits:  repository.Traits{Canonical: canonical, CanonicalAPI: true, FoldVersion: withoutBuild},
		Rewrite: rewrite,
		Header:  header,
		Routes: []format.Route{
			{Pattern: "GET /{scope}/{name}", Handler: negotiated(getReleases)},
			{Pattern: "GET /{scope}/{name}/{version}", Handler: negotiated(getRelease)},
			{Pattern: "GET /{scope}/{name}/{version}/" + manifestFile, Handler: negotiated(getManifest)},
			{Pattern: "PUT /{scope}/{name}/{version}", Handler: negotiated(putRelease)},
			{Pattern: "GET /identifiers", Handler: negotiated(getIdentifiers)},
			{Pattern: "GET /availability", Handler: ready},
			{Pattern: "POST /login", Handler: ready},
		},
		Fail:   fail,
		Source: newSource,
		Tools:  tools,
	}
}

// rewrite lets a base that ends in a slash be joined with a path that begins with one.
func rewrite(escaped string) string { return "/" + strings.TrimLeft(escaped, "/") }

// header is on every answer: the version of the interface, without which clients believe nothing. SwiftPM logs in and publishes
// with one request, and crashes now and then at its end when the connection is still open.
func header(h http.Header, r *http.Request) {
	h["Content-Version"] = []string{"1"}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h["Connection"] = []string{"close"}
	}
}

// ready answers whoever may read here with 200: that the repository is to be had, and that a token is good. A login that is
// answered in any other way has failed.
func ready(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: "application/json", Body: []byte("{}")})
}
