package swift

import (
	"net/http"
	"testing"

	"entrepot/format/formattest"
)

func TestFormat(t *testing.T) {
	body, contentType := formOf(t, archivePart(packed(t, archived{"Package@swift-6.0.swift", simple("6.0")})),
		metadataPart(`{"repositoryURLs":["https://code.example.test/acme/geometry"]}`))
	put := func(path string) formattest.Request {
		return formattest.NewRequest("PUT", path, body, "Content-Type", contentType)
	}
	get := func(path string, header ...string) formattest.Request {
		return formattest.NewRequest("GET", path, "", header...)
	}
	formattest.Run(t, Format(), formattest.Fixture{
		JSON:    true,
		Publish: []formattest.Request{put("acme/Geometry/1.0.0")},
		Reads: []formattest.Request{
			get("acme/Geometry/1.0.0.zip", "Accept", mediaType+".v1+zip"),
			get("acme/Geometry", "Accept", mediaType+".v1+json"),
			get("/acme/Geometry"),
			get("ACME/geometry.json"),
			get("acme/Geometry/1.0.0"),
			get("acme/Geometry/1.0.0.json", "Accept", "*/*"),
			get("acme/Geometry/1.0.0/Package.swift", "Accept", mediaType+".v1+swift"),
			get("acme/Geometry/1.0.0/Package.swift?swift-version=6.0.0"),
			get("identifiers?url=https://code.example.test/acme/geometry.git"),
			get("availability"),
		},
		Requests: []formattest.Request{{Method: http.MethodPost, Path: "login"}},
		Unclean: []formattest.Request{
			get("acme/Geo.metry"), get("ac_me/Geometry"), get("-acme/Geometry"), get("acme/..%2f"), get("acme/Geo%00"),
			get("acme/Geo%2fmetry"), get("acme--x/Geometry"), get("%61cme%5c/Geometry"),
			get("acme/Geometry/1.0"), get("acme/Geometry/v1.0.0"), get("acme/Geometry/1.0.0%2f..%2fx.zip"),
			get("acme/Geometry/01.0.0/Package.swift"), get("identifiers"), get("identifiers?url=%25"),
			put("login/Geometry/1.0.0"), put("acme/Geometry/latest"), put("acme/Geometry/1.0.0-a.zip"),
			put("acme/Geo%20metry/1.0.0"),
		},
	})
}
