package servers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestCredentialsAreReadFromTheDefaultProfile(t *testing.T) {
	id, secret, err := parseCredentials("[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = a+b/c=\n")
	if err != nil || id != "AKIAEXAMPLE" || secret != "a+b/c=" {
		t.Errorf("got %q, %q, %v", id, secret, err)
	}
	if _, _, err := parseCredentials("[default]\naws_access_key_id = AKIAEXAMPLE\n"); err == nil {
		t.Error("got no error without a secret")
	}
}

func FuzzParseCredentials(f *testing.F) {
	f.Add("[default]\naws_access_key_id = A\naws_secret_access_key = b\n")
	f.Add("aws_access_key_id\n=")
	f.Fuzz(func(t *testing.T, text string) {
		id, secret, err := parseCredentials(text)
		if (err == nil) != (id != "" && secret != "") {
			t.Errorf("got %q, %q, %v", id, secret, err)
		}
	})
}

func TestAProgramThatEndsBeforeItIsReadyIsReportedWithItsLog(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh here")
	}
	set, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p, err := set.Start("broken", ServerCore, []string{"WHY=no room"}, "sh", "-c", "echo $WHY; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Announced(t.Context()); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v, want an error with what the program said", err)
	}
	if err := set.Close(false); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(set.Dir); err == nil {
		t.Errorf("%s is still there", filepath.Base(set.Dir))
	}
}

func TestARunningProgramIsStopped(t *testing.T) {
	if _, err := exec.LookPath("sleep"); err != nil {
		t.Skip("no sleep here")
	}
	set, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p, err := set.Start("sleeper", ServerCore, nil, "sleep", "60")
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Close(false); err != nil {
		t.Error(err)
	}
	select {
	case <-p.ended:
	default:
		t.Error("it still runs")
	}
}
