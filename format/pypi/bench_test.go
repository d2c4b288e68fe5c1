package pypi

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"testing"
)

func bufioOf(p []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(p)) }

// manyFiles is a registry's page of so many wheels, ten a version.
func manyFiles(b *testing.B, n int) []byte {
	var files []offeredFile
	for i := range n {
		files = append(files, offeredFile{fmt.Sprintf("demo-%d.%d-cp3%d-cp3%d-manylinux_2_28_x86_64.whl", i/1000, i/10%100, i%10, i%10),
			"wheel", object{"requires-python": ">=3.9", "core-metadata": object{"sha256": sha256Of("metadata")},
				"provenance": "https://registry.example.test/integrity/demo/provenance"}})
	}
	return pageOfFiles(b, "demo", files...)
}

func BenchmarkRegenerate(b *testing.B) {
	page := manyFiles(b, 5000)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := regenerate(io.Discard, bytes.NewReader(page), "demo"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	for _, n := range []int{20, 5000} {
		var kept bytes.Buffer
		if _, err := regenerate(&kept, bytes.NewReader(manyFiles(b, n)), "demo"); err != nil {
			b.Fatal(err)
		}
		l := listingOf(b, kept.Bytes())
		for _, variant := range []string{jsonForm.variant, htmlForm.variant} {
			b.Run(fmt.Sprintf("%d files in %s", n, variant), func(b *testing.B) {
				var out bytes.Buffer
				b.ReportAllocs()
				for b.Loop() {
					out.Reset()
					if err := renderProject(&out, viewOf(b, l), variant, below); err != nil {
						b.Fatal(err)
					}
				}
				b.SetBytes(int64(out.Len()))
			})
		}
	}
}
