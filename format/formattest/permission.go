package formattest

import (
	"context"
	"io"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/format"
	"entrepot/repository"
)

// calls are the methods of a shelf that ask for permission, with the action that each needs.
var calls = []struct {
	name, action string
	changes      bool // a refusal of it is on record
	do           func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error
}{
	{"Access", "ReadFromRepository", false, func(ctx context.Context, s format.Shelf, _ artifact.VersionKey) error {
		return s.Access(ctx)
	}},
	{"View", "ReadFromRepository", false, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		_, err := s.View(ctx, v.PackageKey)
		return err
	}},
	{"Document", "ReadFromRepository", false, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		_, err := s.Document(ctx, v.PackageKey, "list", list)
		return err
	}},
	{"Manifests", "ReadFromRepository", false, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		_, err := s.Manifests(ctx, v.PackageKey)
		return err
	}},
	{"Index", "ReadFromRepository", false, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		_, err := s.Index(ctx, v.Format, "all", inventory)
		return err
	}},
	{"Stat", "ReadFromRepository", false, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		_, err := s.Stat(ctx, v, "a")
		return err
	}},
	{"Open", "ReadFromRepository", false, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		f, err := s.Open(ctx, v, "a")
		if f.Content != nil {
			_ = f.Content.Close()
		}
		return err
	}},
	{"Attachment", "ReadFromRepository", false, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		_, err := s.Attachment(ctx, v, "note")
		return err
	}},
	{"Search", "ReadFromRepository", false, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		_, err := s.Search(ctx, v.Format, nil, catalog.Page{})
		return err
	}},
	{"Held", "ReadFromRepository", false, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		_, err := s.Held(ctx, v)
		return err
	}},
	{"HeldForPublisher", "PublishPackageVersion", true,
		func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
			_, err := s.HeldForPublisher(ctx, v)
			return err
		}},
	{"Labels", "ReadFromRepository", false, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		_, err := s.Labels(ctx, v.PackageKey)
		return err
	}},
	{"MayPublish", "PublishPackageVersion", true, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		return s.MayPublish(ctx, v.PackageKey)
	}},
	{"MayAnnotate", "PutPackageMetadata", true, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		return s.MayAnnotate(ctx, v.PackageKey)
	}},
	{"Publish", "PublishPackageVersion", true, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		_, err := s.Publish(ctx, repository.Publication{VersionKey: v})
		return err
	}},
	{"Annotate", "PutPackageMetadata", true, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		return s.Annotate(ctx, v.PackageKey, []string{v.Version},
			func(held artifact.Version) ([]byte, error) { return held.Manifest, nil })
	}},
	{"Finish", "PutPackageMetadata", true, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		return s.Finish(ctx, v.PackageKey, []string{v.Version}, func(artifact.Version) error { return nil })
	}},
	{"SetLabel", "PutPackageMetadata", true, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		return s.SetLabel(ctx, v.PackageKey, "newest", v.Version)
	}},
	{"DeleteLabel", "PutPackageMetadata", true, func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
		return s.DeleteLabel(ctx, v.PackageKey, "newest")
	}},
	{"SetStatus", "UpdatePackageVersionsStatus", true,
		func(ctx context.Context, s format.Shelf, v artifact.VersionKey) error {
			return s.SetStatus(ctx, v.PackageKey, []string{v.Version}, artifact.Unlisted)
		}},
}

var permission = []tale{
	{name: "who may do nothing is told that, whether or not the thing is there", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		changes := s.Changes()
		for _, call := range calls {
			for _, at := range []struct{ repo, coordinate string }{{"team", "lib@1"}, {"team", "none@1"}, {"nowhere", "lib@1"}} {
				err := call.do(s.t.Context(), s.As(Caller("eve")).Shelf(at.repo, artifact.Maven), key(at.coordinate))
				if !artifact.Is(err, artifact.Denied) {
					s.t.Errorf("%s of %s in %s: got %v, want it denied", call.name, at.coordinate, at.repo, err)
				}
			}
		}
		if n := s.Changes() - changes; n != 0 {
			s.t.Errorf("%d changes are on record", n)
		}
	}},
	{name: "who may do everything is told what is not there", tell: func(s *story) {
		for _, call := range calls {
			err := call.do(s.t.Context(), s.shelf("nowhere"), key("lib@1"))
			if !artifact.Is(err, artifact.NotFound) {
				s.t.Errorf("%s in a repository that is not there: got %v, want not found", call.name, err)
			}
		}
	}},
	{name: "each call needs its own permission and no other", tell: func(s *story) {
		s.Repository("team")
		s.publish("team", "lib@1", "a=one")
		actions := []string{"ReadFromRepository", "PublishPackageVersion", "PutPackageMetadata",
			"UpdatePackageVersionsStatus"}
		for _, call := range calls {
			for _, action := range actions {
				err := call.do(s.t.Context(), s.As(Caller("bob", action)).Shelf("team", artifact.Maven), key("lib@1"))
				if denied := artifact.Is(err, artifact.Denied); denied != (action != call.action) {
					s.t.Errorf("%s by one who has %s: got %v", call.name, action, err)
				}
			}
		}
	}},
	{name: "a refused change is on record once, a refused look is not", tell: func(s *story) {
		s.Repository("team")
		for _, call := range calls {
			before := s.Refusals()
			_ = call.do(s.t.Context(), s.As(Caller("eve")).Shelf("team", artifact.Maven), key("lib@1"))
			want := 0
			if call.changes {
				want = 1
			}
			if got := s.Refusals() - before; got != want {
				s.t.Errorf("%s left %d refusals on record, want %d", call.name, got, want)
			}
		}
	}},
	{name: "bytes that are staged and not published are nobody's", tell: func(s *story) {
		s.Repository("team")
		upload, err := s.As(Caller("eve")).Shelf("team", artifact.Maven).Stage(s.t.Context())
		s.must(err)
		_, err = io.WriteString(upload, "bytes")
		s.must(err)
		s.must(upload.Discard())
		s.uses(0)
		if s.Staged() != 1 || s.Drafts() != 0 {
			s.t.Errorf("got %d uploads begun and %d drafts left, want one and none", s.Staged(), s.Drafts())
		}
	}},
	{name: "a shelf says what it is and who is at it", tell: func(s *story) {
		at := s.shelf("team")
		if at.Repository() != domainKey.Repository("team") || at.Caller().Principal.Name != "ada" ||
			at.URL("a/b") != Base+"maven/team/a/b" {
			s.t.Errorf("got %s, %s, %s", at.Repository(), at.Caller().Principal.Name, at.URL("a/b"))
		}
	}},
}
