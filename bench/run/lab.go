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
	"slices"
)

// contender is a server in the comparison.
type contender struct {
	*process
	name    string
	address string
	// target is where it has an item; empty if it has it not.
	target func(*item) string
	tags   map[string]string // its entity tags, by item
}

// The names of the contenders.
const (
	ours   = "entrepot"
	bare   = "bare"
	nginx  = "nginx"
	direct = "direct" // the made-up registry, without anything before it
)

// lab is everything that is set up for one run.
type lab struct {
	settings
	dir        string // temporary, its own
	processes  []*process
	contenders map[string]*contender
	notes      []string // what the reader of the table must know
	items      map[string]*item
	token      string
	team       string // path of the endpoint of the repository that is published to, with both slashes
	mirror     string // that of the one with the external connection
}

func newLab(s settings) (*lab, error) {
	dir, err := os.MkdirTemp(s.work, "entrepot-bench-")
	if err != nil {
		return nil, err
	}
	return &lab{settings: s, dir: dir, contenders: map[string]*contender{}, items: map[string]*item{}}, nil
}

// close stops all servers, last started first, and removes the folder. After a failure, and with -keep, it stays.
func (l *lab) close(failed bool) error {
	var failures []error
	for _, p := range slices.Backward(l.processes) {
		failures = append(failures, p.stop())
	}
	if failed || l.keep {
		fmt.Fprintf(os.Stderr, "data and logs are left in %s\n", l.dir)
		return errors.Join(failures...)
	}
	return errors.Join(append(failures, os.RemoveAll(l.dir))...)
}

// build makes the programs.
func (l *lab) build(ctx context.Context) error {
	programs := []struct{ name, pkg string }{{"peer", "entrepot/bench/peer"}, {"registry", "entrepot/bench/registry"}}
	if l.server == "" {
		l.server = filepath.Join(l.dir, "entrepot")
		programs = append(programs, struct{ name, pkg string }{"entrepot", "entrepot/cmd/entrepot"})
	}
	for _, p := range programs {
		if err := goBuild(ctx, filepath.Join(l.dir, p.name), p.pkg); err != nil {
			return err
		}
	}
	server, err := filepath.Abs(l.server)
	l.server = server
	return err
}

// setUp starts the servers and gives all of them the same bytes: what they serve is what Entrepot serves.
func (l *lab) setUp(ctx context.Context) error {
	if err := pinSelf(ctx); err != nil {
		return err
	}
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"start the registry", l.startRegistry},
		{"start entrepot", l.startEntrepot},
		{"make the repositories", l.makeRepositories},
		{"publish the fixtures", l.publishFixtures},
		{"fetch what is to be served", l.collect},
		{"start the bare server", l.startPeer},
		{"start nginx", l.startNginx},
	}
	for _, step := range steps {
		fmt.Fprintf(os.Stderr, "%s…\n", step.name)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func (l *lab) startRegistry(ctx context.Context) error {
	p, err := l.start("registry", loadCore, nil, filepath.Join(l.dir, "registry"))
	if err != nil {
		return err
	}
	address, err := p.announced(ctx)
	if err != nil {
		return err
	}
	l.contenders[direct] = &contender{process: p, name: direct, address: address}
	return nil
}

func (l *lab) startEntrepot(ctx context.Context) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	p, err := l.start(ours, serverCore, nil, l.server, "serve", "--data", l.data(), "--listen", address,
		"--public-url", "http://"+address, "--upstream", "npmjs=http://"+l.contenders[direct].address+"/")
	if err != nil {
		return err
	}
	l.contenders[ours] = &contender{process: p, name: ours, address: address, tags: map[string]string{},
		target: func(i *item) string { return l.team + i.path }}
	return p.awaitReady(ctx, func() error {
		answer, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("/readyz answers %d", answer.StatusCode)
		}
		return nil
	})
}

func (l *lab) data() string { return filepath.Join(l.dir, "data") }

// files is the folder that the bare servers serve.
func (l *lab) files() string { return filepath.Join(l.dir, "files") }

func fileTarget(i *item) string { return "/" + i.file }

func (l *lab) startPeer(ctx context.Context) error {
	p, err := l.start(bare, serverCore, []string{"BENCH_TOKEN=" + l.token}, filepath.Join(l.dir, "peer"), "-dir", l.files())
	if err != nil {
		return err
	}
	address, err := p.announced(ctx)
	if err != nil {
		return err
	}
	l.contenders[bare] = &contender{process: p, name: bare, address: address, tags: map[string]string{}, target: fileTarget}
	return nil
}

// nginxConfig serves the files to those with the token. One process is what one core can use.
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
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=1000;
  map_hash_bucket_size 256;
  map $http_authorization $known { default 0; "Bearer %[2]s" 1; }
  server {
    listen %[3]s;
    root %[4]s;
    if ($known = 0) { return 401; }
    location ~ \.gz$ { add_header Content-Encoding gzip; }
  }
}
`

func (l *lab) startNginx(ctx context.Context) error {
	program, err := exec.LookPath(l.nginx)
	if err != nil {
		l.notes = append(l.notes, "nginx is not installed: not compared.")
		return nil
	}
	if program, err = filepath.Abs(program); err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	config := filepath.Join(l.dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, l.dir, l.token, address, l.files())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	p, err := l.start(nginx, serverCore, nil, program, "-c", config, "-p", l.dir)
	if err != nil {
		return err
	}
	l.contenders[nginx] = &contender{process: p, name: nginx, address: address, tags: map[string]string{}, target: fileTarget}
	return p.awaitReady(ctx, func() error {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		return c.Close()
	})
}
