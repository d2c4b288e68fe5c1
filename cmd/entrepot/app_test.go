package main

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/config"
	"entrepot/iam"
	"entrepot/jobs"
	"entrepot/repository"

	"github.com/prometheus/client_golang/prometheus"
)

// testApp opens an app in a new folder, with upstreams that lead nowhere so that no client of the machine is asked.
func testApp(t *testing.T) *app {
	t.Helper()
	c := config.Default()
	c.Data, c.PublicURL = filepath.Join(t.TempDir(), "data"), "http://127.0.0.1:8090"
	for _, name := range upstreamNames() {
		c.Upstreams[name] = config.Upstream{URL: "http://127.0.0.1:9/"}
	}
	a, err := open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// TestOrphansAreCollected publishes and deletes through the rules and runs the job as the server does, with no grace.
func TestOrphansAreCollected(t *testing.T) {
	a := testApp(t)
	p, err := iam.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`),
		iam.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	owner := iam.Caller{
		Principal: iam.Principal{Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/a"},
		Identity:  []*iam.Policy{p},
	}
	ctx := t.Context()
	domain := artifact.DomainKey{Owner: "123456789012", Name: "d1"}
	info, err := a.rules.CreateDomain(ctx, owner, repository.DomainSpec{Name: "d1"})
	if err != nil {
		t.Fatal(err)
	}
	spec := repository.RepositorySpec{RepositoryKey: domain.Repository("r1")}
	if _, err := a.rules.CreateRepository(ctx, owner, spec); err != nil {
		t.Fatal(err)
	}
	pkg := artifact.PackageKey{Format: artifact.NPM, Name: "left"}
	publish := func(version string) {
		t.Helper()
		shelf := a.rules.Shelf(owner, domain.Repository("r1"), "http://127.0.0.1:8090/")
		upload, err := shelf.Stage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer upload.Discard()
		if _, err := io.WriteString(upload, "bytes of "+version); err != nil {
			t.Fatal(err)
		}
		if _, err := shelf.Publish(ctx, repository.Publication{VersionKey: pkg.At(version),
			Assets: []repository.StagedAsset{{Name: "package.tgz", Upload: upload}}}); err != nil {
			t.Fatal(err)
		}
	}
	publish("1.0.0")
	publish("2.0.0")
	folder, err := a.stores.place.Space(spaceOf(info.ID))
	if err != nil {
		t.Fatal(err)
	}
	collect := func(want int) {
		t.Helper()
		living, abandoned := jobs.DomainSpaces(a.catalog, a.stores.Open, a.documents), a.stores.abandoned(a.catalog)
		for _, spaces := range []jobs.Spaces{living, abandoned} {
			later := func() time.Time { return time.Now().Add(2 * time.Hour) }
			orphans, err := jobs.NewOrphans(a.catalog, spaces, time.Hour, later, a.log, prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			if err := orphans.Run(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if got := count(ctx, t, folder); got != want {
			t.Fatalf("contents on disk: got %d, want %d", got, want)
		}
	}
	collect(2)
	first := repository.Selection{Versions: []string{"1.0.0"}}
	if _, err := a.rules.DeleteVersions(ctx, owner, domain.Repository("r1"), pkg, first); err != nil {
		t.Fatal(err)
	}
	collect(1)
	if _, _, err := a.rules.DeleteRepository(ctx, owner, domain.Repository("r1")); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := a.rules.DeleteDomain(ctx, owner, domain); !ok || err != nil {
		t.Fatal(ok, err)
	}
	collect(0)
}

func count(ctx context.Context, t *testing.T, s blob.Store) (n int) {
	t.Helper()
	for _, err := range s.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
