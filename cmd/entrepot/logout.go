package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"entrepot/awsclient"
	"entrepot/clientconfig"
)

type logoutCommand struct {
	slot
	DryRun bool `name:"dry-run" help:"Show what would change in which files, without secrets."`
}

// Help is shown by entrepot logout --help.
func (logoutCommand) Help() string {
	return `Takes back what entrepot login has written for a tool, and puts back what stood there before. What somebody else has
changed since is left as it is. It wants the same --namespace and --project as login had. The token stays good until it ends by itself.

Examples:

  entrepot logout                   # lists what is signed in
  entrepot logout --tool npm
  entrepot logout --tool npm --namespace @acme --dry-run`
}

// Run signs a tool out.
func (c logoutCommand) Run(u user, to io.Writer) error {
	journal, err := clientconfig.OpenJournal(u.state())
	if err != nil {
		return err
	}
	owners := slices.DeleteFunc(journal.Owners(), func(o string) bool { return !strings.HasPrefix(o, loginOwner) })
	if c.Tool == "" {
		return listOwners(to, "", owners)
	}
	if _, err := clientToolNamed(c.Tool); err != nil {
		return err
	}
	owner := c.owner(u)
	if !slices.Contains(owners, owner) {
		fmt.Fprintf(to, "%s is not signed in; there is nothing to take back.\n", strings.TrimPrefix(owner, loginOwner))
		return listOwners(to, "signed in: ", owners)
	}
	plan, err := journal.Plan(owner)
	if err != nil {
		return err
	}
	if c.DryRun {
		return show(to, plan)
	}
	if err := plan.Apply(); err != nil {
		return err
	}
	report(to, plan)
	if err := u.remember(func(all logins) { delete(all, owner) }); err != nil {
		return err
	}
	if len(owners) > 1 {
		return nil
	}
	// Tokens that were kept for tools that ask for them are of no more use.
	return awsclient.Cache{Folder: u.tokens()}.Clear()
}

func listOwners(to io.Writer, label string, owners []string) error {
	for _, owner := range owners {
		if _, err := fmt.Fprintln(to, label+strings.TrimPrefix(owner, loginOwner)); err != nil {
			return err
		}
	}
	return nil
}
