package upstream_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entrepot/upstream"
)

// clients is a machine's package managers: command line → output.
type clients map[string]string

func (c clients) run(_ context.Context, name string, args ...string) ([]byte, error) {
	line := strings.Join(append([]string{name}, args...), " ")
	out, ok := c[line]
	if !ok {
		return nil, fmt.Errorf("%s: not installed", line)
	}
	return []byte(out), nil
}

const pipHelp = `Package Index Options:
  -i, --index-url <url>       Base URL of the Python Package Index (default
                              https://pypi.example.test/simple). This should
                              point to a repository.
  --extra-index-url <url>     Extra URLs (default https://wrong.example.test/).
`

// home makes an empty home directory of this test's own.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("CARGO_HOME", "")
	return dir
}

func write(t *testing.T, content []byte, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func jar(t *testing.T, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const superPOM = `<project><repositories>
  <repository><id>other</id><url>https://wrong.example.test/</url></repository>
  <repository><id>central</id><url>https://maven.example.test/maven2</url></repository>
</repositories></project>`

func mirror(of string, blocked bool) string {
	return fmt.Sprintf(`<settings><!-- <mirror><mirrorOf>*</mirrorOf></mirror> --><mirrors>
  <mirror><mirrorOf>external:http:*</mirrorOf><url>http://0.0.0.0/</url><blocked>true</blocked></mirror>
  <mirror><mirrorOf>%s</mirrorOf><url> https://mirror.example.test/ </url><blocked>%v</blocked></mirror>
</mirrors></settings>`, of, blocked)
}

func TestDetect(t *testing.T) {
	for _, test := range []struct {
		name, connection string
		machine          func(t *testing.T, home string) clients
		own              string
		want             string // URL; a reason's word if it has no scheme
	}{
		{"npm", npmjs, fixed("npm config get registry", "https://registry.example.test/\n"), "", "https://registry.example.test/"},
		{"npm that knows nothing", npmjs, fixed("npm config get registry", "undefined\n"), "", "no address"},
		{"npm that is not there", npmjs, fixed("x", ""), "", "not installed"},
		{"npm that logged in here", npmjs, fixed("npm config get registry", "http://127.0.0.1:8090/d-1/npm/r/"),
			"http://127.0.0.1:8090",
			"this server"},
		{"npm with a credential", npmjs, fixed("npm config get registry", "https://u:hush@registry.example.test/"), "", "credential"},
		{"pip's default", "public:pypi", func(*testing.T, string) clients {
			return clients{"pip config list": ":env:.cert='x'\n", "pip help install": pipHelp}
		}, "", "https://pypi.example.test/simple"},
		{"pip's configuration", "public:pypi", func(*testing.T, string) clients {
			return clients{"pip config list": "global.index-url='https://mirror.example.test/simple'\n",
				"pip help install": pipHelp}
		}, "", "https://mirror.example.test/simple"},
		{"pip's environment first", "public:pypi", func(*testing.T, string) clients {
			return clients{"pip config list": "global.index-url='https://a.example.test/'\n" +
				":env:.index-url='https://b.example.test/'\n"}
		}, "", "https://b.example.test/"},
		{"pip by another name", "public:pypi", func(*testing.T, string) clients {
			return clients{"python3 -m pip help install": pipHelp}
		}, "", "https://pypi.example.test/simple"},
		{"gem", "public:ruby-gems-org",
			fixed("gem sources --list", "*** CURRENT SOURCES ***\n\nhttps://gems.example.test/\n"), "",
			"https://gems.example.test/"},
		{"gem with two", "public:ruby-gems-org",
			fixed("gem sources --list", "https://a.example.test/\nhttps://b.example.test/\n"), "",
			"2 registries"},
		{"dotnet", "public:nuget-org", fixed("dotnet nuget list source --format short",
			"E https://nuget.example.test/v3/index.json\nD https://off.example.test/\nE /opt/packages\n"), "",
			"https://nuget.example.test/v3/index.json"},
		{"maven's super POM", "public:maven-central", maven("maven-model-builder-3.x.jar", ""), "", "https://maven.example.test/maven2"},
		{"maven 4's super POM", "public:maven-central", maven("maven-impl-4.0.0.jar", ""), "", "https://maven.example.test/maven2"},
		{"maven's mirror of everything", "public:maven-central",
			maven("maven-model-builder-3.x.jar", mirror("*", false)), "",
			"https://mirror.example.test/"},
		{"maven's mirror of central", "public:maven-central",
			maven("maven-model-builder-3.x.jar", mirror("x, central", false)), "",
			"https://mirror.example.test/"},
		{"a mirror of all but central", "public:maven-central",
			maven("maven-model-builder-3.x.jar", mirror("*,!central", false)), "",
			"https://maven.example.test/maven2"},
		{"a blocked mirror", "public:maven-central", maven("maven-model-builder-3.x.jar", mirror("*", true)), "",
			"https://maven.example.test/maven2"},
		{"maven without its jar", "public:maven-central", maven("other.jar", ""), "", "no super POM"},
		{"cargo's replacement", "public:crates-io", func(t *testing.T, home string) clients {
			write(t, []byte("[source.crates-io]\nreplace-with = \"m\" # why\n"+
				"[source.\"m\"]\nregistry = 'sparse+https://m.example.test/i/'\n"),
				home, ".cargo", "config.toml")
			return nil
		}, "", "https://m.example.test/i/"},
		{"cargo's folders", "public:crates-io", func(t *testing.T, home string) clients {
			write(t, nil, home, ".cargo", "registry", "index", "index.example.test-0123456789abcdef", "config.json")
			write(t, nil, home, ".cargo", "registry", "index", "index.example.test-1123456789abcdef", "config.json")
			write(t, nil, home, ".cargo", "registry", "index", "git.example.test-0123456789abcdef", ".git", "HEAD")
			return nil
		}, "", "https://index.example.test/"},
		{"cargo itself", "public:crates-io",
			cargoWith(strings.Repeat("x", 1<<20-10) + "sparse+https://index.example.test/\x00"), "",
			"https://index.example.test/"},
		{"cargo with two addresses", "public:crates-io",
			cargoWith("sparse+https://a.example.test/ sparse+https://b.example.test/"), "",
			"2 registries"},
		{"cargo without one", "public:crates-io", cargoWith("sparse+https://"), "", "names no registry"},
		{"no client at all", "public:maven-clojars", fixed("x", ""), "", "no client"},
	} {
		t.Run(test.name, func(t *testing.T) {
			machine := test.machine(t, home(t))
			found := upstream.Detect(t.Context(), machine.run, test.own)
			if len(found) != len(upstream.Connections()) {
				t.Fatalf("got %d findings", len(found))
			}
			for _, f := range found {
				if f.Connection != test.connection {
					continue
				}
				if strings.Contains(test.want, "://") && f.URL != test.want {
					t.Errorf("got %+v, want %s", f, test.want)
				}
				if !strings.Contains(test.want, "://") && (f.URL != "" || !strings.Contains(f.Reason, test.want)) {
					t.Errorf("got %+v, want a reason with %q", f, test.want)
				}
				if strings.Contains(fmt.Sprint(f), "hush") {
					t.Errorf("a secret is shown: %+v", f)
				}
			}
		})
	}
}

func fixed(line, out string) func(*testing.T, string) clients {
	return func(*testing.T, string) clients { return clients{line: out} }
}

func maven(jarName, settings string) func(*testing.T, string) clients {
	return func(t *testing.T, home string) clients {
		installed := t.TempDir()
		write(t, jar(t, "org/apache/maven/model/pom-4.0.0.xml", superPOM), installed, "lib", jarName)
		if settings != "" {
			write(t, []byte(settings), home, ".m2", "settings.xml")
		}
		return clients{"mvn --batch-mode --version": "\x1b[1mApache Maven 3.8.7\x1b[m\n" +
			"Maven home: " + installed + "\nJava version: 17\n"}
	}
}

func cargoWith(content string) func(*testing.T, string) clients {
	return func(t *testing.T, _ string) clients {
		sysroot := t.TempDir()
		write(t, []byte(content), sysroot, "bin", "cargo")
		return clients{"rustc --print sysroot": sysroot + "\n"}
	}
}

func TestExec(t *testing.T) {
	if out, err := upstream.Exec(t.Context(), "echo", "hello"); err != nil || string(out) != "hello\n" {
		t.Errorf("got %q and %v", out, err)
	}
	if _, err := upstream.Exec(t.Context(), "head", "-c", "3000000", "/dev/zero"); err == nil {
		t.Error("three million bytes were taken")
	}
	if _, err := upstream.Exec(t.Context(), "no-such-program-here"); err == nil {
		t.Error("a program that is not there ran")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := upstream.Exec(ctx, "sleep", "60"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the caller's end", err)
	}
}

func FuzzClientOutput(f *testing.F) {
	f.Add(pipHelp)
	f.Add("global.index-url='https://mirror.example.test/simple'\n")
	f.Add("[source.crates-io]\nreplace-with = \"crates-io\"\n")
	f.Add("[source.crates-io]\nregistry = 'sparse+https://m.example.test/i/'\n")
	f.Add("xsparse+https://index.example.test/\x00")
	f.Add("Maven home: /opt/maven")
	f.Add(superPOM)
	f.Add(mirror("*", false))
	f.Fuzz(func(t *testing.T, text string) {
		if address, err := upstream.PipDefault(text); err == nil && !strings.Contains(text, address) {
			t.Errorf("pip's default %q stands nowhere", address)
		}
		if address, _, ok := upstream.PipConfigured(text); ok && !strings.Contains(text, address) {
			t.Errorf("pip's index %q stands nowhere", address)
		}
		if address, ok := upstream.CargoReplacement(text); ok && !strings.Contains(text, "sparse+"+address) {
			t.Errorf("cargo's replacement %q stands nowhere", address)
		}
		if address, err := upstream.CargoBuiltIn(strings.NewReader(text)); err == nil &&
			!strings.Contains(text, "sparse+"+address) {
			t.Errorf("cargo's own %q stands nowhere", address)
		}
		if at, ok := upstream.MavenHome(text); ok && !filepath.IsAbs(at) {
			t.Errorf("maven lives at %q", at)
		}
		_, _ = upstream.CentralInPOM(strings.NewReader(text)) // must only not panic
		_, _ = upstream.CentralMirror(strings.NewReader(text))
	})
}
