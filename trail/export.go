package trail

import (
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/durable"
)

// Exporter writes the record into files, those of a period into one, and chains them by digests. The files are for whoever may read
// the record of all accounts: each event is in them once for each account that it concerns.
//
// What is on record is exported in the order of its numbers, so that nothing is left out and nothing is there twice. An event stands
// in the file of its period, or in a later one if it came late.
type Exporter struct {
	rules  *Service
	folder string
	period time.Duration
	key    ed25519.PrivateKey
	// Kept is how long events stay on record once they are exported; zero means for ever.
	Kept time.Duration

	mu   sync.Mutex
	head head // the newest digest that this process knows
}

// head is the end of a chain.
type head struct {
	audit.Digest
	hash string // of its file; empty before the first
}

// settling is how long after the end of a period is waited for events of it that are being written, at most: a whole period, if that
// is shorter.
const settling = 5 * time.Second

// NewExporter makes one that writes below a folder and signs with the key.
func NewExporter(rules *Service, folder string, period time.Duration, key ed25519.PrivateKey) *Exporter {
	return &Exporter{rules: rules, folder: folder, period: period, key: key}
}

// Run exports all periods that are over. What a run that was cut off has left is written anew.
func (x *Exporter) Run(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := os.MkdirAll(x.folder, 0o700); err != nil {
		return fmt.Errorf("export the record: %w", err)
	}
	last, err := x.last(ctx)
	if err != nil {
		return fmt.Errorf("export the record: %w", err)
	}
	for {
		x.head = last
		end := last.End.Truncate(x.period).Add(x.period)
		if x.rules.Now().Before(end.Add(min(settling, x.period))) {
			return nil
		}
		if last, err = x.export(ctx, last, end); err != nil {
			return fmt.Errorf("export the record of %s: %w", end.Add(-x.period).Format(time.RFC3339), err)
		}
	}
}

// Exported reports whether this process knows that all that happened before t is exported.
func (x *Exporter) Exported(t time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.head.hash != "" && !x.head.End.Before(t)
}

// last is the end of the chain: the newest digest that this process has written or that is in the folder. Before the first it is the
// moment at which the record begins.
//
// What happened after a digest that is older than the record may not be on record any more: whoever took away all that came after it would
// have it written anew without that. The next digest does not follow it, and the chain shows that something is missing.
func (x *Exporter) last(ctx context.Context) (head, error) {
	name, err := newest(x.folder)
	if err != nil {
		return head{}, err
	}
	if name == "" {
		if x.head.hash != "" {
			return x.head, nil // somebody has taken the files away, and the chain shall show it
		}
		return x.beginning(ctx)
	}
	file, err := os.ReadFile(name)
	if err != nil {
		return head{}, err
	}
	d, err := audit.ParseDigest(file, x.key.Public().(ed25519.PublicKey))
	switch {
	case x.head.hash != "" && (err != nil || !d.End.After(x.head.End)):
		return x.head, nil // what is there instead is for the verification to find
	case err != nil:
		return head{}, fmt.Errorf("%s is not as it was written: %w; to begin a new chain, move the folder's files away", name, err)
	case name != filepath.Join(x.folder, filepath.FromSlash(audit.Day(d.Start)), audit.DigestName(d.Start)):
		return head{}, fmt.Errorf("%s is not where it was written: move it away", name)
	case x.head.hash == "" && x.Kept > 0 && d.End.Before(x.rules.Now().Add(-x.Kept)):
		return head{d, ""}, nil
	}
	return head{d, audit.Hash(file)}, nil
}

// beginning is where a chain begins that has no digest: at the oldest event that is kept.
func (x *Exporter) beginning(ctx context.Context) (h head, err error) {
	var first []catalog.Event
	err = x.rules.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		first, err = r.Events(0, 1)
		return err
	})
	at := x.rules.Now()
	if len(first) > 0 {
		h.Last = first[0].Sequence - 1
		if first[0].Time.Before(at) {
			at = first[0].Time
		}
	}
	h.End = at.UTC().Truncate(x.period)
	return h, err
}

// export writes the files of the period from the last digest's end to end, and returns its digest.
func (x *Exporter) export(ctx context.Context, last head, end time.Time) (head, error) {
	d := audit.Digest{Start: last.End, End: end, After: last.Last, Previous: last.hash}
	folder := filepath.Join(x.folder, filepath.FromSlash(audit.Day(d.Start)))
	if err := makeFolders(x.folder, folder); err != nil {
		return head{}, err
	}
	var err error
	if d.Log, d.Last, err = x.writeLog(ctx, folder, d); err != nil {
		return head{}, err
	}
	file := d.Encode(x.key)
	if err := durable.WriteFile(filepath.Join(folder, audit.DigestName(d.Start)), file, 0o600); err != nil {
		return head{}, err
	}
	return head{d, audit.Hash(file)}, nil
}

// makeFolders makes the folders between one that is there and one below it, whose names are durable then.
func makeFolders(from, to string) error {
	below, err := filepath.Rel(from, to)
	if err != nil {
		return err
	}
	for _, name := range strings.Split(below, string(filepath.Separator)) {
		next := filepath.Join(from, name)
		if err := os.Mkdir(next, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		} else if err == nil {
			if err := durable.SyncFolder(from); err != nil {
				return err
			}
		}
		from = next
	}
	return nil
}

// exportPage is how many events are read in one go.
const exportPage = 500

// writeLog writes the file of a period's records, if it has any, and returns what its digest says of it and the number of the last
// event of the period.
func (x *Exporter) writeLog(ctx context.Context, folder string, d audit.Digest) (log *audit.Log, last int64, err error) {
	name := audit.LogName(d.Start)
	draft := filepath.Join(folder, "."+name+".new")
	file, err := os.OpenFile(draft, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		err = errors.Join(err, ignoreMissing(os.Remove(draft)))
	}()
	sum, counted := sha256.New(), &counter{}
	packed := gzip.NewWriter(io.MultiWriter(file, sum, counted))
	records, last, err := x.writeRecords(ctx, packed, d)
	if err = errors.Join(err, packed.Close(), file.Sync(), file.Close()); err != nil || records == 0 {
		return nil, last, err
	}
	if err := os.Rename(draft, filepath.Join(folder, name)); err != nil {
		return nil, 0, err
	}
	return &audit.Log{Name: name, Size: counted.n, Hash: hex.EncodeToString(sum.Sum(nil)), Records: records}, last, durable.SyncFolder(folder)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// counter counts bytes.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// writeRecords writes the records of a period as one JSON document. A period ends before the first event that happened after its end;
// one whose time has not come yet is of a clock that was wrong, and holds nothing up.
func (x *Exporter) writeRecords(ctx context.Context, to io.Writer, d audit.Digest) (records int, last int64, err error) {
	if _, err := io.WriteString(to, `{"Records":[`); err != nil {
		return 0, 0, err
	}
	last = d.After
	for now := x.rules.Now(); ; {
		var events []catalog.Event
		err := x.rules.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
			events, err = r.Events(last, exportPage)
			return err
		})
		if err != nil {
			return 0, 0, err
		}
		ended := slices.IndexFunc(events, func(e catalog.Event) bool { return !e.Time.Before(d.End) && !e.Time.After(now) })
		whole := ended < 0 && len(events) == exportPage
		if ended >= 0 {
			events = events[:ended]
		}
		for _, e := range events {
			last = e.Sequence
			n, err := x.writeEvent(to, e, records)
			if err != nil {
				return 0, 0, err
			}
			records += n
		}
		if !whole {
			_, err := io.WriteString(to, "]}\n")
			return records, last, err
		}
	}
}

// writeEvent writes the records of an event, behind as many others, and returns how many there are.
func (x *Exporter) writeEvent(to io.Writer, e catalog.Event, before int) (n int, err error) {
	if e.Kind != catalog.AuditEvent {
		return 0, nil
	}
	told := recipients(e)
	if len(told) == 0 {
		told = []string{""} // it concerns the installation alone
	}
	for _, account := range told {
		record, err := x.rules.record(e, account)
		if err != nil {
			return 0, err
		}
		text, err := json.Marshal(record)
		if err != nil {
			return 0, err
		}
		if before+n > 0 {
			text = append([]byte(",\n"), text...)
		}
		if _, err := to.Write(text); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// newest is the digest of the last period below a folder, or empty if there is none.
func newest(folder string) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	slices.Reverse(entries)
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		switch {
		case entry.IsDir() && !isNumber(entry.Name()):
			// It is none of ours: lost+found, where the folder is a disk's own.
		case entry.IsDir():
			if found, err := newest(path); err != nil || found != "" {
				return found, err
			}
		case audit.IsDigest(entry.Name()):
			return path, nil
		}
	}
	return "", nil
}

func isNumber(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' }) < 0
}
