package main

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// publication is what matters of npm's publish request.
type publication struct {
	Name     string `json:"name"`
	Versions map[string]struct {
		Dist struct {
			Integrity string `json:"integrity"`
		} `json:"dist"`
	} `json:"versions"`
	Attachments map[string]struct {
		Data []byte `json:"data"`
	} `json:"_attachments"`
}

var errPublication = errors.New("a publish request has a plain name, one version and one attachment")

// takeDocument keeps the one version of npm's publish request: its tarball, and the document as it came.
func (s *store) takeDocument(r *http.Request) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	var doc publication
	if err := json.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if len(doc.Versions) != 1 || len(doc.Attachments) != 1 || !plain(doc.Name) {
		return errPublication
	}
	for version, v := range doc.Versions {
		for _, a := range doc.Attachments {
			sum := sha512.Sum512(a.Data)
			if v.Dist.Integrity != "sha512-"+base64.StdEncoding.EncodeToString(sum[:]) {
				return fmt.Errorf("the tarball of version %.50q is not what its integrity says", version)
			}
			return s.keep(doc.Name, map[string][]byte{"package.tgz": a.Data, "package.json": text})
		}
	}
	return errPublication
}
