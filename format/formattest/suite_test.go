package formattest

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

// plain is a format of two routes, just enough to pass the suite.
func plain() format.Format {
	acme := func(r *http.Request) artifact.PackageKey {
		return artifact.PackageKey{Format: artifact.Generic, Namespace: "acme", Name: r.PathValue("name")}
	}
	return format.Format{
		Name: artifact.Generic,
		Routes: []format.Route{
			{Pattern: "GET /{name}", Handler: func(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
				if strings.Contains(r.PathValue("name"), "/") {
					return artifact.Errorf(artifact.Invalid, "a slash")
				}
				f, err := s.Open(r.Context(), acme(r).At("1"), "a")
				if err != nil {
					return err
				}
				return format.ServeFile(w, r, f, format.FileOptions{ContentType: "application/octet-stream"})
			}},
			{Pattern: "PUT /{name}", Handler: func(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
				if err := s.MayPublish(r.Context(), acme(r)); err != nil {
					return err
				}
				upload, err := s.Stage(r.Context())
				if err != nil {
					return err
				}
				defer func() { _ = upload.Discard() }()
				if _, err := io.Copy(upload, r.Body); err != nil {
					return err
				}
				_, err = s.Publish(r.Context(), repository.Publication{
					VersionKey: acme(r).At("1"),
					Assets:     []repository.StagedAsset{{Name: "a", Upload: upload}},
				})
				return err
			}},
		},
		Fail: failInText,
	}
}

// failInText answers an error as a line of text.
func failInText(w http.ResponseWriter, _ *http.Request, err error, _ string) {
	status := map[artifact.Kind]int{
		artifact.Invalid: 400, artifact.Unauthenticated: 401, artifact.Denied: 403, artifact.NotFound: 404,
		artifact.Conflict: 409, artifact.Quota: 413, artifact.Throttled: 429, artifact.Unavailable: 503,
	}[artifact.KindOf(err)]
	if given, ok := format.StatusOf(err); ok {
		status = given
	}
	text := "failed"
	if status == 0 {
		status = 500
	} else {
		text, _, _ = strings.Cut(strings.TrimPrefix(err.Error(), "wrapped: "), ": canary")
	}
	http.Error(w, text, status)
}

func TestAPlainFormatPassesTheSuite(t *testing.T) {
	Run(t, plain(), Fixture{
		Publish: []Request{{Method: "PUT", Path: "widget", Body: "bytes"}},
		Reads:   []Request{{Method: "GET", Path: "widget"}},
		Unclean: []Request{{Method: "GET", Path: "a%2fb"}},
	})
}

func TestARenderingThatChangesIsAnError(t *testing.T) {
	n := 0
	err := twice(func(w io.Writer, _ repository.View) error {
		n++
		_, err := io.WriteString(w, strings.Repeat("x", n))
		return err
	})(io.Discard, repository.View{})
	if err == nil {
		t.Error("got no error")
	}
}

func TestARefusingShelfRefusesEverythingThatAsksForPermission(t *testing.T) {
	refused := errors.New("refused")
	shelf := reflect.ValueOf(Refusing{Err: refused})
	failing := reflect.TypeFor[error]()
	for method := range reflect.TypeFor[format.Shelf]().Methods() {
		last := method.Type.NumOut() - 1
		if method.Type.Out(last) != failing || method.Name == "Stage" {
			continue
		}
		var arguments []reflect.Value
		for argument := range method.Type.Ins() {
			arguments = append(arguments, reflect.Zero(argument))
		}
		// A method that is not refused reaches the shelf within, which is nil.
		if got := shelf.MethodByName(method.Name).Call(arguments)[last].Interface(); got != refused {
			t.Errorf("%s: got %v, want the refusal", method.Name, got)
		}
	}
}
