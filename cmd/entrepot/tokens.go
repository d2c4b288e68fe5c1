package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"entrepot/awsapi"
	"entrepot/awsclient"
)

type tokensCommand struct {
	List   listTokensCommand   `cmd:"" help:"List the tokens and sessions that are not over."`
	Revoke revokeTokensCommand `cmd:"" help:"Revoke a token or a session, those of a principal, or all."`
}

// Help is shown by entrepot tokens --help.
func (tokensCommand) Help() string {
	return `Examples:

  entrepot tokens list
  entrepot tokens revoke --principal arn:aws:iam::123456789012:user/ann`
}

type listTokensCommand struct {
	caller
	Principal string `placeholder:"ARN" help:"Only those of this user or role."`
	JSON      bool   `name:"json" help:"Print them as one JSON object."`
}

// Help is shown by entrepot tokens list --help.
func (listTokensCommand) Help() string {
	return `Lists authorization tokens, and the sessions that roles and users are in. Everybody sees his own; others are shown to who may do
entrepot:ListTokens on their user or role. An ID is no secret: it opens nothing, and is what entrepot tokens revoke takes.

Examples:

  entrepot tokens list
  entrepot tokens list --principal arn:aws:iam::123456789012:user/ann
  entrepot tokens list --json`
}

// Run prints the list.
func (c listTokensCommand) Run(ctx context.Context, u user, to io.Writer) error {
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	all, err := allTokens(ctx, calls, c.Principal)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(to, awsapi.TokenList{Credentials: all})
	}
	out := tabwriter.NewWriter(plain{to}, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "KIND\tID\tPRINCIPAL\tFOR\tISSUED\tUNTIL")
	for _, t := range all {
		kind, what := "token", t.Domain+onlyIf(t.Session != "", " in "+t.Session)
		if t.Domain == "" {
			kind, what = "session", t.Name
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", kind, shortID(t.ID), t.Principal, what, moment(t.IssuedAt), moment(t.ExpiresAt))
	}
	return out.Flush()
}

func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// shownID is how much of a token's ID a list for people shows.
const shownID = 16

// shortID is what is shown of an ID, which is enough to tell it from others.
func shortID(id string) string { return id[:min(len(id), shownID+len("ASIA"))] }

// allTokens lists all pages.
func allTokens(ctx context.Context, calls *awsclient.Client, principal string) ([]awsapi.TokenDescription, error) {
	all, next := []awsapi.TokenDescription{}, ""
	for {
		var page awsapi.TokenList
		q := parameters(map[string]string{"principal": principal, "next-token": next, "max-results": "1000"})
		if err := calls.Post(ctx, "ListTokens", awsapi.ListTokensPath, q, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Credentials...)
		if next = page.NextToken; next == "" {
			return all, nil
		}
	}
}

type revokeTokensCommand struct {
	caller
	ID        string `arg:"" optional:"" xor:"which" help:"ID of a token or session, or the beginning of one that entrepot tokens list shows."`
	Principal string `xor:"which" placeholder:"ARN" help:"All of this user or role."`
	All       bool   `xor:"which" help:"All of the account, your own too."`
}

// Help is shown by entrepot tokens revoke --help.
func (revokeTokensCommand) Help() string {
	return `What is revoked is refused from the next request on. A session goes with the tokens that were issued in it. Everybody may revoke
his own; others takes entrepot:RevokeTokens on their user or role, and --all takes it on everything. Access keys are no tokens: who
has one gets new tokens until the key is deactivated or deleted (aws iam update-access-key).

Examples:

  entrepot tokens revoke 3fb1c0d2a94e7f6680aa
  entrepot tokens revoke --principal arn:aws:iam::123456789012:role/ci
  entrepot tokens revoke --all`
}

// Run revokes, and forgets the tokens that this user's tools have kept: those may be among them.
func (c revokeTokensCommand) Run(ctx context.Context, u user, to io.Writer) error {
	if c.ID == "" && c.Principal == "" && !c.All {
		return errors.New("say which: an ID, --principal ARN, or --all")
	}
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	id, err := c.wholeID(ctx, calls)
	if err != nil {
		return err
	}
	var done awsapi.RevokedTokens
	q := parameters(map[string]string{"id": id, "principal": c.Principal, "all": onlyIf(c.All, "true")})
	if err := calls.Post(ctx, "RevokeTokens", awsapi.RevokeTokensPath, q, &done); err != nil {
		return err
	}
	if err := os.RemoveAll(u.tokens()); err != nil {
		return fmt.Errorf("forget the tokens that were kept: %w", err)
	}
	_, err = fmt.Fprintf(to, "revoked: %d tokens, %d sessions with theirs\n", done.Tokens, done.Sessions)
	return err
}

// wholeID is the ID that the beginning of one is meant for. What is not among those that are listed is given on as it is.
func (c revokeTokensCommand) wholeID(ctx context.Context, calls *awsclient.Client) (string, error) {
	if len(c.ID) < shownID {
		return c.ID, nil
	}
	all, err := allTokens(ctx, calls, "")
	if err != nil {
		return "", err
	}
	found := c.ID
	for _, t := range all {
		if !strings.HasPrefix(t.ID, c.ID) {
			continue
		}
		if found != c.ID {
			return "", fmt.Errorf("more than one token begins with %s", c.ID)
		}
		found = t.ID
	}
	return found, nil
}
