package maven

import (
	"testing"

	"entrepot/format/formattest"
)

func TestFormat(t *testing.T) {
	const jar = "the bytes of a jar"
	const build = "1.0-20260301.120000-1"
	put := func(path, body string) formattest.Request {
		return formattest.Request{Method: "PUT", Path: path, Body: body}
	}
	get := func(path string) formattest.Request { return formattest.Request{Method: "GET", Path: path} }
	listing := listingOf("lib", "1.0")
	snapshot := snapshotOfBuild("snap", "1.0-SNAPSHOT", build, "jar")
	fixture := formattest.Fixture{
		JSON: true,
		Publish: []formattest.Request{
			put(file("lib:1.0", ".jar"), jar),
			put(file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, jar)),
			put(file("lib:1.0", ".pom"), pomOf("lib:1.0")),
			put(file("lib:1.0", ".pom.md5"), sumOf(md5Sum, pomOf("lib:1.0"))+"  lib-1.0.pom\n"),
			put(file("lib:1.0", ".jar.asc"), "a signature"),
			put(index("lib"), listing),
			put(index("lib")+".sha512", sumOf(sha512Sum, listing)),
			put(buildFile("snap", "1.0-SNAPSHOT", build, ".jar"), jar),
			put(index("snap/1.0-SNAPSHOT"), snapshot),
			put(index("snap/1.0-SNAPSHOT")+".sha256", sumOf(sha256Sum, snapshot)),
			put(index("snap"), listingOf("snap", "1.0-SNAPSHOT")),
		},
		Reads: []formattest.Request{
			get(file("lib:1.0", ".jar")),
			get("/" + file("lib:1.0", ".jar")),
			get(file("lib:1.0", ".pom")),
			get(file("lib:1.0", ".jar.sha1")),
			get(file("lib:1.0", ".jar.md5")),
			get(file("lib:1.0", ".jar.sha256")),
			get(file("lib:1.0", ".jar.sha512")),
			get(file("lib:1.0", ".jar.asc")),
			get(file("lib:1.0", ".jar.asc.sha1")),
			get(index("lib")),
			get(index("lib") + ".sha1"),
			{Method: "GET", Path: index("lib"), Header: map[string]string{"Accept-Encoding": "gzip, deflate"}},
			{Method: "GET", Path: index("lib"), Header: map[string]string{"Accept": "text/html, image/gif, *; q=.2"}},
			get(index("snap/1.0-SNAPSHOT")),
			get(index("snap/1.0-SNAPSHOT") + ".md5"),
			get(buildFile("snap", "1.0-SNAPSHOT", build, ".jar")),
			get(file("snap:1.0-SNAPSHOT", ".jar")),
			get(file("snap:1.0-SNAPSHOT", ".jar.sha1")),
		},
		Unclean: []formattest.Request{
			get("com/acme/lib/%2e%2e/lib-1.0.jar"),
			get("com/acme/lib/1.0/..%2flib-1.0.jar"),
			get("com/acme/lib/1.0/lib-1.0%5c.jar"),
			get("com/acme/lib/1.0/lib-1.0%00.jar"),
			get("com/acme/lib/1.0/lib:1.0.jar"),
			put("com/acme/lib/1.0/other-1.0.jar", jar),
			put("com/acme/lib/1.0/lib-2.0.jar", jar),
			put("com/acme/l*b/1.0/l*b-1.0.jar", jar),
			put("com/acme/lib/1.0|2/lib-1.0|2.jar", jar),
			put("com/acme/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT.jar", jar),
			put("com/acme/lib/1.0-snapshot/lib-1.0-snapshot.jar", jar),
			put("com/acme/lib/", jar),
			put("lib-1.0.jar", jar),
			put(metadataFile, listing),
		},
	}
	formattest.Run(t, Format(), fixture)
}
