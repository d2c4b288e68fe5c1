package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entrepot/conformance/suite"

	"github.com/google/go-cmp/cmp"
)

// environment has variables, and no files but those that they name.
func environment(t *testing.T, pairs map[string]string) func(string) string {
	files := map[string]string{"AWS_CONFIG_FILE": filepath.Join(t.TempDir(), "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(t.TempDir(), "none")}
	return func(name string) string {
		if value, set := pairs[name]; set {
			return value
		}
		return files[name]
	}
}

var key = map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}

func TestFlagsAndEnvironmentSayWhatIsRun(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"config":      "[default]\nregion = us-east-1\nendpoint_url = http://file.example.test\n",
		"credentials": "[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = hidden\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	exported := map[string]string{"AWS_CONFIG_FILE": filepath.Join(folder, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(folder, "credentials")}
	with := func(o suite.Options) suite.Options {
		o.Clients, o.Python, o.Domains = []string{"own", "sdk", "bot"}, "python3", 5
		return o
	}
	flagged := with(suite.Options{URL: "http://flag.example.test", Region: "eu-west-1", Strict: true, PerSecond: 20,
		Key: suite.Key{ID: "AKIDEXAMPLE", Secret: "secret"}})
	flagged.Clients = []string{"own", "bot"}
	for name, row := range map[string]struct {
		args []string
		env  map[string]string
		want suite.Options
	}{
		"flags": {[]string{"-endpoint", "http://flag.example.test", "-region", "eu-west-1", "-clients", "own,bot", "-strict", "-rate", "20"}, key, flagged},
		"what entrepot env exports": {nil, exported,
			with(suite.Options{URL: "http://file.example.test", Region: "us-east-1", Key: suite.Key{ID: "AKIDFILE", Secret: "hidden"}})},
		"AWS's own": {[]string{"-endpoint", "aws"}, exported,
			with(suite.Options{Region: "us-east-1", Key: suite.Key{ID: "AKIDFILE", Secret: "hidden"}})},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := options(row.args, environment(t, row.env))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(row.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWhatCannotBeRunIsSaid(t *testing.T) {
	for name, row := range map[string]struct {
		args []string
		env  map[string]string
		says string
	}{
		"no endpoint":         {nil, key, "nothing says where the server is"},
		"no credentials":      {[]string{"-endpoint", "aws", "-region", "us-east-1"}, nil, "has no access key"},
		"no region":           {[]string{"-endpoint", "aws"}, key, "no AWS region is set"},
		"a flag without dash": {[]string{"strict"}, key, `"strict" is no flag`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := options(row.args, environment(t, row.env)); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %q", err, row.says)
			}
		})
	}
}
