package cargo

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

const root = "demo-1.0.0/"

func TestACrateIsOneFolderOfFiles(t *testing.T) {
	manifest := file(root+"Cargo.toml", cargoToml("demo", "1.0.0", ""))
	entry := func(kind byte, name, target string) formattest.TarEntry {
		return formattest.TarEntry{Header: tar.Header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o644}}
	}
	whole := pack(t, manifest)
	for name, row := range map[string]struct {
		crate []byte
		want  string // a part of the reason; empty for none
	}{
		"a manifest":                    {whole, ""},
		"with folders":                  {pack(t, entry(tar.TypeDir, "demo-1.0.0", ""), entry(tar.TypeDir, root+"src/", ""), manifest), ""},
		"a manifest further down":       {pack(t, manifest, file(root+"vendor/cargo.toml", "")), ""},
		"no archive":                    {[]byte("hello"), "not compressed with gzip"},
		"a bare tar":                    {unzip(t, whole), "not compressed with gzip"},
		"bytes behind it":               {append(bytes.Clone(whole), 'x'), "bytes follow the end"},
		"a second member of gzip":       {append(bytes.Clone(whole), whole...), "has several members"},
		"cut off":                       {whole[:len(whole)-9], "not readable"},
		"no manifest":                   {pack(t, file(root+"src/lib.rs", "")), "no Cargo.toml"},
		"two manifests":                 {pack(t, manifest, manifest), "there twice"},
		"a manifest in another case":    {pack(t, manifest, file(root+"cargo.TOML", "")), "on some systems"},
		"a file outside":                {pack(t, manifest, file("README.md", "")), "lies outside"},
		"a file in another folder":      {pack(t, manifest, file("demo-1.0.1/README.md", "")), "lies outside"},
		"a file in place of the folder": {pack(t, file("demo-1.0.0", "")), "lies outside"},
		"a way out":                     {pack(t, manifest, file(root+"../x", "")), "leads out"},
		"an absolute path":              {pack(t, manifest, file("/"+root+"x", "")), "leads out"},
		"a backslash":                   {pack(t, manifest, file(root+`a\b`, "")), "backslash"},
		"a name in another code":        {pack(t, manifest, file(root+"\xff", "")), "UTF-8"},
		"a symbolic link":               {pack(t, manifest, entry(tar.TypeSymlink, root+"l", "Cargo.toml")), "is a link"},
		"a hard link":                   {pack(t, manifest, entry(tar.TypeLink, root+"l", root+"Cargo.toml")), "is a link"},
		"a device":                      {pack(t, manifest, entry(tar.TypeChar, root+"d", "")), "is a device"},
		"a pipe":                        {pack(t, manifest, entry(tar.TypeFifo, root+"p", "")), "is a device"},
		"cargo's own mark":              {pack(t, manifest, file(root+".cargo-ok", "ok")), "marks what it has unpacked"},
		"a file below a file":           {pack(t, manifest, file(root+"a", ""), file(root+"a/b", "")), "below a file"},
		"a manifest that is too large":  {pack(t, file(root+"Cargo.toml", strings.Repeat("#", maxCargoTOML+1))), "larger than"},
		"a manifest that is none":       {pack(t, file(root+"Cargo.toml", "[package")), "not usable"},
		"a manifest that goes deep":     {pack(t, file(root+"Cargo.toml", "a = "+strings.Repeat("[", maxNesting+1))), "nested too deep"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := inspect(bytes.NewReader(row.crate), int64(len(row.crate)), "demo-1.0.0")
			if row.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func TestTheReadmeIsTheOneThatTheManifestNames(t *testing.T) {
	for name, row := range map[string]struct{ said, want string }{
		"named":                      {"readme = \"OTHER.md\"\n", "other"},
		"named from here":            {"readme = \"./OTHER.md\"\n", "other"},
		"not named":                  {"", "usual"},
		"one that is not there":      {"readme = \"docs/x.md\"\n", ""},
		"said to be of another kind": {"readme = true\n", "usual"},
	} {
		t.Run(name, func(t *testing.T) {
			crate := pack(t, file(root+"OTHER.md", "other"), file(root+"README.md", "usual"), file(root+"docs/x.md", "deep"),
				file(root+"Cargo.toml", "[package]\nname = \"demo\"\nversion = \"1.0.0\"\n"+row.said))
			c, err := inspect(bytes.NewReader(crate), int64(len(crate)), "demo-1.0.0")
			if err != nil || c.readme != row.want {
				t.Errorf("got %q, %v, want %q", c.readme, err, row.want)
			}
		})
	}
}
