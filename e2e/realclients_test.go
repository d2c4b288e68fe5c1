package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// realClient is how a client installs a project whose dependencies' own dependencies are all replaced.
type realClient struct {
	program   string
	arguments []string
	project   func(dependencies, instead map[string]string) map[string][]byte // its files
}

var realClients = []realClient{
	{"npm", []string{"install", "--ignore-scripts", "--force", "--legacy-peer-deps"}, manifestWith("overrides")},
	{"pnpm", []string{"install", "--ignore-scripts"}, pnpmProject},
	{"yarn-classic", []string{"install", "--non-interactive", "--ignore-scripts", "--ignore-engines", "--ignore-platform",
		"--no-lockfile"}, manifestWith("resolutions")},
	{"yarn-berry", []string{"install"}, berryProject},
	{"bun", []string{"install", "--ignore-scripts"}, manifestWith("overrides")},
}

// manifestWith makes a package.json that replaces dependencies under the client's name for that.
func manifestWith(member string) func(dependencies, instead map[string]string) map[string][]byte {
	return func(dependencies, instead map[string]string) map[string][]byte {
		manifest := map[string]any{"name": "app", "version": "1.0.0", "private": true, "dependencies": dependencies}
		if member != "" {
			manifest[member] = instead
		}
		text, err := json.Marshal(manifest)
		if err != nil {
			panic(err) // strings in maps can be written
		}
		return map[string][]byte{"package.json": text}
	}
}

func berryProject(dependencies, instead map[string]string) map[string][]byte {
	files := manifestWith("resolutions")(dependencies, instead)
	files[".yarnrc.yml"] = []byte("unsafeHttpWhitelist: [\"127.0.0.1\"]\nnodeLinker: node-modules\n")
	files["yarn.lock"] = nil
	return files
}

func pnpmProject(dependencies, instead map[string]string) map[string][]byte {
	files := manifestWith("")(dependencies, nil)
	var settings strings.Builder
	settings.WriteString("minimumReleaseAge: 0\nautoInstallPeers: false\nstrictPeerDependencies: false\noverrides:\n")
	for _, name := range slices.Sorted(maps.Keys(instead)) {
		fmt.Fprintf(&settings, "  %q: %q\n", name, instead[name])
	}
	files["pnpm-workspace.yaml"] = []byte(settings.String())
	return files
}
