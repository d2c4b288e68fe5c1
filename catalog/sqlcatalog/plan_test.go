package sqlcatalog_test

import (
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"entrepot/catalog/sqlcatalog"
)

var lookUpOfBlobs = regexp.MustCompile(`(?m)^.*\bblobs\b.*$`)

func TestReleasingAssetsLooksUpTheirContentsOnly(t *testing.T) {
	db := newSchema(t)
	for _, statement := range sqlcatalog.Released() {
		plan := planOf(t, db, statement)
		found := lookUpOfBlobs.FindAllString(plan, -1)
		if len(found) == 0 {
			t.Errorf("%s\ndoes not look at blobs:\n%s", statement, plan)
		}
		for _, line := range found {
			if !strings.Contains(line, "(domain=? AND sha256=?)") {
				t.Errorf("%s\nreads more than it releases: %s", statement, line)
			}
		}
	}
}

func TestSpellingsAreLookedUpInTheirIndex(t *testing.T) {
	if plan := planOf(t, newSchema(t), sqlcatalog.Spelled()); !strings.Contains(plan, "versions_folded (package=? AND folded=?)") {
		t.Errorf("all versions of a package are read:\n%s", plan)
	}
}

func TestThePackagesOfADomainAreReadInTheOrderOfTheIndex(t *testing.T) {
	plan := planOf(t, newSchema(t), sqlcatalog.DomainPackages())
	if !strings.Contains(plan, "packages_by_name (format=? AND (name,namespace)>(?,?))") || strings.Contains(plan, "TEMP B-TREE") {
		t.Errorf("more is read than listed, or sorted:\n%s", plan)
	}
}

func TestEventsOfAnAccountAreReadInTheOrderOfAnIndex(t *testing.T) {
	db := newSchema(t)
	for i, index := range []string{"events_by_account (account=?", "events_by_owner (owner=?", "events_by_administrator (administrator=?"} {
		plan := planOf(t, db, sqlcatalog.EventsOf()[i])
		if !strings.Contains(plan, index+" AND time>?") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("more is read than listed, or sorted:\n%s", plan)
		}
	}
}

// newSchema is a database that has nothing but the schema.
func newSchema(t *testing.T) *sql.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalog")
	if err := openAt(t, path, sqlcatalog.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// planOf is what SQLite means to do, a step a line.
func planOf(t *testing.T, db *sql.DB, statement string) string {
	t.Helper()
	arguments := make([]any, strings.Count(statement, "?"))
	rows, err := db.Query("EXPLAIN QUERY PLAN "+statement, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps.WriteString(step + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps.String()
}
