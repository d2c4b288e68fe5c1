package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Verdict is what was found in the folder of an export.
type Verdict struct {
	Digests int       `json:"digests"`
	Logs    int       `json:"logs"`
	Records int       `json:"records"`
	From    time.Time `json:"from"` // what the chain covers; zero if there is none
	To      time.Time `json:"to"`
	Faults  []Fault   `json:"faults"`
}

// Fault is something that is not as it was written.
type Fault struct {
	File string `json:"file"` // below the folder
	Says string `json:"says"`
}

func (v *Verdict) fault(file, format string, args ...any) {
	v.Faults = append(v.Faults, Fault{file, fmt.Sprintf(format, args...)})
}

// Verify checks the chain of digests in a folder, and every file of records against them. Since, if it is not zero, is where the
// chain may begin: what was before has been moved away. Until, if it is not zero, is what it must reach to. The error is one of
// reading; what is wrong with the files are faults.
func Verify(folder fs.FS, key ed25519.PublicKey, since, until time.Time) (Verdict, error) {
	v := Verdict{}
	digests, logs, err := v.survey(folder)
	if err != nil {
		return v, err
	}
	var last link
	for i, name := range digests {
		if last, err = v.follow(folder, key, name, last, i == 0 && since.IsZero(), logs); err != nil {
			return v, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(logs)) {
		v.fault(name, "no digest names it")
	}
	switch {
	case len(digests) == 0:
		v.fault(".", "there is no digest")
	case !since.IsZero() && v.From.After(since):
		v.fault(".", "the chain begins at %s, later than %s", stamp(v.From), stamp(since))
	}
	if !until.IsZero() && v.To.Before(until) {
		v.fault(".", "the chain ends at %s and should reach to %s: what was at its end is missing", stamp(v.To), stamp(until))
	}
	return v, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// ofDisk is a folder that a disk has, where the export has one for itself; only the system may read it.
const ofDisk = "lost+found"

// survey lists the digests in the order of time, and the logs. Names with a dot before them are of files that were being written.
func (v *Verdict) survey(folder fs.FS) (digests []string, logs map[string]bool, err error) {
	logs = map[string]bool{}
	err = fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if name == ofDisk {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		start, digest, ok := startOf(path.Base(name))
		switch {
		case !ok || path.Dir(name) != Day(start):
			v.fault(name, "it is no file of an export")
		case digest:
			digests = append(digests, name)
		default:
			logs[name] = true
		}
		return nil
	})
	slices.Sort(digests)
	return digests, logs, err
}

// link is the digest that the next has to name.
type link struct {
	Digest
	name, hash string
	good       bool
}

// follow checks one digest, how it follows the one before, and its log, which it takes off the list.
func (v *Verdict) follow(folder fs.FS, key ed25519.PublicKey, name string, before link, first bool, logs map[string]bool) (link, error) {
	file, err := readFile(folder, name)
	if err != nil {
		return link{}, err
	}
	start, _, _ := startOf(path.Base(name))
	log := path.Join(path.Dir(name), LogName(start))
	d, err := ParseDigest(file, key)
	if err == nil && !d.Start.Equal(start) {
		err = errors.New("it is of another period than its name says")
	}
	v.Digests++
	now := link{d, name, Hash(file), err == nil}
	if v.From.IsZero() {
		v.From = start
	}
	if err != nil {
		v.fault(name, "%v", err)
		delete(logs, log) // nobody knows what it should be
		return now, nil
	}
	v.To = d.End
	switch {
	case before.name == "" && first && d.Previous != "":
		v.fault(name, "it is not the first of its chain: what was before is missing")
	case before.name != "" && before.good && !d.Start.Equal(before.End):
		v.fault(name, "what was from %s to %s is missing", stamp(before.End), stamp(d.Start))
	case before.name != "" && before.good && (d.Previous != before.hash || d.After != before.Last):
		v.fault(name, "it does not follow %s", path.Base(before.name))
	}
	if d.Log == nil {
		return now, nil
	}
	delete(logs, log)
	return now, v.checkLog(folder, log, *d.Log)
}

// checkLog checks a file of records against its digest.
func (v *Verdict) checkLog(folder fs.FS, name string, want Log) error {
	file, err := folder.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		v.fault(name, "it is missing, with %d records", want.Records)
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, io.LimitReader(file, want.Size+1))
	if err != nil {
		return err
	}
	v.Logs++
	if size != want.Size || hex.EncodeToString(sum.Sum(nil)) != want.Hash {
		v.fault(name, "its bytes are not those that were exported")
		return nil
	}
	v.Records += want.Records
	return nil
}

// readFile reads a small file; what is too long for a digest is cut, so that it will not be taken for one.
func readFile(folder fs.FS, name string) ([]byte, error) {
	file, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxDigest+1))
}
