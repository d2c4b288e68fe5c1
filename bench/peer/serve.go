package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// server is the bare server.
type server struct {
	root   *os.Root
	tags   map[string]string // entity tag by file name
	tokens map[[sha256.Size]byte]string
	store  *store
}

// newServer reads the files of dir once for their tags; files that come later are not served.
func newServer(dir, token string) (*server, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s := &server{
		root:   root,
		tags:   make(map[string]string),
		tokens: map[[sha256.Size]byte]string{sha256.Sum256([]byte(token)): "bench"},
		store:  &store{filepath.Join(dir, "published")},
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		if s.tags[e.Name()], err = tagOf(root, e.Name()); err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Name(), err)
		}
	}
	return s, nil
}

func tagOf(root *os.Root, name string) (string, error) {
	file, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return `"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`, nil
}

// ServeHTTP checks the token and then serves a file or takes what is published.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, known := s.tokens[sha256.Sum256([]byte(tokenOf(r)))]; !known {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodGet {
		s.get(w, r)
		return
	}
	s.publish(w, r)
}

// tokenOf is the token of a request, which some clients send as a password.
func tokenOf(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// get opens the file for every request and leaves the copying to the kernel. What is called .gz is sent as the
// compressed form of what is inside.
func (s *server) get(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	tag, ok := s.tags[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	file, err := s.root.Open(name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h["Etag"] = []string{tag}
	h["Content-Type"] = []string{"application/octet-stream"}
	if strings.HasSuffix(name, ".gz") {
		h["Content-Encoding"] = []string{"gzip"}
		// http.ServeContent leaves the length to whoever chose the encoding.
		h["Content-Length"] = []string{fmt.Sprint(info.Size())}
	}
	http.ServeContent(w, r, "", info.ModTime(), file)
}
