package detect_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"entrepot/upstream"
	"entrepot/upstream/detect"
	"entrepot/upstream/detect/detecttest"
)

const npmjs = "public:npmjs"

// says is a detector that always finds the same.
func says(address string, err error) map[string]detect.Detector {
	return map[string]detect.Detector{npmjs: func(context.Context, detect.Run) (string, string, error) {
		return address, "client config", err
	}}
}

func TestAll(t *testing.T) {
	for _, test := range []struct {
		name, address string
		err           error
		own           string
		want          string // URL; a reason's word if it has no scheme
	}{
		{name: "an address", address: "https://registry.example.test/\n", want: "https://registry.example.test/"},
		{name: "no address", address: "undefined\n", want: "no address of a registry"},
		{name: "a client that is not there", err: errors.New("npm: not installed"), want: "not installed"},
		{name: "a client that logged in here", address: "http://127.0.0.1:8090/d-1/npm/r/", own: "http://127.0.0.1:8090",
			want: "this server"},
		{name: "an address with a credential", address: "https://u:hush@registry.example.test/", want: "credential"},
	} {
		t.Run(test.name, func(t *testing.T) {
			detecttest.Want(t, says(test.address, test.err), nil, npmjs, test.want, test.own)
			for _, f := range detect.All(t.Context(), says(test.address, test.err), nil, test.own) {
				if strings.Contains(fmt.Sprint(f), "hush") {
					t.Errorf("a secret is shown: %+v", f)
				}
			}
		})
	}
}

func TestAllHasARowForEveryConnection(t *testing.T) {
	found := detect.All(t.Context(), says("https://registry.example.test/", nil), nil)
	if len(found) != len(upstream.Connections()) {
		t.Fatalf("got %d findings", len(found))
	}
	for i, c := range upstream.Connections() {
		want := detect.Found{Connection: c.Name, Reason: "no client says where it is"}
		if c.Name == npmjs {
			want = detect.Found{Connection: c.Name, URL: "https://registry.example.test/", How: "client config"}
		}
		if found[i] != want {
			t.Errorf("got %+v, want %+v", found[i], want)
		}
	}
}

func TestAClientThatHangsIsGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hangs := map[string]detect.Detector{npmjs: func(ctx context.Context, _ detect.Run) (string, string, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a detector has no deadline")
		}
		cancel()
		<-ctx.Done()
		return "", "", ctx.Err()
	}}
	if found := detect.All(ctx, hangs, nil); found[0].URL != "" || !strings.Contains(found[0].Reason, "canceled") {
		t.Errorf("got %+v", found[0])
	}
}

func TestExec(t *testing.T) {
	if out, err := detect.Exec(t.Context(), "echo", "hello"); err != nil || string(out) != "hello\n" {
		t.Errorf("got %q and %v", out, err)
	}
	if _, err := detect.Exec(t.Context(), "head", "-c", "3000000", "/dev/zero"); err == nil {
		t.Error("three million bytes were taken")
	}
	if _, err := detect.Exec(t.Context(), "no-such-program-here"); err == nil {
		t.Error("a program that is not there ran")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := detect.Exec(ctx, "sleep", "60"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the caller's end", err)
	}
}

func TestReadFileIsBounded(t *testing.T) {
	name := t.TempDir() + "/settings.xml"
	detecttest.Write(t, make([]byte, detect.MaxOutput+1), name)
	if text, err := detect.ReadFile(name); err != nil || len(text) != detect.MaxOutput {
		t.Errorf("got %d bytes and %v, want %d", len(text), err, detect.MaxOutput)
	}
}
