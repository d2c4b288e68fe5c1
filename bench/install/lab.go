package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

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
	for _, step := range []func(context.Context) error{l.choose, l.startEntrepot, l.startNginx} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// choose makes the installations of which there are packages, and serves the registries.
func (l *lab) choose(ctx context.Context) error {
	for _, kind := range []struct {
		packages string
		program  string
		choose   func(settings, string) (*installation, error)
	}{
		{l.python, l.pip, settings.pipInstall},
		{l.maven, l.mvn, settings.mvnResolve},
	} {
		if kind.packages == "" {
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
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // nobody waits for the answers that are cut
	go func() { _ = server.Serve(listener) }()            // ends with ctx
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

// nginxConfig keeps what the registries answer, for those with the token. Clients of Maven send one only when they are asked.
const nginxConfig = `daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path %[1]s/nginx-body;
  proxy_temp_path %[1]s/nginx-proxy;
  fastcgi_temp_path %[1]s/nginx-fastcgi;
  uwsgi_temp_path %[1]s/nginx-uwsgi;
  scgi_temp_path %[1]s/nginx-scgi;
  proxy_cache_path %[1]s/nginx-cache levels=1:2 keys_zone=kept:10m max_size=4g inactive=2h;
  sendfile on;
  tcp_nopush on;
  map_hash_bucket_size 256;
  map $http_authorization $known { default 0; "Basic %[2]s" 1; }
%[3]s}
`

// nginxServer is a part's own.
const nginxServer = `  server {
    listen %s;
    add_header WWW-Authenticate 'Basic realm="bench"' always;
    if ($known = 0) { return 401; }
    location / {
      proxy_pass http://%s;
      proxy_set_header Host $http_host;
      proxy_set_header Authorization "";
      proxy_cache kept;
      proxy_cache_valid 200 404 2h;
    }
  }
`

func (l *lab) startNginx(ctx context.Context) error {
	defer func() {
		for _, p := range l.parts {
			p.sources = append(p.sources, source{name: direct, base: "http://" + p.registry + "/", tell: func() string { return "" }})
		}
	}()
	program, err := exec.LookPath(l.nginx)
	if err != nil {
		l.notes = append(l.notes, "nginx is not installed: not compared.")
		return nil
	}
	if program, err = filepath.Abs(program); err != nil {
		return err
	}
	addresses := make([]string, len(l.parts))
	parts := ""
	for i, p := range l.parts {
		if addresses[i], err = servers.FreeAddress(); err != nil {
			return err
		}
		parts += fmt.Sprintf(nginxServer, addresses[i], p.registry)
	}
	known := base64.StdEncoding.EncodeToString([]byte("aws:" + l.entrepot.Token))
	if err := write(l.Dir, "nginx.conf", fmt.Sprintf(nginxConfig, l.Dir, known, parts)); err != nil {
		return err
	}
	process, err := l.Start(nginx, servers.ServerCore, nil, program, "-c", filepath.Join(l.Dir, "nginx.conf"), "-p", l.Dir)
	if err != nil {
		return err
	}
	for i, p := range l.parts {
		if err := process.AwaitReady(ctx, servers.Listening(addresses[i])); err != nil {
			return err
		}
		p.sources = append(p.sources, source{nginx, "http://" + addresses[i] + "/", process.PID, process.Tail})
	}
	return nil
}
