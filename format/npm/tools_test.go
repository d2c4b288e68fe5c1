package npm

import (
	"testing"

	"entrepot/format/formattest"
)

const (
	npmrcOfAll = "registry=http://127.0.0.1:8090/d-1/npm/r/\n//127.0.0.1:8090/d-1/npm/r/:_authToken=entrepot_token\n"
	npmrcMine  = "; mine\nfund=false ; not mine\n\n[bundle]\nregistry=x\n"
	// helper is called by a digest of the address.
	helper = "scripts/bearer-4375f50159c4"
)

func TestTools(t *testing.T) {
	formattest.RunTools(t, Format(), map[string]formattest.ToolCase{
		"npm": {
			Tool: "npm", Want: map[string]string{".npmrc": npmrcOfAll}, Notes: []string{"npm 6 also needs always-auth"},
		},
		"npm, in a file that has more": {
			Tool: "npm", Before: map[string]string{".npmrc": "; mine\nregistry = https://registry.example.test/ ; theirs\nfund=false\n"},
			Want: map[string]string{".npmrc": "; mine\nregistry=http://127.0.0.1:8090/d-1/npm/r/ ; theirs\nfund=false\n//127.0.0.1:8090/d-1/npm/r/:_authToken=entrepot_token\n"},
		},
		"npm, in a file with a section": {
			Tool: "npm", Before: map[string]string{".npmrc": npmrcMine},
			Want: map[string]string{".npmrc": "; mine\nfund=false ; not mine\nregistry=http://127.0.0.1:8090/d-1/npm/r/\n" +
				"//127.0.0.1:8090/d-1/npm/r/:_authToken=entrepot_token\n\n[bundle]\nregistry=x\n"},
		},
		"npm, in the file that a variable names": {
			Tool: "npm", Variables: map[string]string{"NPM_CONFIG_USERCONFIG": "HOME/mine/npmrc"}, Want: map[string]string{"mine/npmrc": npmrcOfAll},
		},
		"npm, a scope": {
			Tool: "npm", Namespace: "acme", Endpoint: "https://packages.example.test/d-1/npm/r/", Want: map[string]string{
				".npmrc": "@acme:registry=https://packages.example.test/d-1/npm/r/\n//packages.example.test/d-1/npm/r/:_authToken=entrepot_token\n",
			},
		},
		"npm, a project: the token is not in it": {
			Tool: "npm", Project: true, Want: map[string]string{
				".npmrc":         "//127.0.0.1:8090/d-1/npm/r/:_authToken=entrepot_token\n",
				"project/.npmrc": "registry=http://127.0.0.1:8090/d-1/npm/r/\n",
			},
		},
		"bun":  {Tool: "bun", Want: map[string]string{".npmrc": npmrcOfAll}},
		"pnpm": {Tool: "pnpm", Want: map[string]string{".npmrc": npmrcOfAll}},
		"pnpm, which asks a program": {
			Tool: "pnpm", Renew: true, Want: map[string]string{
				helper:   "#!/bin/sh\n# Written by entrepot.\nexec 'ENTREPOT' 'token' '--bearer' \"$@\"\n",
				".npmrc": "registry=http://127.0.0.1:8090/d-1/npm/r/\n//127.0.0.1:8090/d-1/npm/r/:tokenHelper=HOME/" + helper + "\n",
			},
		},
		"yarn": {
			Tool: "yarn", Notes: []string{"yarn 1", ".yarnrc.yml"}, Want: map[string]string{
				".npmrc": npmrcOfAll + "//127.0.0.1:8090/d-1/npm/r/:always-auth=true\n",
				".yarnrc.yml": "npmRegistryServer: \"http://127.0.0.1:8090/d-1/npm/r/\"\nnpmRegistries:\n  //127.0.0.1:8090/d-1/npm/r/:\n" +
					"    npmAuthToken: \"entrepot_token\"\n    npmAlwaysAuth: true\nunsafeHttpWhitelist:\n  - \"127.0.0.1\"\n",
			},
		},
		"yarn over TLS, a scope of a project": {
			Tool: "yarn", Namespace: "acme", Project: true, Endpoint: "https://packages.example.test/d-1/npm/r/",
			Before: map[string]string{"project/.yarnrc.yml": "# ours\nnpmScopes:\n  other:\n    npmRegistryServer: \"https://other.example.test\" # theirs\n"},
			Want: map[string]string{
				".npmrc":         "//packages.example.test/d-1/npm/r/:_authToken=entrepot_token\n//packages.example.test/d-1/npm/r/:always-auth=true\n",
				"project/.npmrc": "@acme:registry=https://packages.example.test/d-1/npm/r/\n",
				"project/.yarnrc.yml": "# ours\nnpmScopes:\n  other:\n    npmRegistryServer: \"https://other.example.test\" # theirs\n" +
					"  acme:\n    npmRegistryServer: \"https://packages.example.test/d-1/npm/r/\"\n",
				".yarnrc.yml": "npmRegistries:\n  //packages.example.test/d-1/npm/r/:\n    npmAuthToken: \"entrepot_token\"\n    npmAlwaysAuth: true\n",
			},
		},
	})
}
