package stricttar

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"testing"
)

// raw is an entry whose header says what no writer of archives lets one say.
func raw(name string, kind byte, link string, size int, body string) []byte {
	return rawField(name, kind, link, fmt.Sprintf("%011o\x00", size), 0o644, body)
}

// rawField is raw with the size as it stands in the header.
func rawField(name string, kind byte, link, size string, mode int, body string) []byte {
	p := make([]byte, block, 2*block)
	copy(p, name)
	copy(p[100:], fmt.Sprintf("%07o\x00", mode))
	copy(p[124:], size)
	copy(p[136:], "00000000000\x00        ")
	p[156] = kind
	copy(p[157:], link)
	copy(p[257:], "ustar\x0000")
	sum := 0
	for _, c := range p {
		sum += int(c)
	}
	copy(p[148:], fmt.Sprintf("%06o\x00 ", sum))
	p = append(p, body...)
	return append(p, make([]byte, -len(p)&(block-1))...)
}

// pax is a header of the kind with one record.
func pax(kind byte, key, value string) []byte {
	record := fmt.Sprintf(" %s=%s\n", key, value)
	length := len(record) + 1
	for len(fmt.Sprint(length))+len(record) != length {
		length++
	}
	record = fmt.Sprint(length) + record
	return raw("pax", kind, "", len(record), record)
}

func regular(name, body string) []byte { return raw(name, tar.TypeReg, "", len(body), body) }

func link(name, to string) []byte { return raw(name, tar.TypeSymlink, to, 0, "") }

// tarOf is a whole tar.
func tarOf(entries ...[]byte) []byte {
	return append(slices.Concat(entries...), make([]byte, 2*block)...)
}

func zipped(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, p := range parts {
		z := gzip.NewWriter(&out)
		if _, err := z.Write(p); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}
