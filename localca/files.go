package localca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"entrepot/durable"
)

// The files of a folder of authorities, which has mode 0700:
//
//	ca-key.pem  every authority's certificate and, behind it, its key, oldest first; mode 0600
//	ca.pem      the certificates alone, for clients; made from the other whenever it differs
//	bundle.pem  see Bundle
const (
	keyFile = "ca-key.pem"
	// AuthorityFile is the name of the file with the certificates of the authorities.
	AuthorityFile = "ca.pem"
)

const (
	// maxFile is more than any file of authorities is long, in bytes.
	maxFile = 256 << 10
	// maxAuthorities are kept; clients go through all of them.
	maxAuthorities = 16
)

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY" // PKCS #8
)

// load reads the authorities of a folder, which it makes if it is not there. An authority without its key is refused, and so
// is a key that others than its owner may read.
func load(dir string) ([]authority, error) {
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, keyFile)
	text, err := readFile(path, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		_, err := os.Lstat(filepath.Join(dir, AuthorityFile))
		if err == nil {
			return nil, fmt.Errorf("%s is missing, but %s shows that clients were told to believe an authority; put the key "+
				"back from a backup, or move the folder %s away, start again, and have the clients believe the new "+
				"authority with entrepot trust", path, AuthorityFile, dir)
		}
		return nil, ignore(err, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	all, err := parseAuthorities(text)
	if err != nil {
		return nil, fmt.Errorf("%s %w; put the file back from a backup, or move the folder %s away, start again, and have "+
			"the clients believe the new authority with entrepot trust", path, err, dir)
	}
	return all, nil
}

func makeFolder(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		return durable.SyncFolder(filepath.Dir(dir))
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make a folder for the certificate authority: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the folder of the certificate authority: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder; move it away, for the certificate authority belongs there", dir)
	}
	return private(dir, info, 0o700)
}

// private refuses what has more permissions than mode.
func private(path string, info fs.FileInfo, mode fs.FileMode) error {
	if info.Mode().Perm()&^mode == 0 {
		return nil
	}
	return fmt.Errorf("%s has mode %04o, so others than its owner may use it; run chmod %04o on it, and consider who may "+
		"have read the authority's key", path, info.Mode().Perm(), mode)
}

// readFile reads a file of at most maxFile bytes, unless it has more permissions than mode.
func readFile(path string, mode fs.FileMode) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = private(path, info, mode)
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s is longer than %d bytes, so it is no file of authorities", path, maxFile)
	}
	return text, err
}

// save keeps the authorities, durable when it returns: first with their keys, and then the certificates for clients, so that
// none is believed that cannot be used.
func save(dir string, all []authority) error {
	var keys, certificates bytes.Buffer
	for _, a := range all {
		der, err := x509.MarshalPKCS8PrivateKey(a.key)
		if err != nil {
			return fmt.Errorf("write the key of an authority: %w", err)
		}
		public := pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: a.certificate.Raw})
		certificates.Write(public)
		keys.Write(public)
		keys.Write(pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: der}))
	}
	for _, f := range []struct {
		name string
		text []byte
		mode fs.FileMode
	}{{keyFile, keys.Bytes(), 0o600}, {AuthorityFile, certificates.Bytes(), 0o644}} {
		path := filepath.Join(dir, f.name)
		if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, f.text) {
			continue
		}
		if err := durable.WriteFile(path, f.text, f.mode); err != nil {
			return err
		}
	}
	return nil
}

// parseAuthorities reads certificates of authorities, each with its key behind it. The error goes on after the file's name.
func parseAuthorities(text []byte) ([]authority, error) {
	var all []authority
	var open *x509.Certificate // whose key is still to come
	for {
		block, rest := pem.Decode(text)
		switch {
		case block == nil && open != nil:
			return nil, errors.New("ends with a certificate that has no key")
		case block == nil && len(all) == 0:
			return nil, errors.New("holds no authority")
		case block == nil:
			return all, nil
		case block.Type == certificateBlock && open == nil && len(all) < maxAuthorities:
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil || !certificate.IsCA {
				return nil, errors.New("holds a certificate that is not an authority's, or is damaged")
			}
			open = certificate
		case block.Type == keyBlock && open != nil:
			key, err := keyOf(open, block.Bytes)
			if err != nil {
				return nil, err
			}
			all, open = append(all, authority{open, key}), nil
		default:
			return nil, fmt.Errorf("must be up to %d certificates with a key behind each", maxAuthorities)
		}
		text = rest
	}
}

// keyOf reads the key of a certificate.
func keyOf(certificate *x509.Certificate, der []byte) (crypto.Signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("holds a key that is damaged")
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, errors.New("holds a key that cannot sign")
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(certificate.PublicKey) {
		return nil, errors.New("holds a key that is not that of the certificate before it")
	}
	return signer, nil
}

// Read returns the certificates of the authorities that the file at path holds, AuthorityFile or a copy of it, oldest
// first; those that have ended before now are left out. The error names the path.
func Read(path string, now time.Time) ([]*x509.Certificate, error) {
	text, err := readFile(path, anyMode)
	if err != nil {
		return nil, err
	}
	var all []*x509.Certificate
	for _, c := range certificatesIn(text) {
		if c.IsCA && now.Before(c.NotAfter) {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no certificate authority that is still good", path)
	}
	return all, nil
}

// anyMode is for files that are no secret.
const anyMode = fs.FileMode(0o777)

// certificatesIn are the certificates of a text that can be read; what else it holds is passed over.
func certificatesIn(text []byte) []*x509.Certificate {
	var all []*x509.Certificate
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return all
		}
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == certificateBlock {
			all = append(all, certificate)
		}
		text = rest
	}
}

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}
