package main

import (
	"context"
	"crypto/md5"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"entrepot/e2e/fakeruby"
)

// bundleInstall installs gems that are made for it, as the public registry is out of reach where this is measured: each has
// some files and depends on the one before it. Bundler resolves them anew each time, and has nothing of them.
func (s settings) bundleInstall(string) (*installation, error) {
	registry := fakeruby.New()
	var gemfile strings.Builder
	for n := range s.gems {
		g := gemNumbered(n)
		if err := registry.Add(g); err != nil {
			return nil, err
		}
		fmt.Fprintf(&gemfile, "gem %q, %q\n", g.Name, g.Version)
	}
	registry.ListBeside(listed(s.listed))
	return &installation{
		name: fmt.Sprintf("bundle install of %d gems", s.gems), registry: registry,
		format: "ruby", upstream: "ruby-gems-org",
		prepare: func(folder string) error { return write(folder, "gems", gemfile.String()) },
		client:  s.bundleClient,
		counts:  func(name string) bool { return strings.HasPrefix(path.Base(name), "part_") },
	}, nil
}

// listed are lines of the public registry's list of all gems, which Bundler reads before it asks for any: of so many, each with as
// many versions as make 22 MB of 150,000, as large as the public one was seen in 2019.
func listed(gems int) []byte {
	var lines []byte
	for n := range gems {
		lines = fmt.Appendf(lines, "listed_beside_%d ", n)
		for v := range 14 {
			lines = fmt.Appendf(lines, "1.%d.0,", v)
		}
		lines = fmt.Appendf(lines, "2.0.0 %x\n", md5.Sum(strconv.AppendInt(nil, int64(n), 10)))
	}
	return lines
}

// gemNumbered is one of the gems: twenty files of some kilobytes.
func gemNumbered(n int) fakeruby.Gem {
	g := fakeruby.Gem{Name: fmt.Sprintf("bench_%d", n), Version: "1.0.0", Files: map[string][]byte{}}
	for part := range 20 {
		text := strings.Repeat(fmt.Sprintf("# part %d of %s\n", part, g.Name), 200)
		g.Files[fmt.Sprintf("lib/%s/part_%d.rb", g.Name, part)] = []byte(text)
	}
	if n > 0 {
		g.Dependencies = []string{fmt.Sprintf("bench_%d ~> 1.0", n-1)}
	}
	return g
}

func (s settings) bundleClient(ctx context.Context, folder, base, token, into string) (*exec.Cmd, error) {
	source, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	source.User = url.UserPassword("aws", token)
	gems, err := os.ReadFile(filepath.Join(folder, "gems"))
	if err != nil {
		return nil, err
	}
	project, err := os.MkdirTemp(folder, "project-")
	if err != nil {
		return nil, err
	}
	if err := write(project, "Gemfile", "source \""+source.String()+"\"\n"+string(gems)); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, s.bundle, "install", "--quiet", "--gemfile", filepath.Join(project, "Gemfile"))
	cmd.Dir = project
	cmd.Env = append(os.Environ(), "HOME="+project, "BUNDLE_PATH="+into, "BUNDLE_USER_HOME="+filepath.Join(project, "bundler"),
		"BUNDLE_SILENCE_ROOT_WARNING=true")
	return cmd, nil
}
