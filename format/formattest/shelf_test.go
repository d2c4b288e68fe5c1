package formattest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format"
	"entrepot/repository"
)

var widget = artifact.PackageKey{Format: artifact.Generic, Namespace: "acme", Name: "widget"}

// publish puts one asset on the shelf.
func publish(s *Shelf, version, content string) error {
	upload, err := s.Stage(context.Background())
	if err != nil {
		return err
	}
	defer func() { _ = upload.Discard() }()
	if _, err := io.WriteString(upload, content); err != nil {
		return err
	}
	_, err = s.Publish(context.Background(), repository.Publication{
		VersionKey: widget.At(version),
		Assets:     []repository.StagedAsset{{Name: "a", Upload: upload}},
		Labels:     []string{"latest"},
	})
	return err
}

func TestTheShelfKeepsWhatIsPublished(t *testing.T) {
	s := NewShelf(artifact.Generic)
	if err := publish(s, "1", "one"); err != nil {
		t.Fatal(err)
	}
	if err := publish(s, "1", "one"); err != nil {
		t.Errorf("the same again: got %v", err)
	}
	if err := publish(s, "1", "two"); !artifact.Is(err, artifact.Conflict) {
		t.Errorf("other bytes: got %v, want a conflict", err)
	}
	if s.Published() != 1 || s.Drafts() != 0 {
		t.Errorf("got %d versions and %d drafts, want 1 and none", s.Published(), s.Drafts())
	}
	f, err := s.Open(t.Context(), widget.At("1"), "a")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(f.Content); string(got) != "one" || err != nil || f.Size != 3 {
		t.Errorf("got %q, %v", got, err)
	}
	s.Stock(artifact.Version{VersionKey: widget.At("2")}, "a", []byte("two"))
	s.Attach(widget.At("2"), "note", []byte("from outside"))
	note, err := s.Attachment(t.Context(), widget.At("2"), "note")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(note); string(got) != "from outside" || err != nil {
		t.Errorf("got the attachment %q, %v", got, err)
	}
	if _, err := s.Attachment(t.Context(), widget.At("1"), "note"); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("an attachment of our own version: got %v, want not found", err)
	}
	if err := publish(s, "2", "two"); !artifact.Is(err, artifact.Conflict) {
		t.Errorf("a version of an upstream: got %v, want a conflict", err)
	}
	if err := s.Annotate(t.Context(), widget, []string{"1", "2"}, unchanged); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("annotating a version of an upstream: got %v, want not found", err)
	}
	s.StockStatus(widget.At("1"), artifact.Archived)
	if _, err := s.Open(t.Context(), widget.At("1"), "a"); !artifact.Is(err, artifact.NotFound) {
		t.Errorf("an archived version: got %v, want not found", err)
	}
	labels, err := s.Labels(t.Context(), widget)
	if err != nil || len(labels) != 0 {
		t.Errorf("got labels %v, %v: one points at a version that is not listed", labels, err)
	}
}

func unchanged(artifact.Version) ([]byte, error) { return nil, nil }

func TestARenderingThatChangesIsAnError(t *testing.T) {
	s := NewShelf(artifact.Generic)
	if err := publish(s, "1", "one"); err != nil {
		t.Fatal(err)
	}
	n := 0
	_, err := s.Document(t.Context(), widget, "v", func(w io.Writer, _ repository.View) error {
		n++
		_, err := io.WriteString(w, strings.Repeat("x", n))
		return err
	})
	if err == nil {
		t.Error("got no error")
	}
}

// plain is a format of two routes, just enough to pass the suite.
func plain() format.Format {
	return format.Format{
		Name: artifact.Generic,
		Routes: []format.Route{
			{Pattern: "GET /{name}", Handler: func(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
				if strings.Contains(r.PathValue("name"), "/") {
					return artifact.Errorf(artifact.Invalid, "a slash")
				}
				key := artifact.PackageKey{Format: artifact.Generic, Namespace: "acme", Name: r.PathValue("name")}
				f, err := s.Open(r.Context(), key.At("1"), "a")
				if err != nil {
					return err
				}
				return format.ServeFile(w, r, f, format.FileOptions{ContentType: "application/octet-stream"})
			}},
			{Pattern: "PUT /{name}", Handler: func(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
				key := artifact.PackageKey{Format: artifact.Generic, Namespace: "acme", Name: r.PathValue("name")}
				if err := s.MayPublish(r.Context(), key); err != nil {
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
					VersionKey: key.At("1"),
					Assets:     []repository.StagedAsset{{Name: "a", Upload: upload}},
				})
				return err
			}},
		},
		Fail: func(w http.ResponseWriter, r *http.Request, err error, challenge string) {
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
		},
	}
}

func TestAPlainFormatPassesTheSuite(t *testing.T) {
	Run(t, plain(), Fixture{
		Publish: []Request{{Method: "PUT", Path: "widget", Body: "bytes"}},
		Reads:   []Request{{Method: "GET", Path: "widget"}},
		Unclean: []Request{{Method: "GET", Path: "a%2fb"}},
	})
}
