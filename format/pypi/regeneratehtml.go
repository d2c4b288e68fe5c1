package pypi

import (
	"bufio"
	"errors"
	"net/url"
	"strings"
)

// readHTML reads a page of PEP 503 with what later ones added to it. A page whose links are none of files of the project
// is refused, unless it says what it is: it may be that of a portal.
func (r *releases) readHTML(in *bufio.Reader) error {
	p := htmlPage{releases: r}
	if err := readTags(in, p.tag); err != nil {
		return err
	}
	if !p.declared && p.links > 0 && len(r.files) == 0 {
		return errors.New("it is HTML with links, none of which is a file of the project")
	}
	return nil
}

type htmlPage struct {
	*releases
	base     *url.URL // that references are relative to; nil for the page's own address
	links    int
	declared bool // it says which version of the API it is of
}

func (p *htmlPage) tag(t tag) error {
	switch t.name {
	case "meta":
		return p.meta(t.attributes["name"], short(t.attributes["content"]))
	case "base":
		if base, err := url.Parse(short(t.attributes["href"])); err == nil && p.base == nil {
			p.base = base
		}
	case "a":
		if _, links := t.attributes["href"]; links {
			p.links++
			return p.add(p.fileFrom(t.attributes))
		}
	}
	return nil
}

func (p *htmlPage) meta(name, content string) error {
	switch strings.ToLower(name) {
	case "pypi:repository-version":
		p.declared = true
		return checkAPIVersion(content)
	case "pypi:project-status":
		p.project.Status = content
	case "pypi:project-status-reason":
		p.project.StatusReason = content
	case "pypi:tracks":
		p.project.Tracks = withText(p.project.Tracks, content)
	case "pypi:alternate-locations":
		p.project.AlternateLocations = withText(p.project.AlternateLocations, content)
	}
	return nil
}

func withText(all []string, text string) []string {
	if text == "" || len(all) == maxListed {
		return all
	}
	return append(all, text)
}

// fileFrom reads a link. The file is called as the last segment of its address, whatever the text of the link says.
func (p *htmlPage) fileFrom(attributes map[string]string) pageFile {
	address, fragment, _ := strings.Cut(strings.TrimSpace(short(attributes["href"])), "#")
	f := pageFile{name: fileNameOf(address), fileFacts: fileFacts{
		URL:            p.resolve(address),
		Hashes:         hashFrom(fragment),
		RequiresPython: short(attributes["data-requires-python"]),
		Provenance:     short(attributes["data-provenance"]),
		UploadTime:     timeFrom(attributes["data-upload-time"]),
	}}
	if reason, yanked := attributes["data-yanked"]; yanked {
		reason = short(reason)
		f.Yanked = &reason
	}
	if signed := attributes["data-gpg-sig"]; signed == "true" || signed == "false" {
		is := signed == "true"
		f.Signature = &is
	}
	for _, key := range []string{"data-core-metadata", "data-dist-info-metadata"} {
		value, offered := attributes[key]
		if !offered || value == "false" {
			continue
		}
		if f.CoreMetadata = hashFrom(value); f.CoreMetadata == nil {
			f.CoreMetadata = map[string]string{}
		}
		break
	}
	return f
}

// resolve returns the address as seen from the page's own, if the page names another base; empty for what is no address.
func (p *htmlPage) resolve(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if p.base != nil {
		u = p.base.ResolveReference(u)
	}
	return u.String()
}

// hashFrom reads algorithm=hex; nil if that is no hash that can be checked.
func hashFrom(text string) map[string]string {
	for part := range strings.SplitSeq(text, "&") {
		algorithm, hash, _ := strings.Cut(part, "=")
		if hashes := withHash(nil, algorithm, hash); hashes != nil {
			return hashes
		}
	}
	return nil
}

// fileNameOf returns the last segment of an address without its query, decoded; empty if it is not readable.
func fileNameOf(address string) string {
	address, _, _ = strings.Cut(address, "?")
	name, err := url.PathUnescape(address[strings.LastIndex(address, "/")+1:])
	if err != nil {
		return ""
	}
	return name
}
