// Command entrepot is a self-hosted artifact repository that speaks the AWS CodeArtifact API. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker; a build without it says so.
var version = "development"

// cli is the command line. Each command is a struct with a Run method in the file of its name, which is given what it asks for of
// the bindings in newParser.
type cli struct {
	Serve     serveCommand     `cmd:"" help:"Serve the API and the repositories."`
	Env       envCommand       `cmd:"" help:"Print the environment that points AWS's own tools at a data folder's server."`
	Login     loginCommand     `cmd:"" help:"Sign a package manager in to a repository."`
	Logout    logoutCommand    `cmd:"" help:"Take back what login has done."`
	Token     tokenCommand     `cmd:"" help:"Print an authorization token."`
	Keyring   keyringCommand   `cmd:"" help:"Give package managers the credentials they ask a keyring for."`
	Tokens    tokensCommand    `cmd:"" help:"List and revoke authorization tokens and sessions."`
	Events    eventsCommand    `cmd:"" help:"Follow what becomes of package versions, and look after those who are told."`
	Audit     auditCommand     `cmd:"" help:"Show who changed what and what was refused, and check an exported record."`
	Usage     usageCommand     `cmd:"" help:"Tell what was used in a month, and what it costs."`
	Explain   explainCommand   `cmd:"" help:"Explain why a request is answered as it is."`
	Connect   connectCommand   `cmd:"" help:"Have a repository read from another server, from AWS, or from any registry."`
	Remotes   remotesCommand   `cmd:"" help:"List, check and delete where a domain's own connections lead."`
	Prefetch  prefetchCommand  `cmd:"" help:"Have a repository keep versions before anybody asks for them."`
	Trust     trustCommand     `cmd:"" help:"Have the clients of this machine believe a server's own certificate authority."`
	Upstreams upstreamsCommand `cmd:"" help:"Show where the external connections lead."`
	Fsck      fsckCommand      `cmd:"" help:"Check a data folder, and repair what can be repaired."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	parser, err := newParser(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "entrepot:", err)
		return 1
	}
	command, err := parser.Parse(args)
	if err != nil {
		parser.FatalIfErrorf(err)
	}
	err = command.Run()
	if err == nil {
		return 0
	}
	if ended, ok := errors.AsType[exitStatus](err); ok {
		if ended.error != nil {
			fmt.Fprintln(os.Stderr, "entrepot:", ended.error)
		}
		return ended.code
	}
	fmt.Fprintln(os.Stderr, "entrepot:", err)
	return 1
}

// newParser makes the command line, with what the commands ask for when they run.
func newParser(ctx context.Context) (*kong.Kong, error) {
	return kong.New(&cli{}, kong.Name("entrepot"),
		kong.Description("A self-hosted artifact repository that speaks the AWS CodeArtifact API.\n\n"+
			"  entrepot serve                   # serve on 127.0.0.1:8090, keeping everything in ./entrepot-data\n"+
			"  eval \"$(entrepot env)\"           # in another terminal: now the aws command line works against it\n"+
			"  aws codeartifact create-domain --domain my-domain"),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(os.Stdout, (*io.Writer)(nil)),
		kong.BindToProvider(thisUser), kong.BindToProvider(thisMachine))
}

// exitStatus ends the program with a code of its own, and with nothing said if the error is nil.
type exitStatus struct {
	code int
	error
}

type versionCommand struct{}

// Help is shown by entrepot version --help.
func (versionCommand) Help() string {
	return `Example:

  entrepot version`
}

// Run prints the version.
func (versionCommand) Run(to io.Writer) error {
	_, err := fmt.Fprintln(to, "entrepot", version)
	return err
}
