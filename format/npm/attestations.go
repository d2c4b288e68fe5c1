package npm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/jsonscan"
	"entrepot/upstream"
)

// attestations is the only attachment of an npm version: the sigstore bundles that its registry has about it.
const attestations = "attestations"

// attestationsBase is where every registry has them, below its own address; PACKAGE@VERSION follows.
const attestationsBase = "-/npm/v1/attestations/"

// Bounds on a registry's attestations of one version. There are two or three in practice, of some 10 kB each.
const (
	attestationsForm = "npm attestations 1" // a change of what regenerateAttestations writes changes this
	maxAttestations  = 8 << 20              // bytes of the document
	maxBundles       = 256
)

// getAttestations answers with the bundles that the version's registry has about it or, for a version published here,
// with those that came with it.
func getAttestations(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	v, err := parseSpec(r.PathValue("spec"))
	if err != nil {
		return err
	}
	outside, err := s.Attachment(r.Context(), v, attestations)
	if artifact.Is(err, artifact.NotFound) {
		return ownAttestations(w, r, s, v)
	}
	if err != nil {
		return err
	}
	defer outside.Close()
	body, err := io.ReadAll(io.LimitReader(outside, maxAttestations+1))
	if err != nil {
		return fmt.Errorf("read attestations of %s: %w", v, err)
	}
	if len(body) > maxAttestations {
		return fmt.Errorf("read attestations of %s: more than %d bytes are kept", v, maxAttestations)
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: mediaType, Body: body})
}

// parseSpec reads PACKAGE@VERSION.
func parseSpec(spec string) (artifact.VersionKey, error) {
	at := strings.LastIndexByte(spec, '@')
	if at <= 0 {
		return artifact.VersionKey{}, invalid("%.300q is not PACKAGE@VERSION.", spec)
	}
	p, err := parseName(spec[:at])
	if err != nil {
		return artifact.VersionKey{}, err
	}
	number := canonicalVersion(spec[at+1:])
	if _, err := parseVersion(number); err != nil {
		return artifact.VersionKey{}, invalid("%.300q is not PACKAGE@VERSION: %s.", spec, err)
	}
	return p.At(number), nil
}

func ownAttestations(w http.ResponseWriter, r *http.Request, s format.Shelf, key artifact.VersionKey) error {
	view, err := s.View(r.Context(), key.PackageKey)
	if err != nil {
		return err
	}
	v, err := pick(view, key.Version)
	if err != nil {
		return err
	}
	kept, err := factsOf(v)
	if err != nil {
		return err
	}
	if len(kept.Bundles) == 0 {
		return notFound("There are no attestations of %s %s.", fullName(key.PackageKey), key.Version)
	}
	return format.ServeJSON(w, r, http.StatusOK, struct {
		Attestations []attestation `json:"attestations"`
	}{kept.Bundles})
}

// attestationsAddress returns dist.attestations.url; empty if the registry gives none that could be one.
func attestationsAddress(dist jsonscan.Members) (string, error) {
	all, err := objectOf(dist.Find("attestations"))
	address, _ := all.Text("url")
	if len(address) > jsonscan.MaxKey {
		address = ""
	}
	return address, err
}

// Attachment follows repository.Source.
func (s *source) Attachment(ctx context.Context, v artifact.Version, name string) (io.ReadCloser, error) {
	spec := fullName(v.PackageKey) + "@" + v.Version
	kept, err := factsOf(v)
	if err != nil {
		return nil, err
	}
	if name != attestations || kept.Attestations == "" {
		return nil, notFound("The registry has no %.100s of %s.", name, spec).
			About(artifact.VersionResource, v.VersionKey.String())
	}
	request := upstream.DocumentRequest{
		Connection: s.connection,
		Accept:     "application/json",
		Regenerate: func(dst io.Writer, src io.Reader) error { return regenerateAttestations(dst, src, spec) },
		// What fits one version does not fit another, should a registry give both the same address.
		RegenerateVersion: attestationsForm + " " + spec,
	}
	if err := point(&request, kept.Attestations); err != nil {
		return nil, err
	}
	doc, err := s.client.Document(ctx, request)
	if artifact.Is(err, artifact.Invalid) { // an address that could leave the registry is its fault, not the caller's
		return nil, unusable(kept.Attestations).Causing(err)
	}
	if err != nil {
		return nil, err
	}
	return doc.Open(ctx)
}

// point makes the request ask at an address out of metadata. npm asks its own registry whatever host the address names,
// because mirrors forward the address of the registry behind them; so does this server, unless the address is not of
// the usual form: then it is taken at its word, as far as the fetching room goes there.
func point(request *upstream.DocumentRequest, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return unusable(address).Causing(err)
	}
	if _, spec, usual := strings.Cut(u.EscapedPath(), "/"+attestationsBase); usual && spec != "" {
		request.Path = attestationsBase + spec
		return nil
	}
	if u.Host == "" {
		return unusable(address)
	}
	request.URL = address
	return nil
}

func unusable(address string) *artifact.Error {
	return artifact.Errorf(artifact.Unavailable,
		"The registry gives an address of attestations that cannot be used: %.200q.",
		address)
}

// regenerateAttestations reads a registry's attestations of a version, given as @scope/name@version, and writes them
// anew: of each its predicateType and its bundle, byte for byte but for white space between tokens. The document as a
// whole is refused if it is not one, passes a limit, or has a bundle that says it is about something else.
func regenerateAttestations(dst io.Writer, src io.Reader, spec string) error {
	limited := &io.LimitedReader{R: src, N: maxAttestations + 1}
	g := attestationsReader{spec: spec, scan: jsonscan.New(limited)}
	err := g.scan.Object(g.member)
	if err == nil {
		err = g.scan.Finish()
	}
	switch {
	case limited.N == 0:
		err = fmt.Errorf("they have more than %d bytes", maxAttestations)
	case err == nil && !g.listed:
		err = errors.New("they are not a document of attestations")
	}
	if err != nil {
		return fmt.Errorf("read attestations of %s: %w", spec, err)
	}
	return g.write(dst)
}

type attestationsReader struct {
	spec   string
	scan   *jsonscan.Scanner
	all    []jsonscan.Members
	listed bool
}

func (g *attestationsReader) member(key string) error {
	if key != "attestations" {
		return g.scan.Skip()
	}
	g.listed = true
	return g.scan.Array(g.one)
}

func (g *attestationsReader) one() error {
	if len(g.all) == maxBundles {
		return fmt.Errorf("they are more than %d", maxBundles)
	}
	var kind, bundle []byte
	err := g.scan.Object(func(key string) (err error) {
		switch key {
		case "predicateType":
			kind, err = g.scan.Raw(jsonscan.MaxKey)
		case "bundle":
			bundle, err = g.scan.Raw(maxAttestations)
		default:
			err = g.scan.Skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	if _, ok := jsonscan.AsText(kind); !ok {
		return fmt.Errorf("attestation %d has no predicateType", len(g.all))
	}
	said, found, err := statementOf(bundle)
	if err != nil {
		return fmt.Errorf("attestation %d: %w", len(g.all), err)
	}
	if found && !said.ofVersion(g.spec) {
		return fmt.Errorf("attestation %d is about %.300q", len(g.all), said.subjects[0].name)
	}
	g.all = append(g.all, jsonscan.Members{{Key: "predicateType", Value: kind}, {Key: "bundle", Value: bundle}})
	return nil
}

func (g *attestationsReader) write(dst io.Writer) error {
	out := bufio.NewWriter(dst)
	_, _ = out.WriteString(`{"attestations":[`) // a bufio.Writer keeps its first error for Flush
	for i, one := range g.all {
		if i > 0 {
			_, _ = out.WriteString(",")
		}
		_, _ = out.Write(one.Append(nil))
	}
	_, _ = out.WriteString("]}")
	return out.Flush()
}
