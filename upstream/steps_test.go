package upstream_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/upstream"
)

// These are sources in small: how a format reads a registry of which one document does not tell all.

// flatContainer is a NuGet registry: a service index tells where the packages' documents are.
type flatContainer struct{ client *upstream.Client }

func (f flatContainer) versions(ctx context.Context, id string) (string, error) {
	index, err := f.client.Document(ctx, upstream.DocumentRequest{Connection: npmjs, Path: "index.json",
		Accept: "application/json", Max: 1 << 20, Essential: "service index", RegenerateVersion: "1",
		Regenerate: func(dst io.Writer, src io.Reader) error {
			var services struct{ Resources []struct{ ID, Type string } }
			if err := json.NewDecoder(src).Decode(&services); err != nil {
				return err
			}
			for _, s := range services.Resources {
				if s.Type == "PackageBaseAddress/3.0.0" {
					_, err := io.WriteString(dst, s.ID)
					return err
				}
			}
			return errors.New("there is no PackageBaseAddress")
		}})
	if err != nil {
		return "", err
	}
	base, err := index.ReadAll(ctx)
	if err != nil {
		return "", err
	}
	versions, err := f.client.Document(ctx, upstream.DocumentRequest{Connection: npmjs,
		URL: string(base) + id + "/index.json", Accept: "application/json",
		Regenerate: copyForm, RegenerateVersion: "1"})
	if err != nil {
		return "", err
	}
	text, err := versions.ReadAll(ctx)
	return string(text), err
}

func serviceIndex(base string) http.HandlerFunc {
	return say(fmt.Sprintf(`{"Resources": [{"Type": "PackageBaseAddress/3.0.0", "ID": %q}]}`, base))
}

// scripts answers each path by its own script, others with 404.
func scripts(byPath map[string]http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		script, ok := byPath[r.URL.Path]
		if !ok {
			script = status(http.StatusNotFound)
		}
		script(w, r)
	}
}

func wantText(t *testing.T, got string, err error, want string) {
	t.Helper()
	if err != nil || got != want {
		t.Errorf("got %q and %v, want %q", got, err, want)
	}
}

func wantWords(t *testing.T, err error, want string) {
	t.Helper()
	if e, ok := errors.AsType[*artifact.Error](err); !ok || e.Reason != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestADocumentIsFoundThroughAnother(t *testing.T) {
	const index, left = "/registry/index.json", "/flat/left/index.json"
	build := func(t *testing.T) (*rig, flatContainer, map[string]http.HandlerFunc) {
		paths := map[string]http.HandlerFunc{left: say("1.0.0")}
		r := newRig(t, scripts(paths))
		paths[index] = serviceIndex(r.URL + "/flat/")
		return r, flatContainer{r.Client}, paths
	}
	t.Run("both are kept, and each is revalidated on its own", func(t *testing.T) {
		r, source, paths := build(t)
		for range 10 {
			got, err := source.versions(t.Context(), "left")
			wantText(t, got, err, "1.0.0")
		}
		r.wantRequests(t, 2)
		paths[left] = say("1.0.0 2.0.0")
		r.clock.pass(time.Hour)
		got, err := source.versions(t.Context(), "left")
		wantText(t, got, err, "1.0.0 2.0.0")
		r.wantRequests(t, 4)
		wantSample(t, r.Client, "entrepot_upstream_requests_total", "not_modified", 1)
	})
	t.Run("the second one's absence is the package's", func(t *testing.T) {
		_, source, _ := build(t)
		_, err := source.versions(t.Context(), "right")
		wantKind(t, err, artifact.NotFound)
	})
	t.Run("the first one's absence is the registry's, and remembered", func(t *testing.T) {
		r, source, paths := build(t)
		paths[index] = status(http.StatusNotFound)
		for range 10 {
			_, err := source.versions(t.Context(), "left")
			wantKind(t, err, artifact.Unavailable)
			wantWords(t, err, "Upstream npmjs has no service index at its address.")
		}
		r.wantRequests(t, 1)
		paths[index] = serviceIndex(r.URL + "/flat/")
		r.clock.pass(time.Minute)
		got, err := source.versions(t.Context(), "left")
		wantText(t, got, err, "1.0.0")
	})
	t.Run("a first one that was there is answered on, whatever happens to it", func(t *testing.T) {
		for _, code := range []int{http.StatusNotFound, http.StatusBadGateway} {
			r, source, paths := build(t)
			_, err := source.versions(t.Context(), "left")
			if err != nil {
				t.Fatal(err)
			}
			paths[index] = status(code)
			for range 3 {
				r.clock.pass(time.Hour)
				got, err := source.versions(t.Context(), "left")
				wantText(t, got, err, "1.0.0")
			}
			wantSample(t, r.Client, "entrepot_upstream_stale_total", "", 3)
		}
	})
	t.Run("a first one that says nothing is told by its name", func(t *testing.T) {
		_, source, paths := build(t)
		paths[index] = say(`{"Resources": []}`)
		_, err := source.versions(t.Context(), "left")
		wantKind(t, err, artifact.Unavailable)
		wantWords(t, err, "Upstream npmjs sent a service index that cannot be used.")
	})
	t.Run("what it points to is guarded like everything that metadata names", func(t *testing.T) {
		secret := newCanary(t)
		_, source, paths := build(t)
		paths[index] = serviceIndex(secret.url() + "/")
		_, err := source.versions(t.Context(), "left")
		wantKind(t, err, artifact.Unavailable)
		wantWords(t, err, "Upstream npmjs points to an address that is not public.")
	})
	t.Run("only the configured origin sees the credential", func(t *testing.T) {
		elsewhere := newRegistry(t, func(w http.ResponseWriter, r *http.Request) {
			if len(r.Header["Authorization"]) > 0 {
				t.Error("another host saw the credential")
			}
			say("1.0.0")(w, r)
		})
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer hush" {
				t.Error("the origin did not see the credential")
			}
			serviceIndex(elsewhere.URL+"/flat/")(w, r)
		}, func(_ *upstream.Options, o *upstream.Origin) {
			o.Credential.Token = artifact.NewSecret("hush")
			o.DownloadHosts = []string{strings.TrimPrefix(elsewhere.URL, "http://")}
		})
		got, err := flatContainer{r.Client}.versions(t.Context(), "left")
		wantText(t, got, err, "1.0.0")
	})
}

// sparse is a Cargo registry: config.json has a template of where crates are.
type sparse struct{ client *upstream.Client }

func (s sparse) crate(ctx context.Context, name, version string) (upstream.AssetRequest, error) {
	config, err := s.client.Document(ctx, upstream.DocumentRequest{Connection: npmjs, Path: "config.json", Max: 1 << 20,
		Essential: "config.json", RegenerateVersion: "1", Regenerate: func(dst io.Writer, src io.Reader) error {
			var config struct{ DL string }
			if err := json.NewDecoder(src).Decode(&config); err != nil {
				return err
			}
			_, err := io.WriteString(dst, config.DL)
			return err
		}})
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	template, err := config.ReadAll(ctx)
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	req := new(store).request("", name+"@"+version, upstream.Want{})
	req.URL = strings.NewReplacer("{crate}", name, "{version}", version).Replace(string(template))
	return req, nil
}

func TestAnAssetIsFoundThroughATemplate(t *testing.T) {
	versions := []string{"1.0.0", "1.1.0", "2.0.0"}
	paths := map[string]http.HandlerFunc{}
	for _, v := range versions {
		paths["/dl/left/"+v+"/download"] = sends([]byte("crate "+v), nil)
	}
	r := newRig(t, scripts(paths))
	paths["/registry/config.json"] = say(fmt.Sprintf(`{"dl": %q}`, r.URL+"/dl/{crate}/{version}/download"))
	for _, v := range versions {
		req, err := sparse{r.Client}.crate(t.Context(), "left", v)
		if err != nil {
			t.Fatal(err)
		}
		r.wantAsset(t, req, "crate "+v)
	}
	r.wantRequests(t, 4) // the template once
}

// layout is a Maven repository: beside each file lies another with its digest.
type layout struct{ client *upstream.Client }

func (l layout) file(ctx context.Context, path string) (upstream.AssetRequest, error) {
	sum, err := l.client.Document(ctx, upstream.DocumentRequest{Connection: npmjs, Path: path + ".sha1",
		Accept: "text/plain", Max: 1 << 10, RegenerateVersion: "1",
		Regenerate: func(dst io.Writer, src io.Reader) error {
			text, err := io.ReadAll(src)
			if err != nil {
				return err
			}
			digest, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
			sum, err := hex.DecodeString(digest)
			if err != nil || len(sum) != 20 {
				return errors.New("that is no SHA-1")
			}
			_, err = dst.Write(sum)
			return err
		}})
	if artifact.Is(err, artifact.NotFound) { // then the bytes are taken at their word
		return new(store).request(path, "f "+path, upstream.Want{}), nil
	}
	if err != nil {
		return upstream.AssetRequest{}, err
	}
	digest, err := sum.ReadAll(ctx)
	return new(store).request(path, "f "+path, upstream.Want{SHA1: digest}), err
}

func TestAnAssetHasADocumentOfItsOwn(t *testing.T) {
	const sha1OfContent = "040f06fd774092478d450774f5ba30c5da78acc8"
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, body)
		}
	}
	for _, test := range []struct {
		name  string
		sum   http.HandlerFunc
		words string // whose failure it is; empty for none
	}{
		{name: "it is right", sum: text(sha1OfContent + "\n")},
		{name: "it names the file as well", sum: text(sha1OfContent + "  a.jar")},
		{name: "there is none", sum: status(http.StatusNotFound)},
		{name: "it is another's", sum: text(strings.Repeat("0", 40)),
			words: "Upstream npmjs sent a file whose sha1 is not what was promised."},
		{name: "it is no digest", sum: text("soon"), words: "Upstream npmjs sent a document that cannot be used."},
		{name: "it is a page", sum: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, sha1OfContent)
		}, words: "Upstream npmjs sent a document that cannot be used."},
		{name: "it is larger than its request allows", sum: text(sha1OfContent + " " + strings.Repeat("a", 1<<10)),
			words: "Upstream npmjs sent a document that cannot be used."},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, scripts(map[string]http.HandlerFunc{
				"/registry/a.jar": sends([]byte("content"), nil), "/registry/a.jar.sha1": test.sum}))
			req, err := layout{r.Client}.file(t.Context(), "a.jar")
			var got string
			if err == nil {
				got, err = r.fetchAsset(t, req)
			}
			if test.words == "" {
				wantText(t, got, err, "content")
				return
			}
			wantKind(t, err, artifact.Unavailable)
			wantWords(t, err, test.words)
		})
	}
}

// A registry may promise what a file is in the header of its answer, or in a document that is asked for only then.
func TestAnAssetIsWhatItsAnswerPromises(t *testing.T) {
	const sha1OfContent = "040f06fd774092478d450774f5ba30c5da78acc8"
	failed := errors.New("no sum can be had")
	for _, test := range []struct {
		name, sum string
		err       error
		words     string // whose failure it is; empty for none
	}{
		{name: "it is right", sum: sha1OfContent},
		{name: "nothing is promised"},
		{name: "it is another's", sum: strings.Repeat("0", 40),
			words: "Upstream npmjs sent a file whose sha1 is not what was promised."},
		{name: "it is too short", sum: "00", words: "The wanted sha1 has 1 bytes instead of 20."},
		{name: "what is promised cannot be found out", err: failed},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Sum", test.sum)
				sends([]byte("content"), nil)(w, r)
			})
			req := new(store).request("a.jar", "f", upstream.Want{})
			req.Promise = func(_ context.Context, answer <-chan http.Header) (upstream.Want, error) {
				sum, err := hex.DecodeString((<-answer).Get("X-Sum"))
				return upstream.Want{SHA1: sum}, errors.Join(err, test.err)
			}
			got, err := r.fetchAsset(t, req)
			switch {
			case test.err != nil:
				if !errors.Is(err, test.err) {
					t.Errorf("got %q and %v, want %v", got, err, test.err)
				}
			case test.words != "":
				wantWords(t, err, test.words)
			default:
				wantText(t, got, err, "content")
			}
		})
	}
}

func TestWhatAnAssetMustBeIsFoundOutBesideIt(t *testing.T) {
	t.Run("before the upstream answers, and its answer is told when it begins", func(t *testing.T) {
		asking, told := make(chan struct{}), make(chan struct{})
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			<-asking
			_ = http.NewResponseController(w).Flush()
			<-told
			_, _ = w.Write([]byte("content"))
		})
		req := new(store).request("a.jar", "f", upstream.Want{})
		req.Promise = func(_ context.Context, answer <-chan http.Header) (upstream.Want, error) {
			close(asking)
			<-answer
			close(told)
			return upstream.Want{}, nil
		}
		r.wantAsset(t, req, "content")
	})
	t.Run("and no longer when the file does not come", func(t *testing.T) {
		r := newRig(t, status(http.StatusNotFound))
		req := new(store).request("a.jar", "f", upstream.Want{})
		left := make(chan struct{})
		req.Promise = func(ctx context.Context, _ <-chan http.Header) (upstream.Want, error) {
			<-ctx.Done()
			close(left)
			return upstream.Want{}, ctx.Err()
		}
		r.wantMissing(t, req)
		<-left
	})
	t.Run("and a panic in it is the file's failure", func(t *testing.T) {
		r := newRig(t, sends([]byte("content"), nil))
		req := new(store).request("a.jar", "f", upstream.Want{})
		req.Promise = func(context.Context, <-chan http.Header) (upstream.Want, error) { panic("a bug") }
		if got, err := r.fetchAsset(t, req); err == nil {
			t.Errorf("got %q", got)
		}
	})
}

func TestATransferTellsWhenTheFileWasChanged(t *testing.T) {
	for header, want := range map[string]time.Time{
		"": {}, "yesterday": {}, "Sun, 01 Mar 2026 12:00:00 GMT": time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	} {
		r := newRig(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Last-Modified", header)
			sends([]byte("content"), nil)(w, r)
		})
		transfer, err := r.Asset(t.Context(), new(store).request("a.jar", "f", upstream.Want{}))
		if err != nil {
			t.Fatal(err)
		}
		if got := transfer.Modified(); !got.Equal(want) {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
		_ = transfer.Close() // nothing was read
	}
}

func TestARelativeAddressIsResolvedAgainstItsDocument(t *testing.T) {
	r := newRig(t, scripts(map[string]http.HandlerFunc{"/packages/left-1.0.whl": sends([]byte("wheel"), nil)}),
		func(_ *upstream.Options, o *upstream.Origin) { o.Credential.Token = artifact.NewSecret("hush") })
	for reference, want := range map[string]string{
		"../../../packages/left-1.0.whl":         r.URL + "/packages/left-1.0.whl",
		"/packages/left-1.0.whl":                 r.URL + "/packages/left-1.0.whl",
		"https://files.example.test/left.whl#md": "https://files.example.test/left.whl#md",
		"left-1.0.whl":                           r.URL + "/registry/simple/left/left-1.0.whl",
	} {
		if got, err := r.Resolve(npmjs, "simple/left/", reference); err != nil || got != want {
			t.Errorf("%s: got %s and %v, want %s", reference, got, err, want)
		}
	}
	req := new(store).request("", "f", upstream.Want{})
	var err error
	if req.URL, err = r.Resolve(npmjs, "simple/left/", "../../../packages/left-1.0.whl"); err != nil {
		t.Fatal(err)
	}
	r.wantAsset(t, req, "wheel")
	_, err = r.Resolve(npmjs, "../secret", "a")
	wantKind(t, err, artifact.Invalid)
	_, err = r.Resolve(npmjs, "simple/left/", "http://%zz/")
	wantKind(t, err, artifact.Unavailable)
}

func TestReadAllTellsWhatOpenDoes(t *testing.T) {
	r := newRig(t, say("one"))
	d := r.wantDocument(t, "one")
	r.cache.Lose()
	r.act(status(http.StatusBadGateway))
	r.clock.pass(time.Hour)
	_, err := d.ReadAll(t.Context())
	wantKind(t, err, artifact.Unavailable)
	r.act(say("one"))
	got, err := d.ReadAll(t.Context())
	if err != nil || !bytes.Equal(got, []byte("one")) {
		t.Errorf("got %q and %v", got, err)
	}
}
