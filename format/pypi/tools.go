package pypi

import (
	"errors"
	"os"
	"path/filepath"

	"entrepot/clientconfig"
	"entrepot/format"
)

// index is what installers want the address of below an endpoint (PEP 503); those who upload want the endpoint itself.
const index = "simple/"

// tools are the clients of the Python Package Index that read files.
var tools = []format.Tool{
	{
		Name: "pip", Settings: pipFiles, Project: true, Renews: true,
		Variables: []string{"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_KEYRING_PROVIDER"},
		Notes:     pipNotes,
	},
	{
		Name: "twine", Settings: twineFile, Variables: []string{"TWINE_REPOSITORY_URL", "TWINE_USERNAME", "TWINE_PASSWORD"},
		Renewal: "asks Python's own keyring; set TWINE_PASSWORD to what entrepot token prints",
		Notes: func(format.Login) []string {
			return []string{"Upload with: twine upload --repository " + format.RepositoryName + " dist/*"}
		},
	},
	{
		Name: "uv", Settings: uvFiles, Project: true, Renews: true,
		Variables: []string{"UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_CODEARTIFACT_PASSWORD", "UV_KEYRING_PROVIDER"},
		Notes: func(l format.Login) []string {
			named := ""
			if l.Renewing() {
				named = " --username " + format.TokenUser
			}
			return append(keyringNotes(l), "Upload with: uv publish --index "+format.RepositoryName+named)
		},
	},
	{
		Name: "poetry", Settings: poetryFiles, Project: true,
		Variables: []string{
			"POETRY_REPOSITORIES_CODEARTIFACT_URL", "POETRY_HTTP_BASIC_CODEARTIFACT_USERNAME", "POETRY_HTTP_BASIC_CODEARTIFACT_PASSWORD",
		},
		Renewal: "asks Python's own keyring; set POETRY_HTTP_BASIC_CODEARTIFACT_PASSWORD to what entrepot token prints",
		Notes: func(l format.Login) []string {
			notes := []string{"Upload with: poetry publish --repository " + format.RepositoryName}
			if l.Project == "" {
				notes = append(notes, "Poetry installs from what a project's pyproject.toml names. In the project: "+
					"poetry source add --priority=primary "+format.RepositoryName+" "+l.Join(index)+", or entrepot login with --project.")
			}
			return notes
		},
	},
	{
		Name: "pdm", Settings: pdmFile, Renews: true, Variables: []string{"PDM_PYPI_URL", "PDM_PYPI_USERNAME", "PDM_PYPI_PASSWORD"},
		Notes: func(l format.Login) []string {
			return append(keyringNotes(l), "Upload with: pdm publish --repository "+format.RepositoryName)
		},
	},
}

// pipFiles write what pip config set would, at the place where it would: the user's file, or that of the virtual
// environment. The address with the token in it is what aws codeartifact login writes.
func pipFiles(l format.Login) ([]clientconfig.Setting, error) {
	file := l.PipConf()
	if l.Project != "" {
		environment := l.Getenv("VIRTUAL_ENV")
		if environment == "" {
			return nil, errors.New("pip has a file for a virtual environment and none for a project: " +
				"activate one, or leave --project out")
		}
		file.Path = filepath.Join(environment, "pip.conf")
	}
	at := clientconfig.KeyOf("global", "index-url")
	if !l.Renewing() {
		token := l.Token.Reveal()
		return []clientconfig.Setting{{File: file, Key: at, Value: l.As(format.TokenUser, token, index), Secrets: []string{token}}}, nil
	}
	script, err := keyringScript(l)
	if err != nil {
		return nil, err
	}
	return []clientconfig.Setting{
		script,
		{File: file, Key: at, Value: l.As(format.TokenUser, "", index)},
		{File: file, Key: clientconfig.KeyOf("global", "keyring-provider"), Value: "subprocess"},
	}, nil
}

func pipNotes(l format.Login) []string {
	notes := keyringNotes(l)
	if l.Renewing() {
		notes = append(notes, "pip asks a keyring from version 23.1 on.")
	}
	if l.Endpoint.Scheme == "http" && !loopback(l.Endpoint.Hostname()) {
		notes = append(notes, "pip takes nothing over plain HTTP from another machine, unless its trusted-host names "+
			l.Endpoint.Host+".")
	}
	return notes
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// twineFile is what aws codeartifact login writes: a repository in .pypirc, on the list of those that there are.
func twineFile(l format.Login) ([]clientconfig.Setting, error) {
	file := clientconfig.File{Path: filepath.Join(l.Home, ".pypirc"), Syntax: clientconfig.INI, Secret: true}
	at := func(key string) clientconfig.Key { return clientconfig.KeyOf(format.RepositoryName, key) }
	return []clientconfig.Setting{
		{File: file, Key: clientconfig.KeyOf("distutils", "index-servers").Entry(format.RepositoryName)},
		{File: file, Key: at("repository"), Value: l.Endpoint.String()},
		{File: file, Key: at("username"), Value: format.TokenUser},
		{File: file, Key: at("password"), Value: l.Token.Reveal(), Secrets: []string{l.Token.Reveal()}},
	}, nil
}

// uvFiles name the index, and keep the credential apart: in uv's own store, or with the keyring (docs of uv,
// "Authentication"). uv keeps credentials by the address without the last part of an index's. A project's uv.toml takes the
// place of its pyproject.toml.
func uvFiles(l format.Login) ([]clientconfig.Setting, error) {
	file := clientconfig.File{Path: l.PathOr("UV_CONFIG_FILE", l.ConfigFolder(), "uv", "uv.toml"), Syntax: clientconfig.TOML}
	var table clientconfig.Key
	if l.Project != "" {
		file.Path = filepath.Join(l.Project, "uv.toml")
		if _, err := os.Stat(file.Path); err != nil {
			file.Path = filepath.Join(l.Project, "pyproject.toml")
			table = clientconfig.KeyOf("tool", "uv")
		}
	}
	address := l.Join(index)
	if l.Renewing() {
		address = l.As(format.TokenUser, "", index)
	}
	named := clientconfig.Setting{
		File: file, Key: table.Member("index", "name", format.RepositoryName),
		Value: "name = " + clientconfig.QuoteTOML(format.RepositoryName) + "\nurl = " + clientconfig.QuoteTOML(address) +
			"\npublish-url = " + clientconfig.QuoteTOML(l.Endpoint.String()) + "\ndefault = true",
	}
	if l.Renewing() {
		script, err := keyringScript(l)
		if err != nil {
			return nil, err
		}
		provider := clientconfig.Setting{
			File: file, Key: append(table[:len(table):len(table)], clientconfig.KeyOf("keyring-provider")...),
			Value: clientconfig.QuoteTOML("subprocess"),
		}
		return []clientconfig.Setting{script, provider, named}, nil
	}
	service := l.Endpoint.String()
	service = service[:len(service)-1]
	folder := l.PathOr("UV_CREDENTIALS_DIR", l.DataFolder(), "uv", "credentials")
	return []clientconfig.Setting{named, {
		File: clientconfig.File{Path: filepath.Join(folder, "credentials.toml"), Syntax: clientconfig.TOML, Secret: true},
		Key:  clientconfig.KeyOf().Member("credential", "service", service),
		Value: "service = " + clientconfig.QuoteTOML(service) + "\nusername = " + clientconfig.QuoteTOML(format.TokenUser) +
			"\nscheme = \"basic\"\npassword = " + clientconfig.QuoteTOML(l.Token.Reveal()),
		Secrets: []string{l.Token.Reveal()},
	}}, nil
}

// poetryFiles are those that poetry config writes: where to publish, and the credential for a repository or source of that
// name. What to install from stands in a project's pyproject.toml.
func poetryFiles(l format.Login) ([]clientconfig.Setting, error) {
	folder := l.PathOr("POETRY_CONFIG_DIR", l.AppFolder(), "pypoetry")
	config := clientconfig.File{Path: filepath.Join(folder, "config.toml"), Syntax: clientconfig.TOML}
	auth := clientconfig.File{Path: filepath.Join(folder, "auth.toml"), Syntax: clientconfig.TOML, Secret: true}
	at := func(key string) clientconfig.Key { return clientconfig.KeyOf("http-basic", format.RepositoryName, key) }
	settings := []clientconfig.Setting{
		{
			File: config, Key: clientconfig.KeyOf("repositories", format.RepositoryName, "url"),
			Value: clientconfig.QuoteTOML(l.Endpoint.String()),
		},
		{File: auth, Key: at("username"), Value: clientconfig.QuoteTOML(format.TokenUser)},
		{File: auth, Key: at("password"), Value: clientconfig.QuoteTOML(l.Token.Reveal()), Secrets: []string{l.Token.Reveal()}},
	}
	if l.Project == "" {
		return settings, nil
	}
	return append(settings, clientconfig.Setting{
		File: clientconfig.File{Path: filepath.Join(l.Project, "pyproject.toml"), Syntax: clientconfig.TOML},
		Key:  clientconfig.KeyOf("tool", "poetry").Member("source", "name", format.RepositoryName),
		Value: "name = " + clientconfig.QuoteTOML(format.RepositoryName) + "\nurl = " + clientconfig.QuoteTOML(l.Join(index)) +
			"\npriority = \"primary\"",
	}), nil
}

// pdmFile is the one that pdm config writes: the index that is used in place of the public one, and where to publish. Without a
// password PDM runs the program keyring.
func pdmFile(l format.Login) ([]clientconfig.Setting, error) {
	path := l.PathOr("PDM_CONFIG_FILE", l.ConfigFolder(), "pdm", "config.toml")
	file := clientconfig.File{Path: path, Syntax: clientconfig.TOML, Secret: true}
	var settings []clientconfig.Setting
	if l.Renewing() {
		script, err := keyringScript(l)
		if err != nil {
			return nil, err
		}
		settings = append(settings, script)
	}
	for _, at := range []struct {
		table   clientconfig.Key
		address string
	}{
		{clientconfig.KeyOf("pypi"), l.Join(index)},
		{clientconfig.KeyOf("repository", format.RepositoryName), l.Endpoint.String()},
	} {
		for _, s := range [][2]string{{"url", at.address}, {"username", format.TokenUser}, {"password", l.Token.Reveal()}} {
			if s[1] == "" {
				continue
			}
			settings = append(settings, clientconfig.Setting{
				File: file, Key: append(at.table[:len(at.table):len(at.table)], clientconfig.KeyOf(s[0])...),
				Value: clientconfig.QuoteTOML(s[1]), Secrets: []string{l.Token.Reveal()},
			})
		}
	}
	return settings, nil
}
