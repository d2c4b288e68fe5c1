package pypi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheFormOfAPageFollowsAccept(t *testing.T) {
	const pip = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
	for name, c := range map[string]struct{ accept, query, want string }{
		"nothing is said":               {"", "", legacyForm.contentType},
		"anything":                      {"*/*", "", legacyForm.contentType},
		"what pip and pdm send":         {pip, "", jsonType},
		"JSON":                          {jsonType, "", jsonType},
		"HTML":                          {htmlType, "", htmlType},
		"the latest JSON":               {"application/vnd.pypi.simple.latest+json", "", jsonType},
		"the latest HTML":               {"application/vnd.pypi.simple.latest+html", "", htmlType},
		"what browsers send":            {"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "", legacyForm.contentType},
		"a tie":                         {htmlType + ", " + jsonType, "", jsonType},
		"a tie with the legacy type":    {"text/html, " + htmlType, "", htmlType},
		"the higher weight":             {jsonType + ";q=0.4, text/html;q=0.5", "", legacyForm.contentType},
		"capitals and blanks":           {" Application/VND.pypi.simple.v1+JSON ; Q=1.0 ", "", jsonType},
		"one that is refused":           {jsonType + ";q=0, text/html;q=0.1", "", legacyForm.contentType},
		"no weight":                     {jsonType + ";q=two, text/html;q=0.1", "", legacyForm.contentType},
		"JSON before anything":          {jsonType + ", */*;q=0.1", "", jsonType},
		"of another version":            {"application/vnd.pypi.simple.v2+json", "", ""},
		"plain JSON":                    {"application/json", "", ""},
		"all are refused":               {jsonType + ";q=0", "", ""},
		"the query before Accept":       {jsonType, "?format=text/html", legacyForm.contentType},
		"JSON in the query":             {"text/html", "?format=application/vnd.pypi.simple.v1%2Bjson", jsonType},
		"what is not there in a query":  {"text/html", "?format=application/pdf", ""},
		"another parameter of the path": {"text/html", "?a=b", legacyForm.contentType},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/simple/demo/"+c.query, nil)
			if c.accept != "" {
				r.Header.Set("Accept", c.accept)
			}
			f, err := negotiate(r)
			if f.contentType != c.want || (err != nil) != (c.want == "") {
				t.Errorf("got %q, %v, want %q", f.contentType, err, c.want)
			}
		})
	}
}

func TestAPageIsServedInBothForms(t *testing.T) {
	s := newSite(t)
	s.offer("demo", offeredFile{"demo-1.0-py3-none-any.whl", "wheel", object{"requires-python": ">=3.8,<4",
		"core-metadata": object{"sha256": sha256Of("metadata")}}})
	inJSON := s.Must(200, s.Do("GET", "simple/demo/", "", "Accept", jsonType))
	inHTML := s.Must(200, s.Do("GET", "simple/demo/", "", "Accept", "text/html"))
	wantJSON := `{"name":"demo","files":[{"filename":"demo-1.0-py3-none-any.whl","url":"1.0/demo-1.0-py3-none-any.whl",` +
		`"hashes":{"sha256":"` + sha256Of("wheel") + `"},"requires-python":">=3.8,<4","size":5,` +
		`"upload-time":"2024-05-06T07:08:09.123456Z","yanked":false,"core-metadata":{"sha256":"` + sha256Of("metadata") +
		`"},"dist-info-metadata":{"sha256":"` + sha256Of("metadata") + `"},"provenance":null}],"versions":["1.0"],` +
		`"meta":{"api-version":"1.4"}}`
	wantHTML := `<!DOCTYPE html>
<html>
<head>
<meta name="pypi:repository-version" content="1.4">
<title>Links for demo</title>
</head>
<body>
<h1>Links for demo</h1>
<a href="1.0/demo-1.0-py3-none-any.whl#sha256=` + sha256Of("wheel") + `" data-requires-python="&gt;=3.8,&lt;4" ` +
		`data-core-metadata="sha256=` + sha256Of("metadata") + `" data-dist-info-metadata="sha256=` + sha256Of("metadata") +
		`" data-upload-time="2024-05-06T07:08:09.123456Z">demo-1.0-py3-none-any.whl</a><br>
</body>
</html>
`
	for name, c := range map[string]struct {
		got        *httptest.ResponseRecorder
		body, kind string
	}{
		"JSON": {inJSON, wantJSON, jsonType}, "HTML": {inHTML, wantHTML, "text/html; charset=utf-8"},
	} {
		if c.got.Body.String() != c.body {
			t.Errorf("%s: got %s\nwant %s", name, c.got.Body, c.body)
		}
		h := c.got.Header()
		if h.Get("Content-Type") != c.kind || h.Get("Vary") != "Accept, Accept-Encoding" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got header %v", name, h)
		}
	}
	if inJSON.Header().Get("Etag") == inHTML.Header().Get("Etag") {
		t.Error("both forms have one entity tag")
	}
	s.Must(http.StatusNotModified, s.Do("GET", "simple/demo/", "", "Accept", jsonType, "If-None-Match", inJSON.Header().Get("Etag")))
	s.Must(200, s.Do("GET", "simple/demo/", "", "Accept", "text/html", "If-None-Match", inJSON.Header().Get("Etag")))
	zipped := s.Must(200, s.Do("GET", "simple/demo/", "", "Accept", jsonType, "Accept-Encoding", "gzip"))
	if zipped.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("got header %v, want gzip", zipped.Header())
	}
	refused := s.Must(http.StatusNotAcceptable, s.Do("GET", "simple/demo/", "", "Accept", "application/pdf"))
	if !strings.Contains(refused.Body.String(), jsonType+", ") {
		t.Errorf("got %s, want what is offered", refused.Body)
	}
}

func TestOtherSpellingsOfAnAddressLeadToTheOne(t *testing.T) {
	s := newSite(t)
	for from, to := range map[string]string{
		"simple/demo":               "demo/",
		"simple/demo?format=x":      "demo/?format=x",
		"simple/Demo_Pkg":           "demo-pkg/",
		"simple/Demo_Pkg/":          "../demo-pkg/",
		"simple/demo..pkg/?a=b&c=d": "../demo-pkg/?a=b&c=d",
		"simple":                    "simple/",
	} {
		w := s.Must(http.StatusMovedPermanently, s.Do("GET", from, ""))
		if got := w.Header().Get("Location"); got != to {
			t.Errorf("%s: got %q, want %q", from, got, to)
		}
	}
}

func TestAProjectThatIsNowhereIsNotFound(t *testing.T) {
	s := newSite(t)
	w := s.Must(http.StatusNotFound, s.Do("GET", "simple/no-such-thing/", "", "Accept", jsonType))
	if !strings.HasPrefix(w.Body.String(), `{"message":"`) {
		t.Errorf("got %s, want a message in JSON", w.Body)
	}
	if w := s.Do("GET", "simple/no-such-thing/", ""); !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("got %s, want plain text", w.Header())
	}
}

func TestTheIndexNamesWhatIsHeld(t *testing.T) {
	s := newSite(t)
	s.offer("held", offeredFile{"held-1.0.tar.gz", "sdist", nil})
	s.offer("only-listed", offeredFile{"only-listed-1.0.tar.gz", "sdist", nil})
	s.page("only-listed")
	s.Get("simple/held/1.0/held-1.0.tar.gz")
	if got, want := s.Get("simple/", "Accept", jsonType), `{"meta":{"api-version":"1.4"},"projects":[{"name":"held"}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := s.Get("simple/"); !strings.Contains(got, `<a href="held/">held</a>`) || strings.Contains(got, "only-listed") {
		t.Errorf("got %s", got)
	}
}
