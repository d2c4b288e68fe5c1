package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"entrepot/artifact"
	"entrepot/awsapi"
	"entrepot/awsclient"
	"entrepot/upstream"
)

type connectCommand struct {
	caller
	Domain      string `required:"" help:"The repository's domain."`
	DomainOwner string `name:"domain-owner" placeholder:"ACCOUNT" help:"The domain's owner, if that is not your own account."`
	Repository  string `required:"" help:"The repository that is to read from elsewhere."`
	To          string `required:"" placeholder:"URL" help:"What it reads from: the endpoint of a repository on another server or on AWS, for any format; or a registry's address, with --format."`
	Name        string `help:"What the connection is called, as remote:NAME (default: the other repository's name, or the host's)."`

	With     string `placeholder:"PROFILE" xor:"key" help:"AWS profile of ~/.aws with an access key and the region of the other side."`
	WithDir  string `name:"with-data" placeholder:"DIR" xor:"key" help:"Data folder of the other server, whose administrator's access key is used."`
	Role     string `placeholder:"ARN" help:"Role of the other side that is assumed with the access key."`
	External string `name:"external-id" placeholder:"ID" help:"What the role's trust asks for."`
	Region   string `help:"Region of the other side, if the profile says none."`
	API      string `name:"api" placeholder:"URL" help:"Address of the other side's API (default: the profile's, or the host of --to)."`

	Format    string `help:"Of a registry of one format: npm, pypi, maven, nuget, ruby, cargo or swift."`
	Username  string `help:"User name that the registry wants."`
	Secret    string `name:"password-file" placeholder:"FILE" type:"existingfile" help:"File with the user's password."`
	TokenFile string `name:"token-file" placeholder:"FILE" type:"existingfile" help:"File with the token that the registry wants."`

	Internal      bool          `help:"What comes from there counts as made inside: as INTERNAL, for package groups and origin controls too."`
	Freshness     time.Duration `placeholder:"5s" help:"How old an answer from there may be before it is asked again (default: 5s)."`
	Certificate   string        `placeholder:"FILE" type:"existingfile" help:"PEM file with certificates that are believed there beside those that the server's system believes: of a private authority, or tls/ca.pem of a server with --tls auto."`
	DownloadHosts []string      `name:"download-host" placeholder:"HOST" help:"A further host that it may send to for files, wherever that is."`
}

// Help is shown by entrepot connect --help.
func (connectCommand) Help() string {
	return `Connects a repository to a repository of another server like this one, to one of AWS's own, or to any registry. The server keeps
the credential sealed, sends it to that address alone, and gets itself new tokens for it before they end. The command says at once
whether the other side answers. You need entrepot:PutRemote on the domain, which only policies of users, groups and roles can
allow, and codeartifact:AssociateExternalConnection on the repository.

Run again it replaces the credential and all settings, so give all flags again. entrepot remotes lists what there is.

Examples:

  entrepot connect --domain my-domain --repository edge --to https://my-domain-123456789012.d.codeartifact.us-east-1.amazonaws.com/npm/central/ --with us
  entrepot connect --domain my-domain --repository edge --to http://us.example.test:8090/my-domain-123456789012/npm/central/ --with us --internal
  entrepot connect --domain my-domain --repository edge --to https://us.example.test/my-domain-123456789012/npm/central/ --with us --certificate ca.pem
  entrepot connect --domain my-domain --repository edge --to https://registry.example.test/npm/ --format npm --token-file token`
}

// Run puts the remote, has it checked, and connects the repository.
func (c connectCommand) Run(ctx context.Context, u user, to io.Writer) error {
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	put, err := c.remote(u)
	if err != nil {
		return err
	}
	// Putting a remote replaces one of its name. That must not happen, and none be left behind, for a repository that is not there.
	connection := upstream.RemoteConnection(put.name)
	connected, err := c.connected(ctx, calls, connection)
	if err != nil {
		return err
	}
	domain := parameters(map[string]string{"domain": c.Domain, "domain-owner": c.DomainOwner, "name": put.name})
	if err := calls.Send(ctx, "PutRemote", awsapi.PutRemotePath, domain, put, &awsapi.RemoteOutput{}); err != nil {
		return err
	}
	var checked awsapi.RemoteChecked
	if err := calls.Post(ctx, "CheckRemote", awsapi.CheckRemotePath, domain, &checked); err != nil {
		return err
	}
	fmt.Fprintln(plain{to}, checked.Says)
	if !connected {
		q := parameters(map[string]string{"domain": c.Domain, "domain-owner": c.DomainOwner, "repository": c.Repository,
			"external-connection": connection})
		var ignored struct{}
		if err := calls.Post(ctx, "AssociateExternalConnection", "/v1/repository/external-connection", q, &ignored); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(to, "Repository %s is connected to %s.\n", c.Repository, connection)
	return err
}

// connected reports whether the repository has the connection already. One that is not there or has another one is an error.
func (c connectCommand) connected(ctx context.Context, calls *awsclient.Client, connection string) (bool, error) {
	q := parameters(map[string]string{"domain": c.Domain, "domain-owner": c.DomainOwner, "repository": c.Repository})
	var answer struct {
		Repository struct {
			ExternalConnections []struct {
				Name string `json:"externalConnectionName"`
			} `json:"externalConnections"`
		} `json:"repository"`
	}
	if err := calls.Get(ctx, "DescribeRepository", "/v1/repository", q, &answer); err != nil {
		return false, err
	}
	switch held := answer.Repository.ExternalConnections; {
	case len(held) == 0:
		return false, nil
	case held[0].Name != connection:
		return false, fmt.Errorf("repository %s is connected to %s already, and a repository has one connection: connect another one, "+
			"or disassociate that first, with aws codeartifact disassociate-external-connection", c.Repository, held[0].Name)
	}
	return true, nil
}

// remoteBody is the body of PutRemote.
type remoteBody struct {
	name             string
	URL              string                       `json:"url"`
	Format           string                       `json:"format,omitempty"`
	Region           string                       `json:"region,omitempty"`
	API              string                       `json:"api,omitempty"`
	Internal         bool                         `json:"internal"`
	FreshnessSeconds int                          `json:"freshnessSeconds,omitempty"`
	DownloadHosts    []string                     `json:"downloadHosts,omitempty"`
	Certificates     string                       `json:"certificates,omitempty"`
	Credential       awsapi.RemoteCredentialInput `json:"credential"`
}

// remote is what is asked for.
func (c connectCommand) remote(u user) (put remoteBody, err error) {
	put = remoteBody{name: c.Name, URL: c.To, Format: c.Format, Internal: c.Internal,
		FreshnessSeconds: int((c.Freshness + time.Second - 1) / time.Second), DownloadHosts: c.DownloadHosts}
	if put.Certificates, err = certificatesFrom(c.Certificate); err != nil {
		return put, err
	}
	if put.name == "" {
		if put.name, err = c.nameOf(); err != nil {
			return put, err
		}
	}
	if c.Format != "" {
		return put, c.registryCredential(&put.Credential)
	}
	return put, c.accessKey(u, &put)
}

// registryCredential reads what a registry of one format wants to see.
func (c connectCommand) registryCredential(to *awsapi.RemoteCredentialInput) (err error) {
	if c.With != "" || c.WithDir != "" || c.Role != "" || c.External != "" || c.Region != "" || c.API != "" {
		return errors.New("a registry of one format has no access key and no region: leave --format away for a repository that has this API")
	}
	to.Username = c.Username
	if to.Password, err = secretFrom(c.Secret); err != nil {
		return err
	}
	to.Token, err = secretFrom(c.TokenFile)
	return err
}

// accessKey reads the access key for a repository that has this API, and where it is.
func (c connectCommand) accessKey(u user, put *remoteBody) error {
	if c.Username != "" || c.Secret != "" || c.TokenFile != "" {
		return errors.New("user names, passwords and tokens are for registries of one format: say which with --format, or name an access key with --with")
	}
	var source awsclient.Source
	switch {
	case c.WithDir != "":
		source = awsclient.FromFolder(c.WithDir, "")
	case c.With != "":
		source = awsclient.Source{Config: filepath.Join(u.Home, ".aws", "config"), Credentials: filepath.Join(u.Home, ".aws", "credentials"),
			Name: c.With, Alone: true}
	default:
		return errors.New("name the access key of the other side: --with and a profile of ~/.aws, or --with-data and the other server's folder")
	}
	profile, err := source.Read(u.Getenv)
	if err != nil {
		return err
	}
	put.Region, put.API = cmp.Or(c.Region, profile.Region), cmp.Or(c.API, profile.Endpoint)
	put.Credential = awsapi.RemoteCredentialInput{AccessKeyID: profile.Signer.KeyID, SecretAccessKey: profile.Signer.Secret.Reveal(),
		SessionToken: profile.Signer.Session.Reveal(), Role: c.Role, ExternalID: c.External}
	return nil
}

// nameOf is what a connection is called that nobody has named.
func (c connectCommand) nameOf() (string, error) {
	if c.Format == "" {
		at, err := upstream.ParseEndpoint(c.To)
		return at.Repository, err
	}
	u, err := url.Parse(c.To)
	if err != nil || u.Hostname() == "" {
		return "", fmt.Errorf("%.100q is no address", c.To)
	}
	return u.Hostname(), nil
}

// certificatesFrom reads a file of certificates. If there is a key among them, nobody is sent it.
func certificatesFrom(path string) (string, error) {
	text, err := secretFrom(path) // no secret, but read alike
	if err != nil {
		return "", err
	}
	text, err = upstream.TidyCertificates(text)
	if wrong, ok := errors.AsType[*artifact.Error](err); ok {
		return "", fmt.Errorf("%s: %s", path, wrong.Reason)
	}
	return text, err
}

// maxSecretFile is the longest file that a secret is read from, in bytes.
const maxSecretFile = 64 << 10

// secretFrom reads a secret out of a file, without the space around it; empty if no file is named.
func secretFrom(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSecretFile+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxSecretFile {
		return "", fmt.Errorf("%s has more than %d bytes", path, maxSecretFile)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", fmt.Errorf("there is nothing in %s", path)
	}
	return secret, nil
}

type remotesCommand struct {
	List   listRemotesCommand  `cmd:"" help:"List the remotes of a domain."`
	Check  checkRemoteCommand  `cmd:"" help:"Ask whether a remote answers."`
	Delete deleteRemoteCommand `cmd:"" help:"Take a remote away that no repository is connected to."`
}

// Help is shown by entrepot remotes --help.
func (remotesCommand) Help() string {
	return `entrepot connect makes them.

Examples:

  entrepot remotes list --domain my-domain
  entrepot remotes check central --domain my-domain
  entrepot remotes delete central --domain my-domain`
}

type listRemotesCommand struct {
	caller
	Domain      string `required:"" help:"The domain."`
	DomainOwner string `name:"domain-owner" placeholder:"ACCOUNT" help:"The domain's owner, if that is not your own account."`
	JSON        bool   `name:"json" help:"Print them as one JSON object."`
}

// Help is shown by entrepot remotes list --help.
func (listRemotesCommand) Help() string {
	return `Lists where the domain's own connections lead. Those that are set by configuration are in the server's, under remotes, and are changed
there; the others were put with entrepot connect or through the API. You need entrepot:ListRemotes on the domain.

Examples:

  entrepot remotes list --domain my-domain
  entrepot remotes list --domain my-domain --json`
}

// Run prints the list.
func (c listRemotesCommand) Run(ctx context.Context, u user, to io.Writer) error {
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	var answer json.RawMessage
	q := parameters(map[string]string{"domain": c.Domain, "domain-owner": c.DomainOwner})
	if err := calls.Post(ctx, "ListRemotes", awsapi.ListRemotesPath, q, &answer); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(to, answer)
	}
	var all awsapi.RemoteList
	if err := json.Unmarshal(answer, &all); err != nil {
		return fmt.Errorf("read the list: %w", err)
	}
	out := tabwriter.NewWriter(plain{to}, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "CONNECTION\tFORMAT\tORIGIN\tFRESH\tURL\tSET BY")
	for _, r := range all.Remotes {
		origin := artifact.OriginExternal
		if r.Internal {
			origin = artifact.OriginInternal
		}
		set := "api"
		if r.Configured {
			set = "configuration"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%ds\t%s\t%s\n", r.Connection, cmp.Or(string(r.Format), "all"), origin, r.FreshnessSeconds, r.URL, set)
	}
	return out.Flush()
}

type namedRemote struct {
	caller
	Domain      string `required:"" help:"The domain."`
	DomainOwner string `name:"domain-owner" placeholder:"ACCOUNT" help:"The domain's owner, if that is not your own account."`
	Name        string `arg:"" help:"The remote's name, with or without remote: before it."`
}

// ask calls an operation about the remote.
func (c namedRemote) ask(ctx context.Context, u user, operation, path string, answer any) error {
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	name := strings.TrimPrefix(c.Name, upstream.RemoteConnection(""))
	return calls.Post(ctx, operation, path, parameters(map[string]string{"domain": c.Domain, "domain-owner": c.DomainOwner, "name": name}),
		answer)
}

type checkRemoteCommand struct{ namedRemote }

// Help is shown by entrepot remotes check --help.
func (checkRemoteCommand) Help() string {
	return `Asks the other side, with the credential that the server keeps, and prints what it lets the server do. You need
entrepot:PutRemote on the domain.

Example:

  entrepot remotes check central --domain my-domain`
}

// Run prints what the other side says.
func (c checkRemoteCommand) Run(ctx context.Context, u user, to io.Writer) error {
	var checked awsapi.RemoteChecked
	if err := c.ask(ctx, u, "CheckRemote", awsapi.CheckRemotePath, &checked); err != nil {
		return err
	}
	_, err := fmt.Fprintln(plain{to}, checked.Says)
	return err
}

type deleteRemoteCommand struct{ namedRemote }

// Help is shown by entrepot remotes delete --help.
func (deleteRemoteCommand) Help() string {
	return `Takes a remote away, with its credential. Repositories are disconnected from it first, with aws codeartifact
disassociate-external-connection; what they have kept stays. You need entrepot:DeleteRemote on the domain.

Example:

  entrepot remotes delete central --domain my-domain`
}

// Run deletes it.
func (c deleteRemoteCommand) Run(ctx context.Context, u user, to io.Writer) error {
	if err := c.ask(ctx, u, "DeleteRemote", awsapi.DeleteRemotePath, &awsapi.RemoteDeleted{}); err != nil {
		return err
	}
	_, err := fmt.Fprintf(to, "Deleted the remote.\n")
	return err
}
