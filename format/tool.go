package format

import (
	"net/url"

	"entrepot/artifact"
	"entrepot/clientconfig"
)

// Tool is a client of a format that reads from files where its repository is and how to sign in to it.
type Tool struct {
	// Name is what its users call it, and the program that they run.
	Name string
	// Settings are what its files have to say. They are the same for the same Login. The error says what the Login lacks.
	Settings func(Login) ([]clientconfig.Setting, error)
	// Scopes says that the settings can be for one namespace only.
	Scopes bool
	// Project says that they can be for one project only.
	Project bool
	// Renews says that the tool can ask for tokens itself, whenever it needs one. Else Renewal says what to do instead: the
	// end of a sentence that begins with the tool.
	Renews  bool
	Renewal string
	// Variables win over what stands in its files.
	Variables []string
	// Notes are what is left to do or to know after it, a sentence each. It may be nil.
	Notes func(Login) []string
}

// Login is what a tool is told.
type Login struct {
	// Endpoint is the repository's address. It ends with a slash and has nothing that would need quotes anywhere.
	Endpoint *url.URL
	// Token is of letters that need no quotes either. It is zero if the tool asks for tokens itself.
	Token artifact.Secret
	// TokenCommand prints a good token, whenever it is run: a program and its arguments.
	TokenCommand []string
	// KeyringCommand is followed by the arguments of Python's keyring command.
	KeyringCommand []string
	// Scripts is the user's folder for programs that tools run by their path, Programs that for those they run by name.
	Scripts, Programs string
	// Namespace is the one that the settings are for, without an @; empty for all.
	Namespace string
	// Project is the folder that the settings are for; empty for all that the user does.
	Project string
	// User is whose files are written.
	clientconfig.User
}

// RepositoryName is what the repository is called in files that name repositories: as AWS's own command and guide do.
const RepositoryName = "codeartifact"

// TokenUser is the name that goes with a token. Any would do; AWS's guide says aws.
const TokenUser = "aws"

// Renewing reports whether the tool is to ask for tokens itself.
func (l Login) Renewing() bool { return l.Token.IsZero() }

// Join is the endpoint with a path below it.
func (l Login) Join(path string) string { return l.Endpoint.String() + path }

// As is the endpoint with a path below it and a user in it, with a password unless that is empty.
func (l Login) As(user, password, path string) string {
	u := *l.Endpoint
	u.User = url.User(user)
	if password != "" {
		u.User = url.UserPassword(user, password)
	}
	return u.String() + path
}
