package main

import (
	"strings"
	"testing"

	"entrepot/conformance/suite"

	"github.com/google/go-cmp/cmp"
)

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestFlagsAndEnvironmentSayWhatIsRun(t *testing.T) {
	key := map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": "http://here.example.test"}
	got, err := options([]string{"-region", "eu-west-1", "-clients", "own,bot", "-strict", "-rate", "20"}, environment(key))
	if err != nil {
		t.Fatal(err)
	}
	want := suite.Options{URL: "http://here.example.test", Region: "eu-west-1", Clients: []string{"own", "bot"}, Python: "python3", Strict: true,
		PerSecond: 20, Domains: 5, Key: suite.Key{ID: "AKIDEXAMPLE", Secret: "secret"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatCannotBeRunIsSaid(t *testing.T) {
	for name, row := range map[string]struct {
		args []string
		env  map[string]string
		says string
	}{
		"no credentials":      {nil, nil, "set AWS_ACCESS_KEY_ID"},
		"a flag without dash": {[]string{"strict"}, nil, `"strict" is no flag`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := options(row.args, environment(row.env)); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %q", err, row.says)
			}
		})
	}
}
