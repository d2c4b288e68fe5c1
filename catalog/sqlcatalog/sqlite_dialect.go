package sqlcatalog

import (
	"fmt"
	"strings"

	"entrepot/catalog"

	"github.com/pressly/goose/v3"
)

var sqlite = dialect{
	name:  "sqlite",
	goose: goose.DialectSQLite3,
	bind:  func(query string) string { return query },
	after: afterPrefix,
	// AUTOINCREMENT keeps its numbers in a table that may be written to (SQLite's documentation, "Autoincrement").
	lastNumber: "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?), 0)",
	passOver:   "UPDATE sqlite_sequence SET seq = ? WHERE name = ? AND seq < ?",
	indexSearch: searchIndex{
		insert:         "INSERT INTO package_search (rowid, grams) SELECT value ->> 0, value ->> 1 FROM json_each(?)",
		deletePackages: "DELETE FROM package_search WHERE rowid IN (SELECT value FROM json_each(?))",
		deleteRepository: "DELETE FROM package_search WHERE rowid IN " +
			"(SELECT id FROM packages WHERE repository = ?)",
		remake: []string{"DROP TABLE package_search",
			"CREATE VIRTUAL TABLE package_search USING fts5 (grams, content = '', contentless_delete = 1, " +
				"detail = 'none', tokenize = 'ascii')"},
		source: "FROM package_search JOIN packages p ON p.id = package_search.rowid " +
			"WHERE package_search MATCH ?",
		contains: "instr((SELECT folded FROM package_texts WHERE package = p.id), ?) > 0",
		query:    fts5Query,
	},
	recounts: []recount{
		{catalog.FaultyIndex, true, "package row %s is not in the search index",
			`SELECT id FROM packages WHERE id NOT IN (SELECT rowid FROM package_search)`},
		{catalog.FaultyIndex, true, "the search index has row %s, which is no package",
			`SELECT rowid FROM package_search WHERE rowid NOT IN (SELECT id FROM packages)`},
	},
	damaged:   damagedFile,
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

// sqliteIntegrity has the pages read, the indexes compared with their tables, and the references looked up.
func sqliteIntegrity(s *session) ([]catalog.Fault, error) {
	var found []catalog.Fault
	answers, err := all(s, "check pages", scalar[string], "PRAGMA integrity_check(10)")
	if err != nil {
		return nil, err
	}
	for _, a := range answers {
		switch {
		case a == "ok":
		case strings.Contains(strings.ToLower(a), "fts5"):
			found = append(found, catalog.Fault{Kind: catalog.FaultyIndex, Text: "the search index: " + a, Derived: true})
		default:
			found = append(found, catalog.Fault{Kind: catalog.FaultyPages, Text: "pages: " + a})
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
		return nil, err
	}
	for _, d := range rows[:min(len(rows), 10)] {
		found = append(found, catalog.Fault{Kind: catalog.FaultyReferences,
			Text: fmt.Sprintf("row %s of %s refers to nothing in %s", d.row, d.table, d.parent)})
	}
	return found, nil
}
