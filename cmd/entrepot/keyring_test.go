package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// renewed is a desk at which pip asks for its tokens itself.
func renewed(t *testing.T) *desk {
	d := newDesk(t)
	c := to("d", slot{Tool: "pip"})
	c.Renew = true
	d.login(c)
	return d
}

func keyring(mode, output, service, user string) (c keyringCommand) {
	c.Mode, c.Output, c.Get.Service, c.Get.User = mode, output, service, user
	return c
}

func TestTheKeyringGivesTokensForRepositoriesThatToolsAreSignedInTo(t *testing.T) {
	d := renewed(t)
	d.write(filepath.Join(d.Home, "next", "keyring"), "#!/bin/sh\n[ \"$*\" = 'get https://other.example.test/simple/ me' ] && echo theirs\n", 0o755)
	d.variables["PATH"] = d.variables["PATH"] + ":" + filepath.Join(d.Home, "next")
	endpoint := d.server.URL + "/d-123456789012/pypi/my-repo/"
	host := strings.TrimPrefix(d.server.URL, "http://")
	for name, row := range map[string]struct {
		command keyringCommand
		want    string // "" for none
	}{
		"of the index":                 {keyring("password", "plain", endpoint+"simple/", "aws"), "entrepot_token2\n"},
		"of the address for uploads":   {keyring("password", "plain", endpoint, "aws"), "entrepot_token2\n"},
		"without its last slash":       {keyring("password", "plain", strings.TrimSuffix(endpoint, "/"), "aws"), "entrepot_token2\n"},
		"with the user in the address": {keyring("password", "plain", strings.Replace(endpoint, "http://", "http://aws@", 1), "aws"), "entrepot_token2\n"},
		"of the host":                  {keyring("password", "plain", host, "aws"), "entrepot_token2\n"},
		"with the user's name":         {keyring("creds", "plain", endpoint, ""), "aws\nentrepot_token2\n"},
		"as JSON":                      {keyring("creds", "json", endpoint, ""), `{"username":"aws","password":"entrepot_token2"}` + "\n"},
		"as JSON, the password alone":  {keyring("password", "json", endpoint, ""), `{"password":"entrepot_token2"}` + "\n"},
		"of another repository":        {keyring("password", "plain", d.server.URL+"/d-123456789012/pypi/other/", "aws"), ""},
		"of another user":              {keyring("password", "plain", endpoint, "me"), ""},
		"over another scheme":          {keyring("password", "plain", strings.Replace(endpoint, "http:", "https:", 1), "aws"), ""},
		"of a host that begins alike":  {keyring("password", "plain", d.server.URL+"0/d-123456789012/pypi/my-repo/", "aws"), ""},
		"of what the next one knows":   {keyring("password", "plain", "https://other.example.test/simple/", "me"), "theirs\n"},
		"of what nobody knows":         {keyring("creds", "json", "https://nobody.example.test/", ""), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := row.command.Run(t.Context(), d.user, &out)
			if row.want == "" {
				if ended, ok := errors.AsType[exitStatus](err); !ok || ended.code != 1 || ended.error != nil || out.Len() > 0 {
					t.Errorf("got %q, %v, want exit code 1 and nothing said", out.String(), err)
				}
				return
			}
			if err != nil || out.String() != row.want {
				t.Errorf("got %q, %v, want %q", out.String(), err, row.want)
			}
		})
	}
}

func readAll(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTheKeyringRenewsTokens has the token that is kept run out.
func TestTheKeyringRenewsTokens(t *testing.T) {
	d := renewed(t)
	ask := func() string {
		t.Helper()
		var out bytes.Buffer
		command := keyring("password", "plain", d.server.URL+"/d-123456789012/pypi/my-repo/simple/", "aws")
		if err := command.Run(t.Context(), d.user, &out); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out.String())
	}
	first := ask()
	if again := ask(); again != first {
		t.Errorf("got %s and %s, want the one that is kept", first, again)
	}
	kept, err := filepath.Glob(filepath.Join(d.user.tokens(), "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("got %v, %v, want a token kept", kept, err)
	}
	d.write(kept[0], `{"token":"`+first+`","expires":"2026-01-01T00:00:00Z"}`, 0o600)
	if next := ask(); next == first {
		t.Error("got the token that has run out, want a new one")
	}
	d.logout(slot{Tool: "pip"})
	if left, err := filepath.Glob(filepath.Join(d.user.tokens(), "*")); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want no token left", left, err)
	}
}

// TestATokenIsPrintedForAnAddress is what pnpm's helper does, in a terminal that would lead elsewhere.
func TestATokenIsPrintedForAnAddress(t *testing.T) {
	d := newDesk(t)
	c := to("d", slot{Tool: "pnpm"})
	c.Renew = true
	d.login(c)
	d.variables["AWS_ENDPOINT_URL"], d.variables["AWS_PROFILE"] = "http://other.example.test", "other"
	var out bytes.Buffer
	endpoint := d.server.URL + "/d-123456789012/npm/my-repo/"
	if err := (tokenCommand{For: endpoint, Bearer: true}).Run(t.Context(), d.user, &out); err != nil || out.String() != "Bearer entrepot_token2\n" {
		t.Errorf("got %q, %v, want a token as the header has it", out.String(), err)
	}
	err := tokenCommand{For: d.server.URL + "/e-123456789012/npm/my-repo/"}.Run(t.Context(), d.user, &out)
	if err == nil || !strings.Contains(err.Error(), "no tool is signed in to") {
		t.Errorf("got %v, want that nobody is signed in", err)
	}
}

func TestLoginsThatCannotBeReadAreNamed(t *testing.T) {
	d := renewed(t)
	d.write(d.loginsFile(), "{", 0o600)
	if _, err := d.logins(); err == nil || !strings.Contains(err.Error(), d.loginsFile()) || !strings.Contains(err.Error(), "sign in again") {
		t.Errorf("got %v, want the file and what to do", err)
	}
}

func TestNoSecretIsAmongTheLogins(t *testing.T) {
	d := renewed(t)
	text := readAll(t, d.loginsFile())
	if !json.Valid([]byte(text)) || strings.Contains(text, "entrepot_") || strings.Contains(text, "secret") {
		t.Errorf("got %s, want JSON without secrets", text)
	}
}
