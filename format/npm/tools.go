package npm

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"

	"entrepot/clientconfig"
	"entrepot/format"
)

var npmVariables = []string{"npm_config_registry", "NPM_CONFIG_REGISTRY"}

// tools are the clients of npm's protocol. All but the newer yarn read .npmrc.
var tools = []format.Tool{
	{
		Name: "npm", Settings: npmrcWithToken, Scopes: true, Project: true, Variables: npmVariables,
		Renewal: "has no setting for it; run entrepot login again, or " + tokenVariable,
		Notes: func(format.Login) []string {
			return []string{"npm 6 also needs always-auth=true in .npmrc. Newer ones warn of that line."}
		},
	},
	{Name: "pnpm", Settings: npmrcOfPNPM, Scopes: true, Project: true, Renews: true, Variables: npmVariables},
	{
		Name: "yarn", Settings: yarnFiles, Scopes: true, Project: true,
		Variables: append([]string{"YARN_NPM_REGISTRY_SERVER", "YARN_NPM_AUTH_TOKEN", "YARN_REGISTRY"}, npmVariables...),
		Renewal:   "has no setting for it; run entrepot login again",
		Notes: func(format.Login) []string {
			return []string{"This is for yarn 1, which reads .npmrc, and for newer ones, which read .yarnrc.yml. npm 7 and newer " +
				"warn of the line always-auth, which yarn 1 needs."}
		},
	},
	{
		Name: "bun", Settings: npmrcWithToken, Scopes: true, Project: true,
		Variables: append([]string{"BUN_CONFIG_REGISTRY"}, npmVariables...),
		Renewal:   "has no setting for it; run entrepot login again, or " + tokenVariable,
	},
}

// tokenVariable is what all who read .npmrc can do.
const tokenVariable = "write _authToken=${ENTREPOT_TOKEN} and set the variable to what entrepot token prints"

// nerfDart is what credentials of a registry are called after in .npmrc: its address without the scheme.
func nerfDart(l format.Login) string { return "//" + l.Endpoint.Host + l.Endpoint.Path }

// registrySetting says which registry to use. It stands in the project's file for a project; what is secret never does.
func registrySetting(l format.Login) clientconfig.Setting {
	s := clientconfig.Setting{File: l.NPMRC(), Key: clientconfig.KeyOf("registry"), Value: l.Endpoint.String()}
	if l.Namespace != "" {
		s.Key = clientconfig.KeyOf("@" + l.Namespace + ":registry")
	}
	if l.Project != "" {
		s.File = clientconfig.File{Path: filepath.Join(l.Project, ".npmrc"), Syntax: clientconfig.NPMRC}
	}
	return s
}

// npmrcWithToken are the settings that aws codeartifact login makes, but for always-auth, of which npm warns.
func npmrcWithToken(l format.Login) ([]clientconfig.Setting, error) {
	return []clientconfig.Setting{registrySetting(l), {
		File: l.NPMRC(), Key: clientconfig.KeyOf(nerfDart(l) + ":_authToken"),
		Value: l.Token.Reveal(), Secrets: []string{l.Token.Reveal()},
	}}, nil
}

// npmrcOfPNPM has a program for tokens, if they are to be renewed: pnpm takes its path from the user's file only, runs it
// without arguments, and sends what it prints as the Authorization header (pnpm.io, "tokenHelper").
func npmrcOfPNPM(l format.Login) ([]clientconfig.Setting, error) {
	if !l.Renewing() {
		return npmrcWithToken(l)
	}
	name := sha256.Sum256([]byte(l.Endpoint.String()))
	helper := filepath.Join(l.Scripts, "bearer-"+hex.EncodeToString(name[:6]))
	return []clientconfig.Setting{
		{
			File:  clientconfig.File{Path: helper, Syntax: clientconfig.Whole, Secret: true, Program: true},
			Value: clientconfig.Script(append(l.TokenCommand[:len(l.TokenCommand):len(l.TokenCommand)], "--bearer")),
		},
		registrySetting(l),
		{File: l.NPMRC(), Key: clientconfig.KeyOf(nerfDart(l) + ":tokenHelper"), Value: helper},
	}, nil
}

// yarnFiles are .npmrc for yarn 1, which sends tokens for scoped packages only unless it is told to, and .yarnrc.yml for its
// successors (yarnpkg.com, "Settings"). Those take plain HTTP only for hosts that are listed.
func yarnFiles(l format.Login) ([]clientconfig.Setting, error) {
	settings, err := npmrcWithToken(l)
	if err != nil {
		return nil, err
	}
	settings = append(settings, clientconfig.Setting{
		File: l.NPMRC(), Key: clientconfig.KeyOf(nerfDart(l) + ":always-auth"), Value: "true",
	})
	user := l.YarnRC()
	project := user
	if l.Project != "" {
		project = clientconfig.File{Path: filepath.Join(l.Project, ".yarnrc.yml"), Syntax: clientconfig.YAML}
	}
	server := clientconfig.KeyOf("npmRegistryServer")
	if l.Namespace != "" {
		server = clientconfig.KeyOf("npmScopes", l.Namespace, "npmRegistryServer")
	}
	settings = append(settings,
		clientconfig.Setting{File: project, Key: server, Value: clientconfig.QuoteYAML(l.Endpoint.String())},
		clientconfig.Setting{File: user, Key: clientconfig.KeyOf("npmRegistries", nerfDart(l), "npmAuthToken"),
			Value: clientconfig.QuoteYAML(l.Token.Reveal()), Secrets: []string{l.Token.Reveal()}},
		clientconfig.Setting{File: user, Key: clientconfig.KeyOf("npmRegistries", nerfDart(l), "npmAlwaysAuth"), Value: "true"})
	if l.Endpoint.Scheme == "http" {
		settings = append(settings, clientconfig.Setting{
			File: project, Key: clientconfig.KeyOf("unsafeHttpWhitelist").Entry(l.Endpoint.Hostname()),
		})
	}
	return settings, nil
}
