package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
)

var errUpload = errors.New("an upload has a plain name, and a file with a plain name of its own")

// takeForm keeps the one file of an upload to a Python index.
func (s *store) takeForm(r *http.Request) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return err
	}
	fields := map[string]string{}
	file, content := "", []byte(nil)
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if part.FormName() == "content" {
			file, content = part.FileName(), text
			continue
		}
		fields[part.FormName()] = string(text)
	}
	if !plain(fields["name"]) || !plain(file) {
		return errUpload
	}
	if sum := sha256.Sum256(content); fields["sha256_digest"] != hex.EncodeToString(sum[:]) {
		return fmt.Errorf("the file is not what its digest says")
	}
	return s.keep(fields["name"], map[string][]byte{file: content})
}
