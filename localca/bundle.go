package localca

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entrepot/durable"
)

// BundleFile is the name of the file that Bundle writes.
const BundleFile = "bundle.pem"

// maxRoots is more than any list of roots is long, in bytes.
const maxRoots = 8 << 20

// sourceMark begins the lines of a bundle that say which files its certificates come from.
const sourceMark = "# source: "

// systemRoots are where systems keep the certificates they believe, all in one file. The first that is there counts.
var systemRoots = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Arch, Alpine
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL, Fedora
	"/etc/pki/tls/certs/ca-bundle.crt",                  // older ones of them
	"/etc/ssl/ca-bundle.pem",                            // SUSE
	"/etc/ssl/cert.pem",                                 // macOS, BSD
}

// Bundle writes bundle.pem beside the file of authorities, durable, and returns its path: the authorities, then what the
// system believes, then what the further files hold, each certificate once. It is for clients that believe one list in place
// of the system's. Files that an earlier Bundle was given stay in it; one that is not there is passed over. Without a list
// of the system's the bundle has none of its roots, and system is empty. A bundle that would be as it is is not written.
func Bundle(authorities string, further []string, now time.Time) (path, system string, err error) {
	own, err := Read(authorities, now)
	if err != nil {
		return "", "", err
	}
	path = filepath.Join(filepath.Dir(authorities), BundleFile)
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", fmt.Errorf("read the bundle: %w", err)
	}
	system, sources := sourcesOf(before, further, path, authorities)
	text, err := bundled(own, sources)
	if err != nil || bytes.Equal(text, before) {
		return path, system, err
	}
	return path, system, durable.WriteFile(path, text, 0o644)
}

// sourcesOf are the files of a bundle: the system's list and, in the order in which they came, all others.
func sourcesOf(before []byte, further []string, own ...string) (system string, sources []string) {
	if at := slices.IndexFunc(systemRoots, isFile); at >= 0 {
		system = systemRoots[at]
		sources = append(sources, system)
	}
	var all []string
	for line := range strings.Lines(string(before)) {
		if source, ok := strings.CutPrefix(strings.TrimSpace(line), sourceMark); ok {
			all = append(all, source)
		}
	}
	for _, source := range append(all, further...) {
		taken := slices.ContainsFunc(slices.Concat(sources, own), func(s string) bool { return sameFile(s, source) })
		if isFile(source) && !taken && !strings.ContainsAny(source, "\r\n") && !slices.Contains(systemRoots, source) {
			sources = append(sources, source)
		}
	}
	return system, sources
}

// bundled writes the certificates of our own and of the sources, each once.
func bundled(own []*x509.Certificate, sources []string) ([]byte, error) {
	var text bytes.Buffer
	text.WriteString("# Made by entrepot and made anew whenever a source changes: what is added here by hand does not stay.\n")
	seen := map[[sha256.Size]byte]bool{}
	add := func(all []*x509.Certificate) error {
		for _, c := range all {
			sum := sha256.Sum256(c.Raw)
			if seen[sum] {
				continue
			}
			seen[sum] = true
			if err := pem.Encode(&text, &pem.Block{Type: certificateBlock, Bytes: c.Raw}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := add(own); err != nil {
		return nil, err
	}
	for _, source := range sources {
		roots, err := readRoots(source)
		if err != nil {
			return nil, fmt.Errorf("read the certificates of %s: %w", source, err)
		}
		text.WriteString(sourceMark + source + "\n")
		if err := add(roots); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

func readRoots(path string) ([]*x509.Certificate, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxRoots+1))
	if err == nil && len(text) > maxRoots {
		err = fmt.Errorf("it is longer than %d bytes", maxRoots)
	}
	return certificatesIn(text), err
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
