package upstream

import (
	"strings"

	"entrepot/artifact"
)

// Connection is one of the external connections a repository may have. AWS named them and their formats (user guide,
// "Supported external connection repositories"); their addresses are the operator's to say.
type Connection struct {
	Name   string          // what AssociateExternalConnection takes: public:npmjs
	Format artifact.Format // a connection serves this format only
}

// connections is the whole vocabulary, in the order of the user guide's table.
var connections = []Connection{
	{"public:npmjs", artifact.NPM},
	{"public:pypi", artifact.PyPI},
	{"public:maven-central", artifact.Maven},
	{"public:maven-googleandroid", artifact.Maven},
	{"public:maven-gradleplugins", artifact.Maven},
	{"public:maven-commonsware", artifact.Maven},
	{"public:maven-clojars", artifact.Maven},
	{"public:nuget-org", artifact.NuGet},
	{"public:ruby-gems-org", artifact.Ruby},
	{"public:crates-io", artifact.Cargo},
}

// Connections lists every external connection.
func Connections() []Connection { return append([]Connection(nil), connections...) }

// ConnectionNamed returns the connection AWS calls name, and whether there is one.
func ConnectionNamed(name string) (Connection, bool) {
	for _, c := range connections {
		if c.Name == name {
			return c, true
		}
	}
	return Connection{}, false
}

// Setting is the connection's key under upstreams: in the configuration and in --upstream KEY=URL.
func (c Connection) Setting() string { return strings.TrimPrefix(c.Name, "public:") }

// Env is the environment variable that holds the connection's address.
func (c Connection) Env() string {
	return "ENTREPOT_UPSTREAM_" + strings.ToUpper(strings.ReplaceAll(c.Setting(), "-", "_"))
}
