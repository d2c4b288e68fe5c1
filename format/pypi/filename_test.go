package pypi

import (
	"strings"
	"testing"

	"entrepot/artifact"
)

func TestFilenamesAreRead(t *testing.T) {
	for _, c := range []struct {
		file, project string // without a project, the name alone has to tell
		want          distribution
	}{
		{"demo_pkg-1.0-py3-none-any.whl", "", distribution{kind: wheelKind, name: "demo_pkg", version: "1.0"}},
		{"demo_pkg-1.0-py3-none-any.whl", "Demo.Pkg", distribution{kind: wheelKind, name: "demo_pkg", version: "1.0"}},
		{"pip-1.0-1-py2.py3-none-any.whl", "", distribution{kind: wheelKind, name: "pip", version: "1.0", build: "1"}},
		{"foo-1.0-1ubuntu2-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "",
			distribution{kind: wheelKind, name: "foo", version: "1.0", build: "1ubuntu2"}},
		{"torch-2.1.0+cu118-cp311-cp311-linux_x86_64.whl", "", distribution{kind: wheelKind, name: "torch", version: "2.1.0+cu118"}},
		{"epoch-1!2.0-py3-none-any.whl", "epoch", distribution{kind: wheelKind, name: "epoch", version: "1!2.0"}},
		{"old-1.0_1-py2-none-any.whl", "old", distribution{kind: wheelKind, name: "old", version: "1.0-1"}},
		{"old-1.0_beta-py2-none-any.whl", "old", distribution{kind: wheelKind, name: "old", version: "1.0_beta"}},
		{"zope.interface-5.4.0-cp27-cp27m-win32.whl", "zope-interface",
			distribution{kind: wheelKind, name: "zope.interface", version: "5.4.0"}},

		{"demo_pkg-1.0.tar.gz", "", distribution{kind: sdistKind, name: "demo_pkg", version: "1.0", stem: "demo_pkg-1.0"}},
		{"Name-With-Dashes-1.0.tar.gz", "", distribution{kind: sdistKind, name: "Name-With-Dashes", version: "1.0",
			stem: "Name-With-Dashes-1.0"}},
		{"Name-With-Dashes-1.0-beta1.tar.bz2", "", distribution{kind: sdistKind, name: "Name-With-Dashes", version: "1.0-beta1",
			stem: "Name-With-Dashes-1.0-beta1"}},
		{"foo-2-1.0.zip", "", distribution{kind: sdistKind, name: "foo-2", version: "1.0", stem: "foo-2-1.0"}},
		{"foo-2-1.zip", "foo-2", distribution{kind: sdistKind, name: "foo-2", version: "1", stem: "foo-2-1"}},
		{"foo-2-1.zip", "foo", distribution{kind: sdistKind, name: "foo", version: "2-1", stem: "foo-2-1"}},
		{"foo.bar_baz-1.0a1.tgz", "foo-bar-baz", distribution{kind: sdistKind, name: "foo.bar_baz", version: "1.0a1",
			stem: "foo.bar_baz-1.0a1"}},
		{"pytz-2004b.x.tar.gz", "", distribution{kind: sdistKind, name: "pytz", version: "2004b.x", stem: "pytz-2004b.x"}},
		{"thing-dev-r12.tar.Z", "thing", distribution{kind: sdistKind, name: "thing", version: "dev-r12", stem: "thing-dev-r12"}},
		{"py-1.TAR.GZ", "", distribution{kind: sdistKind, name: "py", version: "1", stem: "py-1"}},
		{"foo-1.0+local.1.tar.gz", "", distribution{kind: sdistKind, name: "foo", version: "1.0+local.1", stem: "foo-1.0+local.1"}},

		{"setuptools-0.6c11-py2.7.egg", "", distribution{name: "setuptools", version: "0.6c11"}},
		{"lxml-3.0-py2.7-macosx-10.6-x86_64.egg", "lxml", distribution{name: "lxml", version: "3.0"}},
		{"pywin32-219.win-amd64-py2.7.exe", "", distribution{name: "pywin32", version: "219"}},
		{"Py-Thing-1.0rc1.win32.exe", "py-thing", distribution{name: "Py-Thing", version: "1.0rc1"}},
		{"foo-1.0.win32-py3.3.msi", "", distribution{name: "foo", version: "1.0"}},
		{"foo-1.0-1.noarch.rpm", "foo", distribution{name: "foo", version: "1.0"}},
		{"foo-1.0-1.src.rpm", "", distribution{name: "foo", version: "1.0"}},
		{"foo-1.0-py2.5-macosx10.5.dmg", "foo", distribution{name: "foo", version: "1.0"}},
		{"foo-1.0.linux-x86_64.tar.gz", "foo", distribution{name: "foo", version: "1.0"}},
		{"foo-1.0.macosx-10.9-x86_64.tar.gz", "", distribution{name: "foo", version: "1.0"}},
		{"python-foo_1.0-1_all.deb", "foo", distribution{version: "1.0"}},
	} {
		got, err := parseFilename(c.file, c.project)
		if err != nil || got != c.want {
			t.Errorf("%s of %q: got %+v, %v, want %+v", c.file, c.project, got, err, c.want)
		}
	}
}

func TestFilenamesThatAreNone(t *testing.T) {
	for _, c := range []struct{ file, project, want string }{
		{"", "", "is not a file name"},
		{".hidden-1.0.tar.gz", "", "is not a file name"},
		{"a/b-1.0.tar.gz", "", "is not a file name"},
		{`a\b-1.0.tar.gz`, "", "is not a file name"},
		{"a-1.0\n.tar.gz", "", "is not a file name"},
		{"ä-1.0.tar.gz", "", "is not a file name"},
		{strings.Repeat("a", 250) + "-1.0.zip", "", "is not a file name"},
		{"readme.txt", "", "none of the endings"},
		{".whl", "", "is not a file name"},
		{"foo.tar.gz", "", "no version after the name"},
		{"foo-bar.tar.gz", "", "no version after the name"},
		{"foo-.tar.gz", "foo", "does not begin with the name of the project"},
		{"-1.0.tar.gz", "", "no version after the name"},
		{"foo-1.0.tar.gz", "bar", "does not begin with the name of the project"},
		{"foo-1.0-py3-none.whl", "", "not called as a wheel"},
		{"foo-1.0-1-2-py3-none-any.whl", "", "not called as a wheel"},
		{"foo-1.0-x1-py3-none-any.whl", "", "must begin with a digit"},
		{"foo--py3-none-any.whl", "", "is empty"},
		{"foo-1.0-py3-none-any.whl", "bar", `is one of the project "foo"`},
		{"_foo-1.0-py3-none-any.whl", "", "is no name of a project"},
		{"foo.rpm", "foo", "does not begin with the name of the project"},
		{"python-foo.deb", "", "no version after the name"},
	} {
		got, err := parseFilename(c.file, c.project)
		if !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q of %q: got %+v, %v, want %q", c.file, c.project, got, err, c.want)
		}
	}
}

func FuzzFilenames(f *testing.F) {
	for _, seed := range []string{"demo_pkg-1.0-1-py3-none-any.whl", "Name-With-Dashes-1.0-beta1.tar.bz2", "foo-1.0-1.noarch.rpm",
		"python-foo_1.0-1_all.deb", "pywin32-219.win-amd64-py2.7.exe", "x-1-py2.7.egg", "foo-1.0.linux-x86_64.tar.gz"} {
		f.Add(seed, "")
		f.Add(seed, "demo-pkg")
	}
	f.Fuzz(func(t *testing.T, file, project string) {
		d, err := parseFilename(file, project)
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) {
				t.Fatalf("got %v", err)
			}
			return
		}
		if d.version == "" || !strings.Contains(strings.ReplaceAll(file, "_", "-"), strings.ReplaceAll(d.version, "_", "-")) ||
			!strings.HasPrefix(file, d.name) || d.name == "" && d.kind != otherKind {
			t.Fatalf("%q gives %+v", file, d)
		}
		if known, err := parseFilename(file, d.name); d.name != "" && (err != nil || known.name != d.name) {
			t.Fatalf("%q gives %+v, and with the name %+v, %v", file, d, known, err)
		}
	})
}
