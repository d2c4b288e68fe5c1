package cargo

import (
	"strings"
	"testing"

	"entrepot/upstream/detect/detecttest"
)

// installed is a machine whose cargo has the given bytes.
func installed(t *testing.T, executable string) detecttest.Machine {
	sysroot := t.TempDir()
	detecttest.Write(t, []byte(executable), sysroot, "bin", "cargo")
	return detecttest.Machine{"rustc --print sysroot": sysroot + "\n"}
}

func TestCargoSaysWhereItsIndexIs(t *testing.T) {
	for _, test := range []struct {
		name    string
		machine func(t *testing.T, home string) detecttest.Machine
		want    string
	}{
		{"its source replacement", func(t *testing.T, home string) detecttest.Machine {
			detecttest.Write(t, []byte("[source.crates-io]\nreplace-with = \"m\" # why\n"+
				"[source.\"m\"]\nregistry = 'sparse+https://m.example.test/i/'\n"), home, ".cargo", "config.toml")
			return nil
		}, "https://m.example.test/i/"},
		{"its folders", func(t *testing.T, home string) detecttest.Machine {
			index := home + "/.cargo/registry/index"
			detecttest.Write(t, nil, index, "index.example.test-0123456789abcdef", "config.json")
			detecttest.Write(t, nil, index, "index.example.test-1123456789abcdef", "config.json")
			detecttest.Write(t, nil, index, "git.example.test-0123456789abcdef", ".git", "HEAD")
			return nil
		}, "https://index.example.test/"},
		{"its executable", func(t *testing.T, _ string) detecttest.Machine {
			return installed(t, strings.Repeat("x", 1<<20-10)+"sparse+https://index.example.test/\x00")
		}, "https://index.example.test/"},
		{"an executable with two addresses", func(t *testing.T, _ string) detecttest.Machine {
			return installed(t, "sparse+https://a.example.test/ sparse+https://b.example.test/")
		}, "2 registries"},
		{"an executable without one", func(t *testing.T, _ string) detecttest.Machine {
			return installed(t, "sparse+https://")
		}, "names no registry"},
		{"no cargo on the machine", func(*testing.T, string) detecttest.Machine { return nil }, "not installed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			home := detecttest.Home(t)
			detecttest.Want(t, detectors, test.machine(t, home), "public:crates-io", test.want)
		})
	}
}

func FuzzClientOutput(f *testing.F) {
	f.Add("[source.crates-io]\nreplace-with = \"crates-io\"\n")
	f.Add("[source.crates-io]\nregistry = 'sparse+https://m.example.test/i/'\n")
	f.Add("xsparse+https://index.example.test/\x00")
	f.Fuzz(func(t *testing.T, text string) {
		if address, ok := replacement(text); ok && !strings.Contains(text, "sparse+"+address) {
			t.Errorf("cargo's replacement %q stands nowhere", address)
		}
		address, err := builtIn(strings.NewReader(text))
		if err == nil && !strings.Contains(text, "sparse+"+address) {
			t.Errorf("cargo's own %q stands nowhere", address)
		}
	})
}
