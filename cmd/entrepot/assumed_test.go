package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
)

func TestARoleIsAssumedWithTheKeyThatIsGivenNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := sigv4.Signer{KeyID: "AKIA1", Secret: artifact.NewSecret("one")}
		var fails error
		begun := 0
		a := newAssumedRole("remote:central", time.Now, func() sigv4.Signer { return key }, func(context.Context) (sigv4.Signer, time.Time, error) {
			begun++
			return sigv4.Signer{KeyID: fmt.Sprint(key.KeyID, "-", begun)}, time.Now().Add(time.Hour), fails
		})
		is := func(want string) {
			t.Helper()
			if got, err := a.current(t.Context()); got.KeyID != want || err != nil {
				t.Errorf("got %s, %v, want %s", got.KeyID, err, want)
			}
		}
		is("AKIA1-1")
		is("AKIA1-1")
		key.KeyID = "AKIA2"
		is("AKIA2-2")
		is("AKIA2-2")
		key.KeyID, fails = "AKIA3", errors.New("no such key")
		is("AKIA2-2")
		is("AKIA2-2")
		if begun != 3 {
			t.Errorf("it was asked %d times, want 3", begun)
		}
		key.KeyID, fails = "AKIA4", nil
		is("AKIA4-4")
	})
}

func TestASessionThatIsRefusedIsReplacedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fails error
		begun := 0
		a := newAssumedRole("remote:central", time.Now, nil, func(context.Context) (sigv4.Signer, time.Time, error) {
			begun++
			return sigv4.Signer{KeyID: fmt.Sprint("ASIA", begun)}, time.Now().Add(time.Hour), fails
		})
		is := func(want string) {
			t.Helper()
			if got, err := a.current(t.Context()); got.KeyID != want || err != nil {
				t.Errorf("got %s, %v, want %s", got.KeyID, err, want)
			}
		}
		refused := func(id string, want bool) {
			t.Helper()
			r := &http.Request{Header: http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=" + id + "/20261130/us-east-1/codeartifact/aws4_request"}}}
			if got := (apiSigner{a.current, a, "us-east-1", time.Now}).Refused(r, http.StatusForbidden); got != want {
				t.Errorf("%s: got %v, want %v", id, got, want)
			}
		}
		is("ASIA1")
		refused("ASIA1", false) // it has just begun, so a permission is missing
		is("ASIA1")
		time.Sleep(sessionTrust)
		refused("ASIA1", true)
		refused("ASIA1", true) // somebody else, at the same time
		is("ASIA2")
		refused("ASIA1", true) // who began before
		is("ASIA2")
		refused("ASIA2", false)
		// If no other can be begun it goes on: it may be that a permission is missing.
		time.Sleep(sessionTrust)
		fails = errors.New("no")
		refused("ASIA2", true)
		is("ASIA2")
		is("ASIA2")
		if begun != 3 {
			t.Errorf("it was asked %d times, want 3", begun)
		}
		time.Sleep(signInPause)
		fails = nil
		is("ASIA4")
	})
	if (apiSigner{}).Refused(&http.Request{Header: http.Header{}}, http.StatusForbidden) {
		t.Error("a key is to be tried again that is no session's")
	}
}

func TestASessionOfARoleIsRenewedBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fails error
		begun := 0
		a := newAssumedRole("remote:central", time.Now, nil, func(context.Context) (sigv4.Signer, time.Time, error) {
			time.Sleep(time.Second)
			begun++
			return sigv4.Signer{KeyID: fmt.Sprint("ASIA", begun), Secret: artifact.NewSecret("s")}, time.Now().Add(time.Hour), fails
		})
		signs := apiSigner{a.current, a, "us-east-1", time.Now}
		carries := func(want string) {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://us.example.test/v1/package", nil)
			if err != nil {
				t.Fatal(err)
			}
			err = signs.Authorize(t.Context(), r)
			got := r.Header.Get("Authorization")
			if want == "" && (got != "" || !artifact.Is(err, artifact.Unavailable)) || want != "" && (err != nil || !strings.Contains(got, "Credential="+want+"/")) {
				t.Errorf("got %q, %v, want %s", got, err, want)
			}
		}
		var all sync.WaitGroup
		for range 20 { // one begins it for all
			all.Go(func() { carries("ASIA1") })
		}
		all.Wait()
		time.Sleep(49 * time.Minute)
		carries("ASIA1")
		time.Sleep(2 * time.Minute)
		carries("ASIA2")
		fails = errors.New("no")
		time.Sleep(55 * time.Minute)
		carries("ASIA2") // it is good as long as it is
		time.Sleep(5 * time.Minute)
		carries("")
		before := begun
		carries("") // the other side is left alone for a while
		if begun != before {
			t.Errorf("it was asked %d times", begun-before)
		}
		fails = nil
		time.Sleep(signInPause)
		carries(fmt.Sprint("ASIA", begun+1))
	})
}
