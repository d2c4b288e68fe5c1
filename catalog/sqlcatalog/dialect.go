package sqlcatalog

// dialect is what differs between databases. The verbs are written in the SQL that SQLite and PostgreSQL share: upserts
// and RETURNING instead of error codes, so that no failed statement spoils a transaction; row values; and the one comma
// list of ids that valuesList makes.
type dialect struct {
	name        string // folder under migrations
	beginRead   string // starts a transaction with one snapshot
	beginWrite  string // starts a transaction that excludes other writers from its first moment
	bind        func(query string) string
	after       func(prefix string) (string, bool) // least text after every text with the prefix; false if there is none
	indexSearch searchIndex
}

// searchIndex is the index of search, which the standard knows nothing of.
type searchIndex struct {
	insert           string // JSON: array of arrays of a package id and its words, parted by spaces
	deletePackages   string // JSON: array of package ids
	deleteRepository string // repository id
	source           string // FROM and WHERE: rows of packages p whose words match one query
	query            func(w searchWords) string
}

var sqlite = dialect{
	name:       "sqlite",
	beginRead:  "BEGIN",
	beginWrite: "BEGIN IMMEDIATE", // a deferred one may fail at its first write when it has read before
	bind:       func(query string) string { return query },
	after:      afterPrefix,
	indexSearch: searchIndex{
		insert:         "INSERT INTO package_search (rowid, grams) SELECT value ->> 0, value ->> 1 FROM json_each(?)",
		deletePackages: "DELETE FROM package_search WHERE rowid IN (SELECT value FROM json_each(?))",
		deleteRepository: "DELETE FROM package_search WHERE rowid IN " +
			"(SELECT id FROM packages WHERE repository = ?)",
		source: "FROM package_search JOIN packages p ON p.id = package_search.rowid " +
			"WHERE package_search MATCH ?",
		query: fts5Query,
	},
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
