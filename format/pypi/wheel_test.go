package pypi

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"entrepot/artifact"
)

const demoFolder = "demo-1.0.dist-info/"

// inspectNamed inspects content as a file of that name.
func inspectNamed(t testing.TB, file, content string) (inspected, error) {
	t.Helper()
	d, err := parseFilename(file, "")
	if err != nil {
		t.Fatal(err)
	}
	return inspect(strings.NewReader(content), int64(len(content)), d)
}

// spoiled is a wheel of demo 1.0 that was changed before RECORD was written and after.
func spoiled(t *testing.T, before, after func([]archived) []archived) string {
	t.Helper()
	files := wheelFiles("demo", "1.0", metadataText("demo", "1.0"))
	if before != nil {
		files = before(files)
	}
	files = append(files, recordOf(demoFolder+"RECORD", files))
	if after != nil {
		files = after(files)
	}
	return zipOf(t, files...)
}

// with adds files, or gives those of their paths other contents.
func with(added ...archived) func([]archived) []archived {
	return func(files []archived) []archived {
		for _, a := range added {
			files = slices.DeleteFunc(files, func(f archived) bool { return f[0] == a[0] })
			files = append(files, a)
		}
		return files
	}
}

func lacking(name string) func([]archived) []archived {
	return func(files []archived) []archived {
		return slices.DeleteFunc(files, func(f archived) bool { return f[0] == name })
	}
}

func TestWheelsThatAreNotWhatTheySayAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		before, after func([]archived) []archived
		want          string
	}{
		"a file that RECORD does not list": {nil, with(archived{"demo/more.py", "1"}), `"demo/more.py", which its RECORD does not list`},
		"a file that is not there":         {nil, lacking("demo/__init__.py"), `lists "demo/__init__.py", which is not in the wheel`},
		"no RECORD":                        {nil, lacking(demoFolder + "RECORD"), `no file "demo-1.0.dist-info/RECORD"`},
		"a RECORD of other lines":          {nil, with(archived{demoFolder + "RECORD", "a,b\n"}), "not lines of a path, a hash and a size"},
		"no METADATA":                      {lacking(demoFolder + "METADATA"), nil, `no file "demo-1.0.dist-info/METADATA"`},
		"metadata of another project":      {with(archived{demoFolder + "METADATA", metadataText("other", "1.0")}), nil, "other"},
		"metadata of another version":      {with(archived{demoFolder + "METADATA", metadataText("demo", "1.1")}), nil, "1.1"},
		"no WHEEL":                         {lacking(demoFolder + "WHEEL"), nil, `no file "demo-1.0.dist-info/WHEEL"`},
		"a format to come":                 {with(archived{demoFolder + "WHEEL", "Wheel-Version: 2.0\n"}), nil, `format "2.0"`},
		"no format":                        {with(archived{demoFolder + "WHEEL", "Generator: x\n"}), nil, "no Wheel-Version"},
		"two folders that say what it is":  {with(archived{"other-1.0.dist-info/METADATA", "x"}), nil, "two folders"},
		"one in other letters":             {with(archived{"demo-1.0.DIST-INFO/METADATA", "x"}), nil, "two folders"},
		"a path that leads out":            {with(archived{"../evil.py", "x"}), nil, "../evil.py"},
	} {
		_, err := inspectNamed(t, "demo-1.0-py3-none-any.whl", spoiled(t, c.before, c.after))
		if !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	whole := spoiled(t, nil, nil)
	for name, content := range map[string]string{
		"bytes before it": "#!/bin/sh\n" + whole, "bytes behind it": whole + "\x00", "half of it": whole[:len(whole)/2],
		"contents that were changed": strings.Replace(whole, "demo/__init__.py", "demo/__init_X.py", 1), "nothing": "",
	} {
		if _, err := inspectNamed(t, "demo-1.0-py3-none-any.whl", content); !artifact.Is(err, artifact.Invalid) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
	if _, err := inspectNamed(t, "demo-1.1-py3-none-any.whl", whole); !artifact.Is(err, artifact.Invalid) {
		t.Errorf("under another version's name: got %v, want a refusal", err)
	}
}

func TestWheelsThatInstallersTakeAreTaken(t *testing.T) {
	for name, c := range map[string]struct {
		before, after func([]archived) []archived
	}{
		"as it should be":        {},
		"an early format":        {with(archived{demoFolder + "WHEEL", "Wheel-Version: 0.1\n"}), nil},
		"a signature":            {nil, with(archived{demoFolder + "RECORD.jws", "{}"})},
		"a wrong hash in RECORD": {nil, with(archived{"demo/__init__.py", "value = 2\n"})},
		"folders":                {nil, with(archived{"demo/", ""})},
	} {
		got, err := inspectNamed(t, "demo-1.0-py3-none-any.whl", spoiled(t, c.before, c.after))
		if err != nil || string(got.core) != metadataText("demo", "1.0") || got.metadata.name != "demo" {
			t.Errorf("%s: got %q, %v", name, got.core, err)
		}
	}
}

// A content that cannot be read is not the fault of what is in it.
func TestAnUploadThatCannotBeReadBackIsNotInvalid(t *testing.T) {
	whole := spoiled(t, nil, nil)
	d, err := parseFilename("demo-1.0-py3-none-any.whl", "")
	if err != nil {
		t.Fatal(err)
	}
	lost := errors.New("the disk is gone")
	for at := range len(whole) {
		if _, err := inspect(losingAt{strings.NewReader(whole), int64(at), lost}, int64(len(whole)), d); !errors.Is(err, lost) {
			t.Fatalf("lost at %d: got %v, want that it was lost", at, err)
		}
	}
}

// losingAt fails to read one byte.
type losingAt struct {
	io.ReaderAt
	at  int64
	err error
}

func (l losingAt) ReadAt(p []byte, off int64) (int, error) {
	if off <= l.at && l.at < off+int64(len(p)) {
		return 0, l.err
	}
	return l.ReaderAt.ReadAt(p, off)
}

func FuzzInspectWheel(f *testing.F) {
	f.Add([]byte(wheelOf(f, "demo", "1.0", metadataText("demo", "1.0"))))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, wheel []byte) {
		d := distribution{kind: wheelKind, name: "demo", version: "1.0"}
		got, err := inspect(bytes.NewReader(wheel), int64(len(wheel)), d)
		switch {
		case err != nil && !artifact.Is(err, artifact.Invalid):
			t.Errorf("got %v", err)
		case err == nil && (normalName(got.metadata.name) != "demo" || len(got.core) > maxMetadata):
			t.Errorf("took %q", got.core)
		}
	})
}
