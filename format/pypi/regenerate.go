package pypi

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"entrepot/format/jsonscan"
	"entrepot/format/keptpage"
)

// regenerate reads a registry's page about a project in either form and writes what is kept of it. The page as a whole is
// refused if it is none, is about another project, is of an API that is not known, or passes a limit; files that no client
// could use are left out.
func regenerate(dst io.Writer, src io.Reader, project string) (keptpage.LeftOut, error) {
	r := newReleases(project)
	in := bufio.NewReaderSize(io.LimitReader(src, maxPage), 64<<10)
	first, err := firstByte(in)
	switch {
	case err != nil:
	case first == '{':
		err = r.readJSON(in)
	case first == '<':
		err = r.readHTML(in)
	default:
		err = fmt.Errorf("it begins with %q and is neither JSON nor HTML", first)
	}
	if err != nil {
		return r.left, fmt.Errorf("read simple page of %s: %w", project, err)
	}
	r.finish()
	return r.left, r.write(dst)
}

// firstByte peeks at the first byte that is no white space and no byte order mark.
func firstByte(in *bufio.Reader) (byte, error) {
	for {
		c, err := in.ReadByte()
		if err == io.EOF {
			return 0, io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, err
		}
		if !strings.ContainsRune(" \t\r\n\xef\xbb\xbf", rune(c)) && c < 0x80 {
			return c, in.UnreadByte()
		}
	}
}

// readJSON reads a page of PEP 691 with what later ones added to it. Of a member that comes twice the last counts, as for
// clients, but for files: those of all lists count.
func (r *releases) readJSON(in io.Reader) error {
	p := jsonPage{releases: r, scan: jsonscan.New(in)}
	p.scan.Mend = true
	if err := p.scan.Object(p.member); err != nil {
		return err
	}
	if err := p.scan.Finish(); err != nil {
		return err
	}
	if !p.listed {
		return errors.New("it has no list of files")
	}
	return nil
}

type jsonPage struct {
	*releases
	scan   *jsonscan.Scanner
	listed bool
}

func (p *jsonPage) member(key string) error {
	switch key {
	case "meta":
		return p.object(p.meta)
	case "name":
		return p.readName()
	case "versions":
		return p.array(func() error {
			version, err := p.scan.TextOr(maxVersion)
			p.spell(version)
			return err
		})
	case "files":
		p.listed = true
		return p.array(p.file)
	case "alternate-locations":
		return p.texts(&p.project.AlternateLocations)
	case "project-status":
		return p.object(p.status)
	}
	return p.scan.Skip()
}

// object reads an object member by member, or passes over what is none.
func (p *jsonPage) object(read func(key string) error) error {
	c, err := p.scan.Peek()
	if err != nil {
		return err
	}
	if c != '{' {
		return p.scan.Skip()
	}
	return p.scan.Object(read)
}

// array reads an array element by element, or passes over what is none.
func (p *jsonPage) array(read func() error) error {
	c, err := p.scan.Peek()
	if err != nil {
		return err
	}
	if c != '[' {
		return p.scan.Skip()
	}
	return p.scan.Array(read)
}

func (p *jsonPage) meta(key string) error {
	switch key {
	case "api-version":
		version, err := p.scan.TextOr(maxVersion)
		if err != nil {
			return err
		}
		return checkAPIVersion(version)
	case "tracks":
		return p.texts(&p.project.Tracks)
	case "project-status":
		return p.object(p.status)
	}
	return p.scan.Skip()
}

// checkAPIVersion refuses a page of another major version, as clients must (PEP 629).
func checkAPIVersion(version string) error {
	if major, _, _ := strings.Cut(version, "."); version != "" && major != "1" {
		return fmt.Errorf("it is of version %.40q of the API, of which 1 is known", version)
	}
	return nil
}

// readName refuses a page about another project. One without a name is about the one that was asked for.
func (p *jsonPage) readName() error {
	name, err := p.scan.TextOr(maxText)
	if err == nil && name != "" && normalName(name) != p.name {
		err = fmt.Errorf("it is about %.300q", name)
	}
	return err
}

func (p *jsonPage) status(key string) (err error) {
	switch key {
	case "status":
		p.project.Status, err = p.scan.TextOr(maxText)
	case "reason":
		p.project.StatusReason, err = p.scan.TextOr(maxText)
	default:
		err = p.scan.Skip()
	}
	return err
}

func (p *jsonPage) texts(into *[]string) error {
	*into = nil
	return p.array(func() error {
		text, err := p.scan.TextOr(maxText)
		if text != "" && len(*into) < maxListed {
			*into = append(*into, text)
		}
		return err
	})
}

// file reads one of files. Members of another type than they should have say nothing.
func (p *jsonPage) file() error {
	object, err := p.scan.Raw(maxPerFile)
	if err == jsonscan.ErrTooBig {
		p.left.Note("more than %d bytes are said about a file", maxPerFile)
		return nil
	}
	if err != nil {
		return err
	}
	all, err := jsonscan.Split(object)
	if err != nil {
		p.left.Note("a file is no object")
		return nil
	}
	return p.add(fileFrom(all))
}

func fileFrom(all jsonscan.Members) pageFile {
	text := func(key string) string {
		value, _ := all.Text(key)
		return short(value)
	}
	f := pageFile{name: text("filename"), size: count(all.Find("size")), fileFacts: fileFacts{
		URL:            withoutFragment(text("url")),
		Hashes:         hashesFrom(all.Find("hashes")),
		RequiresPython: text("requires-python"),
		Yanked:         yankFrom(all.Find("yanked")),
		Provenance:     text("provenance"),
		Signature:      boolFrom(all.Find("gpg-sig")),
		UploadTime:     timeFrom(text("upload-time")),
	}}
	// The older names of the member are those of PEP 658 and of its first servers.
	for _, key := range []string{"core-metadata", "dist-info-metadata", "data-dist-info-metadata"} {
		if value := all.Find(key); value != nil {
			f.CoreMetadata = coreMetadataFrom(value)
			break
		}
	}
	return f
}

// short leaves out a text that is too long.
func short(text string) string {
	if len(text) > maxText {
		return ""
	}
	return text
}

func withoutFragment(address string) string {
	address, _, _ = strings.Cut(address, "#")
	return address
}

// count reads a whole number of up to 15 digits; 0 for anything else.
func count(value []byte) int64 {
	if len(value) == 0 || len(value) > 15 {
		return 0
	}
	var n int64
	for _, c := range value {
		if !digit(c) {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// hashesFrom reads the hashes that can be checked; nil if there are none.
func hashesFrom(value []byte) map[string]string {
	all, err := jsonscan.Split(value)
	if err != nil {
		return nil
	}
	var hashes map[string]string
	for _, m := range all {
		if text, ok := jsonscan.AsText(m.Value); ok {
			hashes = withHash(hashes, m.Key, text)
		}
	}
	return hashes
}

// withHash adds a hash, if it is one.
func withHash(hashes map[string]string, algorithm, text string) map[string]string {
	algorithm, text = strings.ToLower(algorithm), strings.ToLower(text)
	length, known := hashLengths[algorithm]
	if !known || len(text) != length || strings.Trim(text, "0123456789abcdef") != "" {
		return hashes
	}
	if hashes == nil {
		hashes = map[string]string{}
	}
	hashes[algorithm] = text
	return hashes
}

// yankFrom reads yanked: a reason, or true for none.
func yankFrom(value []byte) *string {
	reason, isText := jsonscan.AsText(value)
	switch {
	case isText && reason == "", !isText && string(value) != "true":
		return nil
	case len(reason) > maxText:
		reason = strings.ToValidUTF8(reason[:maxText], "")
	}
	return &reason
}

func boolFrom(value []byte) *bool {
	is := string(value) == "true"
	if !is && string(value) != "false" {
		return nil
	}
	return &is
}

// coreMetadataFrom reads core-metadata: hashes, or true for none that are said.
func coreMetadataFrom(value []byte) map[string]string {
	if hashes := hashesFrom(value); hashes != nil {
		return hashes
	}
	if len(value) > 0 && (value[0] == '{' || string(value) == "true") {
		return map[string]string{}
	}
	return nil
}

// timeFrom reads a time of PEP 700; the zero time for what is none.
func timeFrom(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || at.Year() < 1990 || at.Year() > 9999 {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Microsecond)
}
