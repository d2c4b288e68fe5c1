package fakeruby

import (
	"crypto/md5"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"entrepot/e2e/fakeregistry"
)

func serve(t *testing.T) (*Registry, *httptest.Server) {
	t.Helper()
	r := New()
	err := r.Load(fstest.MapFS{
		"left/1.0/lib/left.rb":        {Data: []byte("1\n")},
		"left/1.0-java/lib/left.rb":   {Data: []byte("2\n")},
		"left/1.0-java/registry.json": {Data: []byte(`{"dependencies":["deep ~> 2.0"]}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return r, s
}

func TestAnInfoFileHasTheChecksumsOfItsGems(t *testing.T) {
	r, s := serve(t)
	_, plain := fakeregistry.Get(t, s.URL+"/gems/left-1.0.gem")
	_, java := fakeregistry.Get(t, s.URL+"/gems/left-1.0-java.gem")
	want := "---\n1.0 |checksum:" + sum(plain) + ",created_at:2024-01-01T12:00:00Z\n1.0-java deep:~> 2.0|checksum:" + sum(java) +
		",created_at:2024-01-01T12:00:00Z\n"
	if _, got := fakeregistry.Get(t, s.URL+"/info/left"); string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	list := fmt.Sprintf("created_at: 2024-01-01T12:00:00Z\n---\nleft 1.0,1.0-java %x\n", md5.Sum([]byte(want)))
	if _, got := fakeregistry.Get(t, s.URL+"/versions"); string(got) != list {
		t.Errorf("got %s, want %s", got, list)
	}
	r.ListBeside([]byte("other 1.0 0123\n"))
	list = strings.Replace(list, "---\n", "---\nother 1.0 0123\n", 1)
	if _, got := fakeregistry.Get(t, s.URL+"/versions"); string(got) != list {
		t.Errorf("got %s, want %s", got, list)
	}
	r.Fail(Faults["sums"])
	if _, got := fakeregistry.Get(t, s.URL+"/info/left"); strings.Contains(string(got), sum(plain)) {
		t.Errorf("got the right checksum in %s", got)
	}
	r.Fail(fakeregistry.None)
	r.Remove("left")
	if answer, _ := fakeregistry.Get(t, s.URL+"/info/left"); answer.StatusCode != 404 {
		t.Errorf("got %s", answer.Status)
	}
}

func TestEveryFaultIsFelt(t *testing.T) {
	fakeregistry.TryFaults(t, Faults, func(t *testing.T) (*fakeregistry.Door, []string) {
		r, s := serve(t)
		return &r.Door, []string{s.URL + "/info/left", s.URL + "/gems/left-1.0.gem"}
	})
}
