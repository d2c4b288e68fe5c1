package clientconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// backupSuffix is what the copy of a file is called that is made before its first change.
const backupSuffix = ".entrepot-backup"

// Plan is changes of files that have not been made yet.
type Plan struct {
	journal *Journal
	files   map[string]record
	edits   []edit
	// Left says what could not be taken back, and why: somebody else has changed or removed it.
	Left []string
}

// edit is the change of one file.
type edit struct {
	path    string // as it is called
	target  string // where it is, links followed
	before  string
	existed bool
	after   string
	remove  bool
	mode    fs.FileMode // of a new one
	backup  bool        // a copy is made first
	restore bool        // nothing of ours is left in it
	secrets []string
}

// Plan makes the settings those of an owner. Whatever else it had set is taken back first; without settings nothing but
// that happens. The error is a sentence that names the file which cannot be changed and says why.
func (j *Journal) Plan(owner string, settings ...Setting) (*Plan, error) {
	p := &Plan{journal: j, files: maps.Clone(j.files)}
	if p.files == nil {
		p.files = map[string]record{}
	}
	byFile := map[string][]Setting{}
	var paths []string
	for _, s := range settings {
		path, err := filepath.Abs(s.File.Path)
		if err != nil {
			return nil, err
		}
		if byFile[path] == nil {
			paths = append(paths, path)
		}
		byFile[path] = append(byFile[path], s)
	}
	for _, path := range slices.Sorted(maps.Keys(j.files)) {
		isOwners := func(s owned) bool { return s.Owner == owner }
		if byFile[path] == nil && slices.ContainsFunc(j.files[path].Settings, isOwners) {
			paths = append(paths, path)
		}
	}
	for _, path := range paths {
		if err := p.plan(path, owner, byFile[path]); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return p, nil
}

// plan adds the change of one file.
func (p *Plan) plan(path, owner string, settings []Setting) error {
	r, known := p.files[path]
	r.Parents, r.Settings = slices.Clone(r.Parents), slices.Clone(r.Settings)
	e := edit{path: path, mode: 0o644, backup: !known}
	var err error
	if e.target, e.before, e.existed, err = readFile(path); err != nil {
		return err
	}
	if !known {
		r.Syntax, r.Created = settings[0].File.Syntax, !e.existed
	}
	g := grammars[r.Syntax]
	text, left := r.takeBack(g, e.before, owner)
	for _, why := range left {
		p.Left = append(p.Left, path+": "+why)
	}
	text = r.clearParents(g, text)
	for _, s := range settings {
		if s.File.Syntax != r.Syntax {
			return fmt.Errorf("it is written as %s and as %s", r.Syntax, s.File.Syntax)
		}
		if text, err = r.put(g, text, owner, s); err != nil {
			return err
		}
		if s.File.Secret {
			e.mode = 0o600
		}
		if s.File.Program {
			e.mode |= 0o100
		}
		e.secrets = append(e.secrets, s.Secrets...)
	}
	p.files[path] = r
	if len(r.Settings) == 0 {
		delete(p.files, path)
		e.restore = true
		e.remove = r.Created && text == ""
	}
	e.after = text
	p.edits = append(p.edits, e)
	return nil
}

// Changed are the files that the plan changes.
func (p *Plan) Changed() (paths []string) {
	for _, e := range p.edits {
		if e.changes() {
			paths = append(paths, e.path)
		}
	}
	return paths
}

func (e edit) changes() bool {
	return e.after != e.before || e.existed && e.remove || !e.existed && e.after != ""
}

// Apply makes the changes. The journal is written first: what it knows and a crash kept from being done is found to be gone
// when it is taken back. An error names the file; those before it are changed.
func (p *Plan) Apply() error {
	if len(p.edits) == 0 {
		return nil
	}
	for _, e := range p.edits {
		if _, now, existed, err := readFile(e.path); err != nil || now != e.before || existed != e.existed {
			return fmt.Errorf("%s was changed meanwhile; run the command again: %w", e.path, errors.Join(err, errChanged))
		}
	}
	if err := p.journal.replaceWith(p.files); err != nil {
		return err
	}
	for _, e := range p.edits {
		if err := e.apply(); err != nil {
			return err
		}
	}
	return nil
}

var errChanged = errors.New("nothing was written")

func (e edit) apply() error {
	backup := e.target + backupSuffix
	if e.backup && e.existed && e.changes() {
		if err := copyFile(e.target, backup); err != nil {
			return err
		}
	}
	if e.changes() {
		if err := e.write(); err != nil {
			return err
		}
	}
	if !e.restore {
		return nil
	}
	// A copy of what is there again is of no more use.
	if kept, err := os.ReadFile(backup); err == nil && string(kept) == e.after {
		return removeFile(backup)
	}
	return nil
}

func (e edit) write() error {
	if e.remove {
		return removeFile(e.target)
	}
	info, err := os.Stat(e.target)
	if errors.Is(err, fs.ErrNotExist) {
		return writeFile(e.target, []byte(e.after), e.mode, nil)
	}
	if err != nil {
		return err
	}
	return writeFile(e.target, []byte(e.after), info.Mode().Perm(), info)
}
