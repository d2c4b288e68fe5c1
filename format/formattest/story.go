package formattest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// story is a test of a shelf: a domain, its external registries, and what people do with them. Versions are written
// name@version and are packages of the made-up format in the namespace acme. Files are written name=content.
type story struct {
	*Domain
	t                testing.TB
	shelf            func(name string) format.Shelf
	central, clojars *offers
}

// key reads name@version, or a name alone.
func key(coordinate string) artifact.VersionKey {
	name, version, _ := strings.Cut(coordinate, "@")
	return artifact.PackageKey{Format: artifact.Maven, Namespace: "acme", Name: name}.At(version)
}

// behind makes the chain of most stories, behind the first registry.
func (s *story) behind() {
	s.t.Helper()
	s.Chain(central)
}

// open lets a package come into a repository from both sides, before it is there.
func (s *story) open(repo, coordinate string) {
	s.t.Helper()
	s.Control(repo, key(coordinate).PackageKey, artifact.Allow, artifact.Allow)
}

// must ends the story on an error.
func (s *story) must(err error) {
	s.t.Helper()
	s.check(err)
}

// refuses checks the kind of an error.
func (s *story) refuses(kind artifact.Kind, err error) {
	s.t.Helper()
	if !artifact.Is(err, kind) {
		s.t.Fatalf("got %v, want an error of kind %s", err, kind)
	}
}

// publication is one of a version with files, whose manifest is their names.
func publication(coordinate string, files ...string) repository.Publication {
	var names []string
	for _, f := range files {
		name, _, _ := strings.Cut(f, "=")
		names = append(names, name)
	}
	listed := strings.Join(names, " ")
	return repository.Publication{
		VersionKey: key(coordinate), Manifest: []byte(listed),
		Merge: func(held artifact.Version) ([]byte, artifact.Details, error) {
			return []byte(string(held.Manifest) + " " + listed), held.Details, nil
		},
	}
}

// tryPublish publishes files with what else a publication has.
func (s *story) tryPublish(ctx context.Context, on format.Shelf, p repository.Publication,
	files ...string) (artifact.Version, error) {
	for _, f := range files {
		name, content, _ := strings.Cut(f, "=")
		upload, err := on.Stage(ctx)
		if err != nil {
			return artifact.Version{}, err
		}
		defer func() { _ = upload.Discard() }()
		if _, err := io.WriteString(upload, content); err != nil {
			return artifact.Version{}, err
		}
		p.Assets = append(p.Assets, repository.StagedAsset{Name: name, Facts: []byte("facts of " + name), Upload: upload})
	}
	return on.Publish(ctx, p)
}

// publish publishes a version, or files for one that is there.
func (s *story) publish(repo, coordinate string, files ...string) artifact.Version {
	s.t.Helper()
	v, err := s.tryPublish(s.t.Context(), s.shelf(repo), publication(coordinate, files...), files...)
	s.must(err)
	return v
}

// publishUnfinished is publish for a version that is to stay unfinished.
func (s *story) publishUnfinished(repo, coordinate string, files ...string) artifact.Version {
	s.t.Helper()
	p := publication(coordinate, files...)
	p.Unfinished = true
	v, err := s.tryPublish(s.t.Context(), s.shelf(repo), p, files...)
	s.must(err)
	return v
}

// publishFails checks that a publication is refused, and how.
func (s *story) publishFails(repo, coordinate string, kind artifact.Kind, files ...string) {
	s.t.Helper()
	_, err := s.tryPublish(s.t.Context(), s.shelf(repo), publication(coordinate, files...), files...)
	s.refuses(kind, err)
}

// copy copies a version from one repository to another.
func (s *story) copy(from, to, name, version string) error {
	out, err := s.Rules.Copy(s.t.Context(), s.caller, repository.CopySpec{From: domainKey.Repository(from),
		To: domainKey.Repository(to), PackageKey: key(name).PackageKey,
		Selection: repository.Selection{Versions: []string{version}}})
	if failure, failed := out.Failed[version]; failed {
		return fmt.Errorf("copy %s: %s: %s", version, failure.Code, failure.Message)
	}
	return err
}

// download reads an asset as a package manager does.
func (s *story) download(repo, coordinate, asset string) (string, error) {
	f, err := s.shelf(repo).Open(s.t.Context(), key(coordinate), asset)
	if err != nil {
		return "", err
	}
	var body io.ReadCloser = f.Content
	if f.Content == nil {
		body = f.Transfer
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return string(text), err
}

// downloads checks that an asset can be downloaded, and its content.
func (s *story) downloads(repo, coordinate, f string) {
	s.t.Helper()
	asset, want, _ := strings.Cut(f, "=")
	got, err := s.download(repo, coordinate, asset)
	if s.must(err); got != want {
		s.t.Fatalf("%s of %s through %s: got %q, want %q", asset, coordinate, repo, got, want)
	}
}

// downloadFails checks that it cannot, and why.
func (s *story) downloadFails(repo, coordinate, asset string, kind artifact.Kind) {
	s.t.Helper()
	got, err := s.download(repo, coordinate, asset)
	if err == nil {
		s.t.Fatalf("%s of %s through %s: got %q, want an error of kind %s", asset, coordinate, repo, got, kind)
	}
	s.refuses(kind, err)
}

// held is the version as the repository itself holds it.
func (s *story) held(repo, coordinate string) artifact.Version {
	s.t.Helper()
	v, err := s.shelf(repo).Held(s.t.Context(), key(coordinate))
	s.must(err)
	return v
}

// holds checks which assets of a version a repository itself holds; a question mark follows one that is only promised.
// Without any, the repository must not hold the version.
func (s *story) holds(repo, coordinate string, want ...string) {
	s.t.Helper()
	v, err := s.shelf(repo).Held(s.t.Context(), key(coordinate))
	if len(want) == 0 {
		s.refuses(artifact.NotFound, err)
		return
	}
	s.must(err)
	if got := AssetNames(v); !slices.Equal(got, want) {
		s.t.Fatalf("assets of %s in %s: got %v, want %v", coordinate, repo, got, want)
	}
}

// is checks the status of a version that a repository holds.
func (s *story) is(repo, coordinate string, want artifact.Status) {
	s.t.Helper()
	if got := s.held(repo, coordinate).Status; got != want {
		s.t.Fatalf("status of %s in %s: got %s, want %s", coordinate, repo, got, want)
	}
}

// shows checks which versions a view yields, in the order of their texts; a dash follows one that is not listed. It
// returns the view.
func (s *story) shows(repo, name string, want ...string) repository.View {
	s.t.Helper()
	view, err := s.shelf(repo).View(s.t.Context(), key(name).PackageKey)
	if len(want) == 0 {
		s.refuses(artifact.NotFound, err)
		return view
	}
	s.must(err)
	listed, numbers := map[string]time.Time{}, map[string]time.Time{}
	for v, err := range view.Listed() {
		s.must(err)
		listed[v.VersionKey.Version] = v.PublishedAt
	}
	for version, published := range view.Numbers {
		if _, again := numbers[version]; again {
			s.t.Errorf("%s is twice among the numbers", version)
		}
		numbers[version] = published
	}
	if !maps.Equal(listed, numbers) {
		s.t.Errorf("%s through %s: got the numbers %v, want %v", name, repo, numbers, listed)
	}
	var got []string
	for v, err := range view.Versions {
		s.must(err)
		text := v.VersionKey.Version
		if _, ok := listed[text]; !ok {
			text += "-"
		}
		got = append(got, text)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		s.t.Fatalf("versions of %s through %s: got %v, want %v", name, repo, got, want)
	}
	return view
}

// sees checks the assets of a version in the view of its package.
func (s *story) sees(repo, coordinate string, want ...string) {
	s.t.Helper()
	view, err := s.shelf(repo).View(s.t.Context(), key(coordinate).PackageKey)
	s.must(err)
	v, err := view.Version(key(coordinate).Version)
	s.must(err)
	var got []string
	for _, a := range v.Assets {
		got = append(got, a.Name)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		s.t.Fatalf("assets of %s through %s: got %v, want %v", coordinate, repo, got, want)
	}
}

// controls checks the origin controls of a package in a repository.
func (s *story) controls(repo, name string, publish, upstream artifact.Control) {
	s.t.Helper()
	p, err := s.Rules.Package(s.t.Context(), domainKey.Repository(repo), key(name).PackageKey)
	s.must(err)
	if want := (artifact.Controls{Publish: publish, Upstream: upstream}); p.Controls != want {
		s.t.Fatalf("controls of %s in %s: got %v, want %v", name, repo, p.Controls, want)
	}
}

// uses checks how many bytes the domain's assets take.
func (s *story) uses(want int64) {
	s.t.Helper()
	d, err := s.Rules.Domain(s.t.Context(), domainKey)
	if s.must(err); d.AssetBytes != want {
		s.t.Fatalf("the domain's assets take %d bytes, want %d", d.AssetBytes, want)
	}
}

// list writes the versions of a view, one a line, with their statuses and assets.
func list(w io.Writer, v repository.View) error {
	for version, err := range v.Versions {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w, version.VersionKey.Version, version.Status, len(version.Assets)); err != nil {
			return err
		}
	}
	return nil
}
