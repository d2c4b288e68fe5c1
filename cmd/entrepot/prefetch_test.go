package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/awsapi"
	"entrepot/awsclient"
	"entrepot/clientconfig"
	"entrepot/lockfile"
	"entrepot/prefetch"
)

func TestErrorsOfPrefetchingAreSortedByWhatTheyMean(t *testing.T) {
	refused := func(status int, exception string) error {
		return &awsclient.Refusal{Operation: "Prefetch", Message: "No.", Status: status, Exception: exception, After: 7 * time.Second}
	}
	for name, row := range map[string]struct {
		err  error
		want string
	}{
		"no answer":             {&awsclient.Silence{}, "again after 0s"},
		"too many requests":     {refused(429, "ThrottlingException"), "again after 7s"},
		"a registry is silent":  {refused(503, "InternalServerException"), "again after 7s"},
		"what is in front":      {refused(502, ""), "again after 7s"},
		"a name that is none":   {refused(400, "ValidationException"), "unfit"},
		"a quota":               {refused(402, "ServiceQuotaExceededException"), "unfit"},
		"a conflict":            {refused(409, "ConflictException"), "unfit"},
		"denied":                {refused(403, "AccessDeniedException"), "the end"},
		"no such repository":    {refused(404, "ResourceNotFoundException"), "the end"},
		"a page of another":     {refused(404, ""), "the end"},
		"something of our own":  {errors.New("no such file"), "the end"},
		"the end of the caller": {context.Canceled, "the end"},
	} {
		got := "the end"
		err := sorted(row.err)
		if again, ok := errors.AsType[*prefetch.Again](err); ok {
			got = fmt.Sprint("again after ", again.After)
		} else if _, ok := errors.AsType[*prefetch.Unfit](err); ok {
			got = "unfit"
		}
		if got != row.want || !errors.Is(err, row.err) {
			t.Errorf("%s: got %s, want %s", name, got, row.want)
		}
	}
}

func TestOfALockfileTheEntriesOfOneRegistryAreTaken(t *testing.T) {
	pin := func(name, registry string) lockfile.Pin {
		return lockfile.Pin{VersionKey: artifact.PackageKey{Format: artifact.NPM, Name: name}.At("1.0.0"), Registry: registry}
	}
	pins := []lockfile.Pin{pin("a", ""), pin("b", "https://ann:secret@h.example.test/npm/?x=secret"), pin("c", ""), pin("d", "https://[")}
	for all, want := range map[bool]string{false: "a c", true: "a b c d"} {
		w := &wanted{at: map[artifact.VersionKey]int{}}
		prefetchCommand{AllRegistries: all}.add(w, "x.lock", lockfile.Contents{Pins: pins})
		var names []string
		for _, e := range w.entries {
			names = append(names, e.Name)
		}
		said := fmt.Sprint(w.skipped)
		if got := strings.Join(names, " "); got != want || strings.Contains(said, "secret") || !all && !strings.Contains(said, "npm:b@1.0.0 it is of another registry, https://h.example.test/npm/:") {
			t.Errorf("got %s and %s, want %s", got, said, want)
		}
	}
}

func TestAVersionThatTwoFilesKnowTheSameOfIsAskedForOnce(t *testing.T) {
	key := artifact.PackageKey{Format: artifact.NPM, Name: "a"}.At("1.0.0")
	files := []lockfile.File{{Sums: []lockfile.Sum{{Algorithm: "SHA-1", Hex: "00"}}}}
	w := &wanted{at: map[artifact.VersionKey]int{}}
	for _, f := range [][]lockfile.File{nil, nil, files, nil} {
		w.add(prefetch.Entry{Pin: lockfile.Pin{VersionKey: key, Files: f}})
	}
	if len(w.entries) != 2 {
		t.Errorf("got %d entries, want one that knows files and one that does not", len(w.entries))
	}
}

// TestPrefetchingReadsItsSourcesBeforeItAsks has everything that is wrong with a source said before a request is made.
func TestPrefetchingReadsItsSourcesBeforeItAsks(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++ }))
	defer server.Close()
	dir := t.TempDir()
	for name, text := range map[string]string{"uv.lock": "version = 1\n[[", "list": "npm:a", "Cargo.toml": "", "empty/x": ""} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	u := user{User: clientconfig.User{Home: dir, Getenv: func(name string) string {
		return map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "x",
			"AWS_CONFIG_FILE": filepath.Join(dir, "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "none")}[name]
	}}}
	for want, c := range map[string]prefetchCommand{
		"say what: lockfiles":             {Jobs: 1},
		"--jobs is between 1 and 64":      {Jobs: 65},
		"--retries is between 0 and 100":  {Jobs: 1, Retries: -1},
		`"nmp" is no format`:              {Jobs: 1, Format: "nmp"},
		"uv.lock: line 2: ":               {Jobs: 1, Lockfiles: []string{filepath.Join(dir, "uv.lock")}},
		`Cargo.toml: "Cargo.toml" is not`: {Jobs: 1, Lockfiles: []string{filepath.Join(dir, "Cargo.toml")}},
		"no such file":                    {Jobs: 1, Lockfiles: []string{filepath.Join(dir, "none.lock")}},
		`list: line 1: "npm:a" is no`:     {Jobs: 1, List: []string{filepath.Join(dir, "list")}},
		"empty: there is no POM in it":    {Jobs: 1, MavenRepository: []string{filepath.Join(dir, "empty")}},
		"say which repository is read":    {Jobs: 1, fromRepository: fromRepository{FromProfile: "theirs"}},
		"both say where":                  {Jobs: 1, fromRepository: fromRepository{FromRepository: "r", FromProfile: "theirs", FromData: dir}},
		"there is no AWS profile called":  {Jobs: 1, fromRepository: fromRepository{FromRepository: "r", FromProfile: "theirs"}},
		"has no access key":               {Jobs: 1, fromRepository: fromRepository{FromRepository: "r", FromData: filepath.Join(dir, "empty")}},
	} {
		var out bytes.Buffer
		err := c.Run(t.Context(), u, &out)
		ended, ok := errors.AsType[exitStatus](err)
		if !ok || ended.code != statusNotGoneOn || !strings.Contains(ended.Error(), want) || out.Len() > 0 {
			t.Errorf("got %v and %q, want %q", err, out.String(), want)
		}
	}
	if asked > 0 {
		t.Errorf("%d requests were made", asked)
	}
}

func TestWhatBecameOfVersionsIsPrintedWithoutWhatControlsATerminal(t *testing.T) {
	entry := prefetch.Entry{Pin: lockfile.Pin{VersionKey: artifact.PackageKey{Format: artifact.NPM, Namespace: "acme", Name: "ui"}.At("1.0.0")}, From: "a.lock"}
	s := prefetch.Summary{Files: 2, Bytes: 2048, Results: []prefetch.Result{
		{Entry: entry, Outcome: prefetch.Retained, Files: 2, Bytes: 2048},
		{Entry: entry, Outcome: prefetch.Failed, Why: "It is \x1b[2Jbusy."},
		{Entry: entry, Outcome: prefetch.Untried}}}
	var out bytes.Buffer
	if err := (prefetchCommand{}).print(&out, s, []skipped{{"a.lock", "b", "it comes from a folder or a file"}}); err != nil {
		t.Fatal(err)
	}
	want := "retained  1  2 files, 2.0 KiB\nfailed    1  \nuntried   1  \nskipped   1  \n\nfailed: npm:@acme/ui@1.0.0 (a.lock)\n  It is ?[2Jbusy.\n\n" +
		"skipped: b (a.lock): it comes from a folder or a file\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestABarIsAsLongAsTheRunIsFar(t *testing.T) {
	p := &prefetchProgress{all: 48}
	for done, want := range map[int]string{0: "[                        ] ", 24: "[############            ] ", 48: "[########################] "} {
		if got := p.bar(done); got != want {
			t.Errorf("%d of 48: got %q, want %q", done, got, want)
		}
	}
	if got := (&prefetchProgress{}).bar(0); got != "[########################] " {
		t.Errorf("nothing to do: got %q", got)
	}
}

func TestAnswersOfPrefetchAreHandedOn(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if want := awsapi.PrefetchPath + "?asset=a.jar&domain=d&domain-owner=1&format=maven&namespace=org.acme&package=lib&repository=r&version=1"; r.URL.String() != want {
			t.Errorf("asked %s, want %s", r.URL, want)
		}
		fmt.Fprint(w, `{"ending":"served","assets":[{"name":"a.jar","size":3,"hashes":{"SHA-1":"00"},"kept":true}]}`)
	}))
	defer server.Close()
	calls, err := awsclient.New(awsclient.Profile{Region: "us-east-1", Endpoint: server.URL}, "test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	k := keeper{calls: calls, repository: map[string]string{"domain": "d", "domain-owner": "1", "repository": "r"}}
	got, err := k.Ask(t.Context(), artifact.PackageKey{Format: artifact.Maven, Namespace: "org.acme", Name: "lib"}.At("1"), "a.jar")
	if err != nil || got.Ending != prefetch.Served || len(got.Assets) != 1 || !got.Assets[0].Kept || got.Assets[0].Size != 3 || got.Assets[0].Hashes["SHA-1"] != "00" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAPackageThatMayNotBeLookedAtEndsNoRun(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := map[string]string{
			"/v1/packages ":                `{"packages":[{"format":"npm","package":"a"},{"format":"npm","package":"b"},{"format":"npm","package":"c"}]}`,
			"/v1/package/versions b":       `{"versions":[{"version":"1.0.0","status":"Published"}]}`,
			"/v1/package/versions c":       `{"versions":[{"version":"2.0.0","status":"Published"}]}`,
			"/v1/package/version/assets c": `{"assets":[{"name":"package.tgz","hashes":{}}]}`,
		}[r.URL.Path+" "+r.URL.Query().Get("package")]
		if answer == "" {
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(http.StatusForbidden)
			answer = `{"message":"No."}`
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	u := user{User: clientconfig.User{Home: t.TempDir(), Getenv: func(name string) string {
		return map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "x",
			"AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none"}[name]
	}}}
	c := prefetchCommand{Domain: "d", Repository: "r", Jobs: 2, fromRepository: fromRepository{FromRepository: "there"}}
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.collect(t.Context(), u, calls)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range found.entries {
		files, err := e.Load(t.Context())
		_, unfit := errors.AsType[*prefetch.Unfit](err)
		got = append(got, fmt.Sprint(lockfile.Notation(e.VersionKey), " ", len(files), " ", unfit))
	}
	if want := []string{"npm:a@* 0 true", "npm:b@1.0.0 0 true", "npm:c@2.0.0 1 false"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
