package cargo

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/format/formattest"
	"entrepot/repository"
)

// What is regenerated can be read, and the index made of it has a line of JSON for every version that is listed.
func FuzzRegenerate(f *testing.F) {
	f.Add([]byte(offeredLine(f, "bar", "1.0.0", nil, false) + "\n" + offeredLine(f, "Bar", "1.0.0+b", nil, true) + "\n\n"))
	f.Add([]byte(`{"name":"bar","vers":"1.0.0","deps":[{"name":"a","req":"^1","registry":null}],"cksum":"00","yanked":true}`))
	f.Add([]byte("{\"name\":\"bar\",\"vers\":\"1.0.0\",\"deps\":[],\"name\":\"\xff\"}\n{"))
	f.Fuzz(func(t *testing.T, file []byte) {
		var out bytes.Buffer
		if _, err := regenerate(&out, bytes.NewReader(file), key("bar")); err != nil {
			return
		}
		page := pageOf(t, out.Bytes())
		var index bytes.Buffer
		if err := render(&index, repository.View{PackageKey: page.Key, Versions: page.Each(t.Context())}); err != nil {
			t.Fatal(err)
		}
		lines := linesOf(t, index.Bytes())
		if len(lines) != len(page.Head().Index) {
			t.Fatalf("%d lines tell of %d versions", len(lines), len(page.Head().Index))
		}
		for i, line := range lines {
			where := page.Head().Index[i]
			if line["vers"] != where.Version || line["yanked"] != where.Unlisted || strings.ToLower(line["name"].(string)) != "bar" {
				t.Fatalf("got %v for %+v", line, where)
			}
			v, err := page.Version(t.Context(), where.Version)
			if err != nil || v.Assets[0].Name != "bar-"+where.Version+".crate" {
				t.Fatalf("got %v, %v", v, err)
			}
		}
	})
}

// Whatever is sent, nothing stays staged, and what is accepted can be read back.
func FuzzPublish(f *testing.F) {
	f.Add(framed(jsonOf(f, described("bar", "1.0.0")), packaged(f, "bar", "1.0.0", "")))
	f.Add("\x02\x00\x00\x00{}\x00\x00\x00\x00")
	f.Add("\xff\xff\xff\xff{}")
	f.Add("\x02\x00\x00\x00{}\xff\xff\xff\xffx")
	d := formattest.Open(f, formattest.Options{Formats: []format.Format{Format()}})
	d.Repository(shelf)
	h := formattest.Handler(Format(), d.Shelf(shelf, artifact.Cargo))
	f.Fuzz(func(t *testing.T, body string) {
		d := d.In(t)
		published := d.Changes()
		w := formattest.Request{Method: "PUT", Path: newCrate, Body: body}.Do(h)
		if w.Code >= 500 {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		if n := d.Drafts(); n != 0 {
			t.Fatalf("%d drafts are left", n)
		}
		if d.Changes() > published {
			m, err := readMetadata(&frames{strings.NewReader(body), int64(len(body))})
			if err != nil {
				t.Fatal(err)
			}
			p := key(strings.ToLower(m.Name))
			if w := (formattest.Request{Method: "GET", Path: indexPath(p.Name)}).Do(h); w.Code != 200 {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			d.DeletePackage(shelf, p)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add(jsonOf(f, described("bar", "1.0.0")))
	f.Add(jsonOf(f, described("bar", "1.0.0", needs(object{"name": "base", "version_req": ">=1.0, <2", "kind": "build",
		"target": "cfg(unix)", "explicit_name_in_toml": "b", "registry": "sparse+https://index.example.test/"}))))
	f.Add(`{"name":"bar","vers":"1.0.0","features":{"x":["dep:base","base?/std"]},"rust_version":"1.70"}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseMetadata([]byte(text))
		if err != nil || m.check() != nil {
			return
		}
		line, err := m.line(artifact.Digest{}, "sparse+https://packages.example.test/")
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := newManifest(line, about{})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := lineOf(manifest); err != nil || !bytes.Equal(again, line) || !json.Valid(line) {
			t.Fatalf("got %s, %v for %s", again, err, line)
		}
		if needed, err := dependencies(line); err != nil || len(needed) != len(m.Deps) {
			t.Fatalf("got %v, %v for %s", needed, err, line)
		}
	})
}

// The fuzzed bytes are the tar inside, so that the fuzzer need not find out about gzip's checksum.
func FuzzInspect(f *testing.F) {
	f.Add(unzip(f, packaged(f, "bar", "1.0.0", "")))
	f.Add(unzip(f, pack(f, file("bar-1.0.0/Cargo.toml", "[package]\n"), file("bar-1.0.0/cargo.toml", ""))))
	f.Fuzz(func(t *testing.T, archive []byte) {
		var crate bytes.Buffer
		z := gzip.NewWriter(&crate)
		_, _ = z.Write(archive)
		_ = z.Close()
		r := bytes.NewReader(crate.Bytes())
		c, err := inspect(r, r.Size(), "bar-1.0.0")
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) {
				t.Fatalf("got %v", err)
			}
			return
		}
		if details, ok := describeCrate(key("bar").At("1.0.0"), "", r, r.Size()); !ok || details.DisplayName != c.manifest.name {
			t.Fatalf("got %v, %t for %v", details, ok, c.manifest)
		}
	})
}

func unzip(t testing.TB, archive []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func FuzzCargoTOML(f *testing.F) {
	f.Add(cargoToml("bar", "1.0.0", "[dependencies]\na = \"1\"\n[target.'cfg(unix)'.dev-dependencies.b]\noptional = true\n"))
	f.Add("[project]\nname = 1\nversion = { workspace = true }\n[features]\nx = \"y\"\n")
	f.Add(strings.Repeat("[", 2*maxNesting))
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseCargoTOML(text)
		if err != nil {
			return
		}
		for _, d := range m.dependencies {
			if d.kind == "" || d.requirement == "" {
				t.Fatalf("got %+v", d)
			}
		}
	})
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{"serde_json", "a", "ab", "abc", "Nul", "../x", "1.0.0-rc.1+b", ">=1.0, <2", "1.*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parseName(s); err == nil {
			if !artifact.ValidCoordinate(p.Name) || canonical(p.At("")).Name != p.Name || !strings.EqualFold(p.Name, s) {
				t.Fatalf("%q gives %+v", s, p)
			}
			if path := indexPath(p.Name); !strings.HasSuffix(path, "/"+p.Name) || strings.Contains(path, "..") {
				t.Fatalf("%q has its file at %s", s, path)
			}
		}
		if v, err := parseVersion(s); err == nil && (v.Compare(v) != 0 || foldVersion(s) == "") {
			t.Fatalf("%q is another version than itself", s)
		}
		if plain, ok := plainRequirement(s); ok {
			if again, ok := plainRequirement(plain); !ok || again != plain {
				t.Fatalf("%q is %q, and that %q, %t", s, plain, again, ok)
			}
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add(`{"dl":"https://dl.example.test/{prefix}/{crate}/{version}"}`)
	f.Add(`{"dl":"https://dl.example.test/crates","api":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		if err := regenerateConfig(&out, strings.NewReader(text)); err != nil {
			return
		}
		if address := expand(out.String(), "bar", "1.0.0", "00"); address == "" {
			t.Fatalf("%q leads nowhere", text)
		}
	})
}
