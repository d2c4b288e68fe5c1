package cargo

import (
	"path/filepath"
	"strings"

	"entrepot/clientconfig"
	"entrepot/format"
)

// tools is the one client of Cargo registries that reads files: cargo itself.
var tools = []format.Tool{{
	Name: "cargo", Settings: cargoFiles, Project: true, Renews: true,
	Variables: []string{
		"CARGO_REGISTRIES_CODEARTIFACT_INDEX", "CARGO_REGISTRIES_CODEARTIFACT_TOKEN",
		"CARGO_REGISTRIES_CODEARTIFACT_CREDENTIAL_PROVIDER", "CARGO_REGISTRY_DEFAULT",
	},
	Notes: func(format.Login) []string {
		return []string{"cargo takes it from version 1.74 on. Crates of the public registry come through the repository too, and " +
			"cargo publish goes there."}
	},
}}

// cargoFiles name the repository as AWS's guide does ("Configure and use Cargo with CodeArtifact"): a registry that is the
// default, takes the place of the public one, and has a program for tokens or one in cargo's own file.
func cargoFiles(l format.Login) ([]clientconfig.Setting, error) {
	home := l.PathOr("CARGO_HOME", l.Home, ".cargo")
	file := clientconfig.File{Path: filepath.Join(home, "config.toml"), Syntax: clientconfig.TOML}
	if l.Project != "" {
		file.Path = filepath.Join(l.Project, ".cargo", "config.toml")
	}
	at := func(key string) clientconfig.Key { return clientconfig.KeyOf("registries", format.RepositoryName, key) }
	provider := []string{"cargo:token"}
	if l.Renewing() {
		provider = append([]string{"cargo:token-from-stdout"}, l.TokenCommand...)
	}
	settings := []clientconfig.Setting{
		{File: file, Key: at("index"), Value: clientconfig.QuoteTOML("sparse+" + l.Endpoint.String())},
		{File: file, Key: at("credential-provider"), Value: listTOML(provider)},
		{File: file, Key: clientconfig.KeyOf("registry", "default"), Value: clientconfig.QuoteTOML(format.RepositoryName)},
		{
			File: file, Key: clientconfig.KeyOf("source", "crates-io", "replace-with"),
			Value: clientconfig.QuoteTOML(format.RepositoryName),
		},
	}
	if l.Renewing() {
		return settings, nil
	}
	return append(settings, clientconfig.Setting{
		File: clientconfig.File{Path: filepath.Join(home, "credentials.toml"), Syntax: clientconfig.TOML, Secret: true},
		Key:  at("token"), Value: clientconfig.QuoteTOML(l.Token.Reveal()), Secrets: []string{l.Token.Reveal()},
	}), nil
}

// listTOML writes texts as a list: cargo splits a text at its spaces and knows no quotes.
func listTOML(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = clientconfig.QuoteTOML(text)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
