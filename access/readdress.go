package access

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"entrepot/durable"
)

// Readdress makes the profile in dir/aws/config, where dir is the data folder, name the address that the server has now: with
// another --listen or --public-url than at the first start it would lead nowhere. Only the line endpoint_url is changed; a
// profile that has none, or that was removed, is left as it is.
func Readdress(dir, publicURL string) error {
	folder := filepath.Join(dir, "aws")
	path := filepath.Join(folder, "config")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the profile: %w", err)
	}
	changed := readdressed(string(text), publicURL)
	if changed == string(text) {
		return nil
	}
	draft := filepath.Join(folder, ".config.new")
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("change the profile: %w", err)
	}
	err = writeDurably(draft, changed)
	if err == nil {
		err = os.Rename(draft, path)
	}
	if err != nil {
		return fmt.Errorf("change the profile: %w", errors.Join(err, os.Remove(draft)))
	}
	return durable.SyncFolder(folder)
}

func readdressed(profile, publicURL string) string {
	var out strings.Builder
	for line := range strings.Lines(profile) {
		if name, _, found := strings.Cut(line, "="); found && strings.TrimSpace(name) == "endpoint_url" {
			line = "endpoint_url = " + publicURL + "\n"
		}
		out.WriteString(line)
	}
	return out.String()
}
