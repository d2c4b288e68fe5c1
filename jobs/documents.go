package jobs

import (
	"context"
	"fmt"

	"entrepot/catalog"
)

// ForgottenDocuments returns the work of a job that removes what is remembered of the documents of connections that lead nowhere any
// more: those of remotes that were deleted, or went with their domains. standing reads which still do. A document that comes
// meanwhile is removed by the next run.
func ForgottenDocuments(c catalog.Store, standing func(catalog.Reader) (func(connection string) bool, error)) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		var gone []string
		err := c.Read(ctx, func(r catalog.Reader) error {
			gone = nil
			stands, err := standing(r)
			for last := ""; err == nil; {
				if last, err = r.DocumentConnection(last); last == "" {
					return err
				}
				if !stands(last) {
					gone = append(gone, last)
				}
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("find documents of former remotes: %w", err)
		}
		for _, connection := range gone {
			err := removeAll(ctx, c, func(w catalog.Writer) (int, error) { return w.DeleteDocuments(connection, removeBatch) })
			if err != nil {
				return fmt.Errorf("remove documents of a former remote: %w", err)
			}
		}
		return nil
	}
}
