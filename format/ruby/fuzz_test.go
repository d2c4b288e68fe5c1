package ruby

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"entrepot/format/keptpage"
)

// FuzzYAML holds that reading ends, and that what was read has no more values than may be.
func FuzzYAML(f *testing.F) {
	for _, text := range []string{metadataText("demo", "1.0", "java", needing("other 1.0", "rake 13")), ofOld,
		"a: &1\n- |+\n  x\n\n- >-\n  y\n- *1\n", "a: \"x\\\n  y\"\nb: 'c\n\n  d'\n- - - e\n", "{a: [b, 'c', {d: e}]}", "- !str\n-\n- - x\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := parseYAML(text)
		if (n == nil) == (err == nil) {
			t.Errorf("got %v, %v", n, err)
		}
	})
}

// FuzzMetadata holds that a gem that was read can stand in an index and is read from there as what it is.
func FuzzMetadata(f *testing.F) {
	for _, text := range []string{metadataText("demo", "1.0", "java", needing("other 1.0", "rake 13")), ofOld,
		"--- !ruby/object:Gem::Specification\nname: a\nversion: 1\ndependencies:\n- name: b\n  requirement: 1\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		spec, err := parseMetadata(text)
		if err != nil {
			return
		}
		line := (listedGem{gem: spec.gem, gemFacts: spec.facts(), sha256: strings.Repeat("0", 64)}).line()
		g, facts, err := parseLine(spec.name, strings.TrimSuffix(line, "\n"))
		facts.SHA256 = ""
		if err != nil || g != spec.gem || facts != spec.facts() {
			t.Errorf("%q: got %v, %v, %v, want %v, %v", line, g, facts, err, spec.gem, spec.facts())
		}
		again, err := readQuickSpec(bytes.NewReader(quickSpec(spec)))
		if err != nil || again.gem != spec.gem || again.facts() != spec.facts() {
			t.Errorf("got %v, %v, want %v", again, err, spec)
		}
	})
}

// FuzzUnmarshal holds that reading ends.
func FuzzUnmarshal(f *testing.F) {
	for _, c := range dumps {
		f.Add(decoded(f, c.dump))
	}
	m := &marshaller{}
	m.raw(marshalHeader)
	m.specification(specimen())
	f.Add(m.buf)
	f.Add([]byte(marshalHeader + "[\x09[\x06\"\x06a@\x07@\x06i\x06"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		v, err := unmarshal(text)
		if dumped, ok := loaded[string](v, "Gem::Specification"); ok && err == nil {
			if inner, err := unmarshal([]byte(dumped)); err == nil {
				_, _ = specificationFrom(inner)
			}
		}
	})
}

// listingOf is what was kept of the gems called demo.
func listingOf(t testing.TB, kept []byte) *keptpage.Page {
	t.Helper()
	page, err := pages.Page(t.Context(), gem{name: "demo"}.key().PackageKey, publicOne, keptpage.Stored{Size: int64(len(kept)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(kept)), nil }})
	if err != nil {
		t.Fatalf("the kept form cannot be read: %v in %.500s", err, kept)
	}
	return page
}

// FuzzRegenerate holds that what is kept of a registry's info file can be read, and that its lines are read as they were.
func FuzzRegenerate(f *testing.F) {
	sum := strings.Repeat("ab", 32)
	f.Add([]byte("---\n1.0 |checksum:" + sum + "\n1.0-java a:>= 1&< 2,b:~> 1|checksum:" + sum + ",ruby:>= 2.7,rubygems:> 1.3.1,created_at:2026-03-01T00:00:00Z\n"))
	f.Add([]byte("created_at: 2026\n---\n1.0 |\nx\n1.0.rc1-x86-mswin32-60 |checksum:" + strings.ToUpper(sum)))
	f.Fuzz(func(t *testing.T, page []byte) {
		var kept bytes.Buffer
		if _, err := regenerate(&kept, bytes.NewReader(page), "demo"); err != nil {
			return
		}
		all, err := listedGems(listingOf(t, kept.Bytes()).Each(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range all {
			g, facts, err := parseLine("demo", strings.TrimSuffix(l.line(), "\n"))
			if err != nil || g != l.gem || facts != l.gemFacts {
				t.Errorf("%q: got %v, %v, %v", l.line(), g, facts, err)
			}
		}
	})
}

// FuzzFullName holds that a gem is called as the file it was read from.
func FuzzFullName(f *testing.F) {
	for _, full := range []string{"demo-1.0", "a-1-2-java", "demo-1.0-x86-mswin32-60", "-1", "demo-1.0-odd-2"} {
		f.Add(full)
	}
	f.Fuzz(func(t *testing.T, full string) {
		if g, err := splitFullName(full); err == nil && (g.fullName() != full || !g.isReadAsItself()) {
			t.Errorf("%q is read as %v", full, g)
		}
	})
}

// FuzzVersions holds that versions are ordered, and equal where they fold to the same.
func FuzzVersions(f *testing.F) {
	f.Add("1.0", "1.0.0")
	f.Add("1.0.a1", "1.a.1")
	f.Fuzz(func(t *testing.T, a, b string) {
		if checkVersion(a) != nil || checkVersion(b) != nil {
			return
		}
		c := compareVersions(a, b)
		if c != -compareVersions(b, a) || (c == 0) != (foldVersion(a) == foldVersion(b)) {
			t.Errorf("%s and %s: got %d, %s, %s", a, b, c, foldVersion(a), foldVersion(b))
		}
	})
}

// FuzzGem holds that whatever is pushed is read to an end.
func FuzzGem(f *testing.F) {
	f.Add([]byte(gemOfText(f, metadataText("demo", "1.0", ""))))
	f.Add([]byte(tarOf(f, entry{metadataEntry, "x"}, entry{dataEntry + signature, "y"})))
	f.Fuzz(func(t *testing.T, content []byte) {
		spec, err := inspect(bytes.NewReader(content), int64(len(content)))
		if err == nil && spec.check() != nil {
			t.Errorf("got %v", spec)
		}
		_, _ = readSpecification(io.LimitReader(bytes.NewReader(content), maxHead))
	})
}
