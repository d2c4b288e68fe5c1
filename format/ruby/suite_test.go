package ruby

import (
	"testing"

	"entrepot/format/formattest"
)

func TestFormat(t *testing.T) {
	get := func(path string) formattest.Request { return formattest.Request{Method: "GET", Path: path} }
	post := func(body string) formattest.Request {
		return formattest.NewRequest("POST", "api/v1/gems", body, "Content-Type", octets)
	}
	form := func(method, path, body string) formattest.Request {
		return formattest.NewRequest(method, path, body, "Content-Type", "application/x-www-form-urlencoded")
	}
	formattest.Run(t, Format(), formattest.Fixture{
		Publish: []formattest.Request{
			post(gemOfText(t, metadataText("demo", "1.0.0", "", needing("other 1.0", "")))),
			post(gemOfText(t, metadataText("demo", "1.0.0", "x86_64-linux"))),
			post(gemOfText(t, metadataText("demo", "1.1.0.rc1", ""))),
		},
		Reads: []formattest.Request{
			get(""), get("versions"), get("names"), get("info/demo"),
			get("gems/demo-1.0.0.gem"), get("gems/demo-1.0.0-x86_64-linux.gem"),
			get("quick/Marshal.4.8/demo-1.0.0.gemspec.rz"),
			get("specs.4.8.gz"), get("latest_specs.4.8.gz"), get("prerelease_specs.4.8.gz"),
			get("api/v1/dependencies"), get("api/v1/dependencies?gems=demo,other"),
		},
		Requests: []formattest.Request{
			form("DELETE", "api/v1/gems/yank", "gem_name=demo&version=1.0.0"), form("PUT", "api/v1/gems/unyank", "gem_name=demo&version=1.0.0"),
			get("api/v1/gems/demo/owners.yaml"), form("POST", "api/v1/gems/demo/owners", "email=a"), form("DELETE", "api/v1/gems/demo/owners", "email=a"),
			get("api/v1/api_key"), form("POST", "api/v1/api_key", "name=k"), get("api/v1/profile/me.yaml"),
		},
		Unclean: []formattest.Request{
			get("info/-demo"), get("info/a%2fb"), get("info/demo%00"), get("info/a%20b"), get("info/..%2fdemo"),
			get("gems/demo.gem"), get("gems/..%2fdemo-1.0.0.gem"), get("gems/demo-1.0.0"),
			get("quick/Marshal.4.8/demo.gemspec.rz"),
			form("DELETE", "api/v1/gems/yank", "gem_name=../demo&version=1.0.0"), form("DELETE", "api/v1/gems/yank", ""),
			post("no gem"), post(""), post(gemOfText(t, metadataText("../demo", "1.0.0", ""))),
			post(gemOfText(t, metadataText("demo", "1,0", ""))),
		},
	})
}
