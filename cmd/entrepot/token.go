package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"entrepot/awsclient"
	"entrepot/localca"
)

// caller is with which access key, and of which server, calls are made.
type caller struct {
	Data string `placeholder:"DIR" help:"Data folder of the server, whose administrator is used (default: the AWS profile of this terminal, as entrepot env sets it)."`
}

// source is where the profile is.
func (c caller) source(getenv func(string) string) awsclient.Source {
	if c.Data == "" {
		return awsclient.FromEnvironment(getenv)
	}
	bundle := filepath.Join(c.Data, authorityFolder, localca.AuthorityFile)
	if _, err := os.Stat(bundle); err != nil {
		bundle = ""
	}
	return awsclient.FromFolder(c.Data, bundle)
}

// client makes calls with the profile of a source.
func client(s awsclient.Source, getenv func(string) string) (*awsclient.Client, error) {
	profile, err := s.Load(getenv)
	if err != nil {
		return nil, err
	}
	return awsclient.New(profile, "entrepot/"+version, time.Now)
}

type tokenCommand struct {
	caller
	Domain      string        `short:"d" xor:"which" required:"" help:"The domain that the token is for."`
	DomainOwner string        `name:"domain-owner" placeholder:"ACCOUNT" help:"The domain's owner, if that is not your own account."`
	Duration    time.Duration `placeholder:"12h" help:"How long a new token is good for: 15m to 12h."`
	For         string        `xor:"which" required:"" placeholder:"URL" help:"In place of a domain: a repository's address that entrepot login has been used for."`
	Bearer      bool          `help:"Print it as an Authorization header has it."`
}

// Help is shown by entrepot token --help.
func (tokenCommand) Help() string {
	return `Prints a token that is good for another hour at least, unless --duration asks for less. It is kept in
~/.cache/entrepot/tokens, which only you can read, and a new one is made when less is left.

Examples:

  export ENTREPOT_TOKEN=$(entrepot token --domain my-domain)
  curl -u "aws:$(entrepot token --domain my-domain)" "$URL"
  ORG_GRADLE_PROJECT_codeartifactPassword=$(entrepot token --domain my-domain) gradle build`
}

// Run prints a token.
func (c tokenCommand) Run(ctx context.Context, u user, to io.Writer) error {
	seconds, err := wholeSeconds(c.Duration)
	if err != nil {
		return err
	}
	s := signedIn{Profile: c.source(u.Getenv), Domain: c.Domain, Owner: c.DomainOwner, Seconds: seconds}
	if c.For != "" {
		all, err := u.logins()
		if err != nil {
			return err
		}
		known, ok := all.at(c.For)
		if !ok {
			return fmt.Errorf("no tool is signed in to %s; sign one in with entrepot login, or name a domain", c.For)
		}
		known.Seconds = cmp.Or(seconds, known.Seconds)
		s = known
	}
	t, err := u.token(ctx, s)
	if err != nil {
		return err
	}
	scheme := ""
	if c.Bearer {
		scheme = "Bearer "
	}
	_, err = fmt.Fprintln(to, scheme+t.Value.Reveal())
	return err
}

// token is a token for a sign-in, one that was kept or a new one.
func (u user) token(ctx context.Context, s signedIn) (awsclient.Token, error) {
	c, err := client(s.Profile, u.Getenv)
	if err != nil {
		return awsclient.Token{}, err
	}
	return awsclient.Cache{Folder: u.tokens()}.Token(ctx, c, awsclient.Domain{Name: s.Domain, Owner: s.Owner}, s.Seconds)
}

// The bounds of a token's life (CodeArtifact user guide, "Tokens").
const (
	shortestToken = 15 * time.Minute
	longestToken  = 12 * time.Hour
)

func wholeSeconds(d time.Duration) (int, error) {
	if d != 0 && (d < shortestToken || d > longestToken || d%time.Second != 0) {
		return 0, fmt.Errorf("--duration is whole seconds between %v and %v, not %v", shortestToken, longestToken, d)
	}
	return int(d / time.Second), nil
}
