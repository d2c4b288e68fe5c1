package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
)

var errPath = errors.New("the path has a segment that is no plain name, or none that could be a file's folder")

// takeFile keeps one file of a Maven repository under its path, be it a checksum or a document.
func (s *store) takeFile(r *http.Request) error {
	name := strings.TrimPrefix(r.URL.Path, "/")
	for segment := range strings.SplitSeq(name, "/") {
		if !plain(segment) {
			return errPath
		}
	}
	folder, file := path.Split(name)
	if folder == "" {
		return errPath
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return s.keep(folder, map[string][]byte{file: content})
}
