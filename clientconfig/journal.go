package clientconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Journal remembers, for each file that was changed, what was there before and who changed it.
type Journal struct {
	folder string
	read   []byte // the file as it was read, nil if there was none
	files  map[string]record
}

// record is what was changed in a file, in the order it was done.
type record struct {
	Syntax Syntax `json:"syntax"`
	// Created files go away again when nothing is left in them.
	Created bool `json:"created,omitempty"`
	// Parents were made to put settings into. They belong to nobody, and go when they are empty.
	Parents  []change `json:"parents,omitempty"`
	Settings []owned  `json:"settings"`
}

// owned is a change of a setting, and who wanted it.
type owned struct {
	Owner string `json:"owner"`
	change
}

// journalFormat is what the file on disk is: its number goes up when an older program would misread it.
type journalFormat struct {
	Version int               `json:"version"`
	Files   map[string]record `json:"files"`
}

const (
	journalName    = "client-settings.json"
	journalVersion = 1
	maxJournal     = 16 << 20
)

// OpenJournal reads the journal of a folder, which need not be there. It holds what settings were before, secrets included,
// and is readable by its owner alone. The error says what is wrong with the file.
func OpenJournal(folder string) (*Journal, error) {
	j := &Journal{folder: folder}
	var err error
	if j.read, err = j.load(); err != nil || j.read == nil {
		return j, err
	}
	var stored journalFormat
	if err := json.Unmarshal(j.read, &stored); err != nil {
		return nil, fmt.Errorf("%s: %w; move it away to start anew, what it knew to take back is in it", j.path(), err)
	}
	if stored.Version != journalVersion {
		return nil, fmt.Errorf("%s was written by another version of this program (%d, this one reads %d)",
			j.path(), stored.Version, journalVersion)
	}
	j.files = stored.Files
	return j, nil
}

func (j *Journal) path() string { return filepath.Join(j.folder, journalName) }

func (j *Journal) load() ([]byte, error) {
	info, err := os.Stat(j.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.Size() > maxJournal {
		err = fmt.Errorf("%s is longer than %d bytes", j.path(), maxJournal)
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(j.path())
}

// Owners are those who have settings in files, sorted.
func (j *Journal) Owners() (names []string) {
	for _, r := range j.files {
		for _, s := range r.Settings {
			names = append(names, s.Owner)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// replaceWith writes the journal anew, unless somebody else has since it was read.
func (j *Journal) replaceWith(files map[string]record) error {
	now, err := j.load()
	if err != nil {
		return err
	}
	if !bytes.Equal(now, j.read) {
		return errors.New("another command has changed settings meanwhile; run this one again")
	}
	text, err := json.MarshalIndent(journalFormat{journalVersion, files}, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if err := writeFile(j.path(), text, 0o600, nil); err != nil {
		return err
	}
	j.read, j.files = text, files
	return nil
}

// takeBack undoes what an owner did to a text. It changes the record, and returns why something was left as it is.
func (r *record) takeBack(g grammar, text, owner string) (after string, left []string) {
	for i := len(r.Settings) - 1; i >= 0; i-- {
		if r.Settings[i].Owner != owner {
			continue
		}
		c := r.Settings[i].change
		r.Settings = slices.Delete(r.Settings, i, i+1)
		// Somebody else has changed it since: theirs stands, and what was before ours was before theirs.
		later := slices.IndexFunc(r.Settings[i:], func(o owned) bool { return slices.Equal(o.Key, c.Key) })
		if later >= 0 {
			above := &r.Settings[i+later].change
			above.Before, above.Lead, above.Trail = c.Before, c.Lead, c.Trail
			continue
		}
		why := ""
		if text, why = takeBack(g, text, c); why != "" {
			left = append(left, fmt.Sprintf("%s: %s", c.Key, why))
		}
	}
	return text, left
}

// clearParents removes what was made to put settings into and has none any more.
func (r *record) clearParents(g grammar, text string) string {
	for i := len(r.Parents) - 1; i >= 0; i-- {
		done := false
		if text, done = takeBackParent(g, text, r.Parents[i]); done {
			r.Parents = slices.Delete(r.Parents, i, i+1)
		}
	}
	return text
}

// put writes a setting into a text and remembers it.
func (r *record) put(g grammar, text, owner string, s Setting) (string, error) {
	after, parents, c, err := put(g, text, s.Key, s.Value)
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.Key, err)
	}
	r.Parents = append(r.Parents, parents...)
	r.Settings = append(r.Settings, owned{owner, c})
	return after, nil
}
