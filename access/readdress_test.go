package access

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheProfileFollowsTheServer(t *testing.T) {
	dir := t.TempDir()
	if err := Readdress(dir, "http://127.0.0.1:9000"); err != nil {
		t.Fatalf("without a profile: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "aws", "config")
	cases := []struct{ name, before, after string }{
		{"another address", "[default]\nregion = r\nendpoint_url = http://127.0.0.1:8090\noutput = json\n",
			"[default]\nregion = r\nendpoint_url = http://127.0.0.1:9000\noutput = json\n"},
		{"the same address", "[default]\nendpoint_url = http://127.0.0.1:9000\n", "[default]\nendpoint_url = http://127.0.0.1:9000\n"},
		{"none", "[default]\nregion = r\n", "[default]\nregion = r\n"},
		{"a last line without its end", "endpoint_url=x", "endpoint_url = http://127.0.0.1:9000\n"},
	}
	for _, c := range cases {
		if err := os.WriteFile(path, []byte(c.before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Readdress(dir, "http://127.0.0.1:9000"); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		text, err := os.ReadFile(path)
		if err != nil || string(text) != c.after {
			t.Errorf("%s: got %q, %v, want %q", c.name, text, err, c.after)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", c.name, info.Mode(), err)
		}
	}
	left, err := os.ReadDir(filepath.Join(dir, "aws"))
	if err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}
