package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"

	"entrepot/bench/servers"
)

// nginxFiles serves the files.
const nginxFiles = `    root %s;
    open_file_cache max=1000;
    location ~ \.gz$ { add_header Content-Encoding gzip; }
`

func (l *lab) startNginx(ctx context.Context) error {
	address, err := servers.FreeAddress()
	if err != nil {
		return err
	}
	site := servers.Site{Address: address, Config: fmt.Sprintf(nginxFiles, l.files())}
	p, err := l.Nginx(ctx, l.nginx, l.authorizations(), "", []servers.Site{site})
	if errors.Is(err, exec.ErrNotFound) {
		l.notes = append(l.notes, "nginx is not installed: not compared.")
		return nil
	}
	if err != nil {
		return err
	}
	c := l.contend(nginx, p, address)
	c.copies = true
	return l.learn(ctx, c, nil)
}

// authorizations are the ways in which clients of this run send the token.
func (l *lab) authorizations() []string {
	var all []string
	for _, s := range l.sections {
		if header := s.authorize(l.entrepot.Token); !slices.Contains(all, header) {
			all = append(all, header)
		}
	}
	return all
}
