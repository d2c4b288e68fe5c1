package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entrepot/awsclient"
	"entrepot/clientconfig"
	"entrepot/durable"
)

// user is whose tools are changed, in which folder he is, and the program that his tools are to call.
type user struct {
	clientconfig.User
	folder, self string
}

func thisUser() (user, error) {
	home, err := os.UserHomeDir()
	folder, err2 := os.Getwd()
	self, err3 := os.Executable()
	return user{clientconfig.User{Home: home, Getenv: os.Getenv}, folder, self}, errors.Join(err, err2, err3)
}

// state is the folder of what is remembered of a user's tools: the journal of what was changed in their files, and with which
// sign-ins.
func (u user) state() string { return filepath.Join(u.StateFolder(), "entrepot") }

// tokens is the folder of tokens that can be given out again.
func (u user) tokens() string { return filepath.Join(u.CacheFolder(), "entrepot", "tokens") }

// signedIn is how a tool was signed in, so that it can be given tokens later. No secret is in it.
type signedIn struct {
	Endpoint string           `json:"endpoint"`
	Profile  awsclient.Source `json:"profile"`
	Domain   string           `json:"domain"`
	Owner    string           `json:"owner,omitempty"`
	Seconds  int              `json:"seconds,omitempty"`
}

// logins are the sign-ins that are remembered, by owner as the journal of changes calls them.
type logins map[string]signedIn

func (u user) loginsFile() string { return filepath.Join(u.state(), "logins.json") }

// logins reads what is remembered.
func (u user) logins() (logins, error) {
	all := logins{}
	text, err := os.ReadFile(u.loginsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w; remove it and sign in again", u.loginsFile(), err)
	}
	return all, nil
}

// remember changes what is remembered.
func (u user) remember(change func(logins)) error {
	all, err := u.logins()
	if err != nil {
		return err
	}
	before := maps.Clone(all)
	if change(all); maps.Equal(before, all) {
		return nil
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(u.state(), 0o700); err != nil {
		return err
	}
	return durable.WriteFile(u.loginsFile(), append(text, '\n'), 0o600)
}

// at finds the sign-in for an address that a tool asks a password for: the one whose endpoint the address is at or below, else
// the only one on that host, for tools ask for a host as well. An address without a scheme is a host.
func (l logins) at(address string) (signedIn, bool) {
	host := address
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		u.User = nil
		address, host = u.String(), u.Host
	}
	var best signedIn
	onHost := map[signedIn]bool{}
	for _, name := range slices.Sorted(maps.Keys(l)) {
		s := l[name]
		if strings.HasPrefix(address+"/", s.Endpoint) && len(s.Endpoint) > len(best.Endpoint) {
			best = s
		}
		if u, err := url.Parse(s.Endpoint); err == nil && u.Host == host {
			s.Endpoint, s.Seconds = "", 0
			onHost[s] = true
		}
	}
	if best.Endpoint != "" {
		return best, true
	}
	for s := range onHost {
		return s, len(onHost) == 1 && address == host
	}
	return signedIn{}, false
}
