package swift

import (
	"testing"

	"entrepot/format/formattest"
)

const (
	registriesOfUser = ".swiftpm/configuration/registries.json"
	netrcLine        = "machine 127.0.0.1 login token password entrepot_token\n"
	signedIn         = "  \"authentication\": {\n    \"127.0.0.1:8090\": {\n      \"type\": \"token\",\n" +
		"      \"loginAPIPath\": \"/d-1/swift/r/login\"\n    }\n  },\n  \"version\": 1\n}\n"
)

func TestTools(t *testing.T) {
	formattest.RunTools(t, Format(), map[string]formattest.ToolCase{
		"swift": {
			Tool: "swift", Notes: []string{"package-registry publish", "keychain", "HTTPS alone"}, Want: map[string]string{
				registriesOfUser: "{\n  \"registries\": {\n    \"[default]\": {\n      \"url\": \"http://127.0.0.1:8090/d-1/swift/r/\"\n" +
					"    }\n  },\n" + signedIn,
				".netrc": netrcLine,
			},
		},
		"swift, a scope of a project: the token is not in it": {
			Tool: "swift", Namespace: "acme", Project: true, Want: map[string]string{
				"project/" + registriesOfUser: "{\n  \"registries\": {\n    \"acme\": {\n      \"url\": \"http://127.0.0.1:8090/d-1/swift/r/\"\n" +
					"    }\n  },\n  \"version\": 1\n}\n",
				registriesOfUser: "{\n" + signedIn,
				".netrc":         netrcLine,
			},
		},
		"swift, in files that have more, and where the user's folder is another": {
			Tool: "swift", Endpoint: "https://packages.example.test/d-1/swift/r/", Variables: map[string]string{"CFFIXED_USER_HOME": "HOME/mine"},
			Before: map[string]string{
				"mine/" + registriesOfUser: "{\"registries\":{\"acme\":{\"url\":\"https://other.example.test\"}},\"authentication\":{},\"version\":1}",
				"mine/.netrc":              "machine other login a password b\nmachine packages.example.test\n  login aws\n  password old\ndefault login x password y\n",
			},
			Want: map[string]string{
				"mine/" + registriesOfUser: "{\"registries\":{\"acme\":{\"url\":\"https://other.example.test\"},\"[default]\": {\n  \"url\": \"https://packages.example.test/d-1/swift/r/\"\n}}," +
					"\"authentication\":{\n  \"packages.example.test\": {\n    \"type\": \"token\",\n    \"loginAPIPath\": \"/d-1/swift/r/login\"\n  }\n},\"version\": 1}",
				"mine/.netrc": "machine other login a password b\nmachine packages.example.test login token password entrepot_token\ndefault login x password y\n",
			},
		},
	})
}
