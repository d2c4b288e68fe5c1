package pypi

import (
	"testing"

	"entrepot/format/formattest"
)

const keyringOfOurs = "#!/bin/sh\n# Written by entrepot.\nexec 'ENTREPOT' 'keyring' \"$@\"\n"

func TestTools(t *testing.T) {
	formattest.RunTools(t, Format(), map[string]formattest.ToolCase{
		"pip": {
			Tool: "pip", Want: map[string]string{
				".config/pip/pip.conf": "[global]\nindex-url = http://aws:entrepot_token@127.0.0.1:8090/d-1/pypi/r/simple/\n",
			},
		},
		"pip, in a file that has more": {
			Tool: "pip", Before: map[string]string{".config/pip/pip.conf": "# mine\n[global]\ntimeout = 60\n\n[install]\nuser = no ; mine\n"},
			Want: map[string]string{
				".config/pip/pip.conf": "# mine\n[global]\ntimeout = 60\nindex-url = http://aws:entrepot_token@127.0.0.1:8090/d-1/pypi/r/simple/\n\n[install]\nuser = no ; mine\n",
			},
		},
		"pip, in the file that a variable names": {
			Tool: "pip", Variables: map[string]string{"PIP_CONFIG_FILE": "HOME/mine.conf"}, Want: map[string]string{
				"mine.conf": "[global]\nindex-url = http://aws:entrepot_token@127.0.0.1:8090/d-1/pypi/r/simple/\n",
			},
		},
		"pip, a virtual environment": {
			Tool: "pip", Project: true, Variables: map[string]string{"VIRTUAL_ENV": "HOME/venv"}, Want: map[string]string{
				"venv/pip.conf": "[global]\nindex-url = http://aws:entrepot_token@127.0.0.1:8090/d-1/pypi/r/simple/\n",
			},
		},
		"pip, a project": {Tool: "pip", Project: true, Err: "activate one"},
		"pip, which asks a keyring": {
			Tool: "pip", Renew: true, Variables: map[string]string{"PATH": "/usr/bin-of-nobody:HOME/bin"}, Want: map[string]string{
				"bin/keyring":          keyringOfOurs,
				".config/pip/pip.conf": "[global]\nindex-url = http://aws@127.0.0.1:8090/d-1/pypi/r/simple/\nkeyring-provider = subprocess\n",
			},
		},
		"pip, whose keyring is not on PATH": {
			Tool: "pip", Renew: true, Endpoint: "http://packages.example.test/d-1/pypi/r/", Want: map[string]string{
				"bin/keyring":          keyringOfOurs,
				".config/pip/pip.conf": "[global]\nindex-url = http://aws@packages.example.test/d-1/pypi/r/simple/\nkeyring-provider = subprocess\n",
			}, Notes: []string{"add its folder to PATH", "trusted-host names packages.example.test"},
		},
		"a keyring of the user's own": {
			Tool: "uv", Renew: true, Before: map[string]string{"bin/keyring": "#!/usr/bin/python3\n"}, Err: "bin/keyring is a program of your own",
		},
		"twine": {
			Tool: "twine", Want: map[string]string{
				".pypirc": "[distutils]\nindex-servers =\n    codeartifact\n\n[codeartifact]\nrepository = http://127.0.0.1:8090/d-1/pypi/r/\nusername = aws\npassword = entrepot_token\n",
			}, Notes: []string{"twine upload --repository codeartifact"},
		},
		"uv": {
			Tool: "uv", Want: map[string]string{
				".config/uv/uv.toml": "[[index]]\nname = \"codeartifact\"\nurl = \"http://127.0.0.1:8090/d-1/pypi/r/simple/\"\n" +
					"publish-url = \"http://127.0.0.1:8090/d-1/pypi/r/\"\ndefault = true\n",
				".local/share/uv/credentials/credentials.toml": "[[credential]]\nservice = \"http://127.0.0.1:8090/d-1/pypi/r\"\nusername = \"aws\"\n" +
					"scheme = \"basic\"\npassword = \"entrepot_token\"\n",
			}, Notes: []string{"uv publish --index codeartifact"},
		},
		"uv, a project, which asks a keyring": {
			Tool: "uv", Project: true, Renew: true, Before: map[string]string{"project/pyproject.toml": "[project]\nname = \"app\" # ours\n"},
			Want: map[string]string{
				"bin/keyring": keyringOfOurs,
				"project/pyproject.toml": "[project]\nname = \"app\" # ours\n\n[tool.uv]\nkeyring-provider = \"subprocess\"\n\n[[tool.uv.index]]\n" +
					"name = \"codeartifact\"\nurl = \"http://aws@127.0.0.1:8090/d-1/pypi/r/simple/\"\npublish-url = \"http://127.0.0.1:8090/d-1/pypi/r/\"\ndefault = true\n",
			},
		},
		"uv, a project that has an index, which asks a keyring": {
			Tool: "uv", Project: true, Renew: true,
			Before: map[string]string{"project/pyproject.toml": "[tool.uv]\nmanaged = true # ours\n\n[[tool.uv.index]]\nname = \"other\"\nurl = \"u\"\n"},
			Want: map[string]string{
				"bin/keyring": keyringOfOurs,
				"project/pyproject.toml": "[tool.uv]\nmanaged = true # ours\nkeyring-provider = \"subprocess\"\n\n[[tool.uv.index]]\nname = \"other\"\nurl = \"u\"\n\n" +
					"[[tool.uv.index]]\nname = \"codeartifact\"\nurl = \"http://aws@127.0.0.1:8090/d-1/pypi/r/simple/\"\n" +
					"publish-url = \"http://127.0.0.1:8090/d-1/pypi/r/\"\ndefault = true\n",
			},
		},
		"poetry": {
			Tool: "poetry", Want: map[string]string{
				".config/pypoetry/config.toml": "[repositories.codeartifact]\nurl = \"http://127.0.0.1:8090/d-1/pypi/r/\"\n",
				".config/pypoetry/auth.toml":   "[http-basic.codeartifact]\nusername = \"aws\"\npassword = \"entrepot_token\"\n",
			}, Notes: []string{"poetry source add --priority=primary codeartifact http://127.0.0.1:8090/d-1/pypi/r/simple/"},
		},
		"poetry, a project": {
			Tool: "poetry", Project: true, Before: map[string]string{"project/pyproject.toml": "[tool.poetry]\npackage-mode = false\n"}, Want: map[string]string{
				".config/pypoetry/config.toml": "[repositories.codeartifact]\nurl = \"http://127.0.0.1:8090/d-1/pypi/r/\"\n",
				".config/pypoetry/auth.toml":   "[http-basic.codeartifact]\nusername = \"aws\"\npassword = \"entrepot_token\"\n",
				"project/pyproject.toml": "[tool.poetry]\npackage-mode = false\n\n[[tool.poetry.source]]\nname = \"codeartifact\"\n" +
					"url = \"http://127.0.0.1:8090/d-1/pypi/r/simple/\"\npriority = \"primary\"\n",
			},
		},
		"pdm": {
			Tool: "pdm", Want: map[string]string{
				".config/pdm/config.toml": "[pypi]\nurl = \"http://127.0.0.1:8090/d-1/pypi/r/simple/\"\nusername = \"aws\"\npassword = \"entrepot_token\"\n\n" +
					"[repository.codeartifact]\nurl = \"http://127.0.0.1:8090/d-1/pypi/r/\"\nusername = \"aws\"\npassword = \"entrepot_token\"\n",
			}, Notes: []string{"pdm publish --repository codeartifact"},
		},
		"pdm, which asks a keyring": {
			Tool: "pdm", Renew: true, Want: map[string]string{
				"bin/keyring": keyringOfOurs,
				".config/pdm/config.toml": "[pypi]\nurl = \"http://127.0.0.1:8090/d-1/pypi/r/simple/\"\nusername = \"aws\"\n\n" +
					"[repository.codeartifact]\nurl = \"http://127.0.0.1:8090/d-1/pypi/r/\"\nusername = \"aws\"\n",
			},
		},
	})
}
