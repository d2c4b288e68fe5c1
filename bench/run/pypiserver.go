package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"entrepot/bench/servers"
)

// pypiserver is a server of Python packages that is installed by its name, and compared in the cases of its format.
const pypiserver = "pypiserver"

// peerFiles is how many files a page may list that pypiserver is measured with: it writes every page anew.
const peerFiles = 100

// startPypiserver gives pypiserver the same wheels in a folder. It asks nobody who they are and lets files be overwritten, so
// that an upload need not look through the folder, and answers through waitress where that is installed, which is the one of
// its servers that keeps connections open.
func (l *lab) startPypiserver(ctx context.Context) error {
	at := slices.IndexFunc(l.sections, func(s *section) bool { return s.protocol == &pypi })
	if at < 0 {
		return nil
	}
	program, err := exec.LookPath(l.pypiserver)
	if err != nil {
		l.notes = append(l.notes, "pypiserver is not installed: not compared.")
		return nil
	}
	if program, err = filepath.Abs(program); err != nil {
		return err
	}
	packages := filepath.Join(l.Dir, "packages")
	if err := l.sections[at].fillPypiserver(packages); err != nil {
		return err
	}
	address, err := servers.FreeAddress()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	p, err := l.Start(pypiserver, servers.ServerCore, nil, program, "run", "--interface", host, "--port", port,
		"--server", "auto", "--authenticate", ".", "--passwords", ".", "--overwrite",
		"--hash-algo", "sha256", "--disable-fallback", packages)
	if err != nil {
		return err
	}
	if err := p.AwaitReady(ctx, servers.Listening(address)); err != nil {
		return err
	}
	if err := staysOpen(ctx, address); err != nil {
		return err
	}
	c := l.contend(pypiserver, p, address)
	c.forget = func() error { return removeAll(filepath.Join(packages, published+"_*.whl")) }
	return l.learn(ctx, c, nil)
}

// removeAll removes the files that a pattern matches.
func removeAll(pattern string) error {
	names, err := filepath.Glob(pattern)
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

func (s *section) fillPypiserver(packages string) error {
	if err := os.Mkdir(packages, 0o755); err != nil {
		return err
	}
	small := slices.DeleteFunc(s.pages(), func(p simplePage) bool { return p.files > peerFiles })
	for _, w := range s.pypiWheels(small) {
		if err := os.WriteFile(filepath.Join(packages, w.File()), w.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// staysOpen returns an error unless a server keeps connections open.
func staysOpen(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.Close {
		return errors.New("it closes every connection: install waitress beside it")
	}
	return nil
}
