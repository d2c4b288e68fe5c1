package cargo

import (
	"testing"

	"entrepot/format/formattest"
)

const registry = "[registries.codeartifact]\nindex = \"sparse+http://127.0.0.1:8090/d-1/cargo/r/\"\n"

const everywhere = "\n[registry]\ndefault = \"codeartifact\"\n\n[source.crates-io]\nreplace-with = \"codeartifact\"\n"

const (
	asking = registry + `credential-provider = ["cargo:token-from-stdout", "ENTREPOT", "token"]` + "\n" + everywhere
	given  = registry + `credential-provider = ["cargo:token"]` + "\n" + everywhere
	token  = "[registries.codeartifact]\ntoken = \"entrepot_token\"\n"
)

func TestTools(t *testing.T) {
	formattest.RunTools(t, Format(), map[string]formattest.ToolCase{
		"cargo": {
			Tool: "cargo", Want: map[string]string{".cargo/config.toml": given, ".cargo/credentials.toml": token},
			Notes: []string{"from version 1.74 on"},
		},
		"cargo, which asks a program": {Tool: "cargo", Renew: true, Want: map[string]string{".cargo/config.toml": asking}},
		"cargo, in the folder that a variable names": {
			Tool: "cargo", Renew: true, Variables: map[string]string{"CARGO_HOME": "HOME/mine"},
			Want: map[string]string{"mine/config.toml": asking},
		},
		"cargo, a project: the token is not in it": {
			Tool: "cargo", Project: true,
			Want: map[string]string{"project/.cargo/config.toml": given, ".cargo/credentials.toml": token},
		},
		"cargo, in a file that has more": {
			Tool: "cargo", Renew: true,
			Before: map[string]string{".cargo/config.toml": "[net]\nretry = 1 # mine\n\n[registry]\ndefault = \"other\" # theirs\n"},
			Want: map[string]string{".cargo/config.toml": "[net]\nretry = 1 # mine\n\n[registry]\ndefault = \"codeartifact\" # theirs\n\n" +
				registry + `credential-provider = ["cargo:token-from-stdout", "ENTREPOT", "token"]` + "\n\n[source.crates-io]\n" +
				"replace-with = \"codeartifact\"\n"},
		},
	})
}
