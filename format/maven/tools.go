package maven

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"entrepot/clientconfig"
	"entrepot/format"
)

// tools are the clients of Maven repositories that read files of the user's. None but sbt, whose settings are programs, asks a
// program for a password.
var tools = []format.Tool{
	{
		Name: "mvn", Settings: mavenFile,
		Renewal: "has no setting for it; run entrepot login again, or write ${env.ENTREPOT_TOKEN} as the password and set the " +
			"variable to what entrepot token prints",
		Notes: mavenNotes,
	},
	{
		Name: "gradle", Settings: gradleFile,
		Variables: []string{
			"ORG_GRADLE_PROJECT_codeartifactUrl", "ORG_GRADLE_PROJECT_codeartifactUsername", "ORG_GRADLE_PROJECT_codeartifactPassword",
		},
		Renewal: "has no setting for it; set ORG_GRADLE_PROJECT_codeartifactPassword to what entrepot token prints",
		Notes:   gradleNotes,
	},
	{
		Name: "sbt", Settings: sbtFile, Renews: true,
		Notes: func(l format.Login) []string {
			return []string{"This is for sbt 1. To publish, build.sbt says: publishTo := Some(" + resolver("publishing", l) + ")"}
		},
	},
}

// mavenFile are a server with the credential, and a mirror of everything by the same id (AWS's guide, "Use CodeArtifact with
// mvn"): plugins come through the repository too, and no name of a package is asked for elsewhere.
func mavenFile(l format.Login) ([]clientconfig.Setting, error) {
	file := settingsFile(l)
	id := "<id>" + format.RepositoryName + "</id>\n"
	at := func(list, one string) clientconfig.Key {
		return clientconfig.KeyOf("settings", list).Member(one, "id", format.RepositoryName)
	}
	return []clientconfig.Setting{
		{
			File: file, Key: at("servers", "server"),
			Value:   id + "<username>" + format.TokenUser + "</username>\n<password>" + clientconfig.EscapeXML(l.Token.Reveal()) + "</password>",
			Secrets: []string{l.Token.Reveal()},
		},
		{
			File: file, Key: at("mirrors", "mirror"),
			Value: id + "<mirrorOf>*</mirrorOf>\n<url>" + clientconfig.EscapeXML(l.Endpoint.String()) + "</url>",
		},
	}, nil
}

func settingsFile(l format.Login) clientconfig.File {
	return clientconfig.File{Path: filepath.Join(l.Home, ".m2", "settings.xml"), Syntax: clientconfig.XML, Secret: true}
}

func mavenNotes(l format.Login) []string {
	notes := []string{"Deploy with: mvn deploy -DaltDeploymentRepository=" + format.RepositoryName + "::" + l.Endpoint.String()}
	if host := l.Endpoint.Hostname(); l.Endpoint.Scheme == "http" && host != "localhost" && host != "127.0.0.1" {
		notes = append(notes, "Maven 3.8.1 and newer takes nothing over plain HTTP from another machine.")
	}
	file := settingsFile(l)
	if text, err := os.ReadFile(file.Path); err == nil && bytes.Count(text, []byte("<mirrorOf>")) > 1 {
		notes = append(notes, file.Path+" has other mirrors: Maven takes the first that fits.")
	}
	return notes
}

// gradleFile are properties by the names that Gradle itself looks for where a repository called codeartifact says
// credentials(PasswordCredentials), from version 6.6 on; a build for older ones reads them by name (Gradle's manual,
// "Declaring repositories").
func gradleFile(l format.Login) ([]clientconfig.Setting, error) {
	folder := l.PathOr("GRADLE_USER_HOME", l.Home, ".gradle")
	file := clientconfig.File{Path: filepath.Join(folder, "gradle.properties"), Syntax: clientconfig.Properties, Secret: true}
	at := func(name string) clientconfig.Key { return clientconfig.KeyOf(format.RepositoryName + name) }
	return []clientconfig.Setting{
		{File: file, Key: at("Url"), Value: l.Endpoint.String()},
		{File: file, Key: at("Username"), Value: format.TokenUser},
		{File: file, Key: at("Password"), Value: l.Token.Reveal(), Secrets: []string{l.Token.Reveal()}},
	}, nil
}

func gradleNotes(l format.Login) []string {
	insecure := ""
	if l.Endpoint.Scheme == "http" {
		insecure = "allowInsecureProtocol = true; " // of Gradle 6.2 and newer, which want it
	}
	return []string{"A build finds the repository when its build.gradle says so, once: repositories { maven { name = '" +
		format.RepositoryName + "'; url = codeartifactUrl; " + insecure +
		"credentials { username = codeartifactUsername; password = codeartifactPassword } } }"}
}

// sbtFile is a file of settings for all the user's builds (sbt's manual, "Global Settings"). The repository takes the place of the
// central one; what a build has of its own is asked after it.
func sbtFile(l format.Login) ([]clientconfig.Setting, error) {
	password := quoteScala(l.Token.Reveal())
	if l.Renewing() {
		var words []string
		for _, word := range l.TokenCommand {
			words = append(words, quoteScala(word))
		}
		password = "scala.sys.process.Process(Seq(" + strings.Join(words, ", ") + ")).!!.trim"
	}
	text := "// Written by entrepot login --tool sbt; entrepot logout --tool sbt takes it away again.\n" +
		"externalResolvers := Seq(Resolver.defaultLocal, " + resolver(format.RepositoryName, l) + ") ++ resolvers.value\n\n" +
		"credentials += Credentials(" +
		strings.Join([]string{quoteScala(realm), quoteScala(l.Endpoint.Hostname()), quoteScala(format.TokenUser), password}, ", ") + ")\n"
	setting := clientconfig.Setting{
		File:  clientconfig.File{Path: filepath.Join(l.Home, ".sbt", "1.0", "entrepot.sbt"), Syntax: clientconfig.Whole, Secret: true},
		Value: text,
	}
	if !l.Renewing() {
		setting.Secrets = []string{l.Token.Reveal()}
	}
	return []clientconfig.Setting{setting}, nil
}

// resolver writes the repository as sbt's settings have it.
func resolver(name string, l format.Login) string {
	at := quoteScala(name) + " at " + quoteScala(l.Endpoint.String())
	if l.Endpoint.Scheme == "http" {
		return "(" + at + ").withAllowInsecureProtocol(true)"
	}
	return at
}

// quoteScala writes a text as a Scala string.
func quoteScala(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
