package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"

	"entrepot/awsapi"
	"entrepot/clientconfig"
	"entrepot/events"
)

// What others have chosen must not command the terminal of whoever looks, nor change on its way to whoever reads it as JSON.
func TestEventsDoNotCommandTheTerminal(t *testing.T) {
	const evil = "left\x1b]0;owned\x07\x7f\u009b2J\u0085 ü"
	event := events.Event{Version: "0", ID: "1", Detail: events.Detail{Change: events.Change{Package: evil}}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any
		switch after := r.URL.Query().Get("after"); {
		case r.URL.Path == awsapi.ListEventsPath && after == "0":
			answer = awsapi.EventList{Events: []events.Event{event}, Next: 1}
		case r.URL.Path == awsapi.ListEventsPath:
			answer = awsapi.EventList{Next: 1}
		case after == "0":
			answer = awsapi.DeadLetterList{DeadLetters: []awsapi.DeadLetter{{Sequence: 1, Problem: evil, Event: event.JSON()}}}
		default:
			answer = awsapi.DeadLetterList{}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}))
	defer server.Close()
	u := user{User: clientconfig.User{Home: t.TempDir(), Getenv: func(name string) string {
		return map[string]string{"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "hush", "AWS_REGION": "us-east-1",
			"AWS_ENDPOINT_URL": server.URL, "AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none"}[name]
	}}}
	for name, command := range map[string]interface {
		Run(context.Context, user, io.Writer) error
	}{"tail": tailEventsCommand{}, "dead-letters": deadLettersCommand{Target: "ci"}} {
		var out bytes.Buffer
		if err := command.Run(t.Context(), u, &out); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if i := strings.IndexFunc(strings.TrimSuffix(out.String(), "\n"), unicode.IsControl); i >= 0 {
			t.Errorf("%s prints a control character: %q", name, out.String())
		}
		var read struct {
			Problem string
			Event   *events.Event
			Detail  struct{ PackageName string }
		}
		if err := json.Unmarshal(out.Bytes(), &read); err != nil {
			t.Fatalf("%s: %v in %q", name, err, out.String())
		}
		got := read.Detail.PackageName
		if read.Event != nil {
			if got = read.Event.Detail.Package; read.Problem != evil {
				t.Errorf("%s: got %q, want %q", name, read.Problem, evil)
			}
		}
		if got != evil {
			t.Errorf("%s: got %q, want %q", name, got, evil)
		}
	}
}
