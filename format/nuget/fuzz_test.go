package nuget

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/keptpage"
	"entrepot/format/strictzip"
	"entrepot/repository"
)

// pageOf reads what regenerate has written.
func pageOf(t testing.TB, p artifact.PackageKey, kept []byte) *keptpage.Page {
	t.Helper()
	page, err := pages.Page(t.Context(), p, publicOne, keptpage.Stored{Size: int64(len(kept)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(kept)), nil }})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func below(path string) string { return "https://packages.example.test/" + path }

// What is regenerated can be read, every document that is made of it can be parsed, and what is made of that is the same.
func FuzzRegenerate(f *testing.F) {
	leaf := `{"packageContent":"https://a.test/x","catalogEntry":{"@id":"https://a.test/e","id":"ACME","version":"1.0.0-A.1+b","listed":false,` +
		`"authors":["a","b"],"tags":"x y","published":"2024-05-06T07:08:09Z","dependencyGroups":[{"targetFramework":"net45",` +
		`"dependencies":[{"id":"B","range":"[1.0,)"}]}],"deprecation":{"reasons":["Legacy"]},"packageSize":7}}`
	f.Add([]byte(`{"items":[{"@id":"https://a.test/1","items":[` + leaf + `,{"catalogEntry":1}]},{"@id":"https://a.test/2"}]}`))
	f.Add([]byte(`{"items":[` + leaf + `]}`))
	f.Add([]byte(`{"items":[null,{"items":{}},{"catalogEntry":{"id":"acme","version":"x"}}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		p := key("Acme", "").PackageKey
		var once bytes.Buffer
		if _, err := regenerate(&once, bytes.NewReader(document), p); err != nil {
			return
		}
		page := pageOf(t, p, once.Bytes())
		if len(page.Head().Index) == 0 {
			return
		}
		view := repository.View{PackageKey: p, Versions: page.Each(t.Context())}
		var made bytes.Buffer
		if err := (addresses{semVer2Hive, below}).renderIndex(&made, view); err != nil {
			t.Fatal(err)
		}
		var read registrationIndex
		if err := json.Unmarshal(made.Bytes(), &read); err != nil {
			t.Fatalf("%v in %s", err, made.Bytes())
		}
		count := 0
		for _, one := range read.Items {
			count += one.Count
		}
		if count != len(page.Head().Index) {
			t.Errorf("got %d versions of %d", count, len(page.Head().Index))
		}
		if count > inlineUpTo {
			return
		}
		var twice bytes.Buffer
		left, err := regenerate(&twice, bytes.NewReader(made.Bytes()), p)
		again := pageOf(t, p, twice.Bytes())
		if err != nil || left.Count > 0 || len(again.Head().Index) != count {
			t.Errorf("what was made of it is read as %d versions of %d, %v, %v", len(again.Head().Index), count, left, err)
		}
	})
}

// A service index that is taken names an address of registrations.
func FuzzServices(f *testing.F) {
	f.Add(`{"version":"3.0.0","resources":[{"@id":"https://a.test/r","@type":["x","RegistrationsBaseUrl/3.6.0"]}]}`)
	f.Add("\ufeff" + `{"resources":[{"@id":"http://a.test/","@type":"RegistrationsBaseUrl"},1,{"@type":{}}]}`)
	f.Add(`{"version":"4.0.0"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		if err := regenerateServices(&out, strings.NewReader(text)); err == nil && (!isWeb(out.String()) || !strings.HasSuffix(out.String(), "/")) {
			t.Errorf("got %q", out.String())
		}
	})
}

// What is kept of a document about a version is an object that says a whole digest or none.
func FuzzHash(f *testing.F) {
	f.Add(`{"packageHash":"AAAA","packageHashAlgorithm":"SHA512","packageSize":12}`)
	f.Add(`<html>`)
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		if err := regenerateHash(&out, strings.NewReader(text)); err != nil {
			return
		}
		var read object
		if err := json.Unmarshal(out.Bytes(), &read); err != nil || len(read) > len(hashMembers) {
			t.Errorf("%v in %s", err, out.Bytes())
		}
	})
}

// A nuspec that is found in the beginning of a package is the one that is in the package.
func FuzzAhead(f *testing.F) {
	f.Add([]byte(packed(f, "Acme", "1.0.0")))
	f.Add([]byte(packageOfFiles(f, archived{"a", strings.Repeat("x", 1000)}, archived{"Acme.nuspec", nuspecText("Acme", "1.0")})))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, content []byte) {
		begun := ahead{r: bytes.NewReader(content)}
		early, ok := begun.findNuspec()
		if again, err := io.ReadAll(begun.whole()); err != nil || !bytes.Equal(again, content) {
			t.Fatalf("got %d bytes of %d again, %v", len(again), len(content), err)
		}
		found, err := inspect(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return
		}
		if ok && (early.ID != found.ID || early.Version != found.Version) {
			t.Errorf("got %s %s at first and %s %s", early.ID, early.Version, found.ID, found.Version)
		}
		if _, err := strictzip.Open(bytes.NewReader(content), int64(len(content)), strictzip.Default); err != nil {
			t.Error(err)
		}
		if _, err := openPackage(bytes.NewReader(content), int64(len(content))); err != nil {
			t.Errorf("a package that can be published cannot be read: %v", err)
		}
	})
}

// Filters are understood or refused.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{"IsLatestVersion", "tolower(Id) eq 'a''b' and (IsPrerelease or not Listed)", "substringof('a',tolower(Id)) eq true",
		"startswith(Id,'a')", "((", "Id eq"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseFilter(text)
		if err == nil {
			p.test(row{})
		}
	})
}
