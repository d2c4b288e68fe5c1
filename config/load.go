package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"

	"entrepot/artifact"

	"github.com/goccy/go-yaml"
)

// FileVariable names the file itself; it is the caller's to look at.
const FileVariable = "ENTREPOT_CONFIG"

// maxFile bounds the file in bytes.
const maxFile = 1 << 20

// Sources are where settings come from.
type Sources struct {
	File      string            // name of the YAML file; empty for none
	Env       []string          // as os.Environ gives it
	Flags     map[string]string // by flag name without dashes: those that were given
	Upstreams []string          // the upstreams there are: npmjs, pypi …
}

// Load reads all sources and checks the result. unknown lists environment variables that begin with ENTREPOT_ and are
// no setting: they are no error, because container platforms add variables named after services, but worth a warning.
// Errors are Invalid; those of the file name its line, all of them name the setting, and none repeats a secret.
func Load(s Sources) (c Config, unknown []string, err error) {
	c = Default()
	if s.File != "" {
		text, err := readFile(s.File)
		if err != nil {
			return Config{}, nil, err
		}
		if err := decode(text, &c); err != nil {
			return Config{}, nil, artifact.Errorf(artifact.Invalid, "%s: %s", s.File, err)
		}
	}
	keys := Keys(s.Upstreams)
	if unknown, err = fromEnv(&c, keys, s.Env); err != nil {
		return Config{}, nil, err
	}
	if err := fromFlags(&c, keys, s.Flags); err != nil {
		return Config{}, nil, err
	}
	splitCredentials(&c)
	if err := c.check(s.Upstreams); err != nil {
		return Config{}, nil, err
	}
	return c, unknown, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, artifact.Errorf(artifact.Invalid, "the configuration cannot be read: %s", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, artifact.Errorf(artifact.Invalid, "read configuration %s: %s", name, err)
	}
	if len(text) > maxFile {
		return nil, artifact.Errorf(artifact.Invalid, "the configuration %s is larger than %s", name, Size(maxFile))
	}
	return text, nil
}

// decode reads YAML over what c holds already. Errors have line and column and never quote the file, which holds
// secrets.
func decode(text []byte, c *Config) (err error) {
	defer func() {
		if p := recover(); p != nil { // the parser is not ours, and its input is whatever stands in a file
			err = errors.New("this is not YAML that can be read")
		}
	}()
	defaults := *c
	decoder := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := decoder.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return errors.New(yaml.FormatError(err, false, false))
	}
	if reflect.ValueOf(*c).IsZero() { // a file of nothing but comments is null, and null decodes to nothing
		*c = defaults
	}
	var more any
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one YAML document")
	}
	if c.Upstreams == nil {
		c.Upstreams = map[string]Upstream{}
	}
	if c.Remotes == nil {
		c.Remotes = map[string]Remote{}
	}
	if c.Events.Targets == nil {
		c.Events.Targets = map[string]EventTarget{}
	}
	return nil
}

// UnmarshalYAML reads a URL alone, or the members.
func (u *Upstream) UnmarshalYAML(read func(any) error) error {
	var address string
	if read(&address) == nil {
		*u = Upstream{URL: address}
		return nil
	}
	type members Upstream
	var m members
	if err := read(&m); err != nil {
		return err
	}
	*u = Upstream(m)
	return nil
}

func fromEnv(c *Config, keys []Key, environ []string) (unknown []string, err error) {
	byEnv := make(map[string]Key, len(keys))
	for _, k := range keys {
		byEnv[k.Env] = k
	}
	var errs []error
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "ENTREPOT_") || name == FileVariable {
			continue
		}
		k, known := byEnv[name]
		if !known {
			unknown = append(unknown, name)
			continue
		}
		if err := k.set(c, value); err != nil {
			errs = append(errs, artifact.Errorf(artifact.Invalid, "%s: %s", name, err))
		}
	}
	slices.Sort(unknown)
	return unknown, errors.Join(errs...)
}

func fromFlags(c *Config, keys []Key, flags map[string]string) error {
	byFlag := make(map[string]Key, len(keys))
	for _, k := range keys {
		byFlag[k.Flag] = k
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		k, known := byFlag[name]
		if !known {
			errs = append(errs, artifact.Errorf(artifact.Invalid, "there is no setting --%s", name))
			continue
		}
		if err := k.set(c, flags[name]); err != nil {
			errs = append(errs, artifact.Errorf(artifact.Invalid, "--%s: %s", name, err))
		}
	}
	return errors.Join(errs...)
}

// splitCredentials moves user and password out of upstream URLs, so that a URL may be shown.
func splitCredentials(c *Config) {
	for name, up := range c.Upstreams {
		u, err := url.Parse(up.URL)
		if err != nil || u.User == nil {
			continue
		}
		if up.Username == "" && up.Password.IsZero() {
			password, _ := u.User.Password()
			up.Username, up.Password = u.User.Username(), artifact.NewSecret(password)
		}
		u.User = nil
		up.URL = u.String()
		c.Upstreams[name] = up
	}
}

// String names the key by its path.
func (k Key) String() string { return fmt.Sprintf("%s (%s, --%s)", k.Path, k.Env, k.Flag) }
