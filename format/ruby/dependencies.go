package ruby

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"

	"golang.org/x/sync/errgroup"
)

// maxAsked bounds the gems of one request for dependencies. Bundler asks for 50 at a time.
const maxAsked = 200

// atOnce is how many of them are looked up at a time: a registry may have to be asked for each.
const atOnce = 8

// getDependencies answers with what all gems of some names need to run, marshalled: the dependency API, which Bundler asks where
// there is no list of versions. Without names it is a probe. Names that are not known have no gems,
// nor have those that no gem can be called: the others of the request are answered.
func getDependencies(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	asked := r.URL.Query().Get("gems")
	if asked == "" {
		return format.ServeAnswer(w, r, format.Answer{ContentType: octets})
	}
	names := strings.Split(asked, ",")
	if len(names) > maxAsked {
		return format.WithStatus(http.StatusUnprocessableEntity, invalid("Too many gems! (use less than %d)", maxAsked))
	}
	parts := make([]needs, len(names))
	group, ctx := errgroup.WithContext(r.Context())
	group.SetLimit(atOnce)
	for i, name := range names {
		group.Go(func() error {
			p, err := parseName(name)
			if err != nil {
				return nil
			}
			d, err := s.Document(ctx, p, "dependencies", renderDependencies)
			if artifact.Is(err, artifact.NotFound) {
				return nil
			}
			if err == nil {
				parts[i], err = readNeeds(d)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: octets, Body: joinNeeds(parts)})
}

// gemsAsked counts a request for dependencies as one for each gem (user guide, "Quotas": requests with one authentication token).
func gemsAsked(r *http.Request) int {
	return min(1+strings.Count(r.URL.Query().Get("gems"), ","), maxAsked)
}

// needs is what is kept of a name for the dependency API: how many gems it has, and a marshalled hash of each, one behind the
// other.
type needs struct {
	count int
	gems  []byte
}

// renderDependencies writes what readNeeds reads: the count in a line, and the gems.
func renderDependencies(w io.Writer, v repository.View) error {
	all, err := listedGems(v.Versions)
	if err != nil {
		return err
	}
	m := &marshaller{}
	for _, l := range all {
		needed, err := parseDependencies(l.Dependencies)
		if err != nil {
			return err
		}
		m.hash(4)
		for _, pair := range [][2]string{{"name", l.name}, {"number", l.version}, {"platform", l.platform}} {
			m.symbol(pair[0])
			m.string(pair[1])
		}
		m.symbol("dependencies")
		m.array(len(needed))
		for _, d := range needed {
			m.strings([]string{d.name, d.requirement.join(", ")})
		}
	}
	_, err = fmt.Fprintf(w, "%d\n%s", len(all), m.buf)
	return err
}

func readNeeds(d repository.Document) (needs, error) {
	text, err := format.ReadDocument(d)
	if err != nil {
		return needs{}, err
	}
	count, gems, _ := bytes.Cut(text, []byte("\n"))
	n, err := strconv.Atoi(string(count))
	if err != nil {
		return needs{}, fmt.Errorf("read dependencies: %w", err)
	}
	return needs{n, gems}, nil
}

func joinNeeds(parts []needs) []byte {
	total := 0
	for _, part := range parts {
		total += part.count
	}
	m := &marshaller{}
	m.raw(marshalHeader)
	m.array(total)
	for _, part := range parts {
		m.buf = append(m.buf, part.gems...)
	}
	return m.buf
}
