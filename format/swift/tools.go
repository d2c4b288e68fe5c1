package swift

import (
	"path/filepath"
	"strings"

	"entrepot/clientconfig"
	"entrepot/format"
)

// tools are the clients of the registry that read files. Xcode asks the keychain alone.
var tools = []format.Tool{{
	Name: "swift", Settings: swiftFiles, Scopes: true, Project: true,
	Variables: []string{"SWIFTPM_REGISTRY_TOKEN", "SWIFTPM_REGISTRY_LOGIN", "SWIFTPM_NETRC_DATA"},
	Renewal:   "has no setting for it; run entrepot login again, or, from 6.3 on, set SWIFTPM_REGISTRY_TOKEN to what entrepot token prints",
	Notes:     swiftNotes,
}}

// swiftFiles are those that swift package-registry set and login write: which registry to use, in the project's file for a
// project; how to sign in, in the user's; and the token in .netrc. SwiftPM finds a sign-in by host and port, and a token by
// the host alone.
func swiftFiles(l format.Login) ([]clientconfig.Setting, error) {
	home := l.PathOr("CFFIXED_USER_HOME", l.Home) // which SwiftPM takes for the user's folder
	user := registriesFile(home)
	registries := user
	if l.Project != "" {
		registries = registriesFile(l.Project)
	}
	scope := "[default]"
	if l.Namespace != "" {
		scope = l.Namespace
	}
	text := func(file clientconfig.File, value string, names ...string) clientconfig.Setting {
		return clientconfig.Setting{File: file, Key: clientconfig.KeyOf(names...), Value: clientconfig.QuoteJSON(value)}
	}
	settings := []clientconfig.Setting{
		text(registries, l.Endpoint.String(), "registries", scope, "url"),
		text(user, "token", "authentication", l.Endpoint.Host, "type"),
		text(user, l.Endpoint.Path+"login", "authentication", l.Endpoint.Host, "loginAPIPath"),
		{File: user, Key: clientconfig.KeyOf("version"), Value: "1"},
		{
			File:    clientconfig.File{Path: filepath.Join(home, ".netrc"), Syntax: clientconfig.Netrc, Secret: true},
			Key:     clientconfig.KeyOf(l.Endpoint.Hostname()),
			Value:   "login token password " + l.Token.Reveal(),
			Secrets: []string{l.Token.Reveal()},
		},
	}
	if l.Project != "" {
		settings = append(settings, clientconfig.Setting{File: registries, Key: clientconfig.KeyOf("version"), Value: "1"})
	}
	return settings, nil
}

// registriesFile says below a folder which registries there are.
func registriesFile(folder string) clientconfig.File {
	return clientconfig.File{Path: filepath.Join(folder, ".swiftpm", "configuration", "registries.json"), Syntax: clientconfig.JSON}
}

func swiftNotes(l format.Login) []string {
	notes := []string{"Publish with: swift package-registry publish SCOPE.NAME VERSION",
		"On a Mac, SwiftPM asks the keychain: sign in there with swift package-registry login " + l.Join("login") + " --token TOKEN."}
	if strings.EqualFold(l.Endpoint.Scheme, "http") {
		notes = append(notes, "SwiftPM resolves over plain HTTP, and publishes over HTTPS alone.")
	}
	return notes
}
