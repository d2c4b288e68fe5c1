package fakeregistry

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var tree = fstest.MapFS{
	"left/1.0/a.txt":         {Data: []byte("a")},
	"left/1.0/b/c.txt":       {Data: []byte("c")},
	"left/1.0/registry.json": {Data: []byte(`{"yanked":true}`)},
	"left/1.1/registry.json": {Data: []byte(`{`)},
	"deep/x/2.0/a.txt":       {Data: []byte("x")},
}

func TestAFolderIsItsFilesAndWhatIsSaidOfThem(t *testing.T) {
	var extras struct{ Yanked bool }
	files, err := Folder(tree, "left/1.0", &extras)
	if err != nil || !extras.Yanked {
		t.Errorf("got %+v, %v", extras, err)
	}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, []string{"a.txt", "b/c.txt"}) || string(files["b/c.txt"]) != "c" {
		t.Errorf("got %q", files)
	}
	for _, folder := range []string{"left/1.1", "left/9.9"} {
		if files, err := Folder(tree, folder, &extras); err == nil {
			t.Errorf("%s: got %q and no error", folder, files)
		}
	}
}

func TestEverythingThatMatchesIsAdded(t *testing.T) {
	var got []string
	err := Load(tree, func(matched string) error { got = append(got, matched); return nil }, "left/*", "*/*/*/a.txt")
	if want := []string{"left/1.0", "left/1.1", "deep/x/2.0/a.txt"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	err = Load(tree, func(folder string) error { _, err := Folder(tree, folder, &struct{}{}); return err }, "left/*")
	if err == nil || !strings.Contains(err.Error(), "left/1.1") {
		t.Errorf("got %v, want an error about left/1.1", err)
	}
}

func TestFaultsChangeWhatIsServed(t *testing.T) {
	TryFaults(t, Faults, func(t *testing.T) (*Door, []string) {
		door := &Door{}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			door.Serve(w, r, Answer{Code: http.StatusOK, Body: []byte("a body"), File: r.URL.Path == "/file", Header: http.Header{}})
		}))
		t.Cleanup(server.Close)
		return door, []string{server.URL + "/file", server.URL + "/document"}
	})
}
