package pypi

import (
	"bufio"
	"maps"
	"slices"
	"strconv"

	"entrepot/format/jsonscan"
)

// jsonRenderer writes a page of PEP 691.
type jsonRenderer struct {
	out     *bufio.Writer // which keeps its first error for Flush
	buf     []byte
	files   int
	project projectFacts
}

func (p *jsonRenderer) begin(name string, project projectFacts) {
	p.project = project
	p.put(`{"name":`)
	p.quote(name)
	if len(project.AlternateLocations) > 0 {
		p.put(`,"alternate-locations":`)
		p.texts(project.AlternateLocations)
	}
	if project.Status != "" {
		p.put(`,"project-status":{"status":`)
		p.quote(project.Status)
		if project.StatusReason != "" {
			p.member("reason", project.StatusReason)
		}
		p.put("}")
	}
	p.put(`,"files":[`)
}

func (p *jsonRenderer) put(text string) { _, _ = p.out.WriteString(text) }

func (p *jsonRenderer) quote(text string) {
	p.buf = jsonscan.AppendQuoted(p.buf[:0], text)
	_, _ = p.out.Write(p.buf)
}

// member writes a member with a text, after others.
func (p *jsonRenderer) member(key, text string) {
	p.put(`,"` + key + `":`)
	p.quote(text)
}

func (p *jsonRenderer) file(f linked) {
	if p.files++; p.files > 1 {
		p.put(",\n")
	}
	p.put(`{"filename":`)
	p.quote(f.name)
	p.member("url", f.path)
	p.put(`,"hashes":{`)
	for i, h := range f.hashes {
		if i > 0 {
			p.put(",")
		}
		p.put(`"` + h.algorithm + `":"` + h.hex + `"`)
	}
	p.put("}")
	if f.facts.RequiresPython != "" {
		p.member("requires-python", f.facts.RequiresPython)
	}
	if f.size > 0 {
		p.put(`,"size":` + strconv.FormatInt(f.size, 10))
	}
	if !f.uploaded.IsZero() {
		p.member("upload-time", f.uploaded.UTC().Format(timeForm))
	}
	p.yanked(f.facts.Yanked)
	p.metadata(f.facts.CoreMetadata)
	if f.signed != nil {
		p.put(`,"gpg-sig":` + strconv.FormatBool(*f.signed))
	}
	if f.provenance != "" {
		p.member("provenance", f.provenance)
	} else {
		p.put(`,"provenance":null`)
	}
	p.put("}")
}

func (p *jsonRenderer) yanked(reason *string) {
	switch {
	case reason == nil:
		p.put(`,"yanked":false`)
	case *reason == "":
		p.put(`,"yanked":true`)
	default:
		p.member("yanked", *reason)
	}
}

// metadata writes core-metadata, and under the name that it has for clients of before PEP 714.
func (p *jsonRenderer) metadata(hashes map[string]string) {
	value := "false"
	switch {
	case len(hashes) > 0:
		value = "{"
		for i, algorithm := range slices.Sorted(maps.Keys(hashes)) {
			if i > 0 {
				value += ","
			}
			value += `"` + algorithm + `":"` + hashes[algorithm] + `"`
		}
		value += "}"
	case hashes != nil:
		value = "true"
	}
	p.put(`,"core-metadata":` + value + `,"dist-info-metadata":` + value)
}

func (p *jsonRenderer) end(versions []string, api string) {
	p.put(`],"versions":`)
	p.texts(versions)
	p.put(`,"meta":{"api-version":"` + api + `"`)
	if len(p.project.Tracks) > 0 {
		p.put(`,"tracks":`)
		p.texts(p.project.Tracks)
	}
	p.put("}}")
}

func (p *jsonRenderer) texts(all []string) {
	p.put("[")
	for i, text := range all {
		if i > 0 {
			p.put(",")
		}
		p.quote(text)
	}
	p.put("]")
}
