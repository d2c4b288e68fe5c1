package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"

	"entrepot/e2e/fakecargo"
	"entrepot/e2e/fakemaven"
	"entrepot/e2e/fakenpm"
	"entrepot/e2e/fakenuget"
	"entrepot/e2e/fakepypi"
	"entrepot/e2e/fakeregistry"
	"entrepot/e2e/fakeruby"

	"github.com/rogpeppe/go-internal/testscript"
)

// public is a registry of the session's own in the place of a public one.
type public interface {
	http.Handler
	Load(fs.FS) error
	Remove(name string)
	Fail(fakeregistry.Fault)
	Asked() map[string]int
	Forget()
}

// kind is a kind of public registry that a session may open.
type kind struct {
	connection string // the setting under upstreams that leads to it
	path       string // of what the setting names
	faults     map[string]fakeregistry.Fault
	open       func(manner, elsewhere string) (public, error)
}

// kinds are by format.
var kinds = map[string]kind{
	"npm":   {"npmjs", "", fakenpm.Faults, openNPM},
	"pypi":  {"pypi", "/simple/", fakepypi.Faults, openPyPI},
	"maven": {"maven-central", "/", fakemaven.Faults, openMaven},
	"cargo": {"crates-io", "/index/", fakecargo.Faults, openCargo},
	"ruby":  {"ruby-gems-org", "/", fakeruby.Faults, openRuby},
	"nuget": {"nuget-org", "/v3/index.json", fakenuget.Faults, openNuGet},
}

// packs make the files that a registry would have of a folder, by their names.
var packs = map[string]func(fs.FS) (map[string][]byte, error){"pypi": fakepypi.Pack, "nuget": fakenuget.Pack}

var errManner = errors.New("no registry of that kind has that manner")

func openNPM(manner, _ string) (public, error) {
	if manner != "" {
		return nil, errManner
	}
	return fakenpm.New()
}

func openPyPI(manner, elsewhere string) (public, error) {
	manners, ok := map[string]fakepypi.Manners{
		"": {}, "html": {HTML: true}, "bare": {Bare: true}, "elsewhere": {FilesAt: elsewhere},
	}[manner]
	if !ok {
		return nil, errManner
	}
	registry := fakepypi.New(manners)
	return registry, registry.Offer(os.DirFS(filepath.Join(tools, "python", "backends")))
}

func openNuGet(manner, _ string) (public, error) {
	manners, ok := map[string]fakenuget.Manners{"": {}, "pages": {Pages: true}, "nohashes": {NoHashes: true}}[manner]
	if !ok {
		return nil, errManner
	}
	return fakenuget.New(manners), nil
}

func openMaven(manner, _ string) (public, error) {
	manners, ok := map[string]fakemaven.Manners{"": {}, "nosums": {NoSums: true}, "headers": {Headers: true}}[manner]
	if !ok {
		return nil, errManner
	}
	registry := fakemaven.New(manners)
	local := filepath.Join(tools, "java", "repository")
	if _, err := os.Stat(local); err != nil {
		return registry, nil // tools.sh could have none; sessions say what they need of it
	}
	return registry, registry.Offer(os.DirFS(local))
}

func openCargo(manner, _ string) (public, error) {
	manners, ok := map[string]fakecargo.Manners{"": {}, "markers": {Markers: true, Missing: http.StatusUnavailableForLegalReasons}}[manner]
	if !ok {
		return nil, errManner
	}
	return fakecargo.New(manners), nil
}

func openRuby(manner, _ string) (public, error) {
	if manner != "" {
		return nil, errManner
	}
	return fakeruby.New(), nil
}

// publicly is a public registry that is served, and where.
type publicly struct {
	public
	kind
	format             string
	server, filesStand *httptest.Server // the second for files that are not where the pages are
}

func (p *publicly) close() {
	for _, server := range []*httptest.Server{p.server, p.filesStand} {
		server.CloseClientConnections()
		server.Close()
	}
}

func openRegistry(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	format, manner := "npm", ""
	if len(args) > 0 {
		format = args[0]
	}
	if len(args) > 1 {
		manner = args[1]
	}
	known, ok := kinds[format]
	if !ok {
		ts.Fatalf("no such kind of registry: %s; there are %v", format, slices.Sorted(maps.Keys(kinds)))
	}
	p := &publicly{kind: known, format: format}
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.ServeHTTP(w, r) })
	p.filesStand = httptest.NewServer(serve)
	var err error
	if p.public, err = known.open(manner, p.filesStand.URL); err != nil {
		ts.Fatalf("open %s %s: %v", format, manner, err)
	}
	ts.Check(p.Load(os.DirFS(filepath.Join(s.work, "registry"))))
	p.server = httptest.NewServer(serve)
	s.registry = p
	ts.Setenv("REGISTRY", p.server.URL+known.path)
}

func setRegistry(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	switch fault, known := s.registry.faults[args[0]]; {
	case args[0] == "add":
		ts.Check(s.registry.Load(os.DirFS(ts.MkAbs(args[1]))))
	case args[0] == "remove":
		s.registry.Remove(args[1])
	case known:
		s.registry.Fail(fault)
	default:
		ts.Fatalf("no such fault: %s; there are %v", args[0], slices.Sorted(maps.Keys(s.registry.faults)))
	}
}

func asked(ts *testscript.TestScript, neg bool, _ []string) {
	s := of(ts, neg)
	counts := s.registry.Asked()
	if len(counts) == 0 {
		fmt.Fprintln(ts.Stdout(), "nothing") // what a command before has printed is not ours
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintln(ts.Stdout(), counts[what], what)
	}
	s.registry.Forget()
}

func pack(ts *testscript.TestScript, neg bool, args []string) {
	format := of(ts, neg).format()
	if len(args) > 2 {
		format = args[2]
	}
	packAll, ok := packs[format]
	if !ok {
		packAll = packs["pypi"]
	}
	files, err := packAll(os.DirFS(ts.MkAbs(args[0])))
	ts.Check(err)
	ts.Check(os.MkdirAll(ts.MkAbs(args[1]), 0o700))
	for name, content := range files {
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[1]), name), content, 0o600))
	}
}
