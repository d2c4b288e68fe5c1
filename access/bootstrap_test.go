package access

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// empty is a fixture without anybody, and the installation to be.
func empty(t *testing.T) (*fixture, Installation) {
	f := newFixture(t)
	fresh := newRecords()
	f.store.held, f.key = fresh.held, AccessKey{}
	return f, Installation{Dir: t.TempDir(), Account: testAccount, PublicURL: "http://127.0.0.1:8090"}
}

func (f *fixture) bootstrap(i Installation, want bool) {
	f.Helper()
	created, err := f.Bootstrap(f.Context(), i)
	if err != nil || created != want {
		f.Fatalf("got created=%v, %v, want %v", created, err, want)
	}
}

// left reads the key that was left for the operator.
func left(t *testing.T, i Installation) AccessKey {
	t.Helper()
	key, err := readCredentials(filepath.Join(i.Dir, "aws", "credentials"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestTheFirstStartMakesAnAdministrator(t *testing.T) {
	f, i := empty(t)
	f.bootstrap(i, true)
	c, err := f.call(left(t, i))
	if err != nil {
		t.Fatal(err)
	}
	if c.Principal.ARN != "arn:aws:iam::123456789012:user/administrator" {
		t.Errorf("got %v", c.Principal.ARN)
	}
	answer := iam.Evaluate(iam.Request{Principal: c.Principal, Action: "codeartifact:CreateDomain",
		Resources: []string{"arn:aws:codeartifact:eu-west-1:123456789012:domain/any"}},
		iam.Policies{Identity: c.Identity}, true)
	if !answer.Allowed() {
		t.Errorf("the administrator may not: %v", answer)
	}
	config, err := os.ReadFile(filepath.Join(i.Dir, "aws", "config"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "[default]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:8090\noutput = json\n"
	if string(config) != want {
		t.Errorf("got config\n%s\nwant\n%s", config, want)
	}
	for name, want := range map[string]os.FileMode{"aws": 0o700, "aws/credentials": 0o600, "aws/config": 0o600} {
		info, err := os.Stat(filepath.Join(i.Dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v, want mode %v", name, info.Mode(), err, want)
		}
	}
	if entries, err := os.ReadDir(filepath.Join(i.Dir, "aws")); err != nil || len(entries) != 2 {
		t.Errorf("got %v, %v, want two files", entries, err)
	}
	if key := left(t, i); strings.Contains(string(f.store.held.keys[key.ID].Secret), key.Secret.Reveal()) {
		t.Error("the secret is not sealed")
	}
}

func TestALaterStartChangesNothing(t *testing.T) {
	f, i := empty(t)
	f.bootstrap(i, true)
	key := left(t, i)
	f.bootstrap(i, false)
	if again := left(t, i); again.ID != key.ID || !again.Secret.Equal(key.Secret) || len(f.store.held.principals) != 1 || len(f.store.held.keys) != 1 {
		t.Error("a second start made something")
	}
}

func TestNeitherARemovedAdministratorNorRemovedFilesComeBack(t *testing.T) {
	f, i := empty(t)
	f.bootstrap(i, true)
	for id := range f.store.held.principals {
		f.write(func(w catalog.Writer) error { return w.DeletePrincipal(id) })
	}
	if err := os.RemoveAll(filepath.Join(i.Dir, "aws")); err != nil {
		t.Fatal(err)
	}
	f.bootstrap(i, false)
	if len(f.store.held.principals) != 0 {
		t.Error("the administrator is back")
	}
	if _, err := os.Stat(filepath.Join(i.Dir, "aws")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the files are back: %v", err)
	}
}

func TestAStartThatWasCutShortIsFinishedByTheNext(t *testing.T) {
	rows := []struct {
		name string
		cut  func(t *testing.T, f *fixture, i Installation)
	}{
		{"after the folder", func(t *testing.T, _ *fixture, i Installation) {
			if err := os.Mkdir(filepath.Join(i.Dir, "aws"), 0o700); err != nil {
				t.Fatal(err)
			}
		}},
		{"while writing the config", func(t *testing.T, _ *fixture, i Installation) {
			put(t, i, ".config.new", "[defau", 0o600)
		}},
		{"while writing the credentials", func(t *testing.T, _ *fixture, i Installation) {
			put(t, i, ".credentials.new", "[default]\naws_acc", 0o644)
		}},
		{"before the catalog", func(t *testing.T, f *fixture, i Installation) {
			f.store.fail = func() error { return errors.New("power is out") }
			if _, err := f.Bootstrap(t.Context(), i); err == nil {
				t.Fatal("the commit failed, and nobody noticed")
			}
			f.store.fail = nil
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f, i := empty(t)
			row.cut(t, f, i)
			before, _ := os.ReadFile(filepath.Join(i.Dir, "aws", "credentials"))
			f.bootstrap(i, true)
			after, err := os.ReadFile(filepath.Join(i.Dir, "aws", "credentials"))
			if err != nil || before != nil && string(after) != string(before) {
				t.Errorf("the credentials were written again: %v", err)
			}
			if _, err := f.call(left(t, i)); err != nil {
				t.Error(err)
			}
			if entries, err := os.ReadDir(filepath.Join(i.Dir, "aws")); err != nil || len(entries) != 2 {
				t.Errorf("got %v, %v, want two files", entries, err)
			}
		})
	}
}

func put(t *testing.T, i Installation, name, text string, mode os.FileMode) {
	t.Helper()
	dir := filepath.Join(i.Dir, "aws")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// P38: no default secret, no known one, none that others may read.
func TestBootstrapRefusesCredentialsThatAreNone(t *testing.T) {
	const secret = "0123456789abcdefghijABCDEFGHIJ+/01234567"
	profile := func(id, secret string) string {
		return "[default]\naws_access_key_id = " + id + "\naws_secret_access_key = " + secret + "\n"
	}
	rows := []struct {
		name, text string
		mode       os.FileMode
		want       string // part of the error; empty: adopted
	}{
		{"of the operator", "# mine\n" + profile("AKIAMYOWNKEYMYOWNKEY", secret), 0o600, ""},
		{"that others may read", profile("AKIAMYOWNKEYMYOWNKEY", secret), 0o644, "others may read"},
		{"of AWS's documentation", profile("AKIAIOSFODNN7EXAMPLE", secret), 0o600, "everybody knows"},
		{"empty", "", 0o600, "aws_access_key_id must be"},
		{"empty secret", profile("AKIAMYOWNKEYMYOWNKEY", ""), 0o600, "aws_secret_access_key must be"},
		{"short secret", profile("AKIAMYOWNKEYMYOWNKEY", "secret"), 0o600, "aws_secret_access_key must be"},
		{"temporary key", profile("ASIAMYOWNKEYMYOWNKEY", secret), 0o600, "aws_access_key_id must be"},
		{"two profiles", profile("AKIAMYOWNKEYMYOWNKEY", secret) + "[other]\na = b", 0o600, "line 5"},
		{"setting twice", profile("AKIAMYOWNKEYMYOWNKEY", secret) + "aws_access_key_id = x", 0o600, "line 4"},
		{"no setting", "[default]\nx", 0o600, "line 2"},
		{"too long", strings.Repeat("#", 5<<10), 0o600, "longer than"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f, i := empty(t)
			put(t, i, "credentials", row.text, row.mode)
			created, err := f.Bootstrap(t.Context(), i)
			if row.want == "" {
				if err != nil || !created {
					t.Fatalf("got %v, %v, want them adopted", created, err)
				}
				if _, err := f.call(AccessKey{"AKIAMYOWNKEYMYOWNKEY", artifact.NewSecret(secret)}); err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			if len(f.store.held.principals) != 0 {
				t.Error("an administrator was made all the same")
			}
		})
	}
}

func TestBootstrapRefusesSettingsThatWouldBreakTheFile(t *testing.T) {
	f, i := empty(t)
	for _, bad := range []Installation{
		{Dir: i.Dir, Account: "1234", PublicURL: i.PublicURL},
		{Dir: i.Dir, Account: i.Account, PublicURL: "http://a\n[profile evil]"},
	} {
		if _, err := f.Bootstrap(t.Context(), bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func FuzzParseCredentials(f *testing.F) {
	f.Add("[default]\naws_access_key_id = AKIAMYOWNKEYMYOWNKEY\n" +
		"aws_secret_access_key = 0123456789abcdefghijABCDEFGHIJ+/01234567\n")
	f.Add("[default]\n=\n")
	f.Add("; x\n[a]")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := parseCredentials(text)
		if err == nil && (!keyIDPattern.MatchString(key.ID) || len(key.Secret.Reveal()) != 40) {
			t.Errorf("got %q out of %q", key.ID, text)
		}
	})
}
