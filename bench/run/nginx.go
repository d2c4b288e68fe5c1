package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"entrepot/bench/servers"
)

// nginxConfig serves the files to those with a token. One process is what one core can use.
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
  map $http_authorization $known { default 0; %[2]s }
  server {
    listen %[3]s;
    root %[4]s;
    log_not_found off;
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
	address, err := servers.FreeAddress()
	if err != nil {
		return err
	}
	var known strings.Builder
	for header := range l.authorizations() {
		fmt.Fprintf(&known, "%q 1; ", header)
	}
	config := filepath.Join(l.Dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, l.Dir, known.String(), address, l.files())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	p, err := l.Start(nginx, servers.ServerCore, nil, program, "-c", config, "-p", l.Dir)
	if err != nil {
		return err
	}
	c := l.contend(nginx, p, address)
	c.copies = true
	if err := p.AwaitReady(ctx, servers.Listening(address)); err != nil {
		return err
	}
	return l.learn(ctx, c, nil)
}

// authorizations are the ways in which clients of this run send the token.
func (l *lab) authorizations() map[string]bool {
	all := map[string]bool{}
	for _, s := range l.sections {
		all[s.authorize(l.entrepot.Token)] = true
	}
	return all
}
