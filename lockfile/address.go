package lockfile

import (
	"net/url"
	"path"
)

// unescaped is a text without percent signs of URLs; as it is if it has wrong ones.
func unescaped(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// fileIn is the name of the file at the end of an address or a path.
func fileIn(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Path == "" {
		return ""
	}
	return path.Base(u.Path)
}
