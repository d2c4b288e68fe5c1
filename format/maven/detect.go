package maven

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"entrepot/upstream/detect"
)

// detectors ask Maven, which knows central; other repositories stand in projects.
var detectors = map[string]detect.Detector{"public:maven-central": detectCentral}

// detectCentral reads the mirror of central out of settings.xml, or central itself out of the super POM, which every
// project inherits and which lies in Maven's own model builder.
func detectCentral(ctx context.Context, run detect.Run) (string, string, error) {
	out, err := run(ctx, "mvn", "--batch-mode", "--version")
	if err != nil {
		return "", "maven", err
	}
	home, ok := mavenHome(string(out))
	if !ok {
		return "", "mvn --version", errors.New("maven does not say where it is installed")
	}
	settings := []string{filepath.Join(home, "conf", "settings.xml")}
	if user, err := os.UserHomeDir(); err == nil {
		settings = append([]string{filepath.Join(user, ".m2", "settings.xml")}, settings...)
	}
	for _, name := range settings {
		text, err := detect.ReadFile(name)
		if err != nil {
			continue
		}
		if address, ok := centralMirror(strings.NewReader(text)); ok {
			return address, "maven settings.xml", nil
		}
	}
	const how = "maven super POM"
	for _, pattern := range []string{"maven-model-builder-*.jar", "maven-impl-*.jar"} {
		jars, _ := filepath.Glob(filepath.Join(home, "lib", pattern)) // the pattern is good
		for _, jar := range jars {
			if address, err := centralInJar(jar); err == nil {
				return address, how, nil
			}
		}
	}
	return "", how, errors.New("no super POM in the installation names central")
}

var mavenHomeLine = regexp.MustCompile(`(?m)^(?:\x1b\[[0-9;]*m)*Maven home: ([^\x00-\x1f\x7f]+)`)

// mavenHome finds the installation in the output of mvn --version.
func mavenHome(out string) (string, bool) {
	m := mavenHomeLine.FindStringSubmatch(out)
	if m == nil {
		return "", false
	}
	home := strings.TrimSpace(m[1])
	return home, filepath.IsAbs(home)
}

// centralInJar reads the address of central out of the super POM in a jar.
func centralInJar(name string) (string, error) {
	jar, err := zip.OpenReader(name)
	if err != nil {
		return "", fmt.Errorf("open jar: %w", err)
	}
	defer func() { _ = jar.Close() }() // only read
	for _, f := range jar.File {
		if !strings.HasSuffix(f.Name, "/pom-4.0.0.xml") {
			continue
		}
		pom, err := f.Open()
		if err != nil {
			return "", fmt.Errorf("open super POM: %w", err)
		}
		defer func() { _ = pom.Close() }() // only read
		return centralInPOM(pom)
	}
	return "", errors.New("no super POM")
}

func centralInPOM(r io.Reader) (string, error) {
	var pom struct {
		Repositories []struct {
			ID  string `xml:"id"`
			URL string `xml:"url"`
		} `xml:"repositories>repository"`
	}
	if err := xml.NewDecoder(io.LimitReader(r, detect.MaxOutput)).Decode(&pom); err != nil {
		return "", fmt.Errorf("read super POM: %w", err)
	}
	for _, repository := range pom.Repositories {
		if strings.TrimSpace(repository.ID) == "central" {
			return strings.TrimSpace(repository.URL), nil
		}
	}
	return "", errors.New("the super POM has no repository called central")
}

// centralMirror finds the first mirror that stands for central (Maven guide, "Using Mirrors for Repositories").
func centralMirror(r io.Reader) (string, bool) {
	var settings struct {
		Mirrors []struct {
			Of      string `xml:"mirrorOf"`
			URL     string `xml:"url"`
			Blocked bool   `xml:"blocked"`
		} `xml:"mirrors>mirror"`
	}
	if err := xml.NewDecoder(io.LimitReader(r, detect.MaxOutput)).Decode(&settings); err != nil {
		return "", false
	}
	for _, m := range settings.Mirrors {
		if !m.Blocked && mirrorsCentral(m.Of) {
			return strings.TrimSpace(m.URL), true
		}
	}
	return "", false
}

// mirrorsCentral reads a mirrorOf list. An exclusion wins wherever it stands.
func mirrorsCentral(of string) bool {
	covered := false
	for _, pattern := range strings.Split(of, ",") {
		switch strings.TrimSpace(pattern) {
		case "!central":
			return false
		case "*", "central", "external:*":
			covered = true
		}
	}
	return covered
}
