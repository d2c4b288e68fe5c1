package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"
	"unicode"

	"entrepot/awsapi"
)

type explainCommand struct {
	caller
	Domain      string `required:"" help:"The repository's domain."`
	DomainOwner string `name:"domain-owner" placeholder:"ACCOUNT" help:"The domain's owner, if that is not your own account."`
	Repository  string `required:"" help:"The repository that was asked."`
	Format      string `help:"The package's format: npm, pypi, maven and so on."`
	Namespace   string `help:"The package's namespace: an npm scope without @, a Maven group."`
	Package     string `help:"The package. Without it only permission is explained."`
	Version     string `help:"One version of it."`
	Asset       string `help:"One file of that version."`
	Action      string `placeholder:"codeartifact:ACTION" help:"What was to be done (default: codeartifact:ReadFromRepository, which package managers need to read)."`
	As          string `placeholder:"ARN" help:"The user or role that was to do it, if that is not you. You need iam:SimulatePrincipalPolicy on it."`
	JSON        bool   `name:"json" help:"Print the explanation as one JSON object."`
}

// Help is shown by entrepot explain --help.
func (explainCommand) Help() string {
	return `Says who may, by which statement of which policy; what the package's group and its origin controls let in; which repositories
and registries are searched, in which order, and what each of them says; how that ends, and what can be done about it. Nothing is
fetched, kept or changed by it. You are told what you could find out anyway: what you may not read is not explained to you.

Examples:

  entrepot explain --domain my-domain --repository my-repo --format npm --package left-pad --version 1.0.0
  entrepot explain --domain my-domain --repository my-repo --format npm --namespace acme --package ui
  entrepot explain --domain my-domain --repository my-repo --format maven --namespace org.acme --package lib --version 1.0 --asset lib-1.0.jar
  entrepot explain --domain my-domain --repository my-repo --format npm --package ui --action codeartifact:PublishPackageVersion
  entrepot explain --domain my-domain --repository my-repo --as arn:aws:iam::123456789012:user/ann`
}

// Run asks the server and prints what it says.
func (c explainCommand) Run(ctx context.Context, u user, to io.Writer) error {
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	var answer json.RawMessage
	if err := calls.Post(ctx, "Explain", awsapi.ExplainPath, c.query(), &answer); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(to, answer)
	}
	var e awsapi.Explanation
	if err := json.Unmarshal(answer, &e); err != nil {
		return fmt.Errorf("read the explanation: %w", err)
	}
	return printExplanation(to, e)
}

func (c explainCommand) query() url.Values {
	return parameters(map[string]string{
		"domain": c.Domain, "domain-owner": c.DomainOwner, "repository": c.Repository, "format": c.Format, "namespace": c.Namespace,
		"package": c.Package, "version": c.Version, "asset": c.Asset, "action": c.Action, "principal": c.As,
	})
}

// parameters are the parameters that have a value.
func parameters(all map[string]string) url.Values {
	q := url.Values{}
	for name, value := range all {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// printJSON prints an answer as it came, indented.
func printJSON(to io.Writer, answer any) error {
	text, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(to, string(text))
	return err
}

// printExplanation prints an explanation as an account that reads from top to bottom.
func printExplanation(to io.Writer, e awsapi.Explanation) error {
	out := tabwriter.NewWriter(plain{to}, 0, 0, 2, ' ', 0)
	p := e.Permission
	may := "may"
	if !p.Allowed {
		may = "may not"
	}
	fmt.Fprintf(out, "%s %s do %s on %s\n  %s\n", p.Principal, may, p.Action, p.Resource, decidedBy(p))
	if g := e.PackageGroup; g != nil {
		fmt.Fprintf(out, "\nPackage group %s%s\n", g.Pattern, onlyIf(g.Variant, ", of which the name is a variant: nothing is let in"))
		for _, r := range g.Restrictions {
			fmt.Fprintf(out, "  %s\t%s\t%s%s\n", r.Type, r.Mode, onlyIf(r.Closed, "closed here"), onlyIf(r.From != "", " inherited from "+r.From))
		}
	}
	for n, c := range e.OriginControls {
		fmt.Fprintf(out, "%s  %s\tpublish=%s upstream=%s\n", onlyIf(n == 0, "\nOrigin controls\n"), c.Repository, c.Publish, c.Upstream)
	}
	for n, place := range e.Places {
		fmt.Fprintf(out, "%s  %s%s\t%s%s\t%s\n", onlyIf(n == 0, "\nSearch\n"), strings.Repeat("  ", place.Depth), placeName(place),
			strings.ReplaceAll(string(place.Says), "-", " "), onlyIf(place.Status != "", " ("+string(place.Status)+")"), place.Why)
	}
	fmt.Fprintf(out, "\n%s: %s\n", strings.ReplaceAll(string(e.Verdict.Ending), "-", " "), e.Verdict.Why)
	if e.Verdict.Next != "" {
		fmt.Fprintf(out, "%s\n", e.Verdict.Next)
	}
	return out.Flush()
}

// decidedBy is which policy decided, and by which statement if that is told.
func decidedBy(p awsapi.ExplainedPermission) string {
	s := p.Statement
	if s == nil {
		return p.Reason
	}
	return fmt.Sprintf("%s, statement %d%s%s", p.Reason, s.Position, onlyIf(s.Sid != "", " ("+s.Sid+")"), onlyIf(s.Policy != "", " of "+s.Policy))
}

// placeName is what a place of the search is called.
func placeName(p awsapi.ExplainedPlace) string {
	switch {
	case p.Connection != "":
		return p.Connection
	case p.Repository == "":
		return "(a repository that you may not see)"
	}
	return p.Repository
}

func onlyIf(yes bool, text string) string {
	if yes {
		return text
	}
	return ""
}

// plain writes texts that others have chosen to a terminal: without the characters that control one, but for ends of lines.
type plain struct{ to io.Writer }

func (p plain) Write(text []byte) (int, error) {
	clean := strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return '?'
		}
		return r
	}, string(text))
	if _, err := io.WriteString(p.to, clean); err != nil {
		return 0, err
	}
	return len(text), nil
}

// escaped writes JSON that a terminal may show: control characters, which can only stand in its strings, as JSON writes them
// otherwise. Whoever reads it as JSON reads the same.
type escaped struct{ to io.Writer }

func (e escaped) Write(text []byte) (int, error) {
	var clean strings.Builder
	for _, r := range string(text) {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			fmt.Fprintf(&clean, `\u%04x`, r)
			continue
		}
		clean.WriteRune(r)
	}
	if _, err := io.WriteString(e.to, clean.String()); err != nil {
		return 0, err
	}
	return len(text), nil
}
