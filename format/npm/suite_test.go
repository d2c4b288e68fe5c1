package npm

import (
	"net/http"
	"testing"

	"entrepot/format/formattest"
)

func TestFormat(t *testing.T) {
	packageJSON := object{"name": "@acme/widget", "version": "1.0.0", "dependencies": object{"left": "^1.0.0"}}
	tarball := packed(t, packageJSON, map[string]string{"index.js": "x"})
	put := text(t, putOf("@acme/widget", "1.0.0", "latest", tarball, packageJSON))
	call := func(method, path string) formattest.Request {
		return formattest.Request{Method: method, Path: path, Body: `"1.0.0"`}
	}
	fixture := formattest.Fixture{
		JSON:    true,
		Publish: []formattest.Request{{Method: http.MethodPut, Path: "@acme%2fwidget", Body: put}},
		Reads: []formattest.Request{
			{Method: "GET", Path: "@acme%2fwidget"},
			{Method: "GET", Path: "@acme/widget", Header: map[string]string{"Accept": abbreviatedForm.contentType}},
			{Method: "GET", Path: "@acme/widget", Header: map[string]string{"Accept-Encoding": "gzip"}},
			{Method: "GET", Path: "/@acme/widget"}, // a registry's URL and a path, joined by hand
			{Method: "GET", Path: "@acme/widget/"},
			{Method: "GET", Path: "@acme/widget/latest"},
			{Method: "GET", Path: "@acme/widget/-/widget-1.0.0.tgz"},
			{Method: "GET", Path: "-/package/@acme%2Fwidget/dist-tags"},
			{Method: "GET", Path: ""},
			{Method: "GET", Path: "/"},
			{Method: "GET", Path: "-/ping?write=true"},
			{Method: "GET", Path: "-/whoami"},
			{Method: "GET", Path: "-/v1/search?text=widget&size=20"},
			{Method: "GET", Path: "-/package/@acme%2Fwidget/visibility"},
		},
		Requests: []formattest.Request{
			call("GET", "-/npm/v1/attestations/@acme/widget@1.0.0"),
			call("PUT", "-/package/@acme%2fwidget/dist-tags/beta"),
			call("POST", "-/package/@acme%2fwidget/dist-tags/beta"),
			call("DELETE", "-/package/@acme%2fwidget/dist-tags/beta"),
			call("DELETE", "-/package/@acme%2fwidget/dist-tags/latest"),
			{Method: "PUT", Path: "@acme%2fwidget", Body: `{"name":"@acme/widget","versions":{"1.0.0":{"deprecated":"x"}}}`},
			{Method: "PUT", Path: "@acme%2fwidget", Body: `{"name":"@acme/widget","users":{"ada":true}}`},
			call("GET", "@acme/widget/-/other-1.0.0.tgz"),
		},
		Unclean: []formattest.Request{
			call("GET", "@acme%2f.."),
			call("GET", "@acme%2fa%2fb"),
			call("GET", "..%2f..%2fx"),
			call("GET", "a%00b"),
			call("GET", "a%5cb"),
			call("GET", "a%20b"),
			call("GET", "a%23b/latest"),
			call("GET", ".hidden"),
			call("GET", "_hidden"),
			call("GET", "node_modules"),
			call("GET", "favicon.ico"),
			call("GET", "@acme/widget/-/..%2fwidget-1.0.0.tgz"),
			call("PUT", "-/package/widget/dist-tags/1.x"),
			call("PUT", "-/package/widget/dist-tags/a%2fb"),
			call("PUT", "-/package/widget/dist-tags/__proto__"),
			{Method: "PUT", Path: "w*dget", Body: `{"name":"w*dget","versions":{},"_attachments":{}}`},
		},
	}
	for _, row := range refusals {
		for _, method := range row.methods {
			fixture.Requests = append(fixture.Requests, call(method, example(row.path)))
		}
	}
	formattest.Run(t, Format(), fixture)
}
