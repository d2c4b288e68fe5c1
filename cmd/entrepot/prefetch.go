package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/awsapi"
	"entrepot/awsclient"
	"entrepot/config"
	"entrepot/prefetch"
)

type prefetchCommand struct {
	caller
	Lockfiles       []string `arg:"" optional:"" name:"lockfile" help:"Lockfiles, which are known by their names."`
	Domain          string   `required:"" help:"The domain of the repository that is to keep them."`
	DomainOwner     string   `name:"domain-owner" placeholder:"ACCOUNT" help:"The domain's owner, if that is not your own account."`
	Repository      string   `required:"" help:"The repository that is to keep them."`
	List            []string `placeholder:"FILE" help:"A list of versions, one a line; - is the standard input."`
	MavenRepository []string `name:"maven-repository" placeholder:"DIR" help:"A local repository of Maven's, such as ~/.m2/repository."`
	fromRepository
	Format        string      `help:"Only packages of this format."`
	Namespace     string      `help:"Only packages of this namespace: an npm scope without @, a Maven group."`
	Package       string      `help:"Only packages of this name."`
	AllRegistries bool        `name:"all-registries" help:"Take entries of every registry that a lockfile names, not only of the one that most are of."`
	Jobs          int         `default:"8" help:"How many versions at a time: 1 to 64."`
	Retries       int         `default:"6" help:"How often a request that failed for the moment is made again: 0 to 100."`
	MaxBytes      config.Size `name:"max-bytes" placeholder:"SIZE" help:"Bring in no more than this: 512MiB, 20GiB. What goes over it is left out."`
	DryRun        bool        `name:"dry-run" help:"Bring nothing in; say what would be."`
	JSON          bool        `name:"json" help:"Print the summary as one JSON object."`
}

// Help is shown by entrepot prefetch --help.
func (prefetchCommand) Help() string {
	return `Has a repository keep versions of packages before anybody asks for them: those that lockfiles name, those of a list, or what another
repository has. They come from the repository's upstreams and external connections, as if a package manager had asked, and the same
policies, origin controls and statuses hold. What lockfiles know of digests is compared.

A run that was stopped goes on when it is started again: what is kept is not asked for twice. The command ends with 0 if all is kept,
with 1 if something is not, and with 2 if it could not go on.

A list has a version a line:

  npm:@scope/name@1.2.3
  pypi:requests==2.31.0
  maven:org.example:lib:1.0
  maven:org.example:lib:1.0:tests@jar
  cargo:serde@1.0.200
  nuget:Newtonsoft.Json@13.0.3
  ruby:rack@3.0.0
  swift:scope.name@1.0.0

Examples:

  entrepot prefetch --domain my-domain --repository my-repo package-lock.json
  entrepot prefetch --domain my-domain --repository my-repo --dry-run Cargo.lock uv.lock
  entrepot prefetch --domain my-domain --repository my-repo --list versions.txt --max-bytes 20GiB
  entrepot prefetch --domain my-domain --repository my-repo --maven-repository ~/.m2/repository
  entrepot prefetch --domain my-domain --repository my-repo --from-repository other-repo --format npm
  entrepot prefetch --domain my-domain --repository my-repo --from-repository their-domain/their-repo --from-profile theirs`
}

// The codes with which the command ends besides 0.
const (
	statusNotAllKept = 1
	statusNotGoneOn  = 2
)

// Run has all of it kept, and prints what became of it.
func (c prefetchCommand) Run(ctx context.Context, u user, to io.Writer) error {
	summary, skipped, err := c.run(ctx, u)
	if err != nil && ctx.Err() == nil && summary.Count(prefetch.Untried) == len(summary.Results) {
		return exitStatus{statusNotGoneOn, err}
	}
	printed := c.print(to, summary, skipped)
	switch {
	case ctx.Err() != nil:
		return exitStatus{statusNotGoneOn, errors.New("stopped; the same command goes on with what is left")}
	case err != nil:
		return exitStatus{statusNotGoneOn, fmt.Errorf("%w; the same command goes on with what is left", err)}
	case printed != nil:
		return exitStatus{statusNotGoneOn, printed}
	case !summary.Good():
		return exitStatus{statusNotAllKept, nil}
	}
	return nil
}

func (c prefetchCommand) run(ctx context.Context, u user) (prefetch.Summary, []skipped, error) {
	none := prefetch.Summary{}
	if c.Jobs < 1 || c.Jobs > 64 {
		return none, nil, fmt.Errorf("--jobs is between 1 and 64, not %d", c.Jobs)
	}
	if c.Retries < 0 || c.Retries > 100 {
		return none, nil, fmt.Errorf("--retries is between 0 and 100, not %d", c.Retries)
	}
	if c.FromRepository == "" && (c.FromOwner != "" || c.FromProfile != "" || c.FromData != "") {
		return none, nil, errors.New("say which repository is read: --from-repository")
	}
	if c.FromProfile != "" && c.FromData != "" {
		return none, nil, errors.New("--from-profile and --from-data both say where the other server is: give one")
	}
	if c.Format != "" && !artifact.Format(c.Format).Valid() {
		return none, nil, fmt.Errorf("%.40q is no format: %v", c.Format, artifact.Formats())
	}
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return none, nil, err
	}
	found, err := c.collect(ctx, u, calls)
	if err != nil {
		return none, nil, err
	}
	shown := newPrefetchProgress(newProgress(os.Stderr), os.Stderr)
	defer shown.end()
	server := keeper{calls: calls.Waiting(longestAnswer), repository: c.target()}
	summary, err := prefetch.Run(ctx, server, found.entries, prefetch.Options{Jobs: c.Jobs, Retries: c.Retries, MaxBytes: int64(c.MaxBytes),
		DryRun: c.DryRun, Each: shown.each})
	return summary, found.skipped, err
}

// target is the parameters that say which repository is to keep everything.
func (c prefetchCommand) target() map[string]string {
	return map[string]string{"domain": c.Domain, "domain-owner": c.DomainOwner, "repository": c.Repository}
}

// longestAnswer is more than the operation ever waits for an asset.
const longestAnswer = 2 * time.Minute

// keeper is the repository that is to keep everything.
type keeper struct {
	calls      *awsclient.Client
	repository map[string]string
}

// Ask calls the operation Prefetch.
func (k keeper) Ask(ctx context.Context, v artifact.VersionKey, asset string) (prefetch.Answer, error) {
	q := parameters(k.repository)
	for name, value := range parameters(map[string]string{"format": string(v.Format), "namespace": v.Namespace, "package": v.Name,
		"version": v.Version, "asset": asset}) {
		q[name] = value
	}
	var told awsapi.Prefetched
	if err := k.calls.Post(ctx, "Prefetch", awsapi.PrefetchPath, q, &told); err != nil {
		return prefetch.Answer{}, sorted(err)
	}
	answer := prefetch.Answer{Ending: prefetch.Ending(told.Ending), Why: told.Why}
	for _, a := range told.Assets {
		answer.Assets = append(answer.Assets, prefetch.Asset(a))
	}
	for _, n := range told.Needs {
		answer.Needs = append(answer.Needs, artifact.PackageKey{Format: v.Format, Namespace: n.Namespace, Name: n.Package}.At(n.Version))
	}
	return answer, nil
}

// sorted tells errors of this moment and those of one version from those that mean that nothing can be asked.
func sorted(err error) error {
	if _, ok := errors.AsType[*awsclient.Silence](err); ok {
		return &prefetch.Again{Err: err}
	}
	r, ok := errors.AsType[*awsclient.Refusal](err)
	switch {
	case !ok:
		return err
	case r.Status == 429 || r.Status >= 500:
		return &prefetch.Again{Err: err, After: r.After}
	case slices.Contains([]int{400, 402, 409}, r.Status):
		return &prefetch.Unfit{Err: err}
	}
	return err
}

// wants reports whether a version is among those that the flags name.
func (c prefetchCommand) wants(v artifact.VersionKey) bool {
	return (c.Format == "" || string(v.Format) == c.Format) && (c.Namespace == "" || v.Namespace == c.Namespace) &&
		(c.Package == "" || v.Name == c.Package)
}
