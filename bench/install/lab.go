package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"entrepot/bench/command"
	"entrepot/bench/servers"
)

// The names of the servers, in the order of the table.
const (
	ours   = "entrepot"
	nginx  = "nginx"
	direct = "direct" // the registry, without anything before it
)

// source is a server that has an installation.
type source struct {
	name string
	base string        // URL of the repository, with its final slash
	pid  int           // 0 for the registry, which has no process of its own
	tell func() string // the end of its log
}

// lab is everything that is set up for one run.
type lab struct {
	settings
	*servers.Set
	entrepot *servers.Entrepot
	notes    []string
	parts    []*part
	rows     []*row
}

// part is an installation in one run.
type part struct {
	*installation
	folder   string // what the client is given
	registry string // address
	sources  []source
}

func newLab(s settings) (*lab, error) {
	set, err := servers.New(s.work)
	if err != nil {
		return nil, err
	}
	return &lab{settings: s, Set: set}, nil
}

func (l *lab) program() string { return filepath.Join(l.Dir, "entrepot-server") }

func (l *lab) build(ctx context.Context) error {
	return servers.Build(ctx, l.program(), "entrepot/cmd/entrepot")
}

func (l *lab) setUp(ctx context.Context) error {
	if err := servers.PinSelf(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{l.choose, l.startEntrepot, l.startNginx, l.nameRegistries} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// choose makes the installations of which there are packages, and serves the registries.
func (l *lab) choose(ctx context.Context) error {
	for _, kind := range []struct {
		wanted  bool
		program string
		choose  func(settings, string) (*installation, error)
	}{
		{l.python != "", l.pip, settings.pipInstall},
		{l.maven != "", l.mvn, settings.mvnPackage},
		{l.crates > 0, l.cargo, settings.cargoBuild},
		{l.gems > 0, l.bundle, settings.bundleInstall},
	} {
		if !kind.wanted {
			continue
		}
		if _, err := exec.LookPath(kind.program); err != nil {
			return err
		}
		folder, err := os.MkdirTemp(l.Dir, "client-")
		if err != nil {
			return err
		}
		i, err := kind.choose(l.settings, folder)
		if err != nil {
			return err
		}
		if err := i.prepare(folder); err != nil {
			return err
		}
		p := &part{installation: i, folder: folder}
		if p.registry, err = serve(ctx, i.registry); err != nil {
			return err
		}
		l.parts = append(l.parts, p)
	}
	return nil
}

// serve serves on loopback until ctx ends.
func serve(ctx context.Context, handler http.Handler) (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = command.Serve(ctx, listener, handler) }() // whoever asks sees that it fails
	return listener.Addr().String(), nil
}

func (l *lab) startEntrepot(ctx context.Context) (err error) {
	var registries []string
	for _, p := range l.parts {
		registries = append(registries, p.upstream+"=http://"+p.registry+"/"+p.index)
	}
	if l.entrepot, err = l.Set.Entrepot(ctx, l.program(), registries); err != nil {
		return err
	}
	for _, p := range l.parts {
		path, err := l.entrepot.Repository(ctx, p.format, p.format, "public:"+p.upstream)
		if err != nil {
			return err
		}
		p.sources = append(p.sources, source{ours, "http://" + l.entrepot.Address + path, l.entrepot.PID, l.entrepot.Tail})
	}
	return nil
}

// nginxCache is where answers are kept, and nginxProxy keeps those of a registry.
const (
	nginxCache = `  proxy_cache_path %s/nginx-cache levels=1:2 keys_zone=kept:10m max_size=4g inactive=2h;
`
	nginxProxy = `    location / {
      proxy_pass http://%s;
      proxy_set_header Host $http_host;
      proxy_set_header Authorization "";
      proxy_cache kept;
      proxy_cache_valid 200 404 2h;
    }
`
)

func (l *lab) startNginx(ctx context.Context) error {
	sites := make([]servers.Site, len(l.parts))
	for i, p := range l.parts {
		address, err := servers.FreeAddress()
		if err != nil {
			return err
		}
		sites[i] = servers.Site{Address: address, Config: fmt.Sprintf(nginxProxy, p.registry)}
	}
	process, err := l.Nginx(ctx, l.nginx, []string{servers.Basic(l.entrepot.Token)}, fmt.Sprintf(nginxCache, l.Dir), sites)
	if errors.Is(err, exec.ErrNotFound) {
		l.notes = append(l.notes, "nginx is not installed: not compared.")
		return nil
	}
	if err != nil {
		return err
	}
	for i, p := range l.parts {
		p.sources = append(p.sources, source{nginx, "http://" + sites[i].Address + "/", process.PID, process.Tail})
	}
	return nil
}

// nameRegistries has the registries compared, too.
func (l *lab) nameRegistries(context.Context) error {
	for _, p := range l.parts {
		p.sources = append(p.sources, source{name: direct, base: "http://" + p.registry + "/", tell: func() string { return "" }})
	}
	return nil
}
