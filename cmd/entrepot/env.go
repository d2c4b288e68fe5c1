package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

type envCommand struct {
	Data string `default:"./entrepot-data" env:"ENTREPOT_DATA" help:"Data folder of the server, which must have been started once."`
}

// Help is shown by entrepot env --help.
func (envCommand) Help() string {
	return `Example:

  eval "$(entrepot env)"
  aws codeartifact list-domains

What is printed is for POSIX shells. The profile it points at holds the server's address, so every call of the aws
command line and of the SDKs goes there until the terminal is closed.`
}

// Run prints the environment.
func (c envCommand) Run() error {
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return err
	}
	profile, err := os.ReadFile(filepath.Join(data, "aws", "config"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s holds no installation; start one with: entrepot serve --data %s", data, c.Data)
	}
	if err != nil {
		return err
	}
	region, endpoint := setting(profile, "region"), setting(profile, "endpoint_url")
	for _, v := range [][2]string{
		{"AWS_CONFIG_FILE", filepath.Join(data, "aws", "config")},
		{"AWS_SHARED_CREDENTIALS_FILE", filepath.Join(data, "aws", "credentials")},
		{"AWS_REGION", region},
		{"AWS_DEFAULT_REGION", region},
		{"AWS_ENDPOINT_URL", endpoint},
	} {
		fmt.Printf("export %s=%s\n", v[0], quoted(v[1]))
	}
	// Keys or a profile left over in the terminal would win over the file.
	fmt.Println("unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY " +
		"AWS_SESSION_TOKEN AWS_ENDPOINT_URL_CODEARTIFACT")
	return nil
}

// setting reads a value of the profile that the server wrote.
func setting(profile []byte, name string) string {
	for line := range strings.Lines(string(profile)) {
		key, value, found := strings.Cut(line, "=")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// quoted writes a word for a POSIX shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
