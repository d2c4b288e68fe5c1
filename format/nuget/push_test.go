package nuget

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

func TestAPushMayArriveInEveryShape(t *testing.T) {
	content := packed(t, "Acme.Core", "1.0.0")
	raw := formattest.Request{Method: "PUT", Path: "v3/package", Body: content}
	typed := raw
	typed.Header = map[string]string{"Content-Type": "application/octet-stream"}
	for name, q := range map[string]formattest.Request{
		"as clients send it": pushOf(content), "with another part behind": formOf(t, content, "more"), "without a form": raw, "without a form, and with a type": typed,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.Must(http.StatusCreated, q.Do(s.Handler))
			if got := s.Get("v3/flatcontainer/acme.core/1.0.0/acme.core.1.0.0.nupkg"); got != content {
				t.Errorf("got %d bytes, want %d", len(got), len(content))
			}
			s.Must(http.StatusCreated, q.Do(s.Handler))
			if n := s.Changes(); n != 1 {
				t.Errorf("versions were changed %d times", n)
			}
		})
	}
}

func TestASignatureStaysWhereItIs(t *testing.T) {
	s := newSite(t)
	content := packedWith(t, nuspecText("Acme.Core", "1.0.0"), "Acme.Core.nuspec", archived{".signature.p7s", "any bytes"})
	s.Must(201, s.push(content))
	if got := s.Get("v3/flatcontainer/acme.core/1.0.0/acme.core.1.0.0.nupkg"); got != content {
		t.Error("the package is not as it was pushed")
	}
}

// The nuspec may come behind what is looked at before anything is stored.
func TestAPushOfWhichNobodyKnowsYetWhoseItIs(t *testing.T) {
	late := packageOfFiles(t, archived{"lib/a.dll", string(random(maxAhead + 1))}, archived{"Acme.Core.nuspec", nuspecText("Acme.Core", "1.0.0")})
	s := newSite(t)
	reader := &site{Domain: s.As(formattest.Caller("reader", "ReadFromRepository")), Client: formattest.Client{T: t}}
	reader.serve(shelf)
	reader.Must(http.StatusForbidden, reader.push(late))
	nobody := &site{Domain: s.As(formattest.Caller("eve")), Client: formattest.Client{T: t}}
	nobody.serve(shelf)
	staged := s.Staged()
	nobody.Must(http.StatusForbidden, nobody.push(late))
	if s.Staged() != staged || s.Changes() != 0 {
		t.Errorf("%d uploads were begun, %d versions changed", s.Staged()-staged, s.Changes())
	}
	s.Must(http.StatusCreated, s.push(late))
}

// random are bytes that cannot be compressed.
func random(size int) []byte {
	out := make([]byte, size)
	state := uint32(1)
	for i := range out {
		state = state*1664525 + 1013904223
		out[i] = byte(state >> 24)
	}
	return out
}

func TestSymbolPackagesAreRefused(t *testing.T) {
	s := newSite(t)
	symbols := packed(t, "Acme.Core", "1.0.0", `<packageTypes><packageType name="SymbolsPackage"/></packageTypes>`)
	for _, path := range []string{"v3/package/", "v3/symbolpackage/", "v3/symbolpackage"} {
		q := pushOf(symbols)
		q.Path = path
		w := s.Must(http.StatusMethodNotAllowed, q.Do(s.Handler))
		if !strings.Contains(w.Header().Get("X-NuGet-Warning"), "no symbol packages") {
			t.Errorf("%s: got %v", path, w.Header())
		}
	}
	s.Must(http.StatusNotFound, s.Do("GET", "v3/flatcontainer/acme.core/index.json", ""))
}

func TestAPackageThatClientsUnpackInTwoWaysIsRefused(t *testing.T) {
	nuspec := archived{"Acme.nuspec", nuspecText("Acme", "1.0.0")}
	for name, c := range map[string]struct {
		files []archived
		says  string
	}{
		"no nuspec":                         {[]archived{{"lib/Acme.nuspec", nuspec.content}}, "no nuspec at its top"},
		"two nuspecs":                       {[]archived{nuspec, {"b.NUSPEC", "x"}}, "two nuspecs"},
		"a way up":                          {[]archived{nuspec, {"lib/../../x", "x"}}, "leads out"},
		"a way up behind percent signs":     {[]archived{nuspec, {"lib/%2e%2e/%2E%2e/x", "x"}}, "leads out"},
		"a way up beside what is no escape": {[]archived{nuspec, {"lib/%zz/%2e%2e/%2e%2e/x", "x"}}, "leads out"},
		"a nuspec behind a percent sign":    {[]archived{nuspec, {"b%2Enuspec", "x"}}, "two nuspecs"},
		"a nuspec in a folder of its own":   {[]archived{{"a%2Fb.nuspec", nuspec.content}}, "no nuspec at its top"},
		"a slash behind a percent sign":     {[]archived{nuspec, {"%2fetc/x", "x"}}, "leads out"},
		"a drive":                           {[]archived{nuspec, {"c:/x", "x"}}, "leads out"},
		"a backslash":                       {[]archived{nuspec, {`lib\x`, "x"}}, "backslash"},
		"two names but for capitals":        {[]archived{nuspec, {"lib/A.dll", "x"}, {"lib/a.dll", "y"}}, "capitals make no difference"},
		"two names but for percent signs":   {[]archived{nuspec, {"lib/a b", "x"}, {"lib/a%20b", "y"}}, "capitals make no difference"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			w := s.Must(http.StatusBadRequest, s.push(packageOfFiles(t, c.files...)))
			if !strings.Contains(w.Header().Get("X-NuGet-Warning"), c.says) {
				t.Errorf("got %s, want %q", w.Body, c.says)
			}
		})
	}
	t.Run("a link", func(t *testing.T) {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		header := &zip.FileHeader{Name: "lib/link"}
		header.SetMode(0o777 | fs.ModeSymlink)
		for _, f := range []struct {
			header  *zip.FileHeader
			content string
		}{{&zip.FileHeader{Name: nuspec.name}, nuspec.content}, {header, "x"}} {
			w, err := z.CreateHeader(f.header)
			if err == nil {
				_, err = io.WriteString(w, f.content)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := inspect(bytes.NewReader(out.Bytes()), int64(out.Len())); !artifact.Is(err, artifact.Invalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a wrong checksum", func(t *testing.T) {
		content := []byte(packageOfFiles(t, nuspec, archived{"lib/a.dll", string(random(1000))}))
		content[bytes.Index(content, []byte("lib/a.dll"))+200] ^= 1
		if _, err := inspect(bytes.NewReader(content), int64(len(content))); !artifact.Is(err, artifact.Invalid) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTheNuspecIsFoundAtTheBeginning(t *testing.T) {
	text := nuspecText("Acme", "1.0.0")
	for name, c := range map[string]struct {
		files []archived
		found bool
	}{
		"first":                       {[]archived{{"Acme.nuspec", text}}, true},
		"behind others":               {[]archived{{"_rels/.rels", "x"}, {"a", strings.Repeat("y", 100_000)}, {"Acme.nuspec", text}}, true},
		"not there":                   {[]archived{{"a", "x"}}, false},
		"behind too much":             {[]archived{{"a", string(random(maxAhead))}, {"Acme.nuspec", text}}, false},
		"behind what unpacks to much": {[]archived{{"a", strings.Repeat("y", maxUnpacked)}, {"Acme.nuspec", text}}, false},
		"unreadable":                  {[]archived{{"Acme.nuspec", "<"}}, false},
	} {
		content := packageOfFiles(t, c.files...)
		begun := ahead{r: strings.NewReader(content)}
		n, ok := begun.findNuspec()
		if ok != c.found || ok && n.ID != "Acme" {
			t.Errorf("%s: got %v, %t", name, n, ok)
		}
		if again, err := io.ReadAll(begun.whole()); err != nil || string(again) != content {
			t.Errorf("%s: got %d bytes again of %d, %v", name, len(again), len(content), err)
		}
	}
}

func TestReadmesAreServed(t *testing.T) {
	s := newSite(t)
	s.Must(201, s.push(packedWith(t, nuspecText("Acme", "1.0.0", `<readme>docs\Read.md</readme>`), "Acme.nuspec", archived{"docs/read.md", "\ufeff# Hi"})))
	w := s.Must(200, s.Do("GET", "v3/readme/ACME/1.0", ""))
	if w.Body.String() != "# Hi" || w.Header().Get("Content-Type") != readmeMember.contentType {
		t.Errorf("got %q, %v", w.Body, w.Header())
	}
	if got := s.held(shelf, key("acme", "1.0.0")).Details.Readme; got != "# Hi" {
		t.Errorf("the API tells %q", got)
	}
	s.pushAll("Bare", "1.0.0")
	s.Must(404, s.Do("GET", "v3/readme/bare/1.0.0", ""))
}
