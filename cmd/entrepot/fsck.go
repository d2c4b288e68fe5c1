package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"entrepot/blob/disk"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/catalog/sqlcatalog"
	"entrepot/fsck"
	"entrepot/jobs"

	"github.com/prometheus/client_golang/prometheus"
)

type fsckCommand struct {
	Data   string        `default:"./entrepot-data" env:"ENTREPOT_DATA" help:"Data folder to check. Its server must be stopped."`
	Repair bool          `help:"Repair what has a source to be repaired from, and remove what was left over."`
	JSON   bool          `name:"json" help:"Print the report as one JSON object."`
	Grace  time.Duration `default:"1h" help:"Age from which content without a name is left over."`
}

// Help is shown by entrepot fsck --help.
func (fsckCommand) Help() string {
	return `Examples:

  entrepot fsck --data /srv/entrepot
  entrepot fsck --data /srv/entrepot --repair
  entrepot fsck --data /srv/entrepot --json >report.json

Every page of the catalog, every count and reference in it, and every byte of every kept asset is read and proven. Without
--repair nothing is changed. With it, counts and the search index are made anew, damaged documents of registries are
dropped, and assets that came from a registry are fetched again when somebody asks for them; no registry is needed now.
What was published here and is lost has no other source: it is listed with what to do.

The command ends with 0 if nothing is wrong any more, with 1 if something is, and with 2 if it could not check.`
}

// The codes with which the command ends.
const (
	statusFindings  = 1
	statusUnchecked = 2
)

// Run checks the folder and prints what it found.
func (c fsckCommand) Run(ctx context.Context) error {
	started := time.Now()
	report, err := c.check(ctx)
	if err != nil {
		return exitStatus{statusUnchecked, fmt.Errorf("could not check %s: %w", c.Data, err)}
	}
	if err := c.print(report, time.Since(started)); err != nil {
		return exitStatus{statusUnchecked, err}
	}
	if report.Left() > 0 {
		return exitStatus{statusFindings, nil}
	}
	return nil
}

// check opens the folder, as it is unless something is to be repaired.
func (c fsckCommand) check(ctx context.Context) (report fsck.Report, err error) {
	for _, p := range parts {
		there, err := p.there(filepath.Join(c.Data, filepath.FromSlash(p.name)))
		if err == nil && !there {
			err = fmt.Errorf("%s is missing; restore it from a backup, or name another folder with --data", p.name)
		}
		if err != nil {
			return report, err
		}
	}
	keyring, err := sealed.OpenKeyring(c.Data)
	if err != nil {
		return report, err
	}
	// Whoever has this folder is alone with all of the data.
	content, err := disk.Open(filepath.Join(c.Data, "blobs"), disk.Options{Inspect: true})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	path := filepath.Join(c.Data, "catalog.sqlite")
	workInLog(ctx, path)
	pages, err := c.pages(ctx, path)
	if err != nil {
		return report, err
	}
	store, err := sqlcatalog.OpenSQLite(ctx, path, sqlcatalog.Options{Existing: true, Inspect: !c.Repair})
	if err != nil && len(pages) > 0 {
		return fsck.Report{Findings: append(pages, fsck.Finding{Kind: fsck.Kind(catalog.FaultyPages),
			Text: fmt.Sprintf("nothing else could be checked: %v", err)})}, nil
	}
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	stores, err := newDomainStores(content, "disk", keyring, store, admitAll, prometheus.NewRegistry(), 0)
	if err != nil {
		return report, err
	}
	return c.run(ctx, store, content, stores, pages)
}

// workInLog opens and closes the catalog, for a page that a power cut has torn is whole in the log. Whether that succeeds
// is found out later, when what is wrong can be told.
func workInLog(ctx context.Context, path string) {
	if _, err := os.Stat(path + "-wal"); err != nil {
		return
	}
	store, err := sqlcatalog.OpenSQLite(ctx, path, sqlcatalog.Options{Existing: true, Inspect: true})
	if err == nil {
		_ = store.Close()
	}
}

// pages checks those of the catalog's file.
func (c fsckCommand) pages(ctx context.Context, path string) ([]fsck.Finding, error) {
	faults, _, err := sqlcatalog.CheckPages(ctx, path, c.Repair)
	var found []fsck.Finding
	for _, f := range faults {
		found = append(found, fsck.Finding{Kind: fsck.Kind(catalog.FaultyPages),
			Text:       fmt.Sprintf("page %d of catalog.sqlite is not as it was written", f.Number),
			Remedy:     "restore catalog.sqlite from a backup",
			Repairable: f.Correctable, Repaired: f.Correctable && c.Repair})
	}
	return found, err
}

// run checks what is open, and removes what was left over if something is to be repaired.
func (c fsckCommand) run(ctx context.Context, store *sqlcatalog.Store, content *disk.Disk, stores *domainStores,
	found []fsck.Finding) (fsck.Report, error) {
	documents, err := stores.documents()
	if err != nil {
		return fsck.Report{}, err
	}
	unheard, err := stores.standing(ctx, store, unknown)
	if err != nil && len(found) == 0 {
		return fsck.Report{}, err
	}
	// Bytes that lie where nobody has mounted or restored them are not lost, and the repair of a loss would give them up.
	there, err := stores.there()
	if err != nil {
		return fsck.Report{}, err
	}
	err = store.Read(ctx, func(r catalog.Reader) error { return wantSpaces(r, there) })
	if errors.Is(err, errSpaceMissing) || err != nil && len(found) == 0 {
		return fsck.Report{}, err
	}
	c.Repair = c.Repair && err == nil // what a damaged catalog cannot tell may be that
	for _, name := range unheard {
		found = append(found, fsck.Finding{Kind: fsck.SpaceUnknown,
			Text:   fmt.Sprintf("blobs/%s belongs to no domain that the catalog ever had", name),
			Remedy: "restore the catalog.sqlite that it belongs to, or move the folder away"})
	}
	shown := newProgress(os.Stderr)
	report, err := fsck.Run(ctx, fsck.Options{Catalog: store, Open: stores.openToCheck, Documents: documents, Found: found,
		Now: time.Now, Grace: c.Grace, Repair: c.Repair, Progress: shown.show})
	shown.end()
	if err != nil {
		return report, err
	}
	drafts, bytes, err := content.Drafts()
	report.Leftovers.Drafts, report.Leftovers.Bytes = drafts, report.Leftovers.Bytes+bytes
	if err != nil || !c.Repair || report.Left() > 0 {
		return report, err // where something is wrong, what seems to be left over may be all there is
	}
	if err := content.RemoveDrafts(); err != nil {
		return report, err
	}
	orphans, err := jobs.NewOrphans(store, stores.spaces(store, documents), c.Grace, time.Now, slog.New(slog.DiscardHandler),
		prometheus.NewRegistry())
	if err != nil {
		return report, err
	}
	return report, orphans.Run(ctx)
}

// told is the report with what the folder cannot say of itself.
type told struct {
	Data       string `json:"data"`
	Repair     bool   `json:"repair"`
	DurationMS int64  `json:"duration_ms"`
	Left       int    `json:"left"` // findings that are not repaired
	fsck.Report
}

func (c fsckCommand) print(r fsck.Report, took time.Duration) error {
	if c.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(told{c.Data, c.Repair, took.Milliseconds(), r.Left(), r})
	}
	n := r.Checked
	fmt.Printf("%s: checked %d domains, %d repositories, %d packages, %d versions, %d assets (%d more are promised by "+
		"registries), %d contents of %s, %d documents\n", c.Data, n.Domains, n.Repositories, n.Packages, n.Versions, n.Assets,
		n.Promises, n.Contents, size(n.Bytes), n.Documents)
	for i, f := range r.Findings {
		fmt.Printf("\n%d. %s: %s\n", i+1, f.Kind, f.Text)
		if f.SHA256 != "" {
			fmt.Printf("   sha256 %s %s\n", f.SHA256, f.Domain)
		}
		for _, a := range f.Assets {
			fmt.Printf("   %s of %s in %s %s\n", a.Name, a.Version, a.Repository, a.Origin)
		}
		switch {
		case f.Repaired:
			fmt.Println("   repaired")
		case f.Repairable:
			fmt.Println("   --repair repairs it")
		case f.Remedy != "":
			fmt.Println("   what to do:", f.Remedy)
		}
	}
	if l := r.Leftovers; l != (fsck.Leftovers{}) {
		fmt.Printf("\nleft over, and removed by the server in time or by --repair: %d drafts, %d contents without a name, "+
			"%s, %d unfinished deletions\n", l.Drafts, l.Contents, size(l.Bytes), l.Deletions)
	}
	_, err := fmt.Printf("\n%d findings, %d repaired, %d left\n", len(r.Findings), len(r.Findings)-r.Left(), r.Left())
	return err
}

// size writes a number of bytes for people.
func size(bytes int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"}
	n, unit := float64(bytes), 0
	for n >= 1024 && unit < len(units)-1 {
		n, unit = n/1024, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d %s", bytes, units[unit])
	}
	return fmt.Sprintf("%.1f %s", n, units[unit])
}
