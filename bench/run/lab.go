package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
)

// contender is a server in the comparison.
type contender struct {
	*process
	name    string
	address string
	copies  bool              // it serves files with what Entrepot answered
	served  map[string]served // by item's file
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
	sections   []*section
	token      string
}

func newLab(s settings) (*lab, error) {
	dir, err := os.MkdirTemp(s.work, "entrepot-bench-")
	if err != nil {
		return nil, err
	}
	return &lab{settings: s, dir: dir, contenders: map[string]*contender{}}, nil
}

// contend adds a server to the comparison.
func (l *lab) contend(name string, p *process, address string) *contender {
	c := &contender{process: p, name: name, address: address, served: map[string]served{}}
	l.contenders[name] = c
	return c
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
		{"start pypiserver", l.startPypiserver},
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
	l.contend(direct, p, address)
	return nil
}

func (l *lab) startEntrepot(ctx context.Context) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	argv := []string{l.server, "serve", "--data", l.data(), "--listen", address, "--public-url", "http://" + address}
	for _, s := range l.sections {
		registry := "http://" + l.contenders[direct].address + "/" + s.name + "/" + s.index
		argv = append(argv, "--upstream", s.connection+"="+registry)
	}
	p, err := l.start(ours, serverCore, nil, argv...)
	if err != nil {
		return err
	}
	l.contend(ours, p, address)
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

func (l *lab) startPeer(ctx context.Context) error {
	p, err := l.start(bare, serverCore, []string{"BENCH_TOKEN=" + l.token}, filepath.Join(l.dir, "peer"), "-dir", l.files())
	if err != nil {
		return err
	}
	address, err := p.announced(ctx)
	if err != nil {
		return err
	}
	c := l.contend(bare, p, address)
	c.copies = true
	return l.learn(ctx, c, nil)
}
