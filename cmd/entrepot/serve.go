package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"entrepot/config"
	"entrepot/server"
)

type serveCommand struct {
	Config   string            `placeholder:"FILE" type:"existingfile" env:"ENTREPOT_CONFIG" help:"YAML file with settings; entrepot serve --example prints one."`
	Example  bool              `help:"Print a configuration with every setting, its default and its meaning, and end."`
	Data     string            `placeholder:"DIR" help:"Folder for everything the server keeps (default ./entrepot-data)."`
	Listen   string            `placeholder:"HOST:PORT" help:"Address to listen on (default 127.0.0.1:8090)."`
	Public   string            `name:"public-url" placeholder:"URL" help:"URL under which clients reach the server (default http://LISTEN, or https:// with TLS)."`
	Suffix   string            `name:"host-suffix" placeholder:"NAME" help:"Give every domain a host of its own, {domain}-{owner}.d.NAME, as on AWS."`
	TLS      string            `name:"tls" placeholder:"auto" help:"Serve HTTPS with an authority of the server's own, which it makes; entrepot trust has clients believe it."`
	Cert     string            `name:"tls-cert" placeholder:"FILE" help:"Serve HTTPS with this certificate chain (PEM)."`
	Key      string            `name:"tls-key" placeholder:"FILE" help:"Key of the certificate (PEM)."`
	Upstream map[string]string `placeholder:"NAME=URL" help:"Address of a public registry, such as npmjs=https://registry.example.test/. Can be repeated."`
	Set      map[string]string `placeholder:"KEY=VALUE" help:"Any other setting, such as limits-max-asset=1GiB. Can be repeated."`
}

// Help is shown by entrepot serve --help.
func (serveCommand) Help() string {
	return `Examples:

  entrepot serve
  entrepot serve --tls auto
  entrepot serve --data /srv/entrepot --listen 0.0.0.0:8090 --public-url http://packages.example.test:8090
  entrepot serve --upstream npmjs=https://registry.example.test/
  entrepot serve --config /etc/entrepot.yaml --tls-cert cert.pem --tls-key key.pem

Every setting is also a key of the configuration file and an environment variable: limits.max_asset is
ENTREPOT_LIMITS_MAX_ASSET. Flags win over variables, variables over the file. SIGTERM ends the
server after the requests in flight.`
}

// Run serves until it is told to end.
func (s serveCommand) Run(ctx context.Context) (err error) {
	if s.Example {
		_, err := fmt.Print(config.Example)
		return err
	}
	c, unknown, err := config.Load(config.Sources{
		File: s.Config, Env: os.Environ(), Flags: s.flags(), Upstreams: upstreamNames(),
	})
	if err != nil {
		return err
	}
	log, flush := openLog(c.Log, os.Stderr)
	defer flush()
	for _, name := range unknown {
		log.WarnContext(ctx, "this variable is no setting", "variable", name)
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w; another address can be given with --listen", err)
	}
	defer listener.Close()
	c.Listen, c.PublicURL = listener.Addr().String(), c.PublicURLOn(listener.Addr())
	var certificate server.GetCertificate
	if c.TLS.Cert != "" {
		own, err := server.NewCertificate(c.TLS.Cert, c.TLS.Key, log)
		if err != nil {
			return err
		}
		certificate = own.GetCertificate
	}
	a, err := open(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if a.issuer != nil {
		certificate = a.issuer.GetCertificate
	}
	fmt.Printf("entrepot %s is ready at %s, data in %s\n", version, c.PublicURL, c.Data)
	return a.server.Serve(ctx, listener, certificate, server.Drain{Notice: c.Drain.Notice, Time: c.Drain.Time})
}

// flags are the settings given on the command line, by the names that package config knows.
func (s serveCommand) flags() map[string]string {
	given := map[string]string{}
	for name, value := range s.Set {
		given[strings.NewReplacer(".", "-", "_", "-").Replace(name)] = value
	}
	own := map[string]string{
		"data": s.Data, "listen": s.Listen, "public-url": s.Public, "host-suffix": s.Suffix,
		"tls-mode": s.TLS, "tls-cert": s.Cert, "tls-key": s.Key,
	}
	for name, value := range own {
		if value != "" {
			given[name] = value
		}
	}
	for name, address := range s.Upstream {
		given["upstream-"+name] = address
	}
	return given
}
