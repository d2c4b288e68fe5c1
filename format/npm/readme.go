package npm

import (
	"archive/tar"
	"errors"
	"io"
	"regexp"
	"strings"

	"entrepot/artifact"
	"entrepot/format/stricttar"
)

// markdown are the endings that npm takes for Markdown.
var markdown = regexp.MustCompile(`(?i)\.m?a?r?k?d?o?w?n?$`)

const bestReadme = 3

// readmeRank says how good a file is as the readme: npm takes one in Markdown, else README itself. What other registries
// take besides comes last. 0: it is none.
func readmeRank(relative string) int {
	base, ending, dotted := strings.Cut(relative, ".")
	switch {
	case !strings.EqualFold(base, "readme") || strings.Contains(ending, "/"):
		return 0
	case dotted && markdown.MatchString(relative):
		return bestReadme
	case !dotted:
		return 2
	}
	return 1
}

// betterReadme reports whether a file is the readme in place of the one found so far. Of two entries with one path the
// later counts.
func betterReadme(relative, than string) bool {
	rank := readmeRank(relative)
	return rank > 0 && (relative == than || rank > readmeRank(than))
}

func readReadme(body io.Reader) (string, error) {
	text, err := io.ReadAll(body)
	return strings.ToValidUTF8(string(text), "\uFFFD"), err
}

// searched bounds how far a tarball is unpacked in search of its readme.
var searched = stricttar.Limits{Entries: stricttar.Default.Entries, Unpacked: 512 << 20, Ratio: stricttar.Default.Ratio,
	Free: stricttar.Default.Free}

// readmeOf reads the readme out of a tarball of size bytes, of any kind that a registry may have; empty if there is none,
// or none that can be read. Errors are those of content.
func readmeOf(content io.ReaderAt, size int64) (string, error) {
	var text, from string
	archive, err := stricttar.Open(io.NewSectionReader(content, 0, size), size, searched)
	if err == nil {
		err = archive.Scan(func(h *tar.Header, body io.Reader) error {
			relative, err := relativePath(h.Name)
			file := h.Typeflag == tar.TypeReg || h.Typeflag == tar.TypeCont
			if err != nil || !file || h.Size > artifact.MaxMetadataField || !betterReadme(relative, from) {
				return nil
			}
			found, err := readReadme(body)
			if err != nil {
				return err
			}
			if text, from = found, relative; readmeRank(from) == bestReadme {
				return errFound
			}
			return nil
		})
	}
	if errors.Is(err, errFound) || artifact.Is(err, artifact.Invalid) {
		return text, nil
	}
	return text, err
}

// errFound ends the search: there is nothing better.
var errFound = errors.New("found")
