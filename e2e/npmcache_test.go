package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// realPackage is a version as a registry has it.
type realPackage struct {
	name, version string
	file          string // of its tarball
	manifest      map[string]any
}

func (p realPackage) String() string { return p.name + "@" + p.version }

// cachedPackages returns every version of which an npm cache holds the tarball and the registry's document, by name and
// version. What is in the cache twice counts once.
func cachedPackages(cache string) ([]realPackage, error) {
	contents, err := cachedContents(filepath.Join(cache, "_cacache"))
	if err != nil {
		return nil, err
	}
	found := map[string]realPackage{}
	for url, file := range contents {
		if strings.HasSuffix(url, ".tgz") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var document struct {
			Name     string
			Versions map[string]map[string]any
		}
		if err := json.Unmarshal(text, &document); err != nil {
			continue // some other answer
		}
		for version, manifest := range document.Versions {
			dist, _ := manifest["dist"].(map[string]any)
			address, _ := dist["tarball"].(string)
			if tarball, ok := contents[address]; ok {
				p := realPackage{document.Name, version, tarball, manifest}
				found[p.String()] = p
			}
		}
	}
	all := make([]realPackage, 0, len(found))
	for _, p := range found {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b realPackage) int { return strings.Compare(a.String(), b.String()) })
	return all, nil
}

// cachedContents returns the files that a cache of cacache's format has for what was fetched from a URL. Its index is files of
// lines, a checksum and a JSON object each, of which the last with a key counts (cacache, lib/entry-index.js).
func cachedContents(cacache string) (map[string]string, error) {
	contents := map[string]string{}
	err := filepath.WalkDir(filepath.Join(cacache, "index-v5"), func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for line := range bytes.Lines(text) {
			_, object, _ := bytes.Cut(line, []byte("\t"))
			var row struct{ Key, Integrity string }
			if json.Unmarshal(object, &row) != nil {
				continue // an empty line, or one that was not written whole
			}
			url, fetched := strings.CutPrefix(row.Key, "make-fetch-happen:request-cache:")
			sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(row.Integrity, "sha512-"))
			if !fetched || err != nil || len(sum) != 64 {
				continue
			}
			digits := hex.EncodeToString(sum)
			contents[url] = filepath.Join(cacache, "content-v2", "sha512", digits[:2], digits[2:4], digits[4:])
		}
		return nil
	})
	if err == nil && len(contents) == 0 {
		err = fmt.Errorf("%s holds nothing that was fetched", cacache)
	}
	return contents, err
}
