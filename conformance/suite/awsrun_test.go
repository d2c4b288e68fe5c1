package suite

import (
	"os/exec"
	"strings"
	"testing"
)

// TestWhoeverRunsTheCommandLineIsToldTheSame has both runners do what needs no server.
func TestWhoeverRunsTheCommandLineIsToldTheSame(t *testing.T) {
	if exec.Command("python3", "-c", "import awscli.clidriver").Run() != nil {
		t.Skip("needs a python3 that finds awscli")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("needs aws")
	}
	environment := Endpoint{}.environment()
	loaded, err := fork("python3", t.TempDir(), environment)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := loaded.close(); err != nil {
			t.Error(err)
		}
	}()
	for _, arguments := range []string{"--version", "codeartifact list-domains", "codeartifact no-such-operation"} {
		given := map[string]string{"AWS_REGION": "eu-test-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y",
			"AWS_ENDPOINT_URL_CODEARTIFACT": "http://127.0.0.1:1"} // where nobody listens
		out, log, err := loaded.run(t.Context(), given, strings.Fields(arguments)...)
		wantOut, wantLog, wantErr := started{environment}.run(t.Context(), given, strings.Fields(arguments)...)
		if out != wantOut || log != wantLog || (err == nil) != (wantErr == nil) {
			t.Errorf("aws %s: got %q, %q and %v, want %q, %q and %v", arguments, out, log, err, wantOut, wantLog, wantErr)
		}
	}
}
