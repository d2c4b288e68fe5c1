package clientconfig_test

import (
	"strings"
	"testing"

	"entrepot/clientconfig"
)

func TestWhatStandsThereIsRead(t *testing.T) {
	h := newHome(t, ".npmrc", "; mine\ncafile = /etc/own.pem\n", "cargo", "[http]\ncainfo = \"/etc/own.pem\" # ours\n",
		"broken", "\xff\xfe")
	for _, row := range []struct {
		name   string
		syntax clientconfig.Syntax
		key    clientconfig.Key
		want   string
	}{
		{".npmrc", clientconfig.NPMRC, clientconfig.KeyOf("cafile"), "/etc/own.pem"},
		{".npmrc", clientconfig.NPMRC, clientconfig.KeyOf("registry"), ""},
		{"cargo", clientconfig.TOML, clientconfig.KeyOf("http", "cainfo"), `"/etc/own.pem"`},
		{"not there", clientconfig.INI, clientconfig.KeyOf("global", "cert"), ""},
	} {
		file := clientconfig.File{Path: h.path(row.name), Syntax: row.syntax}
		got, ok, err := clientconfig.Read(file, row.key)
		if got != row.want || ok != (row.want != "") || err != nil {
			t.Errorf("%s, %s: got %q, %v, %v, want %q", row.name, row.key, got, ok, err, row.want)
		}
	}
	file := clientconfig.File{Path: h.path("broken"), Syntax: clientconfig.NPMRC}
	if _, _, err := clientconfig.Read(file, clientconfig.KeyOf("cafile")); err == nil || !strings.Contains(err.Error(), file.Path) {
		t.Errorf("got %v, want an error that names the file", err)
	}
}
