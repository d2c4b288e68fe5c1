package access

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"entrepot/artifact"
)

// The settings of a shared credentials file (AWS SDKs and Tools reference guide, "AWS access keys").
const (
	keyIDSetting  = "aws_access_key_id"
	secretSetting = "aws_secret_access_key"
)

const maxProfileBytes = 4 << 10

var (
	keyIDPattern  = regexp.MustCompile(`^` + keyIDPrefix + `[A-Z0-9]{16}$`)
	secretPattern = regexp.MustCompile(`^[A-Za-z0-9+/]{40}$`)
)

// sampleKeyID is what AWS's documentation prints; its secret is known to everybody.
const sampleKeyID = "AKIAIOSFODNN7EXAMPLE"

// readCredentials reads the access key of a credentials file. It refuses a file that anybody but its owner may read.
func readCredentials(path string) (AccessKey, error) {
	file, err := os.Open(path)
	if err != nil {
		return AccessKey{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return AccessKey{}, err
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return AccessKey{}, fmt.Errorf("%s has mode %#o: others may read the key; make it 0600", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(file, maxProfileBytes+1))
	if err != nil {
		return AccessKey{}, fmt.Errorf("read %s: %w", path, err)
	}
	key, err := parseCredentials(string(text))
	if err != nil {
		return AccessKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// parseCredentials reads a file of one profile, [default], with an access key and nothing else. Errors never quote what
// stands in it.
func parseCredentials(text string) (AccessKey, error) {
	if len(text) > maxProfileBytes {
		return AccessKey{}, fmt.Errorf("longer than %d bytes", maxProfileBytes)
	}
	settings := make(map[string]string)
	section := ""
	for number, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			section = line
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if _, twice := settings[name]; !ok || twice || section != "[default]" {
			return AccessKey{}, fmt.Errorf("line %d is not a setting of [default], or a second one of its name", number+1)
		}
		settings[name] = strings.TrimSpace(value)
	}
	key := AccessKey{settings[keyIDSetting], artifact.NewSecret(settings[secretSetting])}
	switch {
	case !keyIDPattern.MatchString(key.ID):
		return AccessKey{}, fmt.Errorf("%s must be %s and 16 capital letters and digits", keyIDSetting, keyIDPrefix)
	case !secretPattern.MatchString(key.Secret.Reveal()):
		return AccessKey{}, fmt.Errorf("%s must be 40 characters of base 64", secretSetting)
	case key.ID == sampleKeyID:
		return AccessKey{}, errors.New("this is the key of AWS's documentation, which everybody knows")
	}
	return key, nil
}
