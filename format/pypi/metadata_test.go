package pypi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entrepot/artifact"
)

// fields is metadata of demo 1.0 and of the lines that are given.
func fields(lines ...string) string {
	return strings.Join(append([]string{"Metadata-Version: 2.1", "Name: demo", "Version: 1.0"}, lines...), "\n")
}

func TestMetadataIsRead(t *testing.T) {
	demo := metadata{metadataVersion: "2.1", name: "demo", version: "1.0"}
	for name, c := range map[string]struct {
		text string
		want func(*metadata)
	}{
		"nothing but what must be there": {fields(), func(*metadata) {}},
		"all fields": {fields("Summary: a demo", "Home-page: https://demo.example.test", "License: MIT",
			"License-Expression: MIT OR Apache-2.0", "Requires-Python: >=3.8", "Description-Content-Type: text/markdown",
			"Project-URL: Source, https://code.example.test/demo", "Project-URL: Docs, https://docs.example.test",
			"Classifier: License :: OSI Approved :: MIT License", "Requires-Dist: six (>=1.0) ; extra == 'x'",
			"Provides-Extra: x", "Dynamic: Version", "", "# Demo", "", "text"), func(m *metadata) {
			m.summary, m.homePage, m.license = "a demo", "https://demo.example.test", "MIT"
			m.licenseExpression, m.requiresPython = "MIT OR Apache-2.0", ">=3.8"
			m.descriptionType, m.description = "text/markdown", "# Demo\n\ntext"
			m.projectURLs = []string{"Source, https://code.example.test/demo", "Docs, https://docs.example.test"}
			m.classifiers = []string{"License :: OSI Approved :: MIT License"}
			m.requiresDist = []string{"six (>=1.0) ; extra == 'x'"}
			m.providesExtra, m.dynamic = []string{"x"}, []string{"Version"}
		}},
		"names of fields in any case": {fields("SUMMARY: loud", "home-PAGE:https://demo.example.test"), func(m *metadata) {
			m.summary, m.homePage = "loud", "https://demo.example.test"
		}},
		"lines that end as on Windows": {strings.ReplaceAll(fields("Summary: a", "", "b", "c"), "\n", "\r\n"), func(m *metadata) {
			m.summary, m.description = "a", "b\nc"
		}},
		"lines that end as on old Macs": {strings.ReplaceAll(fields("Summary: a"), "\n", "\r"), func(m *metadata) {
			m.summary = "a"
		}},
		"a description in a field, indented": {fields("Description: Demo", "        ====", "        ", "          more",
			"        text", "Summary: after it"), func(m *metadata) {
			m.description, m.summary = "Demo\n====\n\n  more\ntext", "after it"
		}},
		"a description in a field, with bars": {fields("Description: Demo", "       |====", "       |", "       |  more"),
			func(m *metadata) { m.description = "Demo\n====\n\n  more" }},
		"the body before a description in a field": {fields("Description: short", "", "long"), func(m *metadata) {
			m.description = "long"
		}},
		"what old tools wrote for nothing": {fields("Summary: UNKNOWN", "Home-page: UNKNOWN", "License: UNKNOWN",
			"Requires-Dist: UNKNOWN", "Description: UNKNOWN", "", "UNKNOWN"), func(*metadata) {}},
		"a licence of several lines": {fields("License: The Licence", "        Do as you please.", "Summary: s"), func(m *metadata) {
			m.license, m.summary = "The Licence\n        Do as you please.", "s"
		}},
		"Latin-1":                         {fields("Summary: caf\xe9"), func(m *metadata) { m.summary = "café" }},
		"UTF-8 with a mark before it":     {"\uFEFF" + fields("Summary: café"), func(m *metadata) { m.summary = "café" }},
		"the first of two summaries":      {fields("Summary: a", "Summary: b"), func(m *metadata) { m.summary = "a" }},
		"the same name twice":             {fields("Name: demo"), func(*metadata) {}},
		"a line that continues nothing":   {" x\n" + fields(), func(*metadata) {}},
		"a body without a line before":    {fields("Summary: a", "no field", "Summary: b"), func(m *metadata) { m.summary, m.description = "a", "no field\nSummary: b" }},
		"fields that nobody knows":        {fields("Author: A", "X-Odd: 1"), func(*metadata) {}},
		"a value with colons":             {fields("Summary: a: b"), func(m *metadata) { m.summary = "a: b" }},
		"version 1.0 of the metadata":     {strings.Replace(fields("Platform: UNKNOWN"), "2.1", "1.0", 1), func(m *metadata) { m.metadataVersion = "1.0" }},
		"classifiers as some tools wrote": {fields("Classifiers: A :: B"), func(m *metadata) { m.classifiers = []string{"A :: B"} }},
	} {
		t.Run(name, func(t *testing.T) {
			want := demo
			c.want(&want)
			got, err := parseMetadata([]byte(c.text))
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(metadata{})); err != nil || diff != "" {
				t.Errorf("got %v, and not what is wanted:\n%s", err, diff)
			}
		})
	}
}

func TestMetadataThatMisleads(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "no name or no version",
		"Name: demo\n":                "no name or no version",
		"Name: UNKNOWN\nVersion: 1.0": "no name or no version",
		fields("Name: other"):         `has the field name twice: "demo" and "other"`,
		fields("Version: 2.0"):        `has the field version twice: "1.0" and "2.0"`,
		fields("Requires-Python: >=3", "Requires-Python: >=2"): "has the field requires-python twice",
		strings.Repeat("Classifier: x\n", maxFields+1):         "more than 10000 fields",
		fields("", strings.Repeat("x", maxMetadata)):           "larger than 1048576 bytes",
	} {
		if _, err := parseMetadata([]byte(text)); !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(fields("Summary: a", "Description: b", "       |c", "        d", "", "body")))
	f.Add([]byte("Name: a\r\nVersion: 1\r\rcaf\xe9"))
	f.Add([]byte("Name: a\nVersion: 1\nRequires-Dist: b[c] (>=1.0) ; extra == 'd'\nLicense: e\n f\nProject-URL: Source, g"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseMetadata(text)
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) {
				t.Fatalf("got %v", err)
			}
			return
		}
		if m.name == "" || m.version == "" || strings.ContainsAny(m.description, "\r") {
			t.Fatalf("got %+v", m)
		}
		describe(m)
	})
}
