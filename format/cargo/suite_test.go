package cargo

import (
	"net/http"
	"testing"

	"entrepot/format/formattest"
)

func TestFormat(t *testing.T) {
	put := func(name, number string, crate []byte) formattest.Request {
		return formattest.Request{Method: http.MethodPut, Path: newCrate, Body: framed(jsonOf(t, described(name, number)), crate)}
	}
	call := func(method, path string) formattest.Request {
		return formattest.Request{Method: method, Path: path, Body: "{}"}
	}
	crate := packaged(t, "Demo_Crate", "1.0.0", "")
	formattest.Run(t, Format(), formattest.Fixture{
		JSON:    true,
		Publish: []formattest.Request{put("Demo_Crate", "1.0.0", crate)},
		Reads: []formattest.Request{
			call("GET", "config.json"),
			call("GET", "de/mo/demo_crate"),
			{Method: "GET", Path: "de/mo/demo_crate", Header: map[string]string{"Accept-Encoding": "deflate, gzip"}},
			call("GET", "api/v1/crates/Demo_Crate/1.0.0/download"),
			call("GET", "api/v1/crates?q=demo&per_page=10"),
			call("GET", "me"),
		},
		Requests: []formattest.Request{
			call("GET", "1/a"),
			call("GET", "2/ab"),
			call("GET", "3/a/abc"),
			call("DELETE", "api/v1/crates/Demo_Crate/1.0.0/yank"),
			call("PUT", "api/v1/crates/Demo_Crate/1.0.0/unyank"),
			call("GET", "api/v1/crates/Demo_Crate/owners"),
			call("PUT", "api/v1/crates/Demo_Crate/owners"),
			call("DELETE", "api/v1/crates/Demo_Crate/owners"),
		},
		Unclean: []formattest.Request{
			call("GET", "De/mo/Demo_Crate"),
			call("GET", "xx/mo/demo_crate"),
			call("GET", "de/mo/demo-crate"),
			call("GET", "de/mo/demo%2fcrate"),
			call("GET", "de/mo/.."),
			call("GET", "de/mo/demo%00crate"),
			call("GET", "3/d/demo_crate"),
			call("GET", "demo_crate/demo_crate"),
			call("GET", "api/v1/crates/..%2fx/1.0.0/download"),
			call("GET", "api/v1/crates/demo_crate/1.0/download"),
			call("GET", "api/v1/crates/demo_crate/..%2f1.0.0/download"),
			put("nul", "1.0.0", packaged(t, "nul", "1.0.0", "")),
			put("d.mo", "1.0.0", packaged(t, "d.mo", "1.0.0", "")),
			put("9demo", "1.0.0", packaged(t, "9demo", "1.0.0", "")),
			put("demo", "1.0", packaged(t, "demo", "1.0", "")),
			put("../demo", "1.0.0", packaged(t, "../demo", "1.0.0", "")),
			{Method: http.MethodPut, Path: newCrate},
		},
	})
}
