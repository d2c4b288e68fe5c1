package maven

import (
	"strings"
	"testing"

	"entrepot/artifact"
)

func TestAPathNamesAFileOfAVersion(t *testing.T) {
	for _, row := range []struct{ path, group, artifact, version, rest, asset string }{
		{"org/acme/lib/1.0/lib-1.0.jar", "org.acme", "lib", "1.0", ".jar", "lib-1.0.jar"},
		{"acme/lib/1.0/lib-1.0.pom", "acme", "lib", "1.0", ".pom", "lib-1.0.pom"},
		{"a/b/c/d/lib/1.0/lib-1.0-sources.jar", "a.b.c.d", "lib", "1.0", "-sources.jar", "lib-1.0-sources.jar"},
		{"org/acme/lib/1.0/lib-1.0.module", "org.acme", "lib", "1.0", ".module", "lib-1.0.module"},
		{"org/acme/lib/1.0/lib-1.0.klib", "org.acme", "lib", "1.0", ".klib", "lib-1.0.klib"},
		{"org/acme/lib/1.0/lib-1.0-bin.tar.gz", "org.acme", "lib", "1.0", "-bin.tar.gz", "lib-1.0-bin.tar.gz"},
		{"org/acme/my-lib.core/1.0-rc.1/my-lib.core-1.0-rc.1.jar", "org.acme", "my-lib.core", "1.0-rc.1", ".jar",
			"my-lib.core-1.0-rc.1.jar"},
		{"org/acme/lib_2.13/1.0/lib_2.13-1.0.jar", "org.acme", "lib_2.13", "1.0", ".jar", "lib_2.13-1.0.jar"},
		{"org/acme/lib/1.0+build/lib-1.0+build.jar", "org.acme", "lib", "1.0+build", ".jar", "lib-1.0+build.jar"},
		{"org/acme/lib/1.0%2Bbuild/lib-1.0%2bbuild.jar", "org.acme", "lib", "1.0+build", ".jar", "lib-1.0+build.jar"},
		{"org/acme/lib/1%2525/lib-1%2525.jar", "org.acme", "lib", "1%25", ".jar", "lib-1%25.jar"},
		{"org/acme/lib-1/2/lib-1-2.jar", "org.acme", "lib-1", "2", ".jar", "lib-1-2.jar"},
		{"org/acme/lib/1/lib-1-2.jar", "org.acme", "lib", "1", "-2.jar", "lib-1-2.jar"},
		{"acme/maven-metadata/1/maven-metadata-1.jar", "acme", "maven-metadata", "1", ".jar", "maven-metadata-1.jar"},
		{"acme/lib/1.0/lib-1.0.jar.asc", "acme", "lib", "1.0", ".jar.asc", "lib-1.0.jar.asc"},
		{"acme/lib/1.0-SNAPSHOT/lib-1.0-20260301.120000-12.jar", "acme", "lib", "1.0-20260301.120000-12", ".jar",
			"lib-1.0-20260301.120000-12.jar"},
		{"acme/lib/1.0-SNAPSHOT/lib-1.0-20260301.120000-1-sources.jar", "acme", "lib", "1.0-20260301.120000-1",
			"-sources.jar", "lib-1.0-20260301.120000-1-sources.jar"},
		{"acme/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT-sources.jar", "acme", "lib", "1.0-SNAPSHOT", "-sources.jar",
			"lib-1.0-SNAPSHOT-sources.jar"},
		{"acme/lib/SNAPSHOT/lib-20260301.120000-1.jar", "acme", "lib", "20260301.120000-1", ".jar",
			"lib-20260301.120000-1.jar"},
		{"acme/lib/1.0SNAPSHOT/lib-1.0SNAPSHOT.jar", "acme", "lib", "1.0SNAPSHOT", ".jar", "lib-1.0SNAPSHOT.jar"},
		{"acme/lib/1.0-20260301.120000-1/lib-1.0-20260301.120000-1.jar", "acme", "lib", "1.0-20260301.120000-1", ".jar",
			"lib-1.0-20260301.120000-1.jar"},
	} {
		l, err := parsePath(row.path)
		got := []string{l.group, l.artifact, l.version, l.rest, l.asset}
		want := []string{row.group, row.artifact, row.version, row.rest, row.asset}
		if err != nil || l.level != assetLevel || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: got level %d, %q, %v, want %q", row.path, l.level, got, err, want)
		}
		if l.checksum != noChecksum {
			t.Errorf("%s: got checksum %d, want none", row.path, l.checksum)
		}
		sum, err := parsePath(row.path + ".sha256")
		if err != nil || sum.checksum == noChecksum || sum.asset != l.asset || sum.key() != l.key() {
			t.Errorf("its checksum: got %+v, %v", sum, err)
		}
	}
}

func TestAPathNamesMetadata(t *testing.T) {
	for _, row := range []struct {
		path                                string
		level                               level
		group, artifact, asGroup, directory string
	}{
		{"org/acme/lib/maven-metadata.xml", packageLevel, "org.acme", "lib", "org.acme.lib", ""},
		{"acme/lib/maven-metadata.xml", packageLevel, "acme", "lib", "acme.lib", ""},
		{"acme/lib.core/maven-metadata.xml", packageLevel, "acme", "lib.core", "", ""},
		{"acme/maven-metadata.xml", packageLevel, "", "", "acme", ""},
		{"acme/lib/1.0-SNAPSHOT/maven-metadata.xml", versionLevel, "acme", "lib", "", "1.0-SNAPSHOT"},
	} {
		for _, suffix := range []string{"", ".md5", ".sha1", ".sha256", ".sha512"} {
			l, err := parsePath(row.path + suffix)
			got := []string{l.group, l.artifact, l.asGroup, l.directory}
			want := []string{row.group, row.artifact, row.asGroup, row.directory}
			if err != nil || l.level != row.level || strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s: got level %d, %q, %v, want %q", row.path+suffix, l.level, got, err, want)
			}
			if checksums[l.checksum].suffix != suffix {
				t.Errorf("%s: got checksum %d", row.path+suffix, l.checksum)
			}
		}
	}
}

func TestPathsThatNameNothing(t *testing.T) {
	for kind, paths := range map[artifact.Kind][]string{
		artifact.Invalid: {
			"//", "acme//lib/1.0/lib-1.0.jar", "acme/./lib/1.0/lib-1.0.jar", "acme/../lib/1.0/lib-1.0.jar",
			"acme/%2e%2e/lib/1.0/lib-1.0.jar", "acme%2flib/1.0/lib-1.0.jar", "acme/lib/1.0/..%2flib-1.0.jar",
			"acme/lib/1.0/lib-1.0%5c.jar", "acme/lib/1.0/lib-1.0%00.jar", "acme/lib/1.0/lib-1.0%0a.jar",
			"acme/lib/c:/lib-c:.jar", "acme/lib/1.0/lib-1.0%zz.jar", "acme/lib/1.0/lib-1.0%ff.jar",
			"acme/lib/1.0/lib-1.0-" + strings.Repeat("x", 255) + ".jar", strings.Repeat("a/", 64) + "lib-1.jar",
		},
		artifact.NotFound: {
			"", "acme/", "acme/lib/1.0/", "maven-metadata.xml", ".meta/prefixes.txt", "archetype-catalog.xml",
			"acme/lib/1.0/other-1.0.jar", "acme/lib/1.0/lib-2.0.jar", "acme/lib/1.0/lib-1.0", "acme/lib/1.0/lib-1.01.jar",
			"acme/lib/1.0/ivy-1.0.xml", "acme/lib/1.0/lib.jar", "lib/1.0/lib-1.0.jar",
			"org.acme/lib/1.0/lib-1.0.jar", "a.b/maven-metadata.xml", "lib/1.0-SNAPSHOT/maven-metadata.xml",
			"acme/lib/1.0/maven-metadata-central.xml", "acme/lib/1.0/maven-metadata.xml.asc",
			"acme/lib/1.0-SNAPSHOT/lib-1.0-2026.jar", "acme/lib/1.0-SNAPSHOT/lib-1.0-20260301.120000.jar",
			"acme/lib/1.0-SNAPSHOT/lib-1.1-20260301.120000-1.jar", "acme/lib/1.0-SNAPSHOT/lib-1.0-20260301.120000-1",
			"acme/lib/1.0-SNAPSHOT/lib-1.0.jar", "acme/lib/1%200/lib-1%200.jar", "acme/l%20b/1.0/l%20b-1.0.jar",
			"ac%20me/lib/1.0/lib-1.0.jar",
		},
	} {
		for _, path := range paths {
			if l, err := parsePath(path); !artifact.Is(err, kind) {
				t.Errorf("%.80q: got %+v, %v, want %s", path, l, err, kind)
			}
			if _, err := parseUpload(path); !artifact.Is(err, artifact.Invalid) {
				t.Errorf("upload to %.80q: got %v, want invalid", path, err)
			}
		}
	}
}

func TestWhatCanBeReadCannotAllBePublished(t *testing.T) {
	for _, row := range []struct{ path, words string }{
		{"acme/l~b/1.0/l~b-1.0.jar", "ids are letters"},
		{"ac+me/lib/1.0/lib-1.0.jar", "ids are letters"},
		{"acme/lib/1.0[2]/lib-1.0[2].jar", "one of the characters"},
		{"acme/lib/1,0/lib-1,0.jar", "one of the characters"},
		{"acme/lib/1.0-20260301.120000-1/lib-1.0-20260301.120000-1.jar", "directory 1.0-SNAPSHOT"},
		{"acme/lib/1.0-snapshot/lib-1.0-snapshot.jar", "capitals"},
		{"acme/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT.jar", "lib-1.0-YYYYMMDD.HHMMSS-BUILD"},
		{"acme/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT.pom.sha1", "timestamp"},
	} {
		if _, err := parsePath(row.path); err != nil {
			t.Errorf("reading %s: %v", row.path, err)
		}
		if _, err := parseUpload(row.path); !artifact.Is(err, artifact.Invalid) || !strings.Contains(err.Error(), row.words) {
			t.Errorf("%s: got %v, want a refusal with %q", row.path, err, row.words)
		}
	}
	for _, path := range []string{
		"acme/lib/1.0/lib-1.0.jar", "acme/lib/1.0+a/lib-1.0+a.jar", "acme/lib/maven-metadata.xml", "acme/maven-metadata.xml",
		"acme/lib/1.0-SNAPSHOT/maven-metadata.xml.md5", "acme/lib/${revision}/lib-${revision}.pom",
		"acme/lib/1.0-SNAPSHOT/lib-1.0-20260301.120000-1.jar", "acme/lib_2.13/1/lib_2.13-1.pom",
	} {
		if _, err := parseUpload(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestASignatureIsOfAnotherAsset(t *testing.T) {
	for asset, want := range map[string]string{
		"lib-1.jar.asc": "lib-1.jar", "lib-1.jar.sigstore.json": "lib-1.jar", "lib-1.pom.sigstore": "lib-1.pom",
		"lib-1.jar": "", "lib-1.json": "",
	} {
		l, err := parsePath("acme/lib/1/" + asset)
		if got, _ := l.signed(); err != nil || got != want {
			t.Errorf("%s: signs %q, %v, want %q", asset, got, err, want)
		}
	}
}

func TestARestIsClassifierAndExtension(t *testing.T) {
	for rest, want := range map[string][2]string{
		".jar": {"", "jar"}, ".tar.gz": {"", "tar.gz"}, "-sources.jar": {"sources", "jar"},
		"-bin.tar.gz": {"bin", "tar.gz"}, "-jdk1.8.jar": {"jdk1.8", "jar"}, "-linux-x86_64.so": {"linux-x86_64", "so"},
		"-sources.jar.asc": {"sources", "jar.asc"}, ".jar.asc": {"", "jar.asc"},
		"-bin.tar.xz.sigstore.json": {"bin", "tar.xz.sigstore.json"}, "-bare": {"bare", ""},
	} {
		if classifier, extension := splitRest(rest); [2]string{classifier, extension} != want {
			t.Errorf("%s: got %q and %q, want %q", rest, classifier, extension, want)
		}
	}
}

func TestAChecksumIsLowerCaseHex(t *testing.T) {
	d := artifact.NewDigester()
	_, _ = d.Write([]byte("abc"))
	sums, _ := d.Sum()
	for suffix, want := range map[string]string{
		".md5": "900150983cd24fb0d6963f7d28e17f72", ".sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",
		".sha256": sums.SHA256.String(), ".sha512": "ddaf35a193617aba",
	} {
		if _, c := cutChecksum("x.jar" + suffix); !strings.HasPrefix(c.of(sums), want) {
			t.Errorf("%s: got %s, want %s", suffix, c.of(sums), want)
		}
	}
}

func TestBuildsBelongToSnapshots(t *testing.T) {
	for build, want := range map[string]string{
		"1.0-20260301.120000-1": "1.0-SNAPSHOT", "20260301.120000-77": "SNAPSHOT", "1.0-b-20260301.120000-1": "1.0-b-SNAPSHOT",
		"1.0": "1.0", "1.0-20260301-1": "1.0-20260301-1", "1.020260301.120000-1": "1.020260301.120000-1",
	} {
		if got := snapshotOf(build); got != want || isBuild(build) != (want != build) {
			t.Errorf("%s: got %s, %v, want %s", build, got, isBuild(build), want)
		}
	}
	if got := buildOf("1.0-SNAPSHOT", "20260301.120000", "3"); got != "1.0-20260301.120000-3" {
		t.Errorf("got %s", got)
	}
}

// FuzzPath: a path that is taken has a clean key, and the key and the file's name lead back to it.
func FuzzPath(f *testing.F) {
	for _, path := range []string{
		"org/acme/lib/1.0/lib-1.0.jar", "acme/lib/1.0-SNAPSHOT/lib-1.0-20260301.120000-1-sources.jar.asc.sha1",
		"acme/lib/1.0%2Bb/lib-1.0+b.tar.gz", "acme/lib/SNAPSHOT/maven-metadata.xml", "acme/maven-metadata.xml.md5",
		"a/b/c/a%2fb", "../x", "acme/lib/SNAPSHOT/lib-SNAPSHOT.jar",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		l, err := parsePath(path)
		if err != nil {
			if !artifact.Is(err, artifact.Invalid) && !artifact.Is(err, artifact.NotFound) {
				t.Fatalf("%q: %v", path, err)
			}
			return
		}
		if l.artifact == "" && l.asGroup == "" {
			t.Fatalf("%q names neither a package nor a group", path)
		}
		directory := strings.ReplaceAll(l.group, ".", "/") + "/" + l.artifact
		if l.artifact == "" {
			directory = strings.ReplaceAll(l.asGroup, ".", "/")
		}
		if l.level != packageLevel {
			directory += "/" + l.directory
		}
		file := metadataFile
		if l.level == assetLevel {
			if file = l.asset; file != fileStem(l.artifact, l.version)+l.rest {
				t.Fatalf("%q: asset %q of %s with %q", path, l.asset, l.version, l.rest)
			}
			for _, s := range []string{l.group, l.artifact, l.version} {
				if !artifact.ValidCoordinate(s) {
					t.Fatalf("%q: coordinate %q", path, s)
				}
			}
			if snapshotOf(l.version) != snapshotOf(l.directory) {
				t.Fatalf("%q: version %q in %q", path, l.version, l.directory)
			}
			if _, extension := splitRest(l.rest); strings.Contains(extension, "/") {
				t.Fatalf("%q: extension %q", path, extension)
			}
		}
		clean := directory + "/" + file + checksums[l.checksum].suffix
		again, err := parsePath(strings.ReplaceAll(clean, "%", "%25"))
		if err != nil || again != l {
			t.Fatalf("%q: %q gives %+v, %v", path, clean, again, err)
		}
	})
}
