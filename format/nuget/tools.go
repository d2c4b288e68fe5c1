package nuget

import (
	"os"
	"path/filepath"
	"strings"

	"entrepot/clientconfig"
	"entrepot/format"
)

// tools are the clients that read a NuGet.Config of the user's. What they ask for credentials is a .NET program; see the decision
// about it.
var tools = []format.Tool{
	{Name: "dotnet", Settings: settingsIn(dotnetFile), Variables: []string{credentialsVariable}, Renewal: renewal, Notes: notesOn(dotnetFile)},
	{Name: "nuget", Settings: settingsIn(nugetFile), Variables: []string{credentialsVariable}, Renewal: renewal, Notes: notesOn(nugetFile)},
}

// credentialsVariable has the credentials of the source that is called so.
const credentialsVariable = "NuGetPackageSourceCredentials_" + format.RepositoryName

const renewal = "has no setting for it; run entrepot login again, or set " + credentialsVariable + " to Username=" + format.TokenUser +
	";Password= and what entrepot token prints"

// dotnetFile is the user's file of .NET on every system (NuGet reference, "Common NuGet configurations").
func dotnetFile(u clientconfig.User) string {
	return filepath.Join(u.Home, ".nuget", "NuGet", "NuGet.Config")
}

// nugetFile is that of nuget.exe under Mono.
func nugetFile(u clientconfig.User) string {
	return filepath.Join(u.PathOr("XDG_CONFIG_HOME", u.Home, ".config"), "NuGet", "NuGet.Config")
}

// settingsIn are a source and its credentials (NuGet reference, "nuget.config"). The password is in clear text: others can be read
// on Windows only.
func settingsIn(file func(clientconfig.User) string) func(format.Login) ([]clientconfig.Setting, error) {
	return func(l format.Login) ([]clientconfig.Setting, error) {
		at := clientconfig.File{Path: file(l.User), Syntax: clientconfig.XML, Secret: true}
		source := `value="` + clientconfig.EscapeXML(l.Join(indexPath)) + `"`
		if l.Endpoint.Scheme == "http" {
			source += ` allowInsecureConnections="true"` // NuGet 6.8 and newer want it; older ones pass it over
		}
		password := l.Token.Reveal()
		return []clientconfig.Setting{
			{
				File: at, Key: clientconfig.KeyOf("configuration", "packageSources").Member("add", "@key", format.RepositoryName),
				Value: source,
			},
			{
				File: at, Key: clientconfig.KeyOf("configuration", "packageSourceCredentials", format.RepositoryName),
				Value: `<add key="Username" value="` + format.TokenUser + `" />` + "\n" +
					`<add key="ClearTextPassword" value="` + clientconfig.EscapeXML(password) + `" />`,
				Secrets: []string{password},
			},
		}, nil
	}
}

// notesOn tells how to push, and of other sources in the file: clients ask all of them for every package.
func notesOn(file func(clientconfig.User) string) func(format.Login) []string {
	return func(l format.Login) []string {
		notes := []string{"Push with: dotnet nuget push FILE -s " + format.RepositoryName + " -k any, or: nuget push FILE -Source " +
			format.RepositoryName}
		path := file(l.User)
		if text, err := os.ReadFile(path); err == nil && strings.Count(string(text), "<add key=") > 3 {
			notes = append(notes, path+" has other sources: packages are looked for in all of them, and come from whichever answers first.")
		}
		return notes
	}
}
