package maven

import (
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
  <profiles>
    <profile>
      <id>codeartifact</id>
      <repositories>
        <repository>
          <id>codeartifact</id>
          <url>http://127.0.0.1:8090/d-1/maven/r/</url>
        </repository>
      </repositories>
      <pluginRepositories>
        <pluginRepository>
          <id>codeartifact</id>
          <url>http://127.0.0.1:8090/d-1/maven/r/</url>
        </pluginRepository>
      </pluginRepositories>
    </profile>
  </profiles>
  <activeProfiles>
    <activeProfile>codeartifact</activeProfile>
  </activeProfiles>
</settings>
`

func TestTools(t *testing.T) {
	formattest.RunTools(t, Format(), map[string]formattest.ToolCase{
		"mvn": {
			Tool: "mvn", Want: map[string]string{".m2/settings.xml": "<settings>\n" + settingsOfAll},
			Notes: []string{"mvn deploy -DaltDeploymentRepository=codeartifact::default::http://127.0.0.1:8090/d-1/maven/r/"},
		},
		"mvn from afar": {
			Tool: "mvn", Endpoint: "http://packages.example.test/d-1/maven/r/",
			Want:  map[string]string{".m2/settings.xml": "<settings>\n" + strings.ReplaceAll(settingsOfAll, "127.0.0.1:8090", "packages.example.test")},
			Notes: []string{"nothing over plain HTTP from another machine"},
		},
		"mvn, in a file that has more": {
			Tool: "mvn", Before: map[string]string{".m2/settings.xml": "<settings xmlns=\"http://maven.apache.org/SETTINGS/1.0.0\">\n" +
				"  <!-- ours -->\n  <mirrors/>\n  <servers>\n    <server><id>other</id></server> <!-- theirs -->\n  </servers>\n</settings>\n"},
			Want: map[string]string{".m2/settings.xml": "<settings xmlns=\"http://maven.apache.org/SETTINGS/1.0.0\">\n" +
				"  <!-- ours -->\n  <mirrors/>\n" + strings.Replace(settingsOfAll, "  <servers>\n", "  <servers>\n    <server><id>other</id></server> <!-- theirs -->\n", 1)},
		},
		"gradle": {
			Tool: "gradle", Before: map[string]string{".gradle/gradle.properties": "# mine\norg.gradle.daemon=false\n"},
			Want: map[string]string{".gradle/gradle.properties": "# mine\norg.gradle.daemon=false\ncodeartifactUrl=http://127.0.0.1:8090/d-1/maven/r/\n" +
				"codeartifactUsername=aws\ncodeartifactPassword=entrepot_token\n"},
			Notes: []string{"allowInsecureProtocol = true", "credentials { username = codeartifactUsername"},
		},
		"sbt": {
			Tool: "sbt", Want: map[string]string{".sbt/1.0/entrepot.sbt": "// Written by entrepot login --tool sbt; entrepot logout --tool sbt takes it away again.\n" +
				"resolvers += (\"codeartifact\" at \"http://127.0.0.1:8090/d-1/maven/r/\").withAllowInsecureProtocol(true)\n\n" +
				"credentials += Credentials(\"Entrepot\", \"127.0.0.1\", \"aws\", \"entrepot_token\")\n"},
		},
		"sbt, which asks a program, over TLS": {
			Tool: "sbt", Renew: true, Endpoint: "https://packages.example.test/d-1/maven/r/",
			Want: map[string]string{".sbt/1.0/entrepot.sbt": "// Written by entrepot login --tool sbt; entrepot logout --tool sbt takes it away again.\n" +
				"resolvers += \"codeartifact\" at \"https://packages.example.test/d-1/maven/r/\"\n\n" +
				"credentials += Credentials(\"Entrepot\", \"packages.example.test\", \"aws\", scala.sys.process.Process(Seq(\"ENTREPOT\", \"token\")).!!.trim)\n"},
		},
	})
}
