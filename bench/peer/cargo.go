package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

var errParts = errors.New("a publication is two parts behind their lengths")

// takeCrate keeps the two parts of a publication of cargo's: the description as it came, and the crate.
func (s *store) takeCrate(r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	var parts [2][]byte
	for i := range parts {
		if len(body) < 4 || uint64(len(body)-4) < uint64(binary.LittleEndian.Uint32(body)) {
			return errParts
		}
		end := 4 + binary.LittleEndian.Uint32(body)
		parts[i], body = body[4:end], body[end:]
	}
	var said struct{ Name, Vers string }
	if err := json.Unmarshal(parts[0], &said); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if len(body) > 0 || !plain(said.Name) || !plain(said.Vers) {
		return errParts
	}
	return s.keep(said.Name, map[string][]byte{"crate.json": parts[0], said.Name + "-" + said.Vers + ".crate": parts[1]})
}
