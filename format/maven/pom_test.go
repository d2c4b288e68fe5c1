package maven

import (
	"reflect"
	"strings"
	"testing"

	"entrepot/artifact"
)

const fullPOM = `<?xml version="1.0" encoding="UTF-8"?>
<!-- do_not_remove: published-with-gradle-metadata -->
<project xmlns="http://maven.example.test/POM/4.0.0" xmlns:xsi="http://www.example.test/instance"
    xsi:schemaLocation="http://maven.example.test/POM/4.0.0 http://maven.example.test/maven-4.0.0.xsd">
  <modelVersion>4.0.0</modelVersion>
  <parent><groupId>com.acme</groupId><artifactId>parent</artifactId><version>7</version></parent>
  <artifactId>lib</artifactId>
  <name> A &amp; B &copy; </name>
  <description><![CDATA[Does <b>things</b>]]></description>
  <url>https://acme.example.test</url>
  <licenses>
    <license><name>MIT</name><url>https://mit.example.test</url><distribution>repo</distribution></license>
    <license><name>Apache-2.0</name></license>
  </licenses>
  <scm><connection>scm:git:x</connection><url>https://scm.example.test</url></scm>
  <distributionManagement><relocation><groupId>org.acme</groupId><message>moved</message></relocation></distributionManagement>
  <properties><v>1</v></properties>
  <dependencyManagement><dependencies><dependency><groupId>managed</groupId></dependency></dependencies></dependencyManagement>
  <dependencies>
    <dependency><groupId>org.a</groupId><artifactId>a</artifactId><version>${v}</version>
      <exclusions><exclusion><groupId>not</groupId><artifactId>this</artifactId></exclusion></exclusions></dependency>
    <dependency><groupId>org.b</groupId><artifactId>b</artifactId><version>[1,2)</version><scope>test</scope>
      <type>test-jar</type><classifier>tests</classifier></dependency>
    <dependency><groupId>org.c</groupId><artifactId>c</artifactId><optional>true</optional></dependency>
  </dependencies>
  <profiles><profile><dependencies><dependency><groupId>profiled</groupId></dependency></dependencies></profile></profiles>
</project>`

func TestAPOMIsRead(t *testing.T) {
	want := pom{
		coordinates: coordinates{"com.acme", "lib", "7"}, packaging: "jar",
		name: "A & B ©", description: "Does <b>things</b>", url: "https://acme.example.test", scm: "https://scm.example.test",
		licenses:   []pomLicense{{"MIT", "https://mit.example.test"}, {"Apache-2.0", ""}},
		parent:     coordinates{"com.acme", "parent", "7"},
		relocation: relocation{coordinates{"org.acme", "", ""}, "moved"},
		dependencies: []pomDependency{
			{coordinates: coordinates{"org.a", "a", "${v}"}, kind: "jar", scope: "compile"},
			{coordinates: coordinates{"org.b", "b", "[1,2)"}, kind: "test-jar", classifier: "tests", scope: "test"},
			{coordinates: coordinates{"org.c", "c", ""}, kind: "jar", scope: "compile", optional: true},
		},
		gradleModule: true,
	}
	if got, err := readPOM(strings.NewReader(fullPOM)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestPOMsOfAllKindsAreRead(t *testing.T) {
	const body = "<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version><name>é</name></project>"
	latin := strings.ReplaceAll(body, "é", "\xe9")
	wide := func(s string, low int) string {
		var out strings.Builder
		for _, r := range s {
			pair := [2]byte{}
			pair[low], pair[1-low] = byte(r), byte(r>>8)
			out.Write(pair[:])
		}
		return out.String()
	}
	for name, document := range map[string]string{
		"no declaration":             body,
		"a byte order mark":          "\xef\xbb\xbf" + body,
		"Latin-1":                    `<?xml version="1.0" encoding="ISO-8859-1"?>` + latin,
		"Latin-1 in single quotes":   `<?xml version='1.0' encoding='iso8859-1'?>` + latin,
		"windows-1252":               `<?xml version="1.0" encoding="Windows-1252"?>` + latin,
		"ASCII and a reference":      `<?xml version="1.0" encoding="US-ASCII"?>` + strings.ReplaceAll(body, "é", "&#233;"),
		"an entity of HTML":          strings.ReplaceAll(body, "é", "&eacute;"),
		"UTF-16 with a mark":         "\xfe\xff" + wide(`<?xml version="1.0" encoding="UTF-16"?>`+body, 1),
		"UTF-16, the other way":      "\xff\xfe" + wide(body, 0),
		"UTF-16BE without a mark":    wide(body, 1),
		"UTF-16LE without a mark":    wide(body, 0),
		"UTF-8 that is called wide":  `<?xml version="1.0" encoding="UTF-16"?>` + body,
		"a namespace with a prefix":  strings.NewReplacer("</", "</p:", "<", "<p:").Replace(body),
		"a version of the model":     strings.Replace(body, "<groupId>", "<modelVersion>4.0.0</modelVersion><groupId>", 1),
		"text that is an element":    strings.Replace(body, "é", "é<b>x</b>", 1),
		"white space after the root": body + "\n<!-- end -->\n",
	} {
		p, err := readPOM(strings.NewReader(document))
		want := pom{coordinates: coordinates{"g", "a", "1"}, packaging: "jar", name: "é"}
		if err != nil || !reflect.DeepEqual(p, want) {
			t.Errorf("%s: got %+v, %v", name, p, err)
		}
	}
	p, err := readPOM(strings.NewReader(`<?xml version="1.0" encoding="UTF-8"?>` + latin))
	if err != nil || p.name != "\ufffd" {
		t.Errorf("Latin-1 that says it is UTF-8: got %+v, %v", p, err)
	}
	p, err = readPOM(strings.NewReader(`<?xml version="1.0" encoding="cp1252"?><project><name>` + "\x80\x92\xe9" + `</name></project>`))
	if err != nil || p.name != "€’é" {
		t.Errorf("windows-1252: got %+v, %v", p, err)
	}
}

func TestPOMsThatAreRefused(t *testing.T) {
	for name, row := range map[string]struct{ document, words string }{
		"nothing":              {"", "does not end"},
		"text":                 {"hello", "does not end"},
		"another document":     {"<metadata/>", "<metadata>"},
		"two roots":            {"<project/><project/>", "<project>"},
		"a cut":                {"<project><groupId>", "does not end"},
		"ends that cross":      {"<project><a><b></a></b></project>", "</a>"},
		"an end too many":      {"<project/></project>", "</project>"},
		"two groups":           {"<project><groupId>a</groupId><groupId>b</groupId></project>", "two <groupId>"},
		"two lists":            {"<project><dependencies/><dependencies/></project>", "two <dependencies>"},
		"a document type":      {`<!DOCTYPE project [<!ENTITY x "y">]><project/>`, "document type"},
		"an external entity":   {`<!DOCTYPE project SYSTEM "file:///etc/passwd"><project/>`, "document type"},
		"an unknown entity":    {"<project><name>&x;</name></project>", "cannot be read"},
		"an open attribute":    {"<project a=><name/></project>", "cannot be read"},
		"a thousand levels":    {"<project>" + strings.Repeat("<a>", 1000), "64 deep"},
		"half a unit of UTF16": {"\xff\xfe<\x00p", "cannot be read"},
	} {
		_, err := readPOM(strings.NewReader(row.document))
		if !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), row.words) ||
			!strings.Contains(err.Error(), "The POM cannot be read") {
			t.Errorf("%s: got %v, want a refusal with %q", name, err, row.words)
		}
	}
	long := "<project><!--" + strings.Repeat("x", maxPOM) + "--></project>"
	if _, err := readPOM(strings.NewReader(long)); !artifact.Is(err, artifact.Invalid) {
		t.Errorf("too long: got %v", err)
	}
	whole := "<project>" + strings.Repeat(" ", maxPOM-len("<project></project>")) + "</project>"
	if _, err := readPOM(strings.NewReader(whole)); err != nil {
		t.Errorf("just as long as may be: got %v", err)
	}
}

func TestAPOMIsOfItsPath(t *testing.T) {
	for name, row := range map[string]struct {
		path string
		pom  coordinates
		ok   bool
	}{
		"the same":         {"acme/lib/1/lib-1.pom", coordinates{"acme", "lib", "1"}, true},
		"a build":          {"acme/lib/1-SNAPSHOT/lib-1-20260301.120000-1.pom", coordinates{"acme", "lib", "1-SNAPSHOT"}, true},
		"an expression":    {"acme/lib/1/lib-1.pom", coordinates{"acme", "lib", "${revision}"}, true},
		"another group":    {"acme/lib/1/lib-1.pom", coordinates{"evil", "lib", "1"}, false},
		"another artifact": {"acme/lib/1/lib-1.pom", coordinates{"acme", "lab", "1"}, false},
		"another version":  {"acme/lib/1/lib-1.pom", coordinates{"acme", "lib", "2"}, false},
		"none":             {"acme/lib/1/lib-1.pom", coordinates{"acme", "lib", ""}, false},
	} {
		l, err := parsePath(row.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := (pom{coordinates: row.pom}).check(l); (err == nil) != row.ok || err != nil && !artifact.Is(err, artifact.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDetailsAreOfTheOwnPOM(t *testing.T) {
	p, err := readPOM(strings.NewReader(fullPOM))
	if err != nil {
		t.Fatal(err)
	}
	want := artifact.Details{
		DisplayName: "A & B ©", Summary: "Does <b>things</b>", HomePage: "https://acme.example.test",
		SourceCode: "https://scm.example.test",
		Licenses:   []artifact.License{{Name: "MIT", URL: "https://mit.example.test"}, {Name: "Apache-2.0"}},
		Dependencies: []artifact.Dependency{
			{Namespace: "com.acme", Package: "parent", Type: "parent", Requirement: "7"},
			{Namespace: "org.a", Package: "a", Type: "compile", Requirement: "${v}"},
			{Namespace: "org.b", Package: "b", Type: "test", Requirement: "[1,2)"},
			{Namespace: "org.c", Package: "c", Type: "optional"},
		},
	}
	if got := describe(p); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	long := describe(pom{name: strings.Repeat("x", artifact.MaxMetadataField+1), description: "d", licenses: []pomLicense{{}}})
	if !reflect.DeepEqual(long, artifact.Details{Summary: "d"}) {
		t.Errorf("a name that is too long: got %.100v", long)
	}
}

// FuzzPOM: a document is a POM or Invalid, and what is told of it is bounded.
func FuzzPOM(f *testing.F) {
	for _, document := range []string{fullPOM, "<project/>", "\xff\xfe<\x00p\x00", `<?xml version="1.0" encoding="cp1252"?><project/>`} {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		p, err := readPOM(strings.NewReader(string(document)))
		if err != nil && !artifact.Is(err, artifact.Invalid) {
			t.Fatal(err)
		}
		if d := describe(p); len(d.Summary) > artifact.MaxMetadataField || len(d.Readme) > 0 {
			t.Fatalf("got %d bytes of summary and %d of readme", len(d.Summary), len(d.Readme))
		}
	})
}
