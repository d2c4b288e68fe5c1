package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"entrepot/bench/servers"
)

// contender is a server in the comparison.
type contender struct {
	*servers.Process
	name    string
	address string
	copies  bool              // it serves files with what Entrepot answered
	served  map[string]served // by item's file
	// forget removes what was published, where the server walks through all it has for each request; may be nil.
	forget func() error
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
	*servers.Set
	contenders map[string]*contender
	notes      []string // what the reader of the table must know
	sections   []*section
	entrepot   *servers.Entrepot
}

func newLab(s settings) (*lab, error) {
	set, err := servers.New(s.work)
	if err != nil {
		return nil, err
	}
	return &lab{settings: s, Set: set, contenders: map[string]*contender{}}, nil
}

// contend adds a server to the comparison.
func (l *lab) contend(name string, p *servers.Process, address string) *contender {
	c := &contender{Process: p, name: name, address: address, served: map[string]served{}}
	l.contenders[name] = c
	return c
}

// build makes the programs.
func (l *lab) build(ctx context.Context) error {
	programs := []struct{ name, pkg string }{{"peer", "entrepot/bench/peer"}, {"registry", "entrepot/bench/registry"}}
	if l.server == "" {
		l.server = filepath.Join(l.Dir, "entrepot")
		programs = append(programs, struct{ name, pkg string }{"entrepot", "entrepot/cmd/entrepot"})
	}
	for _, p := range programs {
		if err := servers.Build(ctx, filepath.Join(l.Dir, p.name), p.pkg); err != nil {
			return err
		}
	}
	server, err := filepath.Abs(l.server)
	l.server = server
	return err
}

// setUp starts the servers and gives all of them the same bytes: what they serve is what Entrepot serves.
func (l *lab) setUp(ctx context.Context) error {
	if err := servers.PinSelf(ctx); err != nil {
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
	p, err := l.Start("registry", servers.LoadCore, nil, filepath.Join(l.Dir, "registry"))
	if err != nil {
		return err
	}
	address, err := p.Announced(ctx)
	if err != nil {
		return err
	}
	l.contend(direct, p, address)
	return nil
}

func (l *lab) startEntrepot(ctx context.Context) (err error) {
	var registries []string
	for _, s := range l.sections {
		if s.connection == "" {
			continue
		}
		registries = append(registries, s.connection+"=http://"+l.contenders[direct].address+"/"+s.name+"/"+s.index)
	}
	if l.entrepot, err = l.Set.Entrepot(ctx, l.server, registries); err != nil {
		return err
	}
	l.contend(ours, l.entrepot.Process, l.entrepot.Address)
	return nil
}

// makeRepositories makes the repositories of each format.
func (l *lab) makeRepositories(ctx context.Context) (err error) {
	for _, s := range l.sections {
		if s.team, err = l.entrepot.Repository(ctx, s.name+"-team", s.name, ""); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if s.inbox, err = l.entrepot.Repository(ctx, s.name+"-inbox", s.name, ""); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if s.connection == "" {
			continue
		}
		if s.mirror, err = l.entrepot.Repository(ctx, s.name+"-mirror", s.name, "public:"+s.connection); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// files is the folder that the bare servers serve.
func (l *lab) files() string { return filepath.Join(l.Dir, "files") }

func (l *lab) startPeer(ctx context.Context) error {
	token := "BENCH_TOKEN=" + l.entrepot.Token
	p, err := l.Start(bare, servers.ServerCore, []string{token}, filepath.Join(l.Dir, "peer"), "-dir", l.files())
	if err != nil {
		return err
	}
	address, err := p.Announced(ctx)
	if err != nil {
		return err
	}
	c := l.contend(bare, p, address)
	c.copies = true
	return l.learn(ctx, c, nil)
}
