package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"entrepot/artifact"
	"entrepot/awsclient"
	"entrepot/lockfile"
	"entrepot/prefetch"

	"golang.org/x/sync/errgroup"
)

// wanted is what all sources name.
type wanted struct {
	entries []prefetch.Entry
	skipped []skipped
	at      map[artifact.VersionKey]int // of entries whose files are known
}

// skipped is an entry that is none of a registry's packages.
type skipped struct {
	From string `json:"from"`
	What string `json:"what"`
	Why  string `json:"why"`
}

// collect reads every source before anything is asked for.
func (c prefetchCommand) collect(ctx context.Context, u user, calls *awsclient.Client) (*wanted, error) {
	w := &wanted{at: map[artifact.VersionKey]int{}}
	if len(c.Lockfiles)+len(c.List)+len(c.MavenRepository) == 0 && c.FromRepository == "" {
		return nil, errors.New("say what: lockfiles, --list FILE, --maven-repository DIR or --from-repository REPOSITORY")
	}
	for _, path := range c.Lockfiles {
		found, err := readFrom(path, func(r io.Reader) (lockfile.Contents, error) { return lockfile.Read(filepath.Base(path), r) })
		if err != nil {
			return nil, err
		}
		c.add(w, path, found)
	}
	for _, path := range c.List {
		found, err := readFrom(path, lockfile.ReadList)
		if err != nil {
			return nil, err
		}
		c.add(w, path, found)
	}
	for _, dir := range c.MavenRepository {
		found, err := lockfile.ReadMavenRepository(os.DirFS(dir))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		if len(found.Pins) == 0 {
			return nil, fmt.Errorf("%s: there is no POM in it: is it a local repository of Maven's?", dir)
		}
		c.add(w, dir, found)
	}
	if c.FromRepository == "" {
		return w, nil
	}
	return w, c.addRepository(ctx, u, calls, w)
}

// readFrom reads a file; - is the standard input.
func readFrom(path string, read func(io.Reader) (lockfile.Contents, error)) (lockfile.Contents, error) {
	if path == "-" {
		found, err := read(os.Stdin)
		if err != nil {
			err = fmt.Errorf("standard input: %w", err)
		}
		return found, err
	}
	file, err := os.Open(path)
	if err != nil {
		return lockfile.Contents{}, err
	}
	defer file.Close()
	found, err := read(file)
	if err != nil {
		return found, fmt.Errorf("%s: %w", path, err)
	}
	return found, nil
}

// add takes what a file names. Of a file with several registries in it only the entries of one are taken unless all are to be: names in
// others may be other packages.
func (c prefetchCommand) add(w *wanted, from string, found lockfile.Contents) {
	usual := usualRegistry(found.Pins)
	for _, p := range found.Pins {
		switch {
		case !c.wants(p.VersionKey):
		case p.Registry != usual && !c.AllRegistries:
			w.skipped = append(w.skipped, skipped{from, lockfile.Notation(p.VersionKey),
				fmt.Sprintf("it is of another registry, %s: --all-registries takes it as well", cmp.Or(withoutSecret(p.Registry), "the usual one"))})
		default:
			w.add(prefetch.Entry{Pin: p, From: from})
		}
	}
	for _, s := range found.Skipped {
		w.skipped = append(w.skipped, skipped{from, s.What, s.Why})
	}
}

// usualRegistry is the one that most versions are of, the first of several such.
func usualRegistry(pins []lockfile.Pin) string {
	counts, usual := map[string]int{}, ""
	for _, p := range pins {
		counts[p.Registry]++
	}
	most := 0
	for _, p := range pins {
		if n := counts[p.Registry]; n > most {
			most, usual = n, p.Registry
		}
	}
	return usual
}

// withoutSecret is an address without the name and password that lockfiles may have in it.
func withoutSecret(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

// add takes an entry, once where two sources know the same of a version.
func (w *wanted) add(e prefetch.Entry) {
	i, known := w.at[e.VersionKey]
	if known && sameFiles(w.entries[i], e) {
		return
	}
	if !known {
		w.at[e.VersionKey] = len(w.entries)
	}
	w.entries = append(w.entries, e)
}

func sameFiles(a, b prefetch.Entry) bool {
	return a.Load == nil && b.Load == nil && fmt.Sprint(a.Files) == fmt.Sprint(b.Files)
}

// fromRepository is another repository, whose contents are wanted.
type fromRepository struct {
	FromRepository string `name:"from-repository" placeholder:"[DOMAIN/]REPOSITORY" help:"What another repository has, as far as the repository's own upstreams have it too."`
	FromOwner      string `name:"from-domain-owner" placeholder:"ACCOUNT" help:"The owner of that repository's domain, if that is not your own account there."`
	FromProfile    string `name:"from-profile" placeholder:"PROFILE" help:"The AWS profile of ~/.aws that leads to its server, if that is another one."`
	FromData       string `name:"from-data" placeholder:"DIR" help:"The data folder of its server, in place of a profile."`
}

// their is the client of the server that has it.
func (f fromRepository) their(u user, calls *awsclient.Client) (*awsclient.Client, error) {
	switch {
	case f.FromData != "":
		return client(caller{Data: f.FromData}.source(u.Getenv), u.Getenv)
	case f.FromProfile != "":
		// The variables of this terminal lead to our own server: only ~/.aws says where the other one is.
		return client(awsclient.Source{Name: f.FromProfile, Bundle: awsclient.FromEnvironment(u.Getenv).Bundle, Alone: true}, u.Getenv)
	}
	return calls, nil
}

// addRepository takes what another repository has and serves.
func (c prefetchCommand) addRepository(ctx context.Context, u user, calls *awsclient.Client, w *wanted) error {
	theirs, err := c.their(u, calls)
	if err != nil {
		return err
	}
	domain, repository, ok := strings.Cut(c.FromRepository, "/")
	if !ok {
		domain, repository = c.Domain, c.FromRepository
	}
	owner := c.FromOwner
	if owner == "" && domain == c.Domain && theirs == calls {
		owner = c.DomainOwner
	}
	l := lister{calls: theirs, from: map[string]string{"domain": domain, "domain-owner": owner, "repository": repository}, name: c.FromRepository}
	packages, err := l.packages(ctx, c)
	if err != nil {
		return err
	}
	versions, refused := make([][]versionThere, len(packages)), make([]error, len(packages))
	listing, ctx := errgroup.WithContext(ctx)
	listing.SetLimit(c.Jobs)
	for i, p := range packages {
		listing.Go(func() (err error) {
			if versions[i], err = l.versions(ctx, p); ofOnePackage(err) {
				refused[i], err = err, nil
			}
			return err
		})
	}
	if err := listing.Wait(); err != nil {
		return err
	}
	for i, p := range packages {
		if err := refused[i]; err != nil {
			w.add(prefetch.Entry{Pin: lockfile.Pin{VersionKey: p.At("*")}, From: c.FromRepository,
				Load: func(context.Context) ([]lockfile.File, error) { return nil, &prefetch.Unfit{Err: err} }})
		}
		for _, v := range versions[i] {
			key := p.At(v.Version)
			if !v.Status.Downloadable() {
				w.skipped = append(w.skipped, skipped{c.FromRepository, lockfile.Notation(key), fmt.Sprintf("its status there is %s", v.Status)})
				continue
			}
			w.add(prefetch.Entry{Pin: lockfile.Pin{VersionKey: key}, From: c.FromRepository,
				Load: func(ctx context.Context) ([]lockfile.File, error) { return l.files(ctx, key) }})
		}
	}
	return nil
}

// ofOnePackage reports whether a request for what a repository has of a package has failed because of that package: it may not be
// looked at, or was deleted meanwhile. The run goes on with the others, or it would end there whenever it is made again.
func ofOnePackage(err error) bool {
	r, ok := errors.AsType[*awsclient.Refusal](err)
	return ok && (r.Exception == "AccessDeniedException" || r.Status == 404)
}

// lister lists what a repository has, by the operations that every server of the API has.
type lister struct {
	calls *awsclient.Client
	from  map[string]string
	name  string
}

// Ceilings of what is listed.
const (
	maxListed  = 1_000_000 // packages, or versions of one
	pageListed = "1000"
	pageAssets = "100"
)

// pages calls an operation until its answer has no token for another page.
func pages[Page any](ctx context.Context, l lister, operation, path string, q map[string]string, each func(Page) (next string, items int)) error {
	total := 0
	for {
		var page Page
		all := parameters(l.from)
		for name, value := range parameters(q) {
			all[name] = value
		}
		if err := l.calls.Post(ctx, operation, path, all, &page); err != nil {
			return err
		}
		next, items := each(page)
		if total += items; next == "" {
			return nil
		}
		if items == 0 || total > maxListed {
			return fmt.Errorf("%s: %s lists more than can be", operation, l.name)
		}
		q["next-token"] = next
	}
}

func (l lister) packages(ctx context.Context, c prefetchCommand) ([]artifact.PackageKey, error) {
	type page struct {
		Packages []struct {
			Format    artifact.Format `json:"format"`
			Namespace string          `json:"namespace"`
			Package   string          `json:"package"`
		} `json:"packages"`
		NextToken string `json:"nextToken"`
	}
	var all []artifact.PackageKey
	q := map[string]string{"format": c.Format, "namespace": c.Namespace, "package-prefix": c.Package, "max-results": pageListed}
	err := pages(ctx, l, "ListPackages", "/v1/packages", q, func(p page) (string, int) {
		for _, one := range p.Packages {
			key := artifact.PackageKey{Format: one.Format, Namespace: one.Namespace, Name: one.Package}
			if c.wants(key.At("")) {
				all = append(all, key)
			}
		}
		return p.NextToken, len(p.Packages)
	})
	return all, err
}

// versionThere is a version that a repository has.
type versionThere struct {
	Version string          `json:"version"`
	Status  artifact.Status `json:"status"`
}

// ofPackage is the parameters that name a package.
func ofPackage(p artifact.PackageKey) map[string]string {
	return map[string]string{"format": string(p.Format), "namespace": p.Namespace, "package": p.Name}
}

func (l lister) versions(ctx context.Context, p artifact.PackageKey) ([]versionThere, error) {
	type page struct {
		Versions  []versionThere `json:"versions"`
		NextToken string         `json:"nextToken"`
	}
	var all []versionThere
	q := ofPackage(p)
	q["max-results"] = pageListed
	err := pages(ctx, l, "ListPackageVersions", "/v1/package/versions", q, func(p page) (string, int) {
		all = append(all, p.Versions...)
		return p.NextToken, len(p.Versions)
	})
	return all, err
}

// files are those of a version with all their digests.
func (l lister) files(ctx context.Context, v artifact.VersionKey) ([]lockfile.File, error) {
	type page struct {
		Assets []struct {
			Name   string            `json:"name"`
			Hashes map[string]string `json:"hashes"`
		} `json:"assets"`
		NextToken string `json:"nextToken"`
	}
	var all []lockfile.File
	q := ofPackage(v.PackageKey)
	q["version"], q["max-results"] = v.Version, pageAssets
	err := pages(ctx, l, "ListPackageVersionAssets", "/v1/package/version/assets", q, func(p page) (string, int) {
		for _, a := range p.Assets {
			f := lockfile.File{Name: a.Name}
			for algorithm, hex := range a.Hashes {
				f.Sums = append(f.Sums, lockfile.Sum{Algorithm: algorithm, Hex: strings.ToLower(hex)})
			}
			all = append(all, f)
		}
		return p.NextToken, len(p.Assets)
	})
	if ofOnePackage(err) {
		return nil, &prefetch.Unfit{Err: err}
	}
	return all, sorted(err)
}
