package npm

import (
	"archive/tar"
	"errors"
	"io"
	"regexp"
	"strings"
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
	if err != nil {
		return "", unreadable(err, "its readme is not readable")
	}
	return strings.ToValidUTF8(string(text), "\uFFFD"), nil
}

// maxReadInto bounds how far a tarball is unpacked in search of its readme, in bytes.
const maxReadInto = 512 << 20

// readmeOf reads the readme out of a tarball of size bytes, of any kind that a registry may have; empty if there is none,
// or none that can be read. Errors are those of content.
func readmeOf(content io.ReaderAt, size int64) (string, error) {
	watched := &watchedReader{r: content}
	archive, err := openArchive(watched, size)
	if err != nil {
		return "", watched.err
	}
	var text, from string
	_ = entries(io.LimitReader(archive, maxReadInto), func(h *tar.Header, body io.Reader) error {
		relative, err := relativePath(h.Name)
		if err != nil || kinds[h.Typeflag] != fileEntry || h.Size > maxField || !betterReadme(relative, from) {
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
	return text, watched.err
}

// errFound ends the search: there is nothing better.
var errFound = errors.New("found")

// watchedReader remembers how its source failed, which is not the fault of what is in it.
type watchedReader struct {
	r   io.ReaderAt
	err error
}

func (w *watchedReader) ReadAt(p []byte, at int64) (int, error) {
	n, err := w.r.ReadAt(p, at)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}
