package maven

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/formattest"
)

// BenchmarkGet is what a request costs once everything is kept: of a document of a thousand versions, a small jar and a
// checksum of each; and of a jar and a POM that the registry was found to lack, of a version that is kept and of none.
func BenchmarkGet(b *testing.B) {
	s := newChain(b)
	s.offer(central, index("lib"), listingOf("lib", thousand()...))
	s.offer(central, file("lib:1.0.0", ".jar"), strings.Repeat("jar ", 8<<10))
	s.gets(http.StatusOK, "team", file("lib:1.0.0", ".jar"))
	h := formattest.Handler(s.format, s.Shelf("team", artifact.Maven))
	for _, row := range []struct {
		name, path string
		status     int
	}{
		{"document", index("lib"), http.StatusOK},
		{"document.sha1", index("lib") + ".sha1", http.StatusOK},
		{"jar", file("lib:1.0.0", ".jar"), http.StatusOK},
		{"jar.sha1", file("lib:1.0.0", ".jar.sha1"), http.StatusOK},
		{"missing_file", file("lib:1.0.0", "-linux.jar"), http.StatusNotFound},
		{"missing_file.sha1", file("lib:1.0.0", "-linux.jar.sha1"), http.StatusNotFound},
		{"missing_version", file("none:1.0.0", ".jar"), http.StatusNotFound},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/"+row.path, nil))
				if w.Code != row.status {
					b.Fatal(w.Code)
				}
			}
		})
	}
}

// BenchmarkRender is what a document costs when its package has changed.
func BenchmarkRender(b *testing.B) {
	s := newChain(b)
	s.offer(central, index("lib"), listingOf("lib", thousand()...))
	view, err := s.Shelf("team", artifact.Maven).View(b.Context(), key("lib:").PackageKey)
	if err != nil {
		b.Fatal(err)
	}
	var out strings.Builder
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := renderPackage(&out, view); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(out.Len()))
}

// thousand are so many versions.
func thousand() []string {
	versions := make([]string, 1000)
	for i := range versions {
		versions[i] = fmt.Sprintf("1.%d.%d", i/10, i%10)
	}
	return versions
}
