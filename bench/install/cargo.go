package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"entrepot/bench/servers"
	"entrepot/e2e/fakecargo"
)

// cargoBuild builds a program that needs so many crates, made up and all but empty: what is measured is how they come, and cargo
// itself. What cargo has locked says which bytes it has found right.
func (s settings) cargoBuild(string) (*installation, error) {
	registry := fakecargo.New(fakecargo.Manners{Tokens: true})
	var manifest strings.Builder
	manifest.WriteString("[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n")
	for i := range s.crates {
		name := fmt.Sprintf("crate-%03d", i)
		err := registry.Add(fakecargo.Package{Name: name, Version: "1.0.0", Files: map[string][]byte{
			"src/lib.rs": fmt.Appendf(nil, "pub fn number() -> usize { %d }\n", i)}})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&manifest, "%s = \"1\"\n", name)
	}
	return &installation{
		name: fmt.Sprintf("cargo build of %d crates", s.crates), registry: indexAtRoot(registry),
		format: "cargo", upstream: "crates-io",
		prepare: func(folder string) error { return write(folder, preparedManifest, manifest.String()) },
		client:  s.cargoClient,
		counts:  func(name string) bool { return name == "Cargo.lock" },
	}, nil
}

// preparedManifest is not called Cargo.toml: cargo would take the folder above the program for a workspace.
const preparedManifest = "manifest"

// indexAtRoot has the index where a repository has it.
func indexAtRoot(registry http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/crates/") {
			r.URL.Path = "/index" + r.URL.Path
		}
		registry.ServeHTTP(w, r)
	})
}

func (s settings) cargoClient(ctx context.Context, folder, base, token, into string) (*exec.Cmd, error) {
	manifest, err := os.ReadFile(filepath.Join(folder, preparedManifest))
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(into, "src"), 0o755); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"Cargo.toml": string(manifest), "src/main.rs": "fn main() {}\n"} {
		if err := write(into, name, text); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, s.cargo, "build", "--quiet", "--config", `source.crates-io.replace-with="measured"`)
	cmd.Dir = into
	cmd.Env = append(os.Environ(), "CARGO_HOME="+filepath.Join(into, "home"),
		"CARGO_REGISTRIES_MEASURED_INDEX=sparse+"+base, "CARGO_REGISTRIES_MEASURED_CREDENTIAL_PROVIDER=cargo:token",
		"CARGO_REGISTRIES_MEASURED_TOKEN="+servers.Basic(token))
	return cmd, nil
}
