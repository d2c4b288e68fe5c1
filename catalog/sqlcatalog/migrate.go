package sqlcatalog

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// migrate applies the migrations that the database has not seen, each in a transaction of its own. It refuses a database
// that has seen one this program does not know; and, if it is only to be inspected, one that has not seen them all.
func migrate(ctx context.Context, d *dialect, db *sql.DB, inspect bool) error {
	folder, err := fs.Sub(migrations, "migrations/"+d.name)
	if err != nil {
		return err
	}
	steps, err := goose.NewProvider(d.goose, db, folder,
		goose.WithDisableGlobalRegistry(true), goose.WithTableName("schema_versions"), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	have, know, err := steps.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if have > know {
		return fmt.Errorf("the schema is at version %d and this program knows versions up to %d: "+
			"it was written by a newer release, so run that one or restore a backup", have, know)
	}
	if inspect && have < know {
		return fmt.Errorf("the schema is at version %d and this program's is %d: start the server once, which brings it up "+
			"to date, or use the release that wrote it", have, know)
	}
	if _, err := steps.Up(ctx); err != nil {
		return fmt.Errorf("migrate the schema from version %d to %d: %w", have, know, err)
	}
	return nil
}
