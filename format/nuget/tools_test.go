package nuget

import (
	"testing"

	"entrepot/format/formattest"
)

const (
	credentials = "  <packageSourceCredentials>\n    <codeartifact>\n      <add key=\"Username\" value=\"aws\" />\n" +
		"      <add key=\"ClearTextPassword\" value=\"entrepot_token\" />\n    </codeartifact>\n  </packageSourceCredentials>\n"
	added = "    <add key=\"codeartifact\" value=\"http://127.0.0.1:8090/d-1/nuget/r/v3/index.json\" allowInsecureConnections=\"true\" />\n"
	fresh = "<configuration>\n  <packageSources>\n" + added + "  </packageSources>\n" + credentials + "</configuration>\n"
)

func TestTools(t *testing.T) {
	formattest.RunTools(t, Format(), map[string]formattest.ToolCase{
		"dotnet": {
			Tool: "dotnet", Want: map[string]string{".nuget/NuGet/NuGet.Config": fresh},
			Notes: []string{"dotnet nuget push FILE -s codeartifact"},
		},
		"dotnet, in the file that it has made itself": {
			Tool: "dotnet", Endpoint: "https://packages.example.test/d-1/nuget/r/",
			Before: map[string]string{".nuget/NuGet/NuGet.Config": "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<configuration>\n" +
				"  <packageSources>\n    <add key=\"others\" value=\"https://registry.example.test/v3/index.json\" protocolVersion=\"3\" />\n" +
				"  </packageSources>\n</configuration>"},
			Want: map[string]string{".nuget/NuGet/NuGet.Config": "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<configuration>\n" +
				"  <packageSources>\n    <add key=\"others\" value=\"https://registry.example.test/v3/index.json\" protocolVersion=\"3\" />\n" +
				"    <add key=\"codeartifact\" value=\"https://packages.example.test/d-1/nuget/r/v3/index.json\" />\n" +
				"  </packageSources>\n" + credentials + "</configuration>"},
			Notes: []string{"has other sources"},
		},
		"nuget": {Tool: "nuget", Want: map[string]string{".config/NuGet/NuGet.Config": fresh}},
		"nuget, where a variable says": {
			Tool: "nuget", Variables: map[string]string{"XDG_CONFIG_HOME": "HOME/mine"},
			Want: map[string]string{"mine/NuGet/NuGet.Config": fresh},
		},
	})
}
