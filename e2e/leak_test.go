package e2e

import (
	"os"
	"os/exec"
	"testing"
)

func TestAProcessThatIsLeftRunningIsFound(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("there is no /proc here")
	}
	variable := "WORK=" + t.TempDir()
	if found := processesWith(variable); len(found) != 0 {
		t.Errorf("got %v before it was started, want none", found)
	}
	command := exec.Command("sleep", "60")
	command.Env = []string{"PATH=" + os.Getenv("PATH"), variable}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	found := processesWith(variable)
	_ = command.Process.Kill()
	_ = command.Wait() // killed
	if len(found) != 1 {
		t.Errorf("got %v, want the one that was started", found)
	}
	if found := processesWith(variable); len(found) != 0 {
		t.Errorf("got %v after its end, want none", found)
	}
}
