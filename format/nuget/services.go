package nuget

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"entrepot/format/jsonscan"
	"entrepot/upstream"
)

// A connection's address is that of the registry's service index, which says where the registrations are.

// Bounds on a service index.
const (
	maxServices = 1 << 20 // bytes
	maxAddress  = 4 << 10 // bytes of one address
)

// registrationTypes are the types of registrations, the better ones first: those with SemVer 2, then those without.
var registrationTypes = []string{"RegistrationsBaseUrl/3.6.0", "RegistrationsBaseUrl/Versioned", "RegistrationsBaseUrl/3.4.0",
	"RegistrationsBaseUrl/3.0.0-rc", "RegistrationsBaseUrl/3.0.0-beta", "RegistrationsBaseUrl"}

// registrations is the address of the registry's registrations, with a slash at its end. Unavailable: its service index cannot be
// had or used.
func (s *source) registrations(ctx context.Context) (string, error) {
	index, err := s.client.Document(ctx, upstream.DocumentRequest{
		Connection: s.connection, Accept: "application/json", Max: maxServices, Essential: "service index",
		Regenerate: regenerateServices, RegenerateVersion: "nuget services 1",
	})
	if err != nil {
		return "", err
	}
	address, err := index.ReadAll(ctx)
	return string(address), err
}

// regenerateServices reads a service index and writes the address of its registrations.
func regenerateServices(dst io.Writer, src io.Reader) error {
	scan := jsonscan.New(withoutMark(io.LimitReader(src, maxServices)))
	scan.Mend = true
	best, address := len(registrationTypes), ""
	err := scan.Object(func(key string) error {
		switch key {
		case "version":
			version, err := scan.TextOr(maxText)
			if major, _, _ := strings.Cut(version, "."); err == nil && major != "3" {
				err = fmt.Errorf("it is of version %.40q, of which 3 is known", version)
			}
			return err
		case "resources":
			return scan.Array(func() error {
				object, err := scan.Raw(maxServices)
				if err != nil {
					return err
				}
				if rank, at := registrationsIn(object); rank < best {
					best, address = rank, at
				}
				return nil
			})
		}
		return scan.Skip()
	})
	if err == nil {
		err = scan.Finish()
	}
	if err == nil && address == "" {
		err = errors.New("it names no registrations")
	}
	if err != nil {
		return fmt.Errorf("read service index: %w", err)
	}
	_, err = io.WriteString(dst, strings.TrimSuffix(address, "/")+"/")
	return err
}

// registrationsIn is the address that a resource has for registrations, and how good they are.
func registrationsIn(object []byte) (rank int, address string) {
	all, err := jsonscan.Split(object)
	if err != nil {
		return len(registrationTypes), ""
	}
	address, _ = all.Text("@id")
	if len(address) > maxAddress || !isWeb(address) {
		return len(registrationTypes), ""
	}
	types := textsOf(all.Find("@type"))
	for rank, known := range registrationTypes {
		for _, one := range types {
			if one == known {
				return rank, address
			}
		}
	}
	return len(registrationTypes), ""
}

// textsOf reads one text or an array of them.
func textsOf(value []byte) []string {
	if text, ok := jsonscan.AsText(value); ok {
		return []string{text}
	}
	var all []string
	if json.Unmarshal(value, &all) != nil {
		return nil
	}
	return all[:min(len(all), maxListed)]
}

// isWeb reports whether a text is an absolute address that can be fetched: clients take no other.
func isWeb(text string) bool {
	return strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://")
}

// withoutMark passes over a byte order mark, which some registries write.
func withoutMark(src io.Reader) io.Reader {
	in := bufio.NewReader(src)
	if mark, _ := in.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3)
	}
	return in
}
