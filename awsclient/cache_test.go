package awsclient

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestTokensAreKeptWhileTheyAreGoodForAnHour lets time pass between calls of a server that numbers its tokens.
func TestTokensAreKeptWhileTheyAreGoodForAnHour(t *testing.T) {
	made, now := 0, signed
	c := calls(t, func() time.Time { return now }, "", func(w http.ResponseWriter, r *http.Request) {
		made++
		life := 12 * time.Hour
		if r.URL.Query().Get("duration") == "900" {
			life = 15 * time.Minute
		}
		fmt.Fprintf(w, `{"authorizationToken":"token-%d","expiration":%d}`, made, signed.Add(life).Unix())
	})
	kept := Cache{Folder: filepath.Join(t.TempDir(), "below", "tokens")}
	ask := func(name string, seconds int) string {
		t.Helper()
		token, err := kept.Token(t.Context(), c, Domain{Name: name}, seconds)
		if err != nil {
			t.Fatal(err)
		}
		return token.Value.Reveal()
	}
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
	expect("the first", ask("d", 0), "token-1")
	expect("again", ask("d", 0), "token-1")
	expect("of another domain", ask("e", 0), "token-2")
	now = signed.Add(11*time.Hour - time.Second)
	expect("good for an hour and a second", ask("d", 0), "token-1")
	now = signed.Add(11 * time.Hour)
	expect("good for an hour", ask("d", 0), "token-3")
	now = signed
	expect("a short one", ask("d", 900), "token-4")
	expect("a short one again", ask("d", 900), "token-5")

	entries, err := os.ReadDir(kept.Folder)
	if err != nil || len(entries) != 3 {
		t.Fatalf("got %v, %v, want a file for each question", entries, err)
	}
	for _, entry := range entries {
		path := filepath.Join(kept.Folder, entry.Name())
		info, err := entry.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v, want that only its owner can read it", path, info.Mode(), err)
		}
		write(t, path, "{broken")
	}
	expect("after damage", ask("d", 0), "token-6")
	if err := kept.Clear(); err != nil {
		t.Fatal(err)
	}
	expect("after all were forgotten", ask("d", 0), "token-7")
}
