package jobs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/catalog/sqlcatalog/sqlcatalogtest"
)

// writes counts transactions.
type writes struct {
	catalog.Store
	n int
}

func (w *writes) Write(ctx context.Context, fn func(catalog.Writer) error) error {
	w.n++
	return w.Store.Write(ctx, fn)
}

func TestDocumentsOfFormerRemotesGoInSmallTransactions(t *testing.T) {
	s := sqlcatalogtest.Open(t, filepath.Join(t.TempDir(), "catalog.sqlite"), sqlcatalog.Options{Rehearse: true})
	defer func() { _ = s.Close() }()
	const gone, there, public = "remote:a@1/npm", "remote:a@2/npm", "public:npmjs"
	err := s.Write(t.Context(), func(w catalog.Writer) error {
		for connection, documents := range map[string]int{gone: 2*removeBatch + 1, "remote:a@1/pypi": 1, there: 2, public: 3} {
			for i := range documents {
				key := catalog.DocumentKey{Connection: connection, Path: fmt.Sprint(i)}
				if err := w.PutDocument(catalog.Document{DocumentKey: key, Digest: artifact.Digest{byte(len(connection))}}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	counted := &writes{Store: s}
	standing := func(catalog.Reader) (func(string) bool, error) {
		return func(connection string) bool { return connection == there || connection == public }, nil
	}
	if err := ForgottenDocuments(counted, standing)(t.Context()); err != nil {
		t.Fatal(err)
	}
	if counted.n != 4 {
		t.Errorf("%d transactions, want 3 for the documents of one connection and 1 for another", counted.n)
	}
	var left []string
	err = s.Read(t.Context(), func(r catalog.Reader) error {
		left = nil
		for last := ""; ; {
			next, err := r.DocumentConnection(last)
			if err != nil || next == "" {
				return err
			}
			left, last = append(left, next), next
		}
	})
	if err != nil || !slices.Equal(left, []string{public, there}) {
		t.Errorf("got documents of %v, %v", left, err)
	}
	broken := errors.New("disk full")
	err = ForgottenDocuments(s, func(catalog.Reader) (func(string) bool, error) { return nil, broken })(t.Context())
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the catalog's error", err)
	}
}
