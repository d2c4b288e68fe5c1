package clientconfig_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entrepot/clientconfig"
)

// home is a user's folder with files in it, and a journal.
type home struct {
	*testing.T
	folder string
}

func newHome(t *testing.T, files ...string) home {
	t.Helper()
	h := home{t, t.TempDir()}
	for i := 0; i < len(files); i += 2 {
		h.write(files[i], files[i+1])
	}
	return h
}

func (h home) path(name string) string { return filepath.Join(h.folder, name) }

func (h home) write(name, text string) {
	h.Helper()
	if err := os.WriteFile(h.path(name), []byte(text), 0o640); err != nil {
		h.Fatal(err)
	}
}

func (h home) plan(owner string, settings ...clientconfig.Setting) *clientconfig.Plan {
	h.Helper()
	journal, err := clientconfig.OpenJournal(h.path("state"))
	if err != nil {
		h.Fatal(err)
	}
	plan, err := journal.Plan(owner, settings...)
	if err != nil {
		h.Fatal(err)
	}
	return plan
}

func (h home) apply(owner string, settings ...clientconfig.Setting) (left []string) {
	h.Helper()
	plan := h.plan(owner, settings...)
	if err := plan.Apply(); err != nil {
		h.Fatal(err)
	}
	return plan.Left
}

func (h home) wants(name, text string, mode fs.FileMode) {
	h.Helper()
	got, err := os.ReadFile(h.path(name))
	if err != nil || string(got) != text {
		h.Errorf("%s is %q (%v), want %q", name, got, err, text)
	}
	if info, err := os.Stat(h.path(name)); err == nil && info.Mode().Perm() != mode {
		h.Errorf("%s has mode %v, want %v", name, info.Mode().Perm(), mode)
	}
}

func (h home) lacks(name string) {
	h.Helper()
	if _, err := os.Lstat(h.path(name)); !os.IsNotExist(err) {
		h.Errorf("%s is there (%v)", name, err)
	}
}

func (h home) registry(value string) clientconfig.Setting {
	return clientconfig.Setting{File: clientconfig.File{Path: h.path(".npmrc"), Syntax: clientconfig.NPMRC, Secret: true},
		Key: clientconfig.KeyOf("registry"), Value: value}
}

func (h home) token(value string) clientconfig.Setting {
	s := h.registry(value)
	s.Key, s.Secrets = clientconfig.KeyOf("//a/:_authToken"), []string{value}
	return s
}

func TestAFileIsMadeAndGoesAwayAgain(t *testing.T) {
	h := newHome(t)
	h.apply("npm", h.registry("http://a/"), h.token("s3cret"))
	h.wants(".npmrc", "registry=http://a/\n//a/:_authToken=s3cret\n", 0o600)
	h.apply("npm", h.registry("http://a/"), h.token("renewed"))
	h.wants(".npmrc", "registry=http://a/\n//a/:_authToken=renewed\n", 0o600)
	h.apply("npm")
	h.lacks(".npmrc")
	h.lacks(".npmrc.entrepot-backup")
	h.wants("state/client-settings.json", "{\n  \"version\": 1,\n  \"files\": {}\n}\n", 0o600)
}

// TestACommentBesideASettingOfOursGoesWithIt has one behind a value that would be read otherwise with it.
func TestACommentBesideASettingOfOursGoesWithIt(t *testing.T) {
	h := newHome(t, ".npmrc", "prefix=\"a\"\nregistry=old ; theirs\n")
	h.apply("npm", h.registry("new"), h.token("s3cret"))
	h.wants(".npmrc", "prefix=\"a\"\nregistry=new ; theirs\n//a/:_authToken=s3cret\n", 0o640)
	h.write(".npmrc", "registry=new ; theirs, still\nprefix=\"a\"\n//a/:_authToken=s3cret ; ours\n")
	h.apply("npm")
	h.wants(".npmrc", "registry=old ; theirs, still\nprefix=\"a\"\n", 0o640)
}

func TestAFileKeepsItsModeAndIsCopiedOnce(t *testing.T) {
	h := newHome(t, ".npmrc", "registry=old\n")
	h.apply("npm", h.registry("new"))
	h.apply("npm", h.registry("newer"))
	h.wants(".npmrc", "registry=newer\n", 0o640)
	h.wants(".npmrc.entrepot-backup", "registry=old\n", 0o640)
	h.apply("npm")
	h.wants(".npmrc", "registry=old\n", 0o640)
	h.lacks(".npmrc.entrepot-backup")
}

func TestALinkStaysALink(t *testing.T) {
	h := newHome(t, "dotfile", "a=b\n")
	if err := os.Symlink("dotfile", h.path(".npmrc")); err != nil {
		t.Fatal(err)
	}
	h.apply("npm", h.registry("x"))
	h.wants("dotfile", "a=b\nregistry=x\n", 0o640)
	if to, err := os.Readlink(h.path(".npmrc")); err != nil || to != "dotfile" {
		t.Errorf("got a link to %q (%v), want dotfile", to, err)
	}
	h.apply("npm")
	h.wants("dotfile", "a=b\n", 0o640)
}

func TestWhatOthersChangedMeanwhileStays(t *testing.T) {
	h := newHome(t, ".npmrc", "registry=old\n")
	h.apply("npm", h.registry("new"), h.token("s3cret"))
	h.write(".npmrc", "; mine\nfund=false\n//a/:_authToken = other\nregistry = new\n")
	left := h.apply("npm")
	h.wants(".npmrc", "; mine\nfund=false\n//a/:_authToken = other\nregistry=old\n", 0o640)
	if len(left) != 1 || !strings.Contains(left[0], "//a/:_authToken: it was changed meanwhile") {
		t.Errorf("got %q, want that the token was left alone", left)
	}
	h.wants(".npmrc.entrepot-backup", "registry=old\n", 0o640)
}

func TestTwoOwnersTakeTheirOwnBack(t *testing.T) {
	for _, order := range [][]string{{"npm", "pnpm"}, {"pnpm", "npm"}} {
		h := newHome(t, ".npmrc", "registry=old")
		h.apply("npm", h.registry("new"), h.token("t"))
		h.apply("pnpm", h.registry("newer"))
		h.wants(".npmrc", "registry=newer\n//a/:_authToken=t", 0o640)
		journal, err := clientconfig.OpenJournal(h.path("state"))
		if err != nil || !slices.Equal(journal.Owners(), []string{"npm", "pnpm"}) {
			t.Errorf("got owners %v (%v)", journal.Owners(), err)
		}
		h.apply(order[0])
		h.apply(order[1])
		h.wants(".npmrc", "registry=old", 0o640)
	}
}

func TestFilesThatAreNotWantedAnyMoreAreTakenBack(t *testing.T) {
	h := newHome(t, ".npmrc", "a=b\n")
	project := h.registry("p")
	project.File.Path = h.path("project.npmrc")
	h.apply("npm", h.registry("x"), project)
	h.apply("npm", project)
	h.wants(".npmrc", "a=b\n", 0o640)
	h.wants("project.npmrc", "registry=p\n", 0o600)
}

func TestNothingIsWrittenOverWhatCameBetween(t *testing.T) {
	h := newHome(t, ".npmrc", "a=b\n")
	plan := h.plan("npm", h.registry("x"))
	h.write(".npmrc", "a=c\n")
	if err := plan.Apply(); err == nil || !strings.Contains(err.Error(), "run the command again") {
		t.Errorf("a file that changed: got %v", err)
	}
	h.wants(".npmrc", "a=c\n", 0o640)
	plan = h.plan("npm", h.registry("x"))
	h.apply("other", h.token("t"))
	h.write(".npmrc", "a=c\n")
	if err := plan.Apply(); err == nil || !strings.Contains(err.Error(), "run this one again") {
		t.Errorf("a journal that changed: got %v", err)
	}
	h.wants(".npmrc", "a=c\n", 0o640)
}

func TestADifferenceHidesSecrets(t *testing.T) {
	h := newHome(t, ".npmrc", "//b/:_authToken=theirs\n//c/:_password = theirs\ntokenHelper=/bin/x\nregistry=http://me:theirs@b/\n")
	got := h.plan("npm", h.registry("http://aws:s3cret@a/"), h.token("s3cret")).Difference()
	want := "--- " + h.path(".npmrc") + "\n+++ " + h.path(".npmrc") + "\n@@ -1,4 +1,5 @@\n //b/:_authToken=********\n" +
		" //c/:_password = ********\n tokenHelper=/bin/x\n-registry=http://me:********@b/\n+registry=http://aws:********@a/\n+//a/:_authToken=********\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	h.lacks("state")
	h = newHome(t)
	xml := clientconfig.Setting{File: clientconfig.File{Path: h.path("settings.xml"), Syntax: clientconfig.XML},
		Key: clientconfig.KeyOf("settings", "password"), Value: "theirs"}
	want = "--- /dev/null\n+++ " + h.path("settings.xml") + "\n@@ -0,0 +1,3 @@\n+<settings>\n+  <password>********</password>\n+</settings>\n"
	if got := h.plan("mvn", xml).Difference(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for file, before := range map[string]string{
		"NuGet.Config": "<s>\n  <add key=\"ClearTextPassword\" value=\"theirs\" />\n</s>\n",
		".netrc":       "<s>\n  <!-- machine b login me password theirs -->\n</s>\n",
	} {
		h = newHome(t, file, before)
		change := clientconfig.Setting{File: clientconfig.File{Path: h.path(file), Syntax: clientconfig.XML},
			Key: clientconfig.KeyOf("s", "x"), Value: "1"}
		if got := h.plan("nuget", change).Difference(); strings.Contains(got, "theirs") || !strings.Contains(got, "********") {
			t.Errorf("%s: got\n%s\nwant the password hidden", file, got)
		}
	}
}

func TestWhatCannotBeChangedIsNamed(t *testing.T) {
	h := newHome(t, "config.toml", "a = [\n")
	if err := os.Symlink("nowhere", h.path("dangling")); err != nil {
		t.Fatal(err)
	}
	journal, err := clientconfig.OpenJournal(h.path("state"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"config.toml": "by hand", "dangling": "points to nothing", ".": "it is no file"} {
		s := clientconfig.Setting{File: clientconfig.File{Path: h.path(name), Syntax: clientconfig.TOML},
			Key: clientconfig.KeyOf("b"), Value: "1"}
		if _, err := journal.Plan("x", s); err == nil || !strings.HasPrefix(err.Error(), h.path(name)+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want its path and %q", name, err, want)
		}
	}
}

func TestAJournalThatCannotBeReadIsSaid(t *testing.T) {
	h := newHome(t)
	if err := os.Mkdir(h.path("state"), 0o700); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"{": "move it away", `{"version": 2}`: "another version"} {
		h.write("state/client-settings.json", text)
		if _, err := clientconfig.OpenJournal(h.path("state")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
