package trust

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// truststoreFile is the name of Java's list beside the authorities.
const truststoreFile = "truststore"

// truststorePassword is what every JDK's own list is locked with; it keeps nothing secret, for nothing in it is.
const truststorePassword = "changeit"

func truststoreOptions(path string) string {
	return "-Djavax.net.ssl.trustStore=" + path + " -Djavax.net.ssl.trustStorePassword=" + truststorePassword
}

// MakeTruststore makes Java's list beside the authorities: that of the JDK with the authorities in it, since Java believes
// one list in place of its own. It says what to install if there is no JDK.
func MakeTruststore(ctx context.Context, m Machine, f Material) (path string, err error) {
	own, err := javaRoots(m)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(own)
	if err != nil {
		return "", fmt.Errorf("read what the JDK believes: %w", err)
	}
	path = filepath.Join(filepath.Dir(f.Authority), truststoreFile)
	draft, err := os.MkdirTemp(filepath.Dir(path), ".truststore-*")
	if err != nil {
		return "", fmt.Errorf("make a truststore: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(draft)) }()
	made := filepath.Join(draft, truststoreFile)
	if err := os.WriteFile(made, text, 0o644); err != nil {
		return "", fmt.Errorf("make a truststore: %w", err)
	}
	for _, c := range f.Certificates {
		file := filepath.Join(draft, idOf(c)+".pem")
		if err := os.WriteFile(file, pemOf(c), 0o644); err != nil {
			return "", fmt.Errorf("make a truststore: %w", err)
		}
		if err := m.Run(ctx, "keytool", "-importcert", "-noprompt", "-alias", "entrepot-"+idOf(c), "-file", file,
			"-keystore", made, "-storepass", truststorePassword); err != nil {
			return "", fmt.Errorf("make a truststore with keytool: %w", err)
		}
	}
	if err := os.Rename(made, path); err != nil {
		return "", fmt.Errorf("make a truststore: %w", err)
	}
	return path, nil
}

// RemoveTruststore removes what MakeTruststore made.
func RemoveTruststore(f Material) error {
	err := os.Remove(filepath.Join(filepath.Dir(f.Authority), truststoreFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// javaRoots finds what the JDK believes.
func javaRoots(m Machine) (string, error) {
	program, err := m.Find("keytool")
	if err != nil {
		return "", fmt.Errorf("there is no keytool on this machine; install a JDK: %w", err)
	}
	homes := []string{m.Getenv("JAVA_HOME")}
	if real, err := filepath.EvalSymlinks(program); err == nil {
		homes = append(homes, filepath.Dir(filepath.Dir(real)))
	}
	for _, home := range homes {
		for _, place := range []string{"lib/security/cacerts", "jre/lib/security/cacerts"} {
			if path := filepath.Join(home, place); home != "" && isFile(path) {
				return path, nil
			}
		}
	}
	return "", errors.New("the JDK's own list of certificates, lib/security/cacerts, was not found; name the JDK in JAVA_HOME")
}
