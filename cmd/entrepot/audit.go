package main

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entrepot/audit"
	"entrepot/awsclient"
	"entrepot/blob/sealed"
	"entrepot/catalog"
	"entrepot/jobs"
	"entrepot/queryapi"
	"entrepot/trail"
)

// exportEvery is how often is looked whether a period of the record is over, unless periods are shorter.
const exportEvery = time.Minute

// auditKey is the key that digests of the record are signed with. It follows from the master key, so it need not be kept.
func auditKey(derive func(about []byte) [32]byte) ed25519.PrivateKey {
	seed := derive([]byte("key of the record's digests"))
	return ed25519.NewKeyFromSeed(seed[:])
}

// exporter exports the record; nil if it is not to be exported.
func (a *app) exporter() *trail.Exporter {
	c := a.config.AuditExport
	if c.To == "" {
		return nil
	}
	x := trail.NewExporter(a.trail, c.To, c.Period, auditKey(a.stores.Derive))
	x.Kept = a.config.Retention.Audit
	return x
}

// exports are the jobs that export the record.
func (a *app) exports(x *trail.Exporter) []jobs.Job {
	if x == nil {
		return nil
	}
	return []jobs.Job{{Name: "audit", Every: min(a.config.AuditExport.Period, exportEvery), Run: x.Run}}
}

// removeOld is the work of removing what the record has kept long enough. What is to be exported stays until it is.
func (a *app) removeOld(x *trail.Exporter) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		kept := map[catalog.EventKind]time.Duration{catalog.AuditEvent: a.config.Retention.Audit, catalog.VersionEvent: a.config.Retention.Events}
		if x != nil && !x.Exported(time.Now().Add(-a.config.Retention.Audit)) {
			delete(kept, catalog.AuditEvent)
		}
		return jobs.OldEvents(a.catalog, kept, time.Now)(ctx)
	}
}

type auditCommand struct {
	Show   showAuditCommand   `cmd:"" default:"withargs" help:"Show who changed what and what was refused."`
	Verify verifyAuditCommand `cmd:"" help:"Check the files of an exported record."`
	Key    auditKeyCommand    `cmd:"" help:"Print the key with which an exported record is checked."`
}

// Help is shown by entrepot audit --help.
func (auditCommand) Help() string {
	return `Examples:

  entrepot audit show --since 1h
  entrepot audit --follow
  entrepot audit key --data /srv/entrepot
  entrepot audit verify /srv/audit --key 3q2+7w... --current 2h`
}

type showAuditCommand struct {
	caller
	By     string        `placeholder:"ATTRIBUTE=VALUE" help:"Only events with this attribute: EventName, Username, ResourceName, ResourceType, EventSource, AccessKeyId, ReadOnly or EventId."`
	Since  time.Duration `placeholder:"24h" help:"Only those of the last so many hours (default: all, or those to come with --follow)."`
	Follow bool          `short:"f" help:"Go on with what comes, until you end it."`
	JSON   bool          `name:"json" help:"Print each event as CloudTrail records it, one JSON object a line."`
}

// Help is shown by entrepot audit show --help.
func (showAuditCommand) Help() string {
	return `Shows the events that concern your account, the oldest first: every change, every token and every call that was refused, with who
called, from where, and what decided. It takes cloudtrail:LookupEvents; aws cloudtrail lookup-events shows the same. The word show can be
left out.

Examples:

  entrepot audit show
  entrepot audit show --since 1h
  entrepot audit show --by Username=ann
  entrepot audit show --by EventName=DeletePackageVersions --json
  entrepot audit show --follow`
}

// Run prints the events.
func (c showAuditCommand) Run(ctx context.Context, u user, to io.Writer) error {
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	key, value, given := strings.Cut(c.By, "=")
	if c.By != "" && !given {
		return errors.New("--by takes an attribute and its value, such as EventName=CreateRepository")
	}
	w := &watched{calls: calls, key: key, value: value, json: c.JSON, to: plain{to}, seen: map[string]time.Time{}}
	from := time.Time{}
	switch {
	case c.Since > 0:
		from = time.Now().Add(-c.Since)
	case c.Follow:
		from = time.Now()
	}
	for {
		if from, err = w.show(ctx, from); err != nil || !c.Follow {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
	}
}

const (
	followEvery = time.Second
	// overlap is how far back is looked again when following: an event may come a little later than its time says.
	overlap = 10 * time.Second
	// maxShown bounds how many events are gathered before they are shown, the oldest first.
	maxShown = 100_000
)

// watched are the events that are shown to somebody.
type watched struct {
	calls      *awsclient.Client
	key, value string
	json       bool
	to         io.Writer
	seen       map[string]time.Time // those that were shown lately
}

type lookupAnswer struct {
	Events []struct {
		CloudTrailEvent string
	}
	NextToken string
}

// show shows the events from a time on that were not shown before, and returns from when on to look the next time.
func (w *watched) show(ctx context.Context, from time.Time) (next time.Time, err error) {
	input := map[string]any{}
	if !from.IsZero() {
		input["StartTime"] = from.Unix()
	}
	if w.key != "" {
		input["LookupAttributes"] = []map[string]string{{"AttributeKey": w.key, "AttributeValue": w.value}}
	}
	var events []string
	for {
		var page lookupAnswer
		if err := w.calls.Invoke(ctx, "cloudtrail", queryapi.CloudTrailTarget, "LookupEvents", input, &page); err != nil {
			return from, err
		}
		for _, e := range page.Events {
			events = append(events, e.CloudTrailEvent)
		}
		if page.NextToken == "" {
			break
		}
		if len(events) > maxShown {
			return from, fmt.Errorf("there are more than %d events: ask for fewer, with --since or --by", maxShown)
		}
		input["NextToken"] = page.NextToken
	}
	for _, text := range slices.Backward(events) {
		var r trail.Record
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return from, fmt.Errorf("read an event: %w", err)
		}
		if _, shown := w.seen[r.EventID]; shown {
			continue
		}
		w.seen[r.EventID] = r.EventTime
		if back := r.EventTime.Add(-overlap); back.After(from) {
			from = back
		}
		if err := w.print(r, text); err != nil {
			return from, err
		}
	}
	maps.DeleteFunc(w.seen, func(_ string, at time.Time) bool { return at.Before(from) })
	return from, nil
}

func (w *watched) print(r trail.Record, text string) error {
	if w.json {
		_, err := fmt.Fprintln(w.to, text)
		return err
	}
	on := "-"
	if len(r.Resources) > 0 {
		on = r.Resources[0].ARN
	}
	outcome := onlyIf(r.ErrorCode != "", "  "+r.ErrorCode+": "+r.ErrorMessage)
	who := onlyIf(r.UserIdentity.ARN == "", r.UserIdentity.InvokedBy) + r.UserIdentity.ARN
	_, err := fmt.Fprintf(w.to, "%s  %s  %s  %s  from %s%s\n", r.EventTime.Local().Format("2006-01-02 15:04:05"), who, r.EventName, on,
		onlyIf(r.SourceIPAddress == "", "-")+r.SourceIPAddress, outcome)
	return err
}

type verifyAuditCommand struct {
	Folder  string        `arg:"" help:"Folder of the export, as the setting audit_export.to names it, or a copy."`
	Key     string        `required:"" placeholder:"KEY" help:"Key that entrepot audit key prints."`
	From    time.Time     `placeholder:"TIME" help:"Where the chain may begin, such as 2026-11-29T00:00:00Z: what was before has been moved away (default: at its first period)."`
	Current time.Duration `placeholder:"2h" help:"How old the end of the chain may be. Without it nothing is said of what is missing at its end."`
	JSON    bool          `name:"json" help:"Print the verdict as one JSON object."`
}

// Help is shown by entrepot audit verify --help.
func (verifyAuditCommand) Help() string {
	return `Checks every file of an exported record against the digest of its period, and every digest against its signature and the digest before.
What was changed, left out or put in is found and named, and the program ends with status 1. It takes nothing but the files and
the key: no server, no data folder.

Examples:

  entrepot audit verify /srv/audit --key 3q2+7w...
  entrepot audit verify /srv/audit --key 3q2+7w... --current 2h
  entrepot audit verify /srv/audit --key 3q2+7w... --from 2026-11-01T00:00:00Z`
}

// Run checks and prints what was found.
func (c verifyAuditCommand) Run(to io.Writer) error {
	key, err := audit.PublicKey(c.Key)
	if err != nil {
		return err
	}
	if entry, err := os.Stat(c.Folder); err != nil {
		return err
	} else if !entry.IsDir() {
		return fmt.Errorf("%s is no folder", c.Folder)
	}
	var until time.Time
	if c.Current > 0 {
		until = time.Now().Add(-c.Current)
	}
	v, err := audit.Verify(os.DirFS(c.Folder), key, c.From, until)
	if err != nil {
		return err
	}
	if err := c.print(to, v); err != nil {
		return err
	}
	if len(v.Faults) > 0 {
		return exitStatus{1, nil}
	}
	return nil
}

func (c verifyAuditCommand) print(to io.Writer, v audit.Verdict) error {
	if c.JSON {
		if v.Faults == nil {
			v.Faults = []audit.Fault{}
		}
		return printJSON(to, v)
	}
	out := plain{to}
	for _, f := range v.Faults {
		fmt.Fprintf(out, "%s: %s\n", f.File, f.Says)
	}
	if v.Digests > 0 {
		fmt.Fprintf(out, "from %s to %s: ", v.From.Format(time.RFC3339), v.To.Format(time.RFC3339))
	}
	_, err := fmt.Fprintf(out, "%d periods, %d files with %d records, %d faults\n", v.Digests, v.Logs, v.Records, len(v.Faults))
	return err
}

type auditKeyCommand struct {
	Data string `default:"./entrepot-data" env:"ENTREPOT_DATA" help:"Data folder of the server that exports."`
}

// Help is shown by entrepot audit key --help.
func (auditKeyCommand) Help() string {
	return `The key is no secret: with it the record is checked, and nothing can be signed. It follows from the installation's master key, and is
the same for ever. Keep it elsewhere than the export, for whoever can change both can write a chain of his own.

Example:

  entrepot audit key --data /srv/entrepot`
}

// Run prints the key.
func (c auditKeyCommand) Run(to io.Writer) error {
	if _, err := os.Stat(filepath.Join(c.Data, "keys", "master")); err != nil {
		return fmt.Errorf("%s is no data folder with its master key: %w", c.Data, err)
	}
	keyring, err := sealed.OpenKeyring(c.Data)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(to, audit.KeyText(auditKey(keyring.Derive).Public().(ed25519.PublicKey)))
	return err
}
