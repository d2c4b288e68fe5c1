package maven

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
)

// The documents that clients send, in the shape that deploy-plugin 3.0.0 gives them.
const (
	packageDocument = `<?xml version="1.0" encoding="UTF-8"?>
<metadata modelVersion="1.1.0">
  <groupId>com.acme</groupId>
  <artifactId>lib</artifactId>
  <versioning>
    <latest>1.1</latest>
    <release>1.1</release>
    <versions>
      <version>1.0</version>
      <version>1.1</version>
    </versions>
    <lastUpdated>20261122214250</lastUpdated>
  </versioning>
</metadata>
`
	snapshotDocument = `<?xml version="1.0" encoding="UTF-8"?>
<metadata modelVersion="1.1.0">
  <groupId>com.acme</groupId>
  <artifactId>snap</artifactId>
  <version>1.0-SNAPSHOT</version>
  <versioning>
    <snapshot>
      <timestamp>20261122.214257</timestamp>
      <buildNumber>3</buildNumber>
    </snapshot>
    <lastUpdated>20261122214257</lastUpdated>
    <snapshotVersions>
      <snapshotVersion>
        <extension>jar</extension>
        <value>1.0-20261122.214257-3</value>
        <updated>20261122214257</updated>
      </snapshotVersion>
      <snapshotVersion>
        <classifier>sources</classifier>
        <extension>jar</extension>
        <value>1.0-20261122.214254-2</value>
        <updated>20261122214254</updated>
      </snapshotVersion>
    </snapshotVersions>
  </versioning>
</metadata>
`
	groupDocument = `<?xml version="1.0" encoding="UTF-8"?>
<metadata modelVersion="1.1.0">
  <plugins>
    <plugin>
      <name>Demo &amp; more</name>
      <prefix>demo</prefix>
      <artifactId>demo-maven-plugin</artifactId>
    </plugin>
  </plugins>
</metadata>
`
)

var (
	packageRead = metadata{group: "com.acme", artifact: "lib", latest: "1.1", release: "1.1",
		versions: []string{"1.0", "1.1"}, updated: "20261122214250"}
	snapshotRead = metadata{group: "com.acme", artifact: "snap", version: "1.0-SNAPSHOT", updated: "20261122214257",
		snapshot: snapshotPointer{timestamp: "20261122.214257", buildNumber: "3"}, files: []snapshotFile{
			{extension: "jar", value: "1.0-20261122.214257-3", updated: "20261122214257"},
			{classifier: "sources", extension: "jar", value: "1.0-20261122.214254-2", updated: "20261122214254"},
		}}
	groupRead = metadata{plugins: []plugin{{"Demo & more", "demo", "demo-maven-plugin"}}}
)

func TestMetadataIsReadAndWritten(t *testing.T) {
	for name, row := range map[string]struct {
		document  string
		want      metadata
		ofPackage bool
	}{
		"a package's":  {packageDocument, packageRead, true},
		"a snapshot's": {snapshotDocument, snapshotRead, false},
		"a group's":    {groupDocument, groupRead, false},
	} {
		got, err := readMetadata(strings.NewReader(row.document))
		if err != nil || !reflect.DeepEqual(got, row.want) || got.ofPackage() != row.ofPackage {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, row.want)
		}
		var out strings.Builder
		if err := got.write(&out); err != nil || out.String() != row.document {
			t.Errorf("%s: wrote %s, %v, want %s", name, out.String(), err, row.document)
		}
	}
}

func TestMetadataIsReadAsClientsWriteIt(t *testing.T) {
	for name, row := range map[string]struct {
		document string
		want     metadata
	}{
		"nothing in it": {`<metadata/>`, metadata{}},
		"a namespace": {`<m:metadata xmlns:m="http://maven.example.test/METADATA/1.1.0"><m:groupId>a</m:groupId></m:metadata>`,
			metadata{group: "a"}},
		"elements of nobody": {`<metadata><groupId>a</groupId><x><groupId>b</groupId></x><versioning><y/></versioning></metadata>`,
			metadata{group: "a"}},
		"both levels": {`<metadata><artifactId>a</artifactId><versioning><versions><version> 1 </version></versions></versioning>
			<plugins><plugin><prefix>p</prefix></plugin></plugins></metadata>`,
			metadata{artifact: "a", versions: []string{"1"}, plugins: []plugin{{Prefix: "p"}}}},
		"a local copy": {`<metadata><versioning><snapshot><localCopy>true</localCopy></snapshot></versioning></metadata>`,
			metadata{snapshot: snapshotPointer{localCopy: true}}},
	} {
		if got, err := readMetadata(strings.NewReader(row.document)); err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, row.want)
		}
	}
}

func TestMetadataIsMadeOfVersions(t *testing.T) {
	at := time.Date(2026, 11, 22, 22, 42, 50, 0, time.FixedZone("", 3600))
	m := packageMetadata("com.acme", "lib", []string{"1.10", "2.0-SNAPSHOT", "1.9"}, at)
	want := metadata{group: "com.acme", artifact: "lib", latest: "2.0-SNAPSHOT", release: "1.10",
		versions: []string{"1.9", "1.10", "2.0-SNAPSHOT"}, updated: "20261122214250"}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got %+v, want %+v", m, want)
	}
	if m := packageMetadata("a", "b", nil, time.Time{}); !m.ofPackage() || m.updated != "" || m.latest != "" {
		t.Errorf("got %+v of no versions", m)
	}
}

func TestPluginsAreMergedByPrefix(t *testing.T) {
	own := []plugin{{"Ours", "b", "b-maven-plugin"}, {"No prefix", "", "x"}}
	theirs := []plugin{{"Theirs", "b", "other"}, {"A", "a", "a-maven-plugin"}, {"No artifact", "c", ""}}
	want := []plugin{{"A", "a", "a-maven-plugin"}, {"Ours", "b", "b-maven-plugin"}}
	if got := mergePlugins(own, theirs); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// FuzzMetadata: what is read is written so that it is read the same.
func FuzzMetadata(f *testing.F) {
	for _, document := range []string{packageDocument, snapshotDocument, groupDocument, "<metadata/>", "\xff\xfe<\x00m\x00"} {
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document string) {
		m, err := readMetadata(strings.NewReader(document))
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if m.artifact == "" {
			return // without an artifact there is nothing to write but plugins
		}
		var out, again strings.Builder
		if err := m.write(&out); err != nil {
			t.Fatal(err)
		}
		same, err := readMetadata(strings.NewReader(out.String()))
		if err != nil {
			t.Fatalf("%v in %s", err, out.String())
		}
		if err := same.write(&again); err != nil || again.String() != out.String() {
			t.Fatalf("%q is written as %q, then as %q, %v", document, out.String(), again.String(), err)
		}
	})
}
