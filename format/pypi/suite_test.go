package pypi

import (
	"testing"

	"entrepot/format/formattest"
)

func TestFormat(t *testing.T) {
	metadata := metadataText("Demo_Pkg", "1.0", "Requires-Python: >=3.8\n", "Requires-Dist: requests>=2\n")
	const wheel, sdist = "demo_pkg-1.0-py3-none-any.whl", "demo_pkg-1.0.tar.gz"
	post := func(path, file, content string, change ...func(*[][2]string)) formattest.Request {
		body, contentType := formOf(t, file, content, change...)
		return formattest.Request{Method: "POST", Path: path, Body: body, Header: map[string]string{"Content-Type": contentType}}
	}
	call := formattest.Request{Method: "POST", Body: "<methodCall><methodName>search</methodName></methodCall>",
		Header: map[string]string{"Content-Type": "text/xml"}}
	atIndex := call
	atIndex.Path = "simple/"
	get := func(path string, accept ...string) formattest.Request {
		q := formattest.Request{Method: "GET", Path: path, Header: map[string]string{}}
		for _, a := range accept {
			q.Header["Accept"] = a
		}
		return q
	}
	wheelContent := wheelOf(t, "demo_pkg", "1.0", metadata)
	formattest.Run(t, Format(), formattest.Fixture{
		Publish: []formattest.Request{
			post("", wheel, wheelContent, set("gpg_signature", "-----BEGIN PGP SIGNATURE-----")),
			post("", sdist, sdistOf(t, "demo_pkg-1.0", metadata)),
		},
		Reads: []formattest.Request{
			get("simple/demo-pkg/1.0/" + wheel),
			get("simple/demo-pkg/1.0/" + sdist),
			get("simple/demo-pkg/1.0/" + wheel + ".metadata"),
			get("simple/demo-pkg/1.0/" + wheel + ".asc"),
			get("simple/demo-pkg/"),
			get("simple/demo-pkg/", jsonType),
			get("simple/demo-pkg/", htmlType),
			get("simple/"),
			get("simple/", jsonType),
			get("pypi/demo-pkg/json"),
			get("pypi/demo-pkg/1.0/json"),
		},
		Requests: []formattest.Request{
			get("simple"), get("simple/demo-pkg"), get("simple/Demo_Pkg/"), get("simple/demo-pkg/1.0/" + sdist + ".metadata"),
			get("simple/demo-pkg/", "application/pdf"), get("simple/demo-pkg/1.0/" + wheel + ".provenance"),
			call, atIndex, post("simple/", wheel, wheelContent), post("", "no-file-name", "x", unset("name")),
		},
		Unclean: []formattest.Request{
			get("simple/-demo/"), get("simple/demo%20pkg/"), get("simple/a%2fb/"), get("simple/.demo/"), get("simple/demo%00/"),
			get("simple/demo-pkg/1.0/..%2f" + wheel), get("simple/demo-pkg/%2e%2e/" + wheel), get("simple/demo-pkg/1.0/.hidden"),
			get("pypi/-demo/json"),
			post("", "demo_pkg-1.0-py3-none-any.exe", "x"),
			post("", "..%2fdemo_pkg-1.0-py3-none-any.whl", wheelContent),
			post("", wheel, wheelContent, set("name", "other")),
			post("", wheel, wheelContent, set("name", "../demo-pkg")),
		},
	})
}
