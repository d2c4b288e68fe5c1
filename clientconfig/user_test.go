package clientconfig_test

import (
	"os"
	"path/filepath"
	"testing"

	"entrepot/clientconfig"
)

func TestFilesAreWhereTheirToolsLookForThem(t *testing.T) {
	npm := func(u clientconfig.User) string { return u.NPMRC().Path }
	yarn := func(u clientconfig.User) string { return u.YarnRC().Path }
	pip := func(u clientconfig.User) string { return u.PipConf().Path }
	app := func(u clientconfig.User) string { return u.AppFolder() }
	for name, row := range map[string]struct {
		file      func(clientconfig.User) string
		variables map[string]string
		folder    string // that is there
		want      string // HOME is the home
	}{
		"npm's":                              {npm, nil, "", "HOME/.npmrc"},
		"npm's, elsewhere":                   {npm, map[string]string{"npm_config_userconfig": "/a/npmrc"}, "", "/a/npmrc"},
		"npm's, elsewhere, in capitals":      {npm, map[string]string{"NPM_CONFIG_USERCONFIG": "/b/npmrc"}, "", "/b/npmrc"},
		"yarn's":                             {yarn, nil, "", "HOME/.yarnrc.yml"},
		"pip's":                              {pip, nil, "", "HOME/.config/pip/pip.conf"},
		"pip's, below another folder":        {pip, map[string]string{"XDG_CONFIG_HOME": "/c"}, "", "/c/pip/pip.conf"},
		"pip's, elsewhere":                   {pip, map[string]string{"PIP_CONFIG_FILE": "/d"}, "", "/d"},
		"pip's on a Mac":                     {pip, nil, "Library/Application Support", "HOME/.config/pip/pip.conf"},
		"pip's on a Mac, in the Mac's place": {pip, nil, "Library/Application Support/pip", "HOME/Library/Application Support/pip/pip.conf"},
		"a program's":                        {app, nil, "", "HOME/.config"},
		"a program's on a Mac":               {app, nil, "Library/Application Support", "HOME/Library/Application Support"},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			if err := os.MkdirAll(filepath.Join(home, row.folder), 0o700); err != nil {
				t.Fatal(err)
			}
			got := row.file(clientconfig.User{Home: home, Getenv: func(name string) string { return row.variables[name] }})
			if inHome, err := filepath.Rel(home, got); err == nil && filepath.IsLocal(inHome) {
				got = filepath.Join("HOME", inHome)
			}
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}
