package npm

import (
	"net/http"
	"strings"
	"testing"
)

func TestDeprecateChangesTheMessageAndNothingElse(t *testing.T) {
	for _, row := range []struct {
		name string
		edit func(doc object) object
	}{
		{"npm and pnpm 11 send the document back", func(doc object) object { return doc }},
		{"pnpm 12 sends one version", func(doc object) object {
			return object{"name": "@acme/bar", "versions": object{"1.0.0": dig(doc, "versions", "1.0.0")}}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			s.publish("@acme/bar", "1.0.0", "latest")
			s.publish("@acme/bar", "1.1.0", "latest")
			doc := s.json(s.Do("GET", "@acme%2fbar?write=true", ""))
			v := dig(doc, "versions", "1.0.0").(object)
			v["deprecated"], v["description"] = "use 1.1 \"instead\"", "forged"
			doc["dist-tags"] = object{"latest": "1.0.0"}
			s.Must(http.StatusOK, s.Do("PUT", "@acme%2fbar", text(t, row.edit(doc))))
			for _, accept := range []string{"application/json", abbreviatedForm.contentType} {
				now := s.json(s.Do("GET", "@acme%2fbar", "", "Accept", accept))
				if got := dig(now, "versions", "1.0.0", "deprecated"); got != "use 1.1 \"instead\"" {
					t.Errorf("got %v", got)
				}
				if dig(now, "versions", "1.1.0", "deprecated") != nil || dig(now, "dist-tags", "latest") != "1.1.0" {
					t.Errorf("something else changed: %s", text(t, now))
				}
			}
			if got := dig(s.json(s.Do("GET", "@acme/bar/1.0.0", "")), "description"); got != "d" {
				t.Errorf("got description %v", got)
			}
			v["deprecated"] = ""
			s.Must(http.StatusOK, s.Do("PUT", "@acme%2fbar", text(t, row.edit(doc))))
			if w := s.Do("GET", "@acme%2fbar", ""); strings.Contains(w.Body.String(), "deprecated") {
				t.Errorf("it is still there: %s", w.Body)
			}
			s.Must(http.StatusOK, s.Do("PUT", "@acme%2fbar", text(t, row.edit(doc))))
		})
	}
}

func TestDeprecateRefusesWhatIsNotHeldHere(t *testing.T) {
	s := newSite(t)
	s.stock("bar", registry("bar", "1.0.0"))
	s.open("bar")
	s.publish("bar", "2.0.0", "latest")
	doc := s.json(s.Do("GET", "bar", ""))
	dig(doc, "versions", "2.0.0").(object)["deprecated"] = "x"
	s.Must(http.StatusOK, s.Do("PUT", "bar", text(t, doc)))
	dig(doc, "versions", "1.0.0").(object)["deprecated"] = "x"
	w := s.Must(http.StatusBadRequest, s.Do("PUT", "bar", text(t, doc)))
	if want := "Only versions that were published here"; !strings.Contains(w.Body.String(), want) {
		t.Errorf("got %s, want a sentence that says %q", w.Body, want)
	}
	s.Must(http.StatusNotFound, s.Do("PUT", "unknown", `{"name":"unknown","versions":{"1.0.0":{"deprecated":"x"}}}`))
	s.Must(http.StatusBadRequest, s.Do("PUT", "bar", `{"name":"bar","versions":{"1.0.0":{"deprecated":5}}}`))
	s.Must(http.StatusBadRequest, s.Do("PUT", "bar", `{"name":"bar","versions":{"1.0.0":[]}}`))
	long := strings.Repeat("x", maxMessage+1)
	s.Must(http.StatusBadRequest, s.Do("PUT", "bar", `{"name":"bar","versions":{"1.0.0":{"deprecated":"`+long+`"}}}`))
}

func TestDistTags(t *testing.T) {
	s := newSite(t)
	s.publish("@acme/bar", "1.0.0", "latest")
	s.publish("@acme/bar", "1.1.0", "latest")
	const tagged = "-/package/@acme%2fbar/dist-tags"
	for _, row := range []struct {
		name, method, path, body string
		status                   int
		want                     string // of the list afterwards
	}{
		{"add", "PUT", "/stable", `"1.0.0"`, 200, `{"latest":"1.1.0","stable":"1.0.0"}`},
		{"add again", "PUT", "/stable", `"1.0.0"`, 200, `{"latest":"1.1.0","stable":"1.0.0"}`},
		{"move, with POST", "POST", "/stable", ` "1.1.0" `, 200, `{"latest":"1.1.0","stable":"1.1.0"}`},
		{"unknown version", "PUT", "/stable", `"9.9.9"`, 404, `{"latest":"1.1.0","stable":"1.1.0"}`},
		{"not a version", "PUT", "/stable", `"latest"`, 400, ""},
		{"not a text", "PUT", "/stable", `{"v":"1.0.0"}`, 400, ""},
		{"no JSON", "PUT", "/stable", `1.0.0`, 400, ""},
		{"more than a text", "PUT", "/stable", `"1.0.0" x`, 400, ""},
		{"a long body", "PUT", "/stable", `"` + strings.Repeat("1", 10_000) + `"`, 400, ""},
		{"a range", "PUT", "/1.x", `"1.0.0"`, 400, ""},
		{"a version as tag", "PUT", "/v1.0.0", `"1.0.0"`, 400, ""},
		{"prototype", "PUT", "/__proto__", `"1.0.0"`, 400, `{"latest":"1.1.0","stable":"1.1.0"}`},
		{"remove", "DELETE", "/stable", ``, 200, `{"latest":"1.1.0"}`},
		{"remove what is not there", "DELETE", "/stable", ``, 404, `{"latest":"1.1.0"}`},
		{"latest stays", "DELETE", "/latest", ``, 400, `{"latest":"1.1.0"}`},
		{"all at once", "PUT", "", `{"latest":"1.0.0"}`, 405, `{"latest":"1.1.0"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			s.T = t
			w := s.Must(row.status, s.Do(row.method, tagged+row.path, row.body))
			if row.status == 200 && !strings.Contains(w.Body.String(), `"ok":true`) {
				t.Errorf("got %s", w.Body)
			}
			if got := text(t, s.json(s.Do("GET", tagged, ""))); row.want != "" && got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}
