package ruby

import (
	"path/filepath"
	"strings"

	"entrepot/clientconfig"
	"entrepot/format"
)

// tools are the clients of gems that read files. Neither asks a program for a password.
var tools = []format.Tool{
	{
		Name: "gem", Settings: gemFiles, Variables: []string{"GEM_HOST_API_KEY", "RUBYGEMS_HOST"},
		Renewal: "has no setting for it; run entrepot login again, or, to push, set GEM_HOST_API_KEY to what entrepot token prints",
		Notes: func(l format.Login) []string {
			return []string{"Push with: gem push --key " + keyName + " --host " + withoutSlash(l) + " NAME-VERSION.gem"}
		},
	},
	{
		Name: "bundler", Settings: bundleFile,
		Renewal: "has no setting for it; run entrepot login again",
		Notes: func(l format.Login) []string {
			return []string{"A Gemfile names the repository: source \"" + l.Endpoint.String() + "\""}
		},
	},
}

// keyName is what the key is called in gem's file of credentials (AWS's guide, "Publish Ruby packages").
const keyName = format.RepositoryName + "_api_key"

// gemFiles are the sources, in which the token has to stand, and the key to push with, which gem sends as it is.
// The list of sources takes the place of another: gem asks all of them for every name.
func gemFiles(l format.Login) ([]clientconfig.Setting, error) {
	token := l.Token.Reveal()
	return []clientconfig.Setting{
		{
			File: clientconfig.File{Path: filepath.Join(l.Home, ".gemrc"), Syntax: clientconfig.YAML, Secret: true},
			Key:  clientconfig.KeyOf(":sources"), Value: "\n- " + clientconfig.QuoteYAML(l.As(format.TokenUser, token, "")),
			Secrets: []string{token},
		},
		{
			File: clientconfig.File{Path: filepath.Join(l.Home, ".gem", "credentials"), Syntax: clientconfig.YAML, Secret: true},
			Key:  clientconfig.KeyOf(":" + keyName), Value: "Bearer " + token, Secrets: []string{token},
		},
	}, nil
}

func withoutSlash(l format.Login) string { return strings.TrimSuffix(l.Endpoint.String(), "/") }

// bundleFile has the credential under the repository's address, as bundle config set writes it: in capitals, dots and dashes as
// underscores (Bundler::Settings#key_for).
func bundleFile(l format.Login) ([]clientconfig.Setting, error) {
	key := "BUNDLE_" + strings.ToUpper(strings.NewReplacer(".", "__", "-", "___").Replace(l.Endpoint.String()))
	file := filepath.Join(l.PathOr("BUNDLE_USER_HOME", l.Home, ".bundle"), "config")
	return []clientconfig.Setting{{
		File: clientconfig.File{Path: file, Syntax: clientconfig.YAML, Secret: true},
		Key:  clientconfig.KeyOf(key), Value: clientconfig.QuoteYAML(format.TokenUser + ":" + l.Token.Reveal()),
		Secrets: []string{l.Token.Reveal()},
	}}, nil
}
