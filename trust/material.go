package trust

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"entrepot/clientconfig"
	"entrepot/localca"
)

// Material is the files that clients are given.
type Material struct {
	Authority    string              // path of the certificates of the authorities alone
	Certificates []*x509.Certificate // those that have not ended
	Bundle       string              // path of them and all that was believed before
	System       string              // path of the system's list in the bundle; empty if none was found
	Truststore   string              // path of the same for Java; empty if it was not made
}

// Prepare reads the authorities of the file at path, absolute, and writes the bundle beside it, with what the terminal's
// variables and the files of clients name now. The error says what to do.
func Prepare(m Machine, path string, now time.Time) (Material, error) {
	certificates, err := localca.Read(path, now)
	if errors.Is(err, fs.ErrNotExist) {
		return Material{}, fmt.Errorf("there is no certificate authority at %s; a server that was started with --tls auto has one "+
			"in its data folder, and on other machines --ca names a copy of its ca.pem", path)
	}
	if err != nil {
		return Material{}, err
	}
	f := Material{Authority: path, Certificates: certificates, Bundle: filepath.Join(filepath.Dir(path), localca.BundleFile)}
	if store := filepath.Join(filepath.Dir(path), truststoreFile); isFile(store) {
		f.Truststore = store
	}
	sources := Sources(m.Getenv, f)
	for _, c := range clients {
		for _, s := range c.before(m, f) {
			// What cannot be read cannot be changed either, and is told when that is tried.
			value, _, err := clientconfig.Read(s.File, s.Key)
			if plain, unquoteErr := strconv.Unquote(value); unquoteErr == nil {
				value = plain
			}
			if err == nil && filepath.IsAbs(value) {
				sources = append(sources, value)
			}
		}
	}
	_, f.System, err = localca.Bundle(path, sources, now)
	return f, err
}

// idOf tells certificates apart in the names of files.
func idOf(c *x509.Certificate) string { return fmt.Sprintf("%x", sha256.Sum256(c.Raw))[:8] }

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
