package cargo

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// A version's manifest is two lines of compact JSON, each an object: its line of the index, but for what may change or is the
// server's to say (yanked, and of what was published here pubtime), and what the index does not tell. So an index file is made
// by joining first lines, without parsing thousands of versions again.

// about is the second line.
type about struct {
	Description string `json:"description,omitempty"`
}

var errManifest = errors.New("not a manifest of a crate")

// newManifest joins the lines.
func newManifest(line []byte, a about) ([]byte, error) {
	second, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	return append(append(append(bytes.Clone(line), '\n'), second...), '\n'), nil
}

// lineOf is a manifest's line of the index. It shares its memory.
func lineOf(manifest []byte) ([]byte, error) {
	line, _, ok := bytes.Cut(manifest, []byte{'\n'})
	if !ok || len(line) < 3 || line[0] != '{' || line[len(line)-1] != '}' {
		return nil, errManifest
	}
	return line, nil
}

// aboutOf is what a manifest tells besides.
func aboutOf(manifest []byte) (a about, err error) {
	_, second, _ := bytes.Cut(manifest, []byte{'\n'})
	if err := json.Unmarshal(second, &a); err != nil {
		return a, fmt.Errorf("%w: %w", errManifest, err)
	}
	return a, nil
}

// appendLine writes a version's line for clients.
func appendLine(dst []byte, v artifact.Version) ([]byte, error) {
	line, err := lineOf(v.Manifest)
	if err != nil {
		return dst, fmt.Errorf("line of %s: %w", v.VersionKey, err)
	}
	dst = append(dst, line[:len(line)-1]...)
	if !v.Origin.Fetched() {
		dst = append(dst, `,"pubtime":"`...)
		dst = v.PublishedAt.UTC().AppendFormat(dst, timeForm)
		dst = append(dst, '"')
	}
	if v.Status.Listed() {
		return append(dst, `,"yanked":false}`+"\n"...), nil
	}
	return append(dst, `,"yanked":true}`+"\n"...), nil
}

// timeForm is the one form of a time that cargo reads.
const timeForm = "2006-01-02T15:04:05Z"

// parseTime reads a time in that form and in no other; Go takes fractions of a second that cargo does not.
func parseTime(text string) (time.Time, bool) {
	at, err := time.Parse(timeForm, text)
	if err != nil || at.Format(timeForm) != text || at.Year() < 1970 {
		return time.Time{}, false
	}
	return at, true
}

// listed is a version as a registry lists it.
type listed struct {
	name, version string
	checksum      string // SHA-256 in hex
	line          []byte // without yanked
	yanked        bool
	published     time.Time // zero if the registry does not say
}

// readLine reads a line of a registry's index about the crate. Members that are not known stay as they are. An error says why
// no client could use the line.
func readLine(text []byte, p artifact.PackageKey) (listed, error) {
	all, err := jsonscan.SplitOutside(text)
	if err != nil {
		return listed{}, err
	}
	var l listed
	l.name, _ = all.Text("name")
	l.version, _ = all.Text("vers")
	l.checksum, _ = all.Text("cksum")
	if strings.ToLower(l.name) != p.Name {
		return listed{}, fmt.Errorf("it is about %.100q", l.name)
	}
	if _, err := parseVersion(l.version); err != nil {
		return listed{}, err
	}
	if sum, err := hex.DecodeString(l.checksum); err != nil || len(sum) != len(artifact.Digest{}) {
		return listed{}, fmt.Errorf("its cksum is %.100q", l.checksum)
	}
	if err := checkDependencies(all.Find("deps")); err != nil {
		return listed{}, err
	}
	l.yanked = string(all.Find("yanked")) == "true"
	kept := make(jsonscan.Members, 0, len(all))
	for _, m := range all {
		switch m.Key {
		case "yanked":
			continue
		case "pubtime":
			stamp, _ := jsonscan.AsText(m.Value)
			var ok bool
			if l.published, ok = parseTime(stamp); !ok {
				continue // cargo would leave the whole line out
			}
		}
		kept = append(kept, m)
	}
	l.line = kept.Append(nil)
	return l, nil
}

// checkDependencies looks whether cargo could read what a version needs.
func checkDependencies(value []byte) error {
	if len(value) == 0 || value[0] != '[' {
		return errors.New("its deps are no list")
	}
	for element := range jsonscan.Elements(value) {
		if element[0] != '{' {
			return fmt.Errorf("it needs %.100s, which is no dependency", element)
		}
		all, err := jsonscan.Split(element)
		if err != nil {
			return err
		}
		_, named := all.Text("name")
		_, required := all.Text("req")
		if !named || !required {
			return fmt.Errorf("it needs %.100s, which is no dependency", element)
		}
	}
	return nil
}

// dependencies are what a line says that a version needs, for the API.
func dependencies(line []byte) ([]artifact.Dependency, error) {
	all, err := jsonscan.Split(line)
	if err != nil {
		return nil, err
	}
	var found []artifact.Dependency
	for element := range jsonscan.Elements(all.Find("deps")) {
		one, err := jsonscan.Split(element)
		if err != nil {
			return nil, err
		}
		d := artifact.Dependency{Type: "regular"}
		d.Package, _ = one.Text("name")
		d.Requirement, _ = one.Text("req")
		if renamed, ok := one.Text("package"); ok {
			d.Package = renamed
		}
		if kind, ok := one.Text("kind"); ok && kind != "normal" {
			d.Type = kind
		}
		if string(one.Find("optional")) == "true" {
			d.Type = "optional"
		}
		found = append(found, d)
	}
	return found, nil
}
