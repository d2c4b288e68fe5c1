package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"entrepot/catalog"
)

// Whoever sends one signed request again and again gets one token, and leaves one row of it and one in the record.
func TestOneSignedRequestIsOneToken(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	a := started(t, data)
	a.fill(t, "d1")
	r := a.sign(t, "POST", "/v1/authorization-token?domain=d1&duration=900", "")
	var first []byte
	replay := func() {
		t.Helper()
		r.Body = http.NoBody
		w := a.send(t, r)
		if first == nil {
			first = w.body
		}
		if w.status != http.StatusOK || string(w.body) != string(first) {
			t.Fatalf("got %d %s, want what the first got: %s", w.status, w.body, first)
		}
	}
	for range 50 {
		replay()
	}
	a.stop(t)
	a = started(t, data) // it knows the request again after a restart
	defer a.stop(t)
	replay()

	var issued struct{ AuthorizationToken string }
	if err := json.Unmarshal(first, &issued); err != nil || issued.AuthorizationToken == "" {
		t.Fatal(first, err)
	}
	recorded := 0
	err := a.catalog.Read(t.Context(), func(r catalog.Reader) error {
		events, err := r.Events(0, catalog.MaxPage)
		for _, e := range events {
			if e.Action == "codeartifact:GetAuthorizationToken" {
				recorded++
			}
		}
		return err
	})
	if err != nil || recorded != 1 {
		t.Errorf("51 times the same request are recorded %d times, %v, want once", recorded, err)
	}
}
