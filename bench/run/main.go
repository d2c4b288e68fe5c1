// Command run measures a whole Entrepot beside bare servers that do less, and prints one table. See bench/README.md.
//
// It builds what it measures, serves on loopback only, stops what it started, and ends within its limit of time.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"time"

	"entrepot/bench/command"
)

// settings are the command line.
type settings struct {
	rounds   int
	duration time.Duration // of one warm case on one server
	limit    time.Duration // of everything but the building
	versions int           // of the package with the most
	publish  int           // packages a writer
	cold     int           // packages
	only     *regexp.Regexp
	server   string // a built entrepot; empty to build one
	nginx    string
	// pypiserver is its program, which need not be there.
	pypiserver string
	work       string // where the temporary folder goes; empty for the system's place
	keep       bool
}

// The two sizes of a run.
var (
	usual = settings{rounds: 3, duration: 1200 * time.Millisecond, limit: 12 * time.Minute,
		versions: 5000, publish: 250, cold: 500}
	short = settings{rounds: 1, duration: 400 * time.Millisecond, limit: 3 * time.Minute,
		versions: 500, publish: 60, cold: 100}
)

func parse(args []string) (settings, error) {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	isShort := flags.Bool("short", false, "one round of short cases, in two minutes or so")
	rounds := flags.Int("rounds", 0, "rounds over all cases and servers; 3, or 1 with -short")
	duration := flags.Duration("duration", 0, "time of a warm case on one server; 1.2s, or 0.4s with -short")
	limit := flags.Duration("limit", 0, "time of everything but the building; 12m, or 3m with -short")
	only := flags.String("only", "", "regular expression of the names of the cases to run")
	server := flags.String("server", "", "a built entrepot; empty builds one")
	nginx := flags.String("nginx", "nginx", "program to compare with where it exists")
	pypiserver := flags.String("pypiserver", "pypi-server", "program of pypiserver to compare with where it exists")
	work := flags.String("work", "", "folder to make the temporary one in; it should be on the disk to be measured")
	keep := flags.Bool("keep", false, "leave the temporary folder with data and logs")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	s := usual
	if *isShort {
		s = short
	}
	s.rounds = cmp.Or(*rounds, s.rounds)
	s.duration = cmp.Or(*duration, s.duration)
	s.limit = cmp.Or(*limit, s.limit)
	s.server, s.nginx, s.pypiserver, s.work, s.keep = *server, *nginx, *pypiserver, *work, *keep
	var err error
	if s.only, err = regexp.Compile(*only); err != nil {
		return settings{}, fmt.Errorf("-only: %w", err)
	}
	return s, s.check(flags.NArg())
}

func (s settings) check(extra int) error {
	switch {
	case extra > 0:
		return errors.New("there are no arguments beside the flags")
	case s.rounds < 1 || s.rounds > 100:
		return fmt.Errorf("-rounds %d: it may be 1 to 100", s.rounds)
	case s.duration < 100*time.Millisecond || s.duration > time.Minute:
		return fmt.Errorf("-duration %s: it may be 100ms to 1m", s.duration)
	case s.limit < time.Second || s.limit > 2*time.Hour:
		return fmt.Errorf("-limit %s: it may be 1s to 2h", s.limit)
	}
	return nil
}

func main() {
	command.Main("run", func(ctx context.Context) error {
		s, err := parse(os.Args[1:])
		if err != nil {
			return err
		}
		return run(ctx, s)
	})
}

// run sets everything up, measures, and prints. A server that answers wrongly is an error, and then there is no table.
func run(ctx context.Context, s settings) (err error) {
	l, err := newLab(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(err != nil || l.keep)) }()
	if l.sections = l.sectionsWanted(); len(l.sections) == 0 {
		return errors.New("no case has such a name")
	}
	if err := l.build(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit, fmt.Errorf("not done within %s; see -limit", s.limit))
	defer cancel()
	if err := l.setUp(ctx); err != nil {
		return outOfTime(ctx, err)
	}
	report, err := l.measureAll(ctx)
	if err != nil {
		return outOfTime(ctx, err)
	}
	return report.print(os.Stdout)
}

// outOfTime names the limit where it is the reason.
func outOfTime(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return err
}
