package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/awsclient"
	"entrepot/clientconfig"
	"entrepot/format"
)

type loginCommand struct {
	caller
	slot
	Domain      string        `help:"The repository's domain."`
	DomainOwner string        `name:"domain-owner" placeholder:"ACCOUNT" help:"The domain's owner, if that is not your own account."`
	Repository  string        `help:"The repository."`
	Duration    time.Duration `placeholder:"12h" help:"How long the token is good for: 15m to 12h."`
	Renew       bool          `help:"Have the tool ask for a token whenever it needs one, if it can."`
	DryRun      bool          `name:"dry-run" help:"Show what would change in which files, without secrets."`
}

// slot is which settings are meant: those of a tool, of a scope or of all, of a project or of the user.
type slot struct {
	Tool      string `placeholder:"TOOL" help:"The tool: npm, pip and so on. Without it, they are listed."`
	Namespace string `placeholder:"@SCOPE" help:"Only what is for this scope."`
	Project   bool   `help:"Only what is for the project in this folder. Its tokens stand in your own files all the same."`
}

// Help is shown by entrepot login --help.
func (loginCommand) Help() string {
	return `Tells a package manager where a repository is and how to sign in to it, in the files that the package manager reads.
Everything else in them stays as it is, and entrepot logout takes it back. Before a file is changed for the first time, a copy of
it is made beside it, with .entrepot-backup behind its name.

Examples:

  entrepot login                    # lists the tools
  entrepot login --tool npm --domain my-domain --repository my-repo
  entrepot login --tool npm --domain my-domain --repository my-repo --namespace @acme
  entrepot login --tool pip --domain my-domain --repository my-repo --renew
  entrepot login --tool uv --domain my-domain --repository my-repo --project --dry-run

It calls the server with the AWS profile of this terminal, which eval "$(entrepot env)" sets, or with that of a data folder
(--data).`
}

// scopes are those that need no quotes in any file.
var scopes = regexp.MustCompile(`^@?[A-Za-z0-9._~-]+$`)

// check refuses what the tool cannot do, before anything is asked or written.
func (c loginCommand) check(t clientTool) error {
	switch {
	case c.Domain == "" || c.Repository == "":
		return errors.New("say which repository: --domain DOMAIN --repository REPOSITORY")
	case c.Namespace != "" && !t.Scopes:
		return fmt.Errorf("%s has no scopes; leave --namespace out", t.Name)
	case c.Project && !t.Project:
		return fmt.Errorf("%s keeps such settings for the user, not for a project; leave --project out", t.Name)
	case c.Renew && !t.Renews:
		return fmt.Errorf("%s %s; leave --renew out", t.Name, t.Renewal)
	case c.Namespace != "" && !scopes.MatchString(c.Namespace):
		return fmt.Errorf("%q is no scope", c.Namespace)
	}
	return nil
}

// Run signs a tool in.
func (c loginCommand) Run(ctx context.Context, u user, to io.Writer) error {
	if c.Tool == "" {
		return listClientTools(to)
	}
	t, err := clientToolNamed(c.Tool)
	if err != nil {
		return err
	}
	if err := c.check(t); err != nil {
		return err
	}
	s, l, expires, err := c.ask(ctx, u, t.of)
	if err != nil {
		return err
	}
	settings, err := t.Settings(l)
	if err != nil {
		return err
	}
	journal, err := clientconfig.OpenJournal(u.state())
	if err != nil {
		return err
	}
	owner := c.owner(u)
	plan, err := journal.Plan(owner, settings...)
	if err != nil {
		return err
	}
	if c.DryRun {
		return show(to, plan)
	}
	// A tool may ask for a token as soon as its files say so.
	if err := u.remember(func(all logins) { all[owner] = s }); err != nil {
		return err
	}
	if err := plan.Apply(); err != nil {
		return err
	}
	report(to, plan)
	return c.tell(to, t, l, s, expires)
}

// ask calls the server for the repository's address and a token. It returns the sign-in, what the tool is told of it, and when
// the token ends.
func (c loginCommand) ask(ctx context.Context, u user, of artifact.Format) (s signedIn, l format.Login, expires time.Time, err error) {
	s = signedIn{Profile: c.source(u.Getenv), Domain: c.Domain, Owner: c.DomainOwner}
	if s.Seconds, err = wholeSeconds(c.Duration); err != nil {
		return s, l, expires, err
	}
	calls, err := client(s.Profile, u.Getenv)
	if err != nil {
		return s, l, expires, err
	}
	domain := awsclient.Domain{Name: c.Domain, Owner: c.DomainOwner}
	endpoint, err := calls.Endpoint(ctx, domain, c.Repository, of)
	if err != nil {
		return s, l, expires, err
	}
	// Also where the tool will ask for tokens itself: whoever may not have one learns it now.
	token, err := calls.Token(ctx, domain, s.Seconds)
	if err != nil {
		return s, l, expires, err
	}
	s.Endpoint = endpoint.String()
	s.Profile = s.Profile.Pinned(u.Getenv)
	l = format.Login{
		Endpoint:       endpoint,
		TokenCommand:   []string{u.self, "token", "--for", s.Endpoint},
		KeyringCommand: []string{u.self, "keyring"},
		Scripts:        filepath.Join(u.state(), "scripts"),
		Programs:       filepath.Join(u.Home, ".local", "bin"),
		Namespace:      c.scope(),
		User:           u.User,
	}
	if !c.Renew {
		l.Token = token.Value
	}
	if c.Project {
		l.Project = u.folder
	}
	return s, l, token.Expires, nil
}

// scope is the namespace without the @ that may stand before it.
func (s slot) scope() string { return strings.TrimPrefix(s.Namespace, "@") }

// owner is in whose name the journal remembers the settings. Each slot has one sign-in: the next takes it over.
func (s slot) owner(u user) string {
	name := loginOwner + s.Tool
	if s.Namespace != "" {
		name += " @" + s.scope()
	}
	if s.Project {
		name += " in " + u.folder
	}
	return name
}

const loginOwner = "login "

// flags are those that lead to the slot on the command line.
func (s slot) flags() string {
	text := "--tool " + s.Tool
	if s.Namespace != "" {
		text += " --namespace @" + s.scope()
	}
	if s.Project {
		text += " --project"
	}
	return text
}

// tell says what a tool can do now, and what may be in its way.
func (c loginCommand) tell(to io.Writer, t clientTool, l format.Login, s signedIn, expires time.Time) error {
	how := "until " + expires.Local().Format("15:04 on 2 January")
	if c.Renew {
		how = "with tokens that it asks for itself"
	}
	fmt.Fprintf(to, "%s is signed in to repository %s of domain %s, %s.\n", t.Name, c.Repository, c.Domain, how)
	if c.Renew && !s.Profile.Alone {
		fmt.Fprintln(to, "The access key or the server's address comes from variables of this terminal: "+
			"tokens are renewed where they are set.")
	}
	if l.Endpoint.Scheme == "https" && s.Profile.Bundle != "" {
		fmt.Fprintf(to, "The server is believed because of %s; entrepot trust shows what %s needs to believe it too.\n",
			s.Profile.Bundle, t.Name)
	}
	if _, err := exec.LookPath(t.Name); err != nil {
		fmt.Fprintf(to, "%s is not on this machine's PATH; its files are ready for it.\n", t.Name)
	}
	for _, name := range t.Variables {
		if l.Getenv(name) != "" {
			fmt.Fprintf(to, "This terminal sets %s, which wins over files: unset it.\n", name)
		}
	}
	if t.Notes != nil {
		for _, note := range t.Notes(l) {
			fmt.Fprintln(to, note)
		}
	}
	_, err := fmt.Fprintln(to, "Undo it with: entrepot logout "+c.flags())
	return err
}

// report says what a plan has done.
func report(to io.Writer, plan *clientconfig.Plan) {
	for _, path := range plan.Changed() {
		fmt.Fprintln(to, "changed", path)
	}
	for _, left := range plan.Left {
		fmt.Fprintln(to, "left as it is,", left)
	}
}

// show prints what a plan would do.
func show(to io.Writer, plan *clientconfig.Plan) error {
	_, err := io.WriteString(to, cmp.Or(plan.Difference(), "nothing would change\n"))
	return err
}
