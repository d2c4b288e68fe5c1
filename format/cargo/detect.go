package cargo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"entrepot/upstream/detect"
)

// detectors ask cargo, its configuration and its folders.
var detectors = map[string]detect.Detector{"public:crates-io": detectIndex}

// maxExecutable bounds what is read of cargo itself, in bytes.
const maxExecutable = 1 << 30

// detectIndex asks, in this order: the source replacement in cargo's configuration, the index folders cargo has made,
// the address built into cargo itself.
func detectIndex(ctx context.Context, run detect.Run) (string, string, error) {
	home := os.Getenv("CARGO_HOME")
	if user, err := os.UserHomeDir(); home == "" && err == nil {
		home = filepath.Join(user, ".cargo")
	}
	for _, name := range []string{"config.toml", "config"} {
		text, err := detect.ReadFile(filepath.Join(home, name))
		if err != nil {
			continue
		}
		if address, ok := replacement(text); ok {
			return address, "cargo " + name, nil
		}
	}
	if folders, err := filepath.Glob(filepath.Join(home, "registry", "index", "*")); err == nil {
		if address, err := detect.Only(indexes(folders)); err == nil {
			return address, "cargo registry index", nil
		}
	}
	const how = "cargo executable"
	out, err := run(ctx, "rustc", "--print", "sysroot")
	if err != nil {
		return "", how, err
	}
	file, err := os.Open(filepath.Join(strings.TrimSpace(string(out)), "bin", "cargo"))
	if err != nil {
		return "", how, errors.New("cargo's executable cannot be read")
	}
	defer func() { _ = file.Close() }() // only read
	address, err := builtIn(io.LimitReader(file, maxExecutable))
	return address, how, err
}

// replacement follows [source.crates-io] replace-with to the other source's registry, through the few lines of
// TOML that cargo's own documentation ("Source Replacement") shows: tables and plain strings.
func replacement(text string) (string, bool) {
	values := make(map[string]string)
	table := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ = strings.Cut(name, "]")
			table = strings.ReplaceAll(name, `"`, "")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		if len(value) < 2 || value[0] != '"' && value[0] != '\'' {
			continue
		}
		value, _, ok = strings.Cut(value[1:], value[:1])
		if ok {
			values[table+"."+strings.TrimSpace(key)] = value
		}
	}
	source := "crates-io"
	for range 8 { // a replacement may be replaced; a circle ends here
		next, replaced := values["source."+source+".replace-with"]
		if !replaced {
			address, ok := strings.CutPrefix(values["source."+source+".registry"], "sparse+")
			return address, ok
		}
		source = next
	}
	return "", false
}

// A sparse index is kept in a folder named after its host and a hash of its address; a git index has a repository
// inside.
var indexFolder = regexp.MustCompile(`^([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)-[0-9a-f]{16}$`)

// indexes reads the addresses of sparse indexes off cargo's folder names.
func indexes(folders []string) []string {
	var found []string
	for _, folder := range folders {
		m := indexFolder.FindStringSubmatch(filepath.Base(folder))
		if m == nil || exists(folder, ".git") || exists(folder, "HEAD") {
			continue
		}
		// A change of cargo's hash leaves an old folder beside the new one.
		if address := fmt.Sprintf("https://%s/", m[1]); !slices.Contains(found, address) {
			found = append(found, address)
		}
	}
	return found
}

func exists(folder, name string) bool {
	_, err := os.Stat(filepath.Join(folder, name))
	return err == nil
}

var sparseAddress = regexp.MustCompile(`^sparse\+(https://[a-z0-9-]+(?:\.[a-z0-9-]+)+/)`)

// builtIn looks through cargo's executable for the one complete sparse address in it.
func builtIn(r io.Reader) (string, error) {
	const mark, longest, window = "sparse+https://", 300, 1 << 20
	var found []string
	in := bufio.NewReaderSize(r, window)
	for {
		seen, err := in.Peek(window)
		for rest := seen; ; {
			i := bytes.Index(rest, []byte(mark))
			if i < 0 {
				break
			}
			rest = rest[i:]
			m := sparseAddress.FindSubmatch(rest[:min(len(rest), longest)])
			if m != nil && !slices.Contains(found, string(m[1])) {
				found = append(found, string(m[1]))
			}
			rest = rest[len(mark):]
		}
		if err == io.EOF {
			return detect.Only(found)
		}
		if err != nil {
			return "", errors.New("cargo's executable cannot be read")
		}
		// Windows overlap, so that no address is cut in two.
		if _, err := in.Discard(len(seen) - longest); err != nil {
			return "", errors.New("cargo's executable cannot be read")
		}
	}
}
