package sqlcatalog

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pressly/goose/v3"
)

var sqlite = dialect{
	name:  "sqlite",
	goose: goose.DialectSQLite3,
	bind:  func(query string) string { return query },
	after: afterPrefix,
	indexSearch: searchIndex{
		insert:         "INSERT INTO package_search (rowid, grams) SELECT value ->> 0, value ->> 1 FROM json_each(?)",
		deletePackages: "DELETE FROM package_search WHERE rowid IN (SELECT value FROM json_each(?))",
		deleteRepository: "DELETE FROM package_search WHERE rowid IN " +
			"(SELECT id FROM packages WHERE repository = ?)",
		source: "FROM package_search JOIN packages p ON p.id = package_search.rowid " +
			"WHERE package_search MATCH ?",
		contains: "instr((SELECT folded FROM package_texts WHERE package = p.id), ?) > 0",
		query:    fts5Query,
	},
	recounts: []recount{
		{"package row %s is not in the search index",
			`SELECT id FROM packages WHERE id NOT IN (SELECT rowid FROM package_search)`},
		{"the search index has row %s, which is no package",
			`SELECT rowid FROM package_search WHERE rowid NOT IN (SELECT id FROM packages)`},
	},
	integrity: sqliteIntegrity,
}

// afterPrefix counts in bytes, as SQLite's BINARY collation does.
func afterPrefix(prefix string) (string, bool) {
	end := []byte(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return string(end[:i+1]), true
		}
	}
	return "", false
}

// fts5Query writes the words in the query language of SQLite's FTS5.
func fts5Query(w searchWords) string {
	return "(" + strings.Join(w.repositories, " OR ") + ") AND " + strings.Join(w.all, " AND ")
}

// sqliteIntegrity has the pages read and the references looked up.
func sqliteIntegrity(s *session) error {
	var found []error
	answers, err := all(s, "check pages", scalar[string], "PRAGMA quick_check")
	if err != nil {
		return err
	}
	for _, a := range answers {
		if a != "ok" {
			found = append(found, fmt.Errorf("pages: %s", a))
		}
	}
	type dangling struct{ table, row, parent string }
	rows, err := all(s, "check references", func(row scanner, d *dangling) error {
		var number any
		if err := row.Scan(&d.table, &number, &d.parent, new(any)); err != nil {
			return err
		}
		d.row = fmt.Sprint(number)
		return nil
	}, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	for _, d := range rows {
		found = append(found, fmt.Errorf("row %s of %s refers to nothing in %s", d.row, d.table, d.parent))
	}
	return errors.Join(found...)
}
