package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"entrepot/artifact"
	"entrepot/awsclient"
	"entrepot/config"
	"entrepot/repository"
)

// configuredRemotes are the remotes of the configuration, ordered by their entries. A file that cannot be read now is an error; what
// becomes of it later is told in the log.
func configuredRemotes(c config.Config, now func() time.Time, log *slog.Logger) ([]repository.ConfiguredRemote, error) {
	var all []repository.ConfiguredRemote
	for _, entry := range slices.Sorted(maps.Keys(c.Remotes)) {
		set := c.Remotes[entry]
		files := &credentialFiles{set: set, now: now, log: log.With("setting", "remotes."+entry)}
		if err := files.open(); err != nil {
			return nil, artifact.Errorf(artifact.Invalid, "remotes.%s: %s", entry, err)
		}
		certificates, err := "", plainFile(set.Certificate)
		if err == nil {
			certificates, err = certificatesFrom(set.Certificate)
		}
		if err != nil {
			return nil, artifact.Errorf(artifact.Invalid, "remotes.%s: %s", entry, err)
		}
		all = append(all, repository.ConfiguredRemote{Entry: entry, Current: files.current, RemoteSpec: repository.RemoteSpec{
			Domain: artifact.DomainKey{Owner: artifact.AccountID(cmp.Or(set.DomainOwner, c.Account)), Name: set.Domain},
			Name:   set.Called(entry), URL: set.URL, Format: artifact.Format(set.Format), Region: set.Region, API: set.API,
			Internal: set.Internal, Freshness: set.Freshness, DownloadHosts: set.DownloadHosts,
			Certificates: certificates, Credential: files.held}})
	}
	return all, nil
}

// filesEvery is how long a credential is believed to be what its files say.
const filesEvery = time.Second

// credentialFiles is the credential of a remote of the configuration, some of which may be in files. They are read anew when
// something is asked of the other side, so it does not matter how they are replaced.
type credentialFiles struct {
	set config.Remote
	now func() time.Time
	log *slog.Logger

	mu     sync.Mutex
	held   repository.RemoteCredential
	looked time.Time // when the files were last read
	failed string    // why that brought nothing, as the log has it; empty if it did
}

// open reads the files for the first time.
func (f *credentialFiles) open() (err error) {
	f.held, err = f.read()
	f.looked = f.now()
	return err
}

// current returns the credential as its files had it within the last second. While one cannot be read, or is empty, the credential
// before is used: it may be in the middle of being written.
func (f *credentialFiles) current() repository.RemoteCredential {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if !f.inFiles() || now.Sub(f.looked) < filesEvery {
		return f.held
	}
	f.looked = now
	read, err := f.read()
	switch {
	case err != nil:
		if f.failed != err.Error() {
			f.failed = err.Error()
			f.log.Error("the credential of a remote could not be read anew; the one before stays in use", "error", f.failed)
		}
		return f.held
	case !sameCredential(read, f.held):
		f.log.Info("the credential of a remote was read anew")
	}
	f.held, f.failed = read, ""
	return f.held
}

func (f *credentialFiles) inFiles() bool {
	return f.set.KeyFile != "" || f.set.PasswordFile != "" || f.set.TokenFile != ""
}

// read reads what the files hold, which can be sent.
func (f *credentialFiles) read() (c repository.RemoteCredential, err error) {
	set := f.set
	for _, file := range []string{set.KeyFile, set.PasswordFile, set.TokenFile} {
		if err := plainFile(file); err != nil {
			return c, err
		}
	}
	c = repository.RemoteCredential{AccessKeyID: set.AccessKeyID, SecretAccessKey: set.SecretKey, Role: set.Role,
		ExternalID: set.ExternalID, Username: set.Username, Password: set.Password, Token: set.Token}
	if set.KeyFile != "" {
		key, err := awsclient.ReadKey(set.KeyFile, set.Profile)
		if err != nil {
			return c, err
		}
		c.AccessKeyID, c.SecretAccessKey, c.SessionToken = key.KeyID, key.Secret, key.Session
	}
	if c.Password, err = secretOr(set.Password, set.PasswordFile); err != nil {
		return c, err
	}
	if c.Token, err = secretOr(set.Token, set.TokenFile); err != nil {
		return c, err
	}
	return c, c.Check()
}

// plainFile refuses what there is no end of, or whose beginning has to be waited for, such as a pipe. It may be none.
func plainFile(path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no plain file", path)
	}
	return err
}

// secretOr is what is in a file, or the secret that is set if none is named.
func secretOr(set artifact.Secret, file string) (artifact.Secret, error) {
	if file == "" {
		return set, nil
	}
	text, err := secretFrom(file)
	return artifact.NewSecret(text), err
}

// sameCredential reports whether two credentials are the same.
func sameCredential(a, b repository.RemoteCredential) bool {
	for _, pair := range [][2]*artifact.Secret{{&a.SecretAccessKey, &b.SecretAccessKey}, {&a.SessionToken, &b.SessionToken},
		{&a.Password, &b.Password}, {&a.Token, &b.Token}} {
		if !pair[0].Equal(*pair[1]) {
			return false
		}
		*pair[1] = *pair[0] // a secret is compared by where it is
	}
	return a == b
}
