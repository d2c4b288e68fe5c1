package cargo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
	"entrepot/format/keptpage"
	"entrepot/repository"
	"entrepot/upstream"
)

// Bounds on a registry's index file. The largest seen in practice has some thousand versions, and lines of 200 KB.
const (
	maxLine     = 4 << 20 // bytes
	maxVersions = 100_000
	maxConfig   = 64 << 10 // bytes of config.json
)

// indexFiles is how the files of a registry's index are kept: of each version its checksum and, on the next line, its manifest.
var indexFiles = keptpage.Form{
	Name:       "cargo 1",
	Path:       registryPath,
	Accept:     "text/plain",
	Room:       64 << 20,
	Regenerate: regenerate,
	Read:       readKept,
	Describe:   describeKept,
}

// registryPath is where a registry has the file about a crate. NotFound: no registry can have one of that name.
func registryPath(p artifact.PackageKey) (path string, err error) {
	if _, err := parseName(p.Name); err != nil {
		return "", err
	}
	return indexPath(p.Name), nil
}

// regenerate reads the file about a crate in a registry's index and writes what is kept of it. Lines that no client could use
// are left out; of a version that comes twice the last line counts.
func regenerate(dst io.Writer, src io.Reader, p artifact.PackageKey) (left keptpage.LeftOut, err error) {
	out := keptpage.NewWriter(dst)
	in := bufio.NewScanner(src)
	in.Buffer(make([]byte, 0, 64<<10), maxLine)
	var index []keptpage.Place
	last := map[string]int{}
	for in.Scan() {
		text := bytes.TrimSpace(in.Bytes())
		if len(text) == 0 {
			continue
		}
		l, err := readLine(text, p)
		if err != nil {
			left.Note("the line %.60q: %s", text, err)
			continue
		}
		kept, err := l.kept(p)
		if err != nil {
			return left, err
		}
		where, err := out.Add(l.version, kept)
		if err != nil {
			return left, err
		}
		where.Time, where.Unlisted = l.published, l.yanked
		last[l.version] = len(index)
		if index = append(index, where); len(index) > maxVersions {
			return left, fmt.Errorf("it has more than %d versions", maxVersions)
		}
	}
	if err := in.Err(); err != nil {
		return left, fmt.Errorf("read the index file of %s: %w", p.Name, err)
	}
	h := keptpage.Head{Labels: map[string]string{}, Manifest: []byte("{}")}
	for i, where := range index {
		if last[where.Version] == i {
			h.Index = append(h.Index, where)
		}
	}
	return left, out.Finish(h)
}

// kept is what is kept of a version.
func (l listed) kept(p artifact.PackageKey) ([]byte, error) {
	manifest, err := newManifest(l.line, about{})
	if err != nil {
		return nil, err
	}
	return append([]byte(strings.ToLower(l.checksum)+" "+assetOf(p.At(l.version))+"\n"), manifest...), nil
}

// readKept takes a version apart that is kept.
func readKept(kept []byte) ([]byte, []artifact.Asset, error) {
	first, manifest, _ := bytes.Cut(kept, []byte{'\n'})
	sum, name, _ := strings.Cut(string(first), " ")
	digest, err := artifact.ParseDigest(sum)
	if err != nil {
		return nil, nil, err
	}
	return manifest, []artifact.Asset{{Name: name, Size: -1, Digests: artifact.Digests{SHA256: digest}}}, nil
}

// describeKept tells what an index knows. Once a crate has been fetched it tells for itself (describeCrate).
func describeKept(v artifact.Version) (artifact.Details, error) {
	line, err := lineOf(v.Manifest)
	if err != nil {
		return artifact.Details{}, err
	}
	name, err := nameIn(line)
	if err != nil {
		return artifact.Details{}, err
	}
	needs, err := dependencies(line)
	return artifact.Details{DisplayName: name, Dependencies: needs}, err
}

// nameIn is the name in a line, as it was published.
func nameIn(line []byte) (string, error) {
	all, err := jsonscan.Split(line)
	if err != nil {
		return "", err
	}
	name, ok := all.Text("name")
	if !ok {
		return "", errManifest
	}
	return name, nil
}

// source is a registry behind an external connection.
type source struct {
	*keptpage.Registry
	client     *upstream.Client
	connection string
}

var _ repository.Source = (*source)(nil)

func newSource(c *upstream.Client, connection string) repository.Source {
	return &source{keptpage.NewRegistry(c, connection, &indexFiles), c, connection}
}

// Asset follows repository.Source. Flight, Open and Keep are the caller's to fill in.
func (s *source) Asset(ctx context.Context, v artifact.Version, name string) (upstream.AssetRequest, error) {
	if name != assetOf(v.VersionKey) {
		return upstream.AssetRequest{}, notFound("A version of a crate has the asset %s only.", assetOf(v.VersionKey)).
			About(artifact.AssetResource, name)
	}
	line, err := lineOf(v.Manifest)
	if err != nil {
		return upstream.AssetRequest{}, fmt.Errorf("read manifest of %s: %w", v.VersionKey, err)
	}
	all, err := jsonscan.Split(line)
	if err != nil {
		return upstream.AssetRequest{}, fmt.Errorf("read manifest of %s: %w", v.VersionKey, err)
	}
	published, _ := all.Text("name")
	checksum, _ := all.Text("cksum")
	sum, err := hex.DecodeString(checksum)
	if err != nil {
		return upstream.AssetRequest{}, fmt.Errorf("read manifest of %s: %w", v.VersionKey, err)
	}
	template, err := s.downloads(ctx)
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	// The registry lists it. That its download host lacked it a moment ago, just after it was published, is not believed.
	return upstream.AssetRequest{Connection: s.connection, URL: expand(template, published, v.VersionKey.Version, checksum),
		Want: upstream.Want{SHA256: sum}, Refresh: true}, nil
}

// Attachment follows repository.Source: a registry of this format keeps nothing beside its crates.
func (s *source) Attachment(_ context.Context, v artifact.Version, name string) (io.ReadCloser, error) {
	return nil, notFound("A registry of crates has no %s of %s.", name, v.Qualified())
}

// downloads asks the registry where its crates are: the dl of its config.json.
func (s *source) downloads(ctx context.Context) (string, error) {
	config, err := s.client.Document(ctx, upstream.DocumentRequest{
		Connection: s.connection, Path: "config.json", Accept: jsonType, Max: maxConfig, Essential: "config.json",
		Regenerate: regenerateConfig, RegenerateVersion: "cargo config 1",
	})
	if err != nil {
		return "", err
	}
	template, err := config.ReadAll(ctx)
	return string(template), err
}

// regenerateConfig keeps dl of a config.json.
func regenerateConfig(dst io.Writer, src io.Reader) error {
	var config struct {
		DL string `json:"dl"`
	}
	if err := json.NewDecoder(src).Decode(&config); err != nil {
		return fmt.Errorf("read config.json: %w", err)
	}
	if address, err := url.Parse(config.DL); err != nil || address.Host == "" {
		return errors.New("its dl is no address")
	}
	_, err := io.WriteString(dst, config.DL)
	return err
}

// expand makes the address of a crate of a dl (Cargo's book, "Index configuration").
func expand(template, name, version, checksum string) string {
	markers := strings.NewReplacer("{crate}", name, "{version}", version, "{prefix}", prefix(name),
		"{lowerprefix}", prefix(strings.ToLower(name)), "{sha256-checksum}", checksum)
	if address := markers.Replace(template); address != template {
		return address
	}
	return template + "/" + name + "/" + version + "/download"
}
