package trust

import (
	"path/filepath"
	"slices"

	"entrepot/clientconfig"
)

// Client is a client, or several that are told the same way.
type Client struct {
	Name string
	// Programs are what it is called by: it is here if one of them is.
	Programs []string
	// System says that it believes what the system does, and needs nothing else once that believes the authority.
	System bool
	// Variables are what it reads in a terminal.
	Variables []Variable
	// place is where it can be told once and for all, and what; nil if there is no such place.
	place func(m Machine) (clientconfig.File, clientconfig.Key)
	// value is what it is told there, if that is not the path of the bundle.
	value func(f Material) string
	// under are files of the machine that say the same until that place says it; nil if there are none.
	under func(m Machine) []string
	// Wins is a variable that counts in place of what stands there; may be empty.
	Wins string
	// Java clients read the truststore.
	Java bool
	// Note is what else there is to know.
	Note string
}

// clients are all of them, in the order in which they are shown.
var clients = []Client{
	{Name: "npm", Programs: []string{"npm", "pnpm", "yarn"}, Variables: []Variable{nodeExtra, replacing("npm_config_cafile")},
		place: npmrc, under: npmrcsUnder, Wins: "npm_config_cafile", Note: "pnpm and yarn 1 read it too"},
	{Name: "yarn", Programs: []string{"yarn", "yarn-berry"}, Variables: []Variable{nodeExtra}, place: yarnrc, value: yamlBundle,
		Note: "yarn 2 and newer"},
	{Name: "bun", Programs: []string{"bun"}, Variables: []Variable{nodeExtra}, place: bunfig, value: tomlBundle},
	{Name: "node", Programs: []string{"node"}, Variables: []Variable{nodeExtra}, Note: "a variable is all it reads"},
	{Name: "pip", Programs: []string{"pip", "pip3"}, Variables: []Variable{replacing("PIP_CERT")}, place: pipConf, under: pipConfsUnder, Wins: "PIP_CERT"},
	{Name: "python", Programs: []string{"python3", "python"}, Variables: []Variable{replacing("REQUESTS_CA_BUNDLE"), sslCertFile},
		Note: "twine, keyring and whatever else is made with requests"},
	{Name: "uv", Programs: []string{"uv"}, Variables: []Variable{sslCertFile},
		Note: "once the system believes the authority, system-certs = true in uv.toml does as well"},
	{Name: "poetry", Programs: []string{"poetry"}, Variables: []Variable{replacing("REQUESTS_CA_BUNDLE")},
		Note: "or, for each source: poetry config certificates.SOURCE.cert BUNDLE"},
	{Name: "aws", Programs: []string{"aws"}, Variables: []Variable{replacing("AWS_CA_BUNDLE")}, place: awsConfig, Wins: "AWS_CA_BUNDLE",
		Note: "boto3 reads it too"},
	{Name: "java", Java: true, Programs: []string{"keytool"}, Variables: []Variable{javaOptions("MAVEN_OPTS"), javaOptions("GRADLE_OPTS")},
		Note: "Maven, Gradle, sbt; others take the same options in JAVA_TOOL_OPTIONS"},
	{Name: "cargo", Programs: []string{"cargo"}, System: true, Variables: []Variable{replacing("CARGO_HTTP_CAINFO")},
		place: cargoConfig, Wins: "CARGO_HTTP_CAINFO", value: tomlBundle},
	{Name: "git", Programs: []string{"git"}, System: true, Variables: []Variable{replacing("GIT_SSL_CAINFO")},
		place: gitConfig, under: gitConfigsUnder, Wins: "GIT_SSL_CAINFO"},
	{Name: "curl", Programs: []string{"curl"}, System: true, Variables: []Variable{replacing("CURL_CA_BUNDLE")}, place: curlrc},
	{Name: "gem", Programs: []string{"gem"}, System: true, Variables: []Variable{sslCertFile}, place: gemrc, value: yamlBundle},
	{Name: "bundler", Programs: []string{"bundle"}, System: true, Variables: []Variable{sslCertFile}, place: bundleConfig,
		value: yamlBundle, Note: "up to 2.4 it fetches gems as gem does: give it to gem too"},
	{Name: "dotnet", Programs: []string{"dotnet", "nuget"}, System: true, Variables: []Variable{sslCertFile},
		Note: "on Linux; elsewhere it believes the system alone"},
	{Name: "swift", Programs: []string{"swift"}, System: true, Note: "it believes the system alone"},
}

// Clients returns all clients there is something to say of.
func Clients() []Client { return slices.Clone(clients) }

// Settings are what a file of the client's has to say; none if there is no such place.
func (c Client) Settings(m Machine, f Material) []clientconfig.Setting {
	if c.place == nil {
		return nil
	}
	file, key := c.place(m)
	value := f.Bundle
	if c.value != nil {
		value = c.value(f)
	}
	return []clientconfig.Setting{{File: file, Key: key, Value: value}}
}

// before are the settings as they may stand in the client's own file and in those under it.
func (c Client) before(m Machine, f Material) (settings []clientconfig.Setting) {
	for _, s := range c.Settings(m, f) {
		settings = append(settings, s)
		if c.under == nil {
			continue
		}
		for _, path := range c.under(m) {
			s.File.Path = path
			settings = append(settings, s)
		}
	}
	return settings
}

func npmrc(m Machine) (clientconfig.File, clientconfig.Key) {
	return m.NPMRC(), clientconfig.KeyOf("cafile")
}

// npmrcsUnder are npm's own for all users, beside the folder that node is in, and those of distributions.
func npmrcsUnder(m Machine) []string {
	files := []string{filepath.Join(m.Root, "etc", "npmrc"), filepath.Join(m.Root, "usr", "etc", "npmrc")}
	if named := m.Getenv("npm_config_globalconfig"); named != "" {
		files = append(files, named)
	}
	if node, err := m.Find("node"); err == nil {
		files = append(files, filepath.Join(filepath.Dir(filepath.Dir(node)), "etc", "npmrc"))
	}
	return files
}

func yarnrc(m Machine) (clientconfig.File, clientconfig.Key) {
	return m.YarnRC(), clientconfig.KeyOf("httpsCaFilePath")
}

func bunfig(m Machine) (clientconfig.File, clientconfig.Key) {
	return clientconfig.File{Path: filepath.Join(m.Home, ".bunfig.toml"), Syntax: clientconfig.TOML},
		clientconfig.KeyOf("install", "cafile")
}

func pipConf(m Machine) (clientconfig.File, clientconfig.Key) {
	return m.PipConf(), clientconfig.KeyOf("global", "cert")
}

// pipConfsUnder are those of all users, and the user's old one (pip's manual, "Configuration").
func pipConfsUnder(m Machine) []string {
	return []string{
		filepath.Join(m.Root, "etc", "xdg", "pip", "pip.conf"), filepath.Join(m.Root, "etc", "pip.conf"),
		filepath.Join(m.Root, "Library", "Application Support", "pip", "pip.conf"), filepath.Join(m.Home, ".pip", "pip.conf"),
	}
}

func awsConfig(m Machine) (clientconfig.File, clientconfig.Key) {
	section := "default"
	if profile := m.Getenv("AWS_PROFILE"); profile != "" && profile != section {
		section = "profile " + profile
	}
	return clientconfig.File{Path: m.PathOr("AWS_CONFIG_FILE", m.Home, ".aws", "config"), Syntax: clientconfig.INI, Secret: true},
		clientconfig.KeyOf(section, "ca_bundle")
}

func cargoConfig(m Machine) (clientconfig.File, clientconfig.Key) {
	folder := m.PathOr("CARGO_HOME", m.Home, ".cargo")
	return clientconfig.File{Path: filepath.Join(folder, "config.toml"), Syntax: clientconfig.TOML},
		clientconfig.KeyOf("http", "cainfo")
}

// gitConfig has sections and settings as INI does; git reads the names of both in any case.
func gitConfig(m Machine) (clientconfig.File, clientconfig.Key) {
	return clientconfig.File{Path: m.PathOr("GIT_CONFIG_GLOBAL", m.Home, ".gitconfig"), Syntax: clientconfig.INI},
		clientconfig.KeyOf("http", "sslcainfo")
}

func gitConfigsUnder(m Machine) []string { return []string{filepath.Join(m.Root, "etc", "gitconfig")} }

// curlrc takes name=value, as properties are written (curl's manual, --config).
func curlrc(m Machine) (clientconfig.File, clientconfig.Key) {
	return clientconfig.File{Path: filepath.Join(m.Home, ".curlrc"), Syntax: clientconfig.Properties}, clientconfig.KeyOf("cacert")
}

func gemrc(m Machine) (clientconfig.File, clientconfig.Key) {
	return clientconfig.File{Path: filepath.Join(m.Home, ".gemrc"), Syntax: clientconfig.YAML, Secret: true},
		clientconfig.KeyOf(":ssl_ca_cert")
}

func bundleConfig(m Machine) (clientconfig.File, clientconfig.Key) {
	folder := m.PathOr("BUNDLE_USER_HOME", m.Home, ".bundle")
	return clientconfig.File{Path: filepath.Join(folder, "config"), Syntax: clientconfig.YAML, Secret: true},
		clientconfig.KeyOf("BUNDLE_SSL_CA_CERT")
}

func yamlBundle(f Material) string { return clientconfig.QuoteYAML(f.Bundle) }

func tomlBundle(f Material) string { return clientconfig.QuoteTOML(f.Bundle) }
