package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entrepot/clientconfig"
	"entrepot/localca"
	"entrepot/trust"
)

// TestTrustChangesFilesAndTakesItBack goes through the command on a machine of the test's own.
func TestTrustChangesFilesAndTakesItBack(t *testing.T) {
	home, data := t.TempDir(), t.TempDir()
	if _, err := localca.Open(localca.Options{
		Dir: filepath.Join(data, authorityFolder), Now: time.Now, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	const before = "; mine\nfund=false\n"
	npmrc := filepath.Join(home, ".npmrc")
	if err := os.WriteFile(npmrc, []byte(before), 0o640); err != nil {
		t.Fatal(err)
	}
	say := func(c trustCommand) string {
		t.Helper()
		var out bytes.Buffer
		c.Data = data
		tr := truster{out: &out, now: time.Now(), machine: trust.Machine{
			OS: "linux", Root: t.TempDir(),
			User: clientconfig.User{Home: home, Getenv: func(string) string { return "" }},
			Find: func(program string) (string, error) { return "/usr/bin/" + program, nil },
			Run:  func(context.Context, string, ...string) error { return nil },
		}}
		if err := tr.run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	is := func(want string) {
		t.Helper()
		text, err := os.ReadFile(npmrc)
		info, statErr := os.Stat(npmrc)
		if err != nil || statErr != nil || string(text) != want || info.Mode().Perm() != 0o640 {
			t.Errorf("got %q, mode %v, %v, %v, want %q with its mode", text, info.Mode(), err, statErr, want)
		}
	}
	if shown := say(trustCommand{}); !strings.Contains(shown, "npm      to do") || !strings.Contains(shown, "Nothing was changed") {
		t.Errorf("got %s, want what is to be done", shown)
	}
	is(before)
	bundle := filepath.Join(data, authorityFolder, localca.BundleFile)
	said := say(trustCommand{Apply: true, Clients: []string{"npm", "pip"}})
	if !strings.Contains(said, "+cafile="+bundle) {
		t.Errorf("got %s, want the change shown", said)
	}
	is(before + "cafile=" + bundle + "\n")
	if shown := say(trustCommand{}); !strings.Contains(shown, "npm      believes it") || !strings.Contains(shown, "cargo    to do") {
		t.Errorf("got %s, want npm to be told and cargo not", shown)
	}
	if printed := say(trustCommand{Env: true}); !strings.Contains(printed, "export AWS_CA_BUNDLE='"+bundle+"'\n") {
		t.Errorf("got %s, want the variables", printed)
	}
	say(trustCommand{Remove: true})
	is(before)
	if _, err := os.Stat(filepath.Join(home, ".config", "pip", "pip.conf")); err == nil {
		t.Error("pip's file is still there")
	}
	if _, err := chosenClients([]string{"nmp"}); err == nil || !strings.Contains(err.Error(), "npm") {
		t.Errorf("got %v, want the names there are", err)
	}
}
