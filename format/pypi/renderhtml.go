package pypi

import (
	"bufio"
	"html"
	"maps"
	"slices"
	"strconv"
)

// htmlRenderer writes a page of PEP 503. No version of the API wants a file's size in it, so it is always of the newest.
type htmlRenderer struct {
	out *bufio.Writer // which keeps its first error for Flush
}

func (p *htmlRenderer) begin(name string, project projectFacts) {
	title := html.EscapeString("Links for " + name)
	p.put("<!DOCTYPE html>\n<html>\n<head>\n")
	p.meta("repository-version", apiVersion)
	for _, address := range project.Tracks {
		p.meta("tracks", address)
	}
	for _, address := range project.AlternateLocations {
		p.meta("alternate-locations", address)
	}
	if project.Status != "" {
		p.meta("project-status", project.Status)
	}
	if project.StatusReason != "" {
		p.meta("project-status-reason", project.StatusReason)
	}
	p.put("<title>" + title + "</title>\n</head>\n<body>\n<h1>" + title + "</h1>\n")
}

func (p *htmlRenderer) put(text string) { _, _ = p.out.WriteString(text) }

func (p *htmlRenderer) attribute(name, value string) {
	p.put(" " + name + `="` + html.EscapeString(value) + `"`)
}

func (p *htmlRenderer) file(f linked) {
	address := f.path
	if len(f.hashes) > 0 {
		address += "#" + f.hashes[0].algorithm + "=" + f.hashes[0].hex
	}
	p.put("<a")
	p.attribute("href", address)
	if f.facts.RequiresPython != "" {
		p.attribute("data-requires-python", f.facts.RequiresPython)
	}
	if f.facts.CoreMetadata != nil {
		value := "true"
		for _, algorithm := range slices.Sorted(maps.Keys(f.facts.CoreMetadata)) {
			value = algorithm + "=" + f.facts.CoreMetadata[algorithm] // of several the last: SHA-256 and SHA-512 come after MD5 and SHA-1
		}
		p.attribute("data-core-metadata", value)
		p.attribute("data-dist-info-metadata", value)
	}
	if f.facts.Yanked != nil {
		p.attribute("data-yanked", *f.facts.Yanked)
	}
	if f.signed != nil {
		p.attribute("data-gpg-sig", strconv.FormatBool(*f.signed))
	}
	if f.provenance != "" {
		p.attribute("data-provenance", f.provenance)
	}
	if !f.uploaded.IsZero() {
		p.attribute("data-upload-time", f.uploaded.UTC().Format(timeForm))
	}
	p.put(">" + html.EscapeString(f.name) + "</a><br>\n")
}

func (p *htmlRenderer) end([]string, string) { p.put("</body>\n</html>\n") }

func (p *htmlRenderer) meta(name, content string) {
	p.put("<meta")
	p.attribute("name", "pypi:"+name)
	p.attribute("content", content)
	p.put(">\n")
}
