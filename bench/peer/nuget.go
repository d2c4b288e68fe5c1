package main

import (
	"fmt"
	"net/http"
)

// takePackage keeps the one part of a NuGet push.
func (s *store) takePackage(r *http.Request) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return err
	}
	part, err := parts.NextPart()
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return s.keepUnnamed(part, ".nupkg")
}
