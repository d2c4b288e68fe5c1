package ruby

import (
	"testing"

	"entrepot/format/formattest"
)

const (
	credentials = ":codeartifact_api_key: Bearer entrepot_token\n"
	bundled     = "BUNDLE_HTTP://127__0__0__1:8090/D___1/RUBY/R/: \"aws:entrepot_token\"\n"
)

func TestTools(t *testing.T) {
	formattest.RunTools(t, Format(), map[string]formattest.ToolCase{
		"gem": {
			Tool:  "gem",
			Want:  map[string]string{".gemrc": ":sources:\n- \"http://aws:entrepot_token@127.0.0.1:8090/d-1/ruby/r/\"\n", ".gem/credentials": credentials},
			Notes: []string{"gem push --key codeartifact_api_key --host http://127.0.0.1:8090/d-1/ruby/r NAME-VERSION.gem"},
		},
		"gem, in files that have more": {
			Tool: "gem",
			Before: map[string]string{".gemrc": "---\n:backtrace: false\n:sources:\n- https://gems.example.test/\n- https://other.example.test/\n:verbose: true\n",
				".gem/credentials": "---\n:rubygems_api_key: mine\n"},
			Want: map[string]string{".gemrc": "---\n:backtrace: false\n:sources:\n- \"http://aws:entrepot_token@127.0.0.1:8090/d-1/ruby/r/\"\n:verbose: true\n",
				".gem/credentials": "---\n:rubygems_api_key: mine\n" + credentials},
		},
		"bundler": {
			Tool: "bundler", Want: map[string]string{".bundle/config": bundled},
			Notes: []string{"source \"http://127.0.0.1:8090/d-1/ruby/r/\""},
		},
		"bundler, in a file that has more": {
			Tool: "bundler", Before: map[string]string{".bundle/config": "---\nBUNDLE_JOBS: \"4\"\n"},
			Want: map[string]string{".bundle/config": "---\nBUNDLE_JOBS: \"4\"\n" + bundled},
		},
		"bundler, in another home": {
			Tool: "bundler", Variables: map[string]string{"BUNDLE_USER_HOME": "HOME/elsewhere"},
			Want: map[string]string{"elsewhere/config": bundled},
		},
	})
}
