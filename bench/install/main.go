// Command install measures whole installations through a warm repository, beside nginx's proxy cache and the registry itself,
// and prints one table. See bench/README.md.
//
//	install -python FOLDER -maven FOLDER -crates 100 -gems 50 [-rounds 3] [-packages 100] [-artifacts 150]
//
// It builds what it measures, serves on loopback only, stops what it started, and ends within its limit of time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"entrepot/bench/command"
)

// settings are the command line.
type settings struct {
	python, maven string // folders of real packages; empty for none
	packages      int    // that pip installs
	artifacts     int    // that the project of mvn depends on
	crates        int    // made up, that cargo builds with; 0 for none
	gems          int    // made up, that bundle installs; 0 for none
	listed        int    // gems that the registry's list has beside them
	rounds        int    // that count, after a first that does not
	limit         time.Duration
	nginx         string // programs
	pip, mvn      string
	cargo, bundle string
	work          string
	keep          bool
}

func parse(args []string) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("install", flag.ContinueOnError)
	flags.StringVar(&s.python, "python", "", "folder of real wheels, as PROJECT/FILE")
	flags.StringVar(&s.maven, "maven", "", "local repository of Maven with real artifacts, and with what mvn package needs")
	flags.IntVar(&s.packages, "packages", 100, "how many projects pip installs, at most")
	flags.IntVar(&s.artifacts, "artifacts", 150, "how many artifacts the project of mvn package depends on, at most")
	flags.IntVar(&s.crates, "crates", 0, "how many made-up crates cargo builds with; 0 for none")
	flags.IntVar(&s.gems, "gems", 0, "how many made-up gems bundle installs; 0 for none")
	flags.IntVar(&s.listed, "listed", 150_000, "how many gems the registry lists beside those, as the public one does")
	flags.IntVar(&s.rounds, "rounds", 3, "rounds over all servers, after a first that makes them warm")
	flags.DurationVar(&s.limit, "limit", 20*time.Minute, "time of everything but the building")
	flags.StringVar(&s.nginx, "nginx", "nginx", "program to compare with where it exists")
	flags.StringVar(&s.pip, "pip", "pip", "program")
	flags.StringVar(&s.mvn, "mvn", "mvn", "program")
	flags.StringVar(&s.cargo, "cargo", "cargo", "program")
	flags.StringVar(&s.bundle, "bundle", "bundle", "program")
	flags.StringVar(&s.work, "work", "", "folder to make the temporary one in; it should be on the disk to be measured")
	flags.BoolVar(&s.keep, "keep", false, "leave the temporary folder with data and logs")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	return s, s.check(flags.NArg())
}

func (s settings) check(extra int) error {
	switch {
	case extra > 0:
		return errors.New("there are no arguments beside the flags")
	case s.python == "" && s.maven == "" && s.crates == 0 && s.gems == 0:
		return errors.New("-python or -maven must name a folder of real packages, or -crates or -gems a number")
	case s.packages < 1 || s.packages > 1000 || s.artifacts < 1 || s.artifacts > 1000 || s.crates < 0 || s.crates > 1000:
		return errors.New("-packages and -artifacts may be 1 to 1000, -crates 0 to 1000")
	case s.gems < 0 || s.gems > 1000 || s.listed < 0 || s.listed > 1_000_000:
		return errors.New("-gems may be 0 to 1000, -listed 0 to 1000000")
	case s.rounds < 1 || s.rounds > 100:
		return fmt.Errorf("-rounds %d: it may be 1 to 100", s.rounds)
	case s.limit < time.Second || s.limit > 2*time.Hour:
		return fmt.Errorf("-limit %s: it may be 1s to 2h", s.limit)
	}
	return nil
}

func main() {
	command.Main("install", func(ctx context.Context) error {
		s, err := parse(os.Args[1:])
		if err != nil {
			return err
		}
		return run(ctx, s)
	})
}

// run sets everything up, measures, and prints. An installation that fails or differs from the others is an error, and then
// there is no table.
func run(ctx context.Context, s settings) (err error) {
	l, err := newLab(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(err != nil || s.keep)) }()
	if err := l.build(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit, fmt.Errorf("not done within %s; see -limit", s.limit))
	defer cancel()
	if err := l.setUp(ctx); err != nil {
		return err
	}
	for round := range s.rounds + 1 {
		if err := l.measureRound(ctx, round); err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
	}
	return l.print(os.Stdout)
}
