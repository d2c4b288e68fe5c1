package repository_test

import (
	"database/sql"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog/sqlcatalog"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
)

func TestAVersionOfBeforeSpellingsWereKeptIsFoundByAnother(t *testing.T) {
	path, stores := filepath.Join(t.TempDir(), "catalog.sqlite"), repositorytest.NewStores()
	owner, team := repositorytest.Caller(t, account, "owner", allowAll), domainKey.Repository("team")
	// publish opens the rules for one publication.
	publish := func(version, body string) (v artifact.Version, err error) {
		store, opened := sqlcatalog.OpenSQLite(t.Context(), path, sqlcatalog.Options{})
		if opened != nil {
			t.Fatal(opened)
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		rules := repositorytest.Open(t, repository.Options{Catalog: store, Stores: stores,
			Formats: map[artifact.Format]repository.Traits{
				artifact.NPM: {FoldVersion: strings.ToLower, Growth: repository.GrowAlways},
			}})
		defer rules.Close()
		if _, err := rules.CreateDomain(t.Context(), owner, repository.DomainSpec{Name: domainKey.Name}); err == nil {
			rules.Repository(team)
		}
		shelf := rules.Shelf(owner, team, "http://house.test/")
		upload, err := shelf.Stage(t.Context())
		if err != nil {
			return v, err
		}
		defer upload.Discard()
		if _, err := io.WriteString(upload, body); err != nil {
			return v, err
		}
		return shelf.Publish(t.Context(), repository.Publication{VersionKey: npm("left").At(version),
			Assets: []repository.StagedAsset{{Name: tarball, Upload: upload}}})
	}
	if _, err := publish("1-Beta", "body"); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?vfs=entrepot-proven")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), "UPDATE versions SET folded = ''") // as what was written before has it
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if v, err := publish("1-BETA", "body"); err != nil || v.Version != "1-Beta" {
		t.Errorf("got version %q, %v, want 1-Beta", v.Version, err)
	}
	if _, err := publish("1-BETA", "another body"); !artifact.Is(err, artifact.Conflict) {
		t.Errorf("other bytes: got %v, want a conflict", err)
	}
	if v, err := publish("2-Beta", "body"); err != nil || v.Version != "2-Beta" {
		t.Errorf("got version %q, %v, want 2-Beta", v.Version, err)
	}
}
