package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

var errRelease = errors.New("a release has a path of a scope, a name and a version, and the part source-archive")

// takeRelease keeps the archive of a Swift package.
func (s *store) takeRelease(r *http.Request) error {
	segments := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if len(segments) != 3 || !plain(segments[0]) || !plain(segments[1]) || !plain(segments[2]) {
		return errRelease
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return err
	}
	part, err := parts.NextPart()
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if part.FormName() != "source-archive" {
		return errRelease
	}
	content, err := io.ReadAll(part)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return s.keep(segments[0]+"/"+segments[1], map[string][]byte{segments[2] + ".zip": content})
}
