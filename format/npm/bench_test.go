package npm

import (
	"bytes"
	"context"
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
	kept, h := keep(b, "@acme/big", big(b))
	l := &listing{key: key("@acme/big"), head: &indexedHead{head: h}, open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(kept)), nil
	}}
	for _, form := range []form{fullForm, abbreviatedForm} {
		b.Run(form.variant, func(b *testing.B) {
			view := viewOf(b.Context(), h, l)
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
