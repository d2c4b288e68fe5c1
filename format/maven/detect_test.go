package maven

import (
	"archive/zip"
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"entrepot/upstream/detect/detecttest"
)

const superPOM = `<project><repositories>
  <repository><id>other</id><url>https://wrong.example.test/</url></repository>
  <repository><id>central</id><url>https://maven.example.test/maven2</url></repository>
</repositories></project>`

func mirror(of string, blocked bool) string {
	return fmt.Sprintf(`<settings><!-- <mirror><mirrorOf>*</mirrorOf></mirror> --><mirrors>
  <mirror><mirrorOf>external:http:*</mirrorOf><url>http://0.0.0.0/</url><blocked>true</blocked></mirror>
  <mirror><mirrorOf>%s</mirrorOf><url> https://mirror.example.test/ </url><blocked>%v</blocked></mirror>
</mirrors></settings>`, of, blocked)
}

func jar(t *testing.T, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestMavenSaysWhereCentralIs(t *testing.T) {
	const central, mirrored = "https://maven.example.test/maven2", "https://mirror.example.test/"
	for _, test := range []struct{ name, jar, settings, want string }{
		{"its super POM", "maven-model-builder-3.x.jar", "", central},
		{"maven 4's super POM", "maven-impl-4.0.0.jar", "", central},
		{"its mirror of everything", "maven-model-builder-3.x.jar", mirror("*", false), mirrored},
		{"its mirror of central", "maven-model-builder-3.x.jar", mirror("x, central", false), mirrored},
		{"a mirror of all but central", "maven-model-builder-3.x.jar", mirror("*,!central", false), central},
		{"a blocked mirror", "maven-model-builder-3.x.jar", mirror("*", true), central},
		{"maven without its jar", "other.jar", "", "no super POM"},
	} {
		t.Run(test.name, func(t *testing.T) {
			home, installed := detecttest.Home(t), t.TempDir()
			detecttest.Write(t, jar(t, "org/apache/maven/model/pom-4.0.0.xml", superPOM), installed, "lib", test.jar)
			if test.settings != "" {
				detecttest.Write(t, []byte(test.settings), home, ".m2", "settings.xml")
			}
			machine := detecttest.Machine{"mvn --batch-mode --version": "\x1b[1mApache Maven 3.8.7\x1b[m\n" +
				"Maven home: " + installed + "\nJava version: 17\n"}
			detecttest.Want(t, detectors, machine, "public:maven-central", test.want)
			detecttest.Want(t, detectors, machine, "public:maven-clojars", "no client")
		})
	}
	t.Run("no maven on the machine", func(t *testing.T) {
		detecttest.Want(t, detectors, nil, "public:maven-central", "not installed")
	})
}

func FuzzClientOutput(f *testing.F) {
	f.Add("Maven home: /opt/maven")
	f.Add(superPOM)
	f.Add(mirror("*", false))
	f.Fuzz(func(t *testing.T, text string) {
		if at, ok := mavenHome(text); ok && !filepath.IsAbs(at) {
			t.Errorf("maven lives at %q", at)
		}
		_, _ = centralInPOM(strings.NewReader(text)) // must only not panic
		_, _ = centralMirror(strings.NewReader(text))
	})
}
