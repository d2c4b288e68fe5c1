package maven

import (
	"fmt"
	"strings"
	"testing"

	"entrepot/format/formattest"
)

const settingsOfAll = `  <servers>
    <server>
      <id>codeartifact</id>
      <username>aws</username>
      <password>entrepot_token</password>
    </server>
  </servers>
  <mirrors>
    <mirror>
      <id>codeartifact</id>
      <mirrorOf>*</mirrorOf>
      <url>http://127.0.0.1:8090/d-1/maven/r/</url>
    </mirror>
  </mirrors>
</settings>
`

// settingsOfOthers are a user's own, to be completed with ours in two places.
const settingsOfOthers = `<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0">
  <!-- ours -->
  <mirrors>
    <mirror><id>other</id><mirrorOf>central</mirrorOf></mirror> <!-- theirs -->%s
  </mirrors>
  <servers>
    <server><id>other</id></server> <!-- theirs -->%s
  </servers>
</settings>
`

// part is an element of settingsOfAll.
func part(name string) string {
	end := "    </" + name + ">"
	at := strings.Index(settingsOfAll, "    <"+name+">")
	return settingsOfAll[at : strings.Index(settingsOfAll, end)+len(end)]
}

func TestTools(t *testing.T) {
	formattest.RunTools(t, Format(), map[string]formattest.ToolCase{
		"mvn": {
			Tool: "mvn", Want: map[string]string{".m2/settings.xml": "<settings>\n" + settingsOfAll},
			Notes: []string{"mvn deploy -DaltDeploymentRepository=codeartifact::http://127.0.0.1:8090/d-1/maven/r/"},
		},
		"mvn from afar": {
			Tool: "mvn", Endpoint: "http://packages.example.test/d-1/maven/r/",
			Want:  map[string]string{".m2/settings.xml": "<settings>\n" + strings.ReplaceAll(settingsOfAll, "127.0.0.1:8090", "packages.example.test")},
			Notes: []string{"nothing over plain HTTP from another machine"},
		},
		"mvn, in a file that has more": {
			Tool: "mvn", Before: map[string]string{".m2/settings.xml": fmt.Sprintf(settingsOfOthers, "", "")},
			Want:  map[string]string{".m2/settings.xml": fmt.Sprintf(settingsOfOthers, "\n"+part("mirror"), "\n"+part("server"))},
			Notes: []string{"HOME/.m2/settings.xml has other mirrors"},
		},
		"gradle": {
			Tool: "gradle", Before: map[string]string{".gradle/gradle.properties": "# mine\norg.gradle.daemon=false\n"},
			Want: map[string]string{".gradle/gradle.properties": "# mine\norg.gradle.daemon=false\ncodeartifactUrl=http://127.0.0.1:8090/d-1/maven/r/\n" +
				"codeartifactUsername=aws\ncodeartifactPassword=entrepot_token\n"},
			Notes: []string{"allowInsecureProtocol = true", "credentials { username = codeartifactUsername"},
		},
		"sbt": {
			Tool: "sbt", Want: map[string]string{".sbt/1.0/entrepot.sbt": "// Written by entrepot login --tool sbt; entrepot logout --tool sbt takes it away again.\n" +
				"externalResolvers := Seq(Resolver.defaultLocal, (\"codeartifact\" at \"http://127.0.0.1:8090/d-1/maven/r/\")" +
				".withAllowInsecureProtocol(true)) ++ resolvers.value\n\n" +
				"credentials += Credentials(\"Entrepot\", \"127.0.0.1\", \"aws\", \"entrepot_token\")\n"},
			Notes: []string{`publishTo := Some(("publishing" at "http://127.0.0.1:8090/d-1/maven/r/").withAllowInsecureProtocol(true))`},
		},
		"sbt, which asks a program, over TLS": {
			Tool: "sbt", Renew: true, Endpoint: "https://packages.example.test/d-1/maven/r/",
			Want: map[string]string{".sbt/1.0/entrepot.sbt": "// Written by entrepot login --tool sbt; entrepot logout --tool sbt takes it away again.\n" +
				"externalResolvers := Seq(Resolver.defaultLocal, \"codeartifact\" at \"https://packages.example.test/d-1/maven/r/\") ++ resolvers.value\n\n" +
				"credentials += Credentials(\"Entrepot\", \"packages.example.test\", \"aws\", scala.sys.process.Process(Seq(\"ENTREPOT\", \"token\")).!!.trim)\n"},
		},
	})
}
