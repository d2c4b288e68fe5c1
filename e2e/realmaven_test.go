package e2e

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entrepot/e2e/fakemaven"
)

// mavenVersion is the folder of a version in a local repository of Maven, with what became of it.
type mavenVersion struct {
	group, artifact, version string
	files                    []string // names; the POM is among them
	*trial
}

func (v *mavenVersion) folder() string {
	return path.Join(strings.ReplaceAll(v.group, ".", "/"), v.artifact, v.version)
}

// mavenTrials are what real artifacts go through.
type mavenTrials struct {
	*connected
	local    string // the local repository
	projects string // which depend on some of what is there
}

// TestRealArtifactsComeBackAsTheyWere deploys everything of a local repository of Maven with Maven, and has a public repository
// offer all of it to a connected one. What comes back of both is compared byte for byte, and projects that depend on it are
// resolved with every Maven. It prints a table, and fails for whatever Maven takes and Entrepot does not. ENTREPOT_REAL_ARTIFACTS
// is a folder with the local repository m2 and the projects that filled it, such as make real leaves. Nothing is asked of a
// registry.
func TestRealArtifactsComeBackAsTheyWere(t *testing.T) {
	folder := os.Getenv("ENTREPOT_REAL_ARTIFACTS")
	if folder == "" {
		t.Skip("needs real artifacts: name the folder that holds them in ENTREPOT_REAL_ARTIFACTS")
	}
	local := filepath.Join(folder, "m2")
	central := fakemaven.New(fakemaven.Manners{})
	for _, offered := range []string{local, filepath.Join(tools, "java", "repository")} { // the second has plugins
		if err := central.Offer(os.DirFS(offered)); err != nil {
			t.Fatal(err)
		}
	}
	f := mavenTrials{newConnected(t, "maven", central), local, filepath.Join(folder, "projects")}
	versions := f.versions()
	f.own()
	f.deployReal(versions)
	for _, v := range versions {
		if v.published() {
			f.compareReal(v, "published", "own")
		}
		f.compareReal(v, "proxied", "my-repo")
	}
	f.withEach([]string{"mvn-3.8", "mvn-3.9", "mvn-4"}, func(program, repository string) {
		f.resolveReal(program, repository, versions)
	})
	tell(t, versions)
}

// ours are files that Maven keeps for itself in a local repository.
var ours = regexp.MustCompile(`^_|\.(sha1|md5|lastUpdated|properties)$|^maven-metadata`)

// versions are all that the local repository holds whole.
func (f mavenTrials) versions() (all []*mavenVersion) {
	f.t.Helper()
	f.must(fs.WalkDir(os.DirFS(f.local), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".pom" {
			return err
		}
		folder := path.Dir(name)
		files, err := os.ReadDir(filepath.Join(f.local, folder))
		v := &mavenVersion{version: path.Base(folder), artifact: path.Base(path.Dir(folder)),
			group: strings.ReplaceAll(path.Dir(path.Dir(folder)), "/", ".")}
		for _, file := range files {
			if !ours.MatchString(file.Name()) {
				v.files = append(v.files, file.Name())
			}
		}
		v.trial = newTrial(v.group + ":" + v.artifact + ":" + v.version)
		all = append(all, v)
		return err
	}))
	return all
}

// compareReal compares what a repository serves of a version with the local repository, checksums beside the files included.
func (f mavenTrials) compareReal(v *mavenVersion, how, repository string) {
	f.t.Helper()
	var wrong []string
	for _, name := range v.files {
		address := f.at(repository) + v.folder() + "/" + name
		if why := f.unlike(address, filepath.Join(f.local, v.folder(), name)); why != "" {
			wrong = append(wrong, why)
		}
	}
	v.checks[how+", same bytes"] = strings.Join(wrong, "; ")
}

// unwantedArtifacts are refused on purpose, and why.
var unwantedArtifacts = map[string]string{
	"commons-codec:commons-codec:20041127.091804": "the POM has another version",
}

// deployReal deploys every version with deploy:deploy-file, in one run of Maven with a module for each.
func (f mavenTrials) deployReal(versions []*mavenVersion) {
	f.t.Helper()
	folder := f.t.TempDir()
	byModule := map[string]*mavenVersion{}
	var modules strings.Builder
	for i, v := range versions {
		name := fmt.Sprintf("project-%d", i)
		byModule[name] = v
		v.checks["published"] = ""
		fmt.Fprintf(&modules, "<module>%s</module>", name)
		f.must(os.Mkdir(filepath.Join(folder, name), 0o700))
		f.must(os.WriteFile(filepath.Join(folder, name, "pom.xml"), f.deployment(name, v), 0o600))
	}
	all := fmt.Sprintf("<project><modelVersion>4.0.0</modelVersion><groupId>real</groupId><artifactId>all</artifactId>"+
		"<version>1</version><packaging>pom</packaging><modules>%s</modules></project>", modules.String())
	f.must(os.WriteFile(filepath.Join(folder, "pom.xml"), []byte(all), 0o600))
	// Not side by side: Maven writes the metadata of an artifact's versions into one file.
	out, _, err := f.maven("mvn-3.9", "my-repo", "--file", folder, "--fail-at-end",
		"-Dmaven.deploy.skip=true", "-Dmaven.install.skip=true", "deploy")
	failed := failures(out)
	if err != nil && len(failed) == 0 {
		f.t.Fatalf("%v: %s", err, out)
	}
	for module, why := range failed {
		v := byModule[module]
		if unwantedArtifacts[v.of] == "" {
			v.checks["published"] = why
			continue
		}
		delete(v.checks, "published")
		v.checks["refused on purpose"] = ""
	}
}

var failure = regexp.MustCompile(`(?m)^\[ERROR\] Failed to execute goal .*?on project ([a-z0-9-]+): (.*)$`)

// failures are what Maven says of the modules that it could not build.
func failures(out []byte) map[string]string {
	failed := map[string]string{}
	for _, found := range failure.FindAllSubmatch(out, -1) {
		failed[string(found[1])] = string(found[2])
	}
	return failed
}

// deployment is a project that deploys a version with all its files.
func (f mavenTrials) deployment(name string, v *mavenVersion) []byte {
	stem := v.artifact + "-" + v.version
	element := func(b *bytes.Buffer, tag, text string) {
		fmt.Fprintf(b, "<%s>", tag)
		f.must(xml.EscapeText(b, []byte(text)))
		fmt.Fprintf(b, "</%s>", tag)
	}
	in := func(file string) string { return filepath.Join(f.local, v.folder(), file) }
	// The POM is deployed by itself where nothing stands beside it.
	files := slices.DeleteFunc(slices.Clone(v.files), func(file string) bool { return file == stem+".pom" })
	first := stem + ".pom"
	if len(files) > 0 {
		first, files = files[0], files[1:]
	}
	kind := func(file string) (classifier, extension string) {
		rest := strings.TrimPrefix(file, stem)
		classifier, extension, _ = strings.Cut(rest, ".")
		return strings.TrimPrefix(classifier, "-"), extension
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "<project><modelVersion>4.0.0</modelVersion><groupId>real</groupId><artifactId>%s</artifactId>"+
		"<version>1</version><packaging>pom</packaging><build><plugins><plugin><artifactId>maven-deploy-plugin</artifactId>"+
		"<executions><execution><id>real</id><phase>deploy</phase><goals><goal>deploy-file</goal></goals><configuration>", name)
	classifier, extension := kind(first)
	element(&b, "file", in(first))
	element(&b, "packaging", extension)
	element(&b, "classifier", classifier)
	element(&b, "groupId", v.group)
	element(&b, "artifactId", v.artifact)
	element(&b, "version", v.version)
	element(&b, "repositoryId", "entrepot")
	element(&b, "url", f.at("own"))
	if extension == "pom" {
		element(&b, "generatePom", "false")
	} else {
		element(&b, "pomFile", in(stem+".pom"))
	}
	var names, types, classifiers []string
	for _, file := range files {
		classifier, extension := kind(file)
		names, types, classifiers = append(names, in(file)), append(types, extension), append(classifiers, classifier)
	}
	element(&b, "files", strings.Join(names, ","))
	element(&b, "types", strings.Join(types, ","))
	element(&b, "classifiers", strings.Join(classifiers, ","))
	b.WriteString("</configuration></execution></executions></plugin></plugins></build></project>")
	return b.Bytes()
}

// resolveReal resolves the projects into an empty local repository and compares what came with the one they filled first.
func (f mavenTrials) resolveReal(program, repository string, versions []*mavenVersion) {
	f.t.Helper()
	// Each Maven has a plugin of its own in mind. The one that filled the local repository is there whole.
	plugins, err := filepath.Glob(filepath.Join(f.local, "org/apache/maven/plugins/maven-dependency-plugin/*/*.jar"))
	f.must(err)
	if len(plugins) == 0 {
		f.t.Fatal("the local repository has no maven-dependency-plugin")
	}
	plugin := "org.apache.maven.plugins:maven-dependency-plugin:" + path.Base(path.Dir(plugins[0]))
	out, local, err := f.maven(program, repository, "--file", f.projects, "--fail-at-end", "-DexcludeTransitive",
		plugin+":resolve")
	if err != nil && len(failures(out)) == 0 {
		f.t.Fatalf("%v: %s", err, out)
	}
	// What the projects name, as they were made from it.
	text, err := os.ReadFile("real/artifacts.txt")
	f.must(err)
	wanted := strings.Fields(string(text))
	for _, v := range versions {
		if !slices.ContainsFunc(wanted, func(line string) bool { return line == v.of || strings.HasPrefix(line, v.of+":") }) {
			continue
		}
		if repository == "own" && !v.published() {
			continue
		}
		var wrong []string
		for _, name := range v.files {
			want, err := os.ReadFile(filepath.Join(f.local, v.folder(), name))
			f.must(err)
			if got, err := os.ReadFile(filepath.Join(local, v.folder(), name)); err != nil || !bytes.Equal(got, want) {
				wrong = append(wrong, fmt.Sprintf("%s is another or not there (%v)", name, err))
			}
		}
		v.checks[program+" from "+repository] = strings.Join(wrong, "; ")
	}
}

const mavenSettings = `<settings><mirrors><mirror><id>entrepot</id><mirrorOf>*</mirrorOf><url>%s</url></mirror></mirrors>
<servers><server><id>entrepot</id><username>aws</username><password>%s</password></server></servers></settings>
`

// maven runs a Maven that has everything from a repository and nothing yet, and returns what it said and its local repository.
func (f mavenTrials) maven(program, repository string, arguments ...string) (out []byte, local string, err error) {
	f.t.Helper()
	work := f.t.TempDir()
	env, err := clientsEnvironment(work)
	f.must(err)
	settings := filepath.Join(work, "settings.xml")
	f.must(os.WriteFile(settings, fmt.Appendf(nil, mavenSettings, f.at(repository), f.bearer), 0o600))
	local = filepath.Join(work, "m2")
	run := exec.CommandContext(f.t.Context(), program, append([]string{"--batch-mode", "--no-transfer-progress",
		"--strict-checksums", "--settings", settings, "-Dmaven.repo.local=" + local}, arguments...)...)
	run.Env, run.Dir = env, work
	out, err = run.CombinedOutput()
	return out, local, err
}
