package ruby

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format/keptpage"
)

// pages is how the info files of registries are kept: of each version the lines of its gems. There are no details: an info file
// has none. They come with the first gem that is fetched.
var pages = keptpage.Form{
	Name: "ruby 1",
	Path: func(p artifact.PackageKey) (string, error) {
		if err := checkName(p.Name); err != nil {
			return "", notFound("%q is not a name that a registry of gems can have.", p.Name)
		}
		return "info/" + p.Name, nil
	},
	Accept: "text/plain",
	Room:   32 << 20,
	Regenerate: func(dst io.Writer, src io.Reader, p artifact.PackageKey) (keptpage.LeftOut, error) {
		return regenerate(dst, src, p.Name)
	},
	Read: func(kept []byte) ([]byte, []artifact.Asset, error) {
		gems, err := readKept(kept)
		return externalManifest, gems, err
	},
}

// externalManifest is that of a version from outside: all that its registry says is said about its gems.
var externalManifest = []byte("{}")

// Bounds on a registry's info file. The largest seen in practice have some thousands of lines of a kilobyte.
const (
	maxPage = 128 << 20 // bytes; the fetching room has a smaller, configurable bound
	maxGems = 200_000   // of a name
	maxLine = 64 << 10  // bytes; a longer line is left out
)

// release is one version with the lines of its gems, as they are kept.
type release struct {
	version string
	lines   []byte
	first   time.Time // when the first of its gems was published
}

// regenerate reads a registry's info file about the gems of a name and writes what is kept of it. The file as a whole is refused
// if it is none or passes a limit; lines that no client could use are left out.
func regenerate(dst io.Writer, src io.Reader, name string) (left keptpage.LeftOut, err error) {
	in := bufio.NewReaderSize(io.LimitReader(src, maxPage), maxLine)
	if err := skipHeader(in); err != nil {
		return left, fmt.Errorf("read info of %s: %w", name, err)
	}
	all := releases{byVersion: map[string]*release{}, files: map[string]bool{}}
	for {
		line, more, err := nextLine(in)
		switch {
		case err == bufio.ErrBufferFull:
			left.Note("a line has more than %d bytes", maxLine)
		case err != nil:
			return left, fmt.Errorf("read info of %s: %w", name, err)
		case line != "":
			if err := all.add(name, line); err != nil {
				left.Note("%v", err)
			}
		}
		if !more {
			break
		}
		if len(all.files) > maxGems {
			return left, fmt.Errorf("read info of %s: it lists more than %d gems", name, maxGems)
		}
	}
	return left, all.write(dst)
}

// skipHeader passes what stands above the list, whose first line is three dashes.
func skipHeader(in *bufio.Reader) error {
	for {
		line, more, err := nextLine(in)
		switch {
		case err != nil && err != bufio.ErrBufferFull:
			return err
		case line == "---":
			return nil
		case !more:
			return errors.New("it is no info file: it has no line of three dashes")
		}
	}
}

// nextLine returns a line without its end, and whether there may be another. bufio.ErrBufferFull: it was too long, and is passed.
func nextLine(in *bufio.Reader) (line string, more bool, err error) {
	text, err := in.ReadSlice('\n')
	long := err == bufio.ErrBufferFull
	for err == bufio.ErrBufferFull {
		_, err = in.ReadSlice('\n')
	}
	switch more = err == nil; {
	case err != nil && err != io.EOF:
		return "", false, err
	case long:
		return "", more, bufio.ErrBufferFull
	}
	return strings.TrimRight(string(text), "\r\n"), more, nil
}

// releases gathers gems by their versions.
type releases struct {
	versions  []*release
	byVersion map[string]*release
	files     map[string]bool
}

// add takes in a line. An error says why it is left out.
func (r *releases) add(name, line string) error {
	g, facts, err := parseLine(name, line)
	if err != nil {
		return err
	}
	if !g.isReadAsItself() {
		return invalid("The gem %.300q cannot be told from another by its name.", g.fullName())
	}
	if r.files[g.file()] {
		return invalid("The gem %.300q comes twice.", g.fullName())
	}
	r.files[g.file()] = true
	at := r.byVersion[g.version]
	if at == nil {
		at = &release{version: g.version}
		r.byVersion[g.version] = at
		r.versions = append(r.versions, at)
	}
	at.lines = append(append(append(at.lines, g.file()...), '\t'), facts.encode()...)
	at.lines = append(at.lines, '\n')
	if !facts.CreatedAt.IsZero() && (at.first.IsZero() || facts.CreatedAt.Before(at.first)) {
		at.first = facts.CreatedAt
	}
	return nil
}

// write writes the versions in their order.
func (r *releases) write(dst io.Writer) error {
	slices.SortStableFunc(r.versions, func(a, b *release) int { return compareVersions(a.version, b.version) })
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
	return out.Finish(keptpage.Head{Manifest: externalManifest, Index: index})
}

// readKept reads the gems of one version.
func readKept(lines []byte) ([]artifact.Asset, error) {
	var gems []artifact.Asset
	for line := range bytes.Lines(lines) {
		name, facts, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("\t"))
		if !ok {
			return nil, errors.New("a gem has no facts")
		}
		a := artifact.Asset{Name: string(name), Size: -1, Facts: facts}
		read, err := factsOf(a)
		if err != nil {
			return nil, err
		}
		if hex.DecodedLen(len(read.SHA256)) != len(a.SHA256) {
			return nil, fmt.Errorf("SHA-256 of %s has %d digits", a.Name, len(read.SHA256))
		}
		if _, err := hex.Decode(a.SHA256[:], []byte(read.SHA256)); err != nil {
			return nil, fmt.Errorf("SHA-256 of %s: %w", a.Name, err)
		}
		gems = append(gems, a)
	}
	return gems, nil
}
