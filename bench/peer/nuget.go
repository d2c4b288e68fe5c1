package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
)

// takePackage keeps the one part of a NuGet push, whose name only the package itself tells, under its digest.
func (s *store) takePackage(r *http.Request) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return err
	}
	part, err := parts.NextPart()
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	content, err := io.ReadAll(part)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	return s.keep(name[:2], map[string][]byte{name[2:] + ".nupkg": content})
}
