package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"entrepot/clientconfig"
	"entrepot/format"
)

// keyringCommand is Python's keyring command, as far as package managers run it: it gives the credential of a repository that
// a tool is signed in to. Of others it asks the next program of that name.
type keyringCommand struct {
	Mode   string `enum:"password,creds" default:"password" help:"What to print: the password, or the user's name and the password."`
	Output string `enum:"plain,json" default:"plain" help:"How: a line each, or as JSON."`
	Get    struct {
		Service string `arg:"" help:"The address that a password is wanted for."`
		User    string `arg:"" optional:"" help:"The user's name."`
	} `cmd:"" help:"Print a credential."`
}

// Help is shown by entrepot keyring --help.
func (keyringCommand) Help() string {
	return `For package managers that run a program called keyring: pip, uv and pdm. entrepot login --renew puts one in place. What it
does not know it asks the next program of that name on PATH.

Example:

  entrepot keyring get http://127.0.0.1:8090/my-domain-123456789012/pypi/my-repo/simple/ aws`
}

// Run prints the credential. What is not known ends with 1 and nothing said, as that command does.
func (c keyringCommand) Run(ctx context.Context, u user, to io.Writer) error {
	all, err := u.logins()
	if err != nil {
		return err
	}
	s, ok := all.at(c.Get.Service)
	if !ok || c.Get.User != "" && c.Get.User != format.TokenUser {
		return c.askNext(ctx, u, to)
	}
	t, err := u.token(ctx, s)
	if err != nil {
		return err
	}
	return c.print(to, t.Value.Reveal())
}

// print writes a credential as keyring does from version 25.2 on.
func (c keyringCommand) print(to io.Writer, password string) error {
	if c.Output == "json" {
		credential := struct {
			Username string `json:"username,omitempty"`
			Password string `json:"password"`
		}{Password: password}
		if c.Mode == "creds" {
			credential.Username = format.TokenUser
		}
		return json.NewEncoder(to).Encode(credential)
	}
	if c.Mode == "creds" {
		fmt.Fprintln(to, format.TokenUser)
	}
	_, err := fmt.Fprintln(to, password)
	return err
}

// askNext runs the next program called keyring, so that those who have one lose nothing by ours.
func (c keyringCommand) askNext(ctx context.Context, u user, to io.Writer) error {
	program := nextKeyring(u.Getenv("PATH"))
	if program == "" {
		return exitStatus{code: 1}
	}
	args := []string{"get", c.Get.Service}
	if c.Get.User != "" {
		args = append(args, c.Get.User)
	}
	// Those before version 25.2 know neither option.
	if c.Output != "plain" {
		args = append([]string{"--output=" + c.Output}, args...)
	}
	if c.Mode != "password" {
		args = append([]string{"--mode=" + c.Mode}, args...)
	}
	next := exec.CommandContext(ctx, program, args...)
	next.Stdout, next.Stderr = to, os.Stderr
	if next.Run() != nil {
		return exitStatus{code: 1} // it has said why
	}
	return nil
}

// nextKeyring is the first program called keyring in the folders of a PATH that is not ours; "" if there is none.
func nextKeyring(path string) string {
	for _, folder := range filepath.SplitList(path) {
		program := filepath.Join(folder, "keyring")
		info, err := os.Stat(program)
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
			continue
		}
		if ours, err := clientconfig.IsScript(program); err == nil && !ours {
			return program
		}
	}
	return ""
}
