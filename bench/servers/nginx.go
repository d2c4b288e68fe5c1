package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// nginxConfig is what everything has that is served by nginx. One process is what one core can use. Who is known says a
// variable: 1 for those with one of the headers. Clients of Maven send theirs only when they are asked.
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
  map_hash_bucket_size 256;
  map $http_authorization $known { default 0; %[2]s}
%[3]s}
`

// nginxServer is one of its servers.
const nginxServer = `  server {
    listen %s;
    log_not_found off;
    add_header WWW-Authenticate 'Basic realm="bench"' always;
    if ($known = 0) { return 401; }
%s  }
`

// Site is one server of nginx: an address, and what its configuration says beside.
type Site struct{ Address, Config string }

// Nginx starts nginx with sites for those who send one of the Authorization headers; http is configuration that is of all
// sites. The error is exec.ErrNotFound where there is no such program.
func (s *Set) Nginx(ctx context.Context, program string, headers []string, http string, sites []Site) (*Process, error) {
	program, err := exec.LookPath(program)
	if err != nil {
		return nil, err
	}
	if program, err = filepath.Abs(program); err != nil {
		return nil, err
	}
	var known strings.Builder
	for _, header := range headers {
		fmt.Fprintf(&known, "%q 1; ", header)
	}
	for _, site := range sites {
		http += fmt.Sprintf(nginxServer, site.Address, site.Config)
	}
	config := filepath.Join(s.Dir, "nginx.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, nginxConfig, s.Dir, known.String(), http), 0o600); err != nil {
		return nil, err
	}
	p, err := s.Start("nginx", ServerCore, nil, program, "-c", config, "-p", s.Dir)
	if err != nil {
		return nil, err
	}
	for _, site := range sites {
		if err := p.AwaitReady(ctx, Listening(site.Address)); err != nil {
			return nil, err
		}
	}
	return p, nil
}
