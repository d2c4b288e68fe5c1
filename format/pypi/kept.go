package pypi

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"entrepot/artifact"
	"entrepot/format/keptpage"
)

// pages is how the pages of registries about a project are kept: of each version the lines of its files.
//
// There are no details: a page has none. They come with the first distribution that is fetched.
var pages = keptpage.Form{
	Name: "pypi 2",
	Path: func(p artifact.PackageKey) (string, error) {
		if _, err := parseName(p.Name); err != nil {
			return "", notFound("%q is not a name that a Python registry can have.", p.Name)
		}
		return pageOf(p), nil
	},
	Accept: acceptPages,
	Room:   32 << 20,
	Regenerate: func(dst io.Writer, src io.Reader, p artifact.PackageKey) (keptpage.LeftOut, error) {
		return regenerate(dst, src, p.Name)
	},
	Read: readKept,
}

// acceptPages asks for JSON, which alone has sizes and times; registries of before PEP 691 have HTML only.
const acceptPages = jsonType + ", " + htmlType + ";q=0.2, " + legacyType + ";q=0.1"

// Bounds on a registry's page. The largest seen in practice, of projects with a build for each night and platform, have
// some tens of thousands of files and 20 MB.
const (
	maxPage    = 512 << 20 // bytes; the fetching room has a smaller, configurable bound
	maxFiles   = 200_000   // of a project
	maxHeld    = 128 << 20 // bytes of all that is taken from a page, which is held whole
	maxText    = 8 << 10   // bytes of a URL, a reason, a requirement; a longer one is left out
	maxListed  = 1000      // addresses of PEP 708
	maxPerFile = 64 << 10  // bytes of what a page says about one file; a file with more is left out
)

// keptLine is the line of a file: its size in bytes, 0 if the registry does not say; its name, quoted; the hashes that it
// promises; its facts. The hashes stand in the facts as well: so whoever goes through a page need not parse those of a file
// that he passes by, and whoever renders it parses them once.
func keptLine(name string, size int64, facts fileFacts) []byte {
	line := strconv.AppendInt(nil, size, 10)
	line = strconv.AppendQuote(append(line, '\t'), name)
	line = append(line, '\t')
	for _, algorithm := range []string{"md5", "sha1", "sha256", "sha512"} {
		if sum := facts.Hashes[algorithm]; sum != "" {
			line = append(line, " "+algorithm+":"+sum...)
		}
	}
	line = append(line, '\t')
	return append(append(line, facts.encode()...), '\n')
}

// readLine reads what keptLine has written.
func readLine(line []byte) (a artifact.Asset, err error) {
	fields := bytes.SplitN(bytes.TrimSuffix(line, []byte("\n")), []byte("\t"), 4)
	if len(fields) < 4 {
		return a, errors.New("a file has less than four fields")
	}
	if a.Size, err = strconv.ParseInt(string(fields[0]), 10, 64); err != nil {
		return a, fmt.Errorf("size of a file: %w", err)
	}
	if a.Size == 0 {
		a.Size = -1
	}
	if a.Name, err = strconv.Unquote(string(fields[1])); err != nil {
		return a, fmt.Errorf("name of a file: %w", err)
	}
	for hash := range strings.FieldsSeq(string(fields[2])) {
		algorithm, sum, _ := strings.Cut(hash, ":")
		if err := promise(&a.Digests, algorithm, sum); err != nil {
			return a, fmt.Errorf("%s of %s: %w", algorithm, a.Name, err)
		}
	}
	a.Facts = fields[3]
	return a, nil
}

// promise sets one of the digests from its hash in hex.
func promise(d *artifact.Digests, algorithm, sum string) error {
	var into []byte
	switch algorithm {
	case "md5":
		into = d.MD5[:]
	case "sha1":
		into = d.SHA1[:]
	case "sha256":
		into = d.SHA256[:]
	case "sha512":
		into = d.SHA512[:]
	}
	if hex.DecodedLen(len(sum)) != len(into) {
		return fmt.Errorf("got %d digits", len(sum))
	}
	_, err := hex.Decode(into, []byte(sum))
	return err
}

// write writes the versions in their order.
func (r *releases) write(dst io.Writer) error {
	out := keptpage.NewWriter(dst)
	index := make([]keptpage.Place, 0, len(r.versions))
	for _, one := range r.versions {
		where, err := out.Add(one.version, one.lines)
		if err != nil {
			return err
		}
		where.Time = one.first
		index = append(index, where)
	}
	return out.Finish(keptpage.Head{Manifest: r.project.encode(), Index: index})
}

// readKept takes a version from the lines of its files. A yank hides nothing: it is a fact about a file, which clients are
// shown (PEP 592).
func readKept(kept []byte) ([]byte, []artifact.Asset, error) {
	files, err := readFiles(kept)
	return externalManifest, files, err
}

// externalManifest is that of a version from outside: all that its registry says is said about its files.
var externalManifest = []byte("{}")

// readFiles reads the lines of one version.
func readFiles(lines []byte) ([]artifact.Asset, error) {
	var files []artifact.Asset
	for line := range bytes.Lines(lines) {
		a, err := readLine(line)
		if err != nil {
			return nil, err
		}
		files = append(files, a)
	}
	return files, nil
}
