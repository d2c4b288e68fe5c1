package npm

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// big is a packument of 5,000 versions and about 5 MB.
func big(b *testing.B) string {
	numbers := make([]string, 5000)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("%d.%d.%d", i/100, i/10%10, i%10)
	}
	doc := registry("@acme/big", numbers...)
	for number, v := range doc["versions"].(object) {
		dig(v, "dist").(object)["tarball"] = "https://registry.example.test/@acme/big/-/big-" + number + ".tgz"
		v.(object)["dependencies"] = object{"a": "^1.0.0", "b": "~2.0.0", "@c/d": ">=3"}
		v.(object)["keywords"] = []string{"one", "two", "three"}
	}
	return text(b, doc)
}

func BenchmarkRegenerate(b *testing.B) {
	document := big(b)
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := regenerate(io.Discard, strings.NewReader(document), "@acme/big"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	kept, _ := keep(b, "@acme/big", big(b))
	l := pageOf(b, "@acme/big", kept)
	for _, form := range []form{fullForm, abbreviatedForm} {
		b.Run(form.variant, func(b *testing.B) {
			view := viewOf(b.Context(), l)
			var out bytes.Buffer
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				if err := render(&out, view, form, below); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(out.Len()))
		})
	}
}

// tarballOfMany is what a large package is: 2,000 files of 8 KB that compress as sources do.
func tarballOfMany(b *testing.B) []byte {
	line := "export function name%d(first, second) { return first.value%d === second ? %d : undefined }\n"
	entries := []entry{file("package/package.json", minimal)}
	for n := range 2000 {
		var body strings.Builder
		for i := 0; body.Len() < 8<<10; i++ {
			fmt.Fprintf(&body, line, n*i%997, n^i, i*i)
		}
		entries = append(entries, file(fmt.Sprintf("package/lib/folder%d/file%d.js", n%50, n), body.String()))
	}
	return pack(b, entries...)
}

func BenchmarkInspect(b *testing.B) {
	tarball := tarballOfMany(b)
	b.SetBytes(int64(len(tarball)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := inspect(bytes.NewReader(tarball), int64(len(tarball))); err != nil {
			b.Fatal(err)
		}
	}
}
