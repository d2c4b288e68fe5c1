package gauge

import (
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const rest = " S 7 1 1 0 -1 4194560 1 2 3 4 150 50 20 30 20 0 1 0 1 2 3"
	rows := []struct {
		name, text string
		want       process
		fails      bool
	}{
		{"plain name", "12 (server)" + rest, process{parent: 7, cpu: 2500 * time.Millisecond}, false},
		{"name with a parenthesis", "12 (a) S 99 (b)" + rest, process{parent: 7, cpu: 2500 * time.Millisecond}, false},
		{"no name", "12 S 7", process{}, true},
		{"cut", "12 (server) S 7 1 1 0", process{}, true},
		{"no numbers", "12 (server)" + strings.Replace(rest, "150", "many", 1), process{}, true},
		{"negative time", "12 (server)" + strings.Replace(rest, "150", "-150", 1), process{}, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := parseStat([]byte(row.text))
			if (err != nil) != row.fails || got != row.want && !row.fails {
				t.Errorf("got %+v, %v, want %+v", got, err, row.want)
			}
		})
	}
}

func TestParsePeak(t *testing.T) {
	rows := []struct {
		name, text string
		want       int64
		fails      bool
	}{
		{"in the middle", "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n", 2 << 20, false},
		{"absent", "Name:\tx\n", 0, true},
		{"other unit", "VmHWM:\t 2 MB\n", 0, true},
		{"no number", "VmHWM:\t much kB\n", 0, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := parsePeak([]byte(row.text))
			if got != row.want || (err != nil) != row.fails {
				t.Errorf("got %d, %v, want %d", got, err, row.want)
			}
		})
	}
}

func TestParseBusyLeavesOutWaiting(t *testing.T) {
	got, err := parseBusy([]byte("cpu  100 200 300 9999 8888 10 20 7777 0 0\ncpu0 1 2 3\n"))
	if err != nil || got != 6300*time.Millisecond {
		t.Errorf("got %s, %v, want 6.3s", got, err)
	}
	if _, err := parseBusy([]byte("intr 1 2 3")); err == nil {
		t.Error("got no error for a text without processors")
	}
}

func TestCPUGrowsWithWork(t *testing.T) {
	before := reading(t, os.Getpid())
	busyBefore, err := Busy()
	if err != nil {
		t.Fatal(err)
	}
	for start := before; reading(t, os.Getpid()) < start+50*time.Millisecond; {
		for range 1_000_000 {
			spin++
		}
	}
	busyAfter, err := Busy()
	if err != nil {
		t.Fatal(err)
	}
	if busyAfter-busyBefore < 20*time.Millisecond {
		t.Errorf("the machine was busy for %s during 50ms of work", busyAfter-busyBefore)
	}
}

var spin int

func reading(t *testing.T, pid int) time.Duration {
	t.Helper()
	got, err := CPU(pid)
	if err != nil {
		t.Skipf("no /proc here: %v", err)
	}
	return got
}

func TestTheTreeHoldsChildren(t *testing.T) {
	reading(t, os.Getpid())
	child := exec.Command("sleep", "30")
	if err := child.Start(); err != nil {
		t.Skipf("no sleep here: %v", err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	all, err := tree(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range all {
		found = found || p.pid == child.Process.Pid
	}
	if !found {
		t.Errorf("child %d is not in %v", child.Process.Pid, all)
	}
}

func TestPeakRSSFallsWhenItIsReset(t *testing.T) {
	reading(t, os.Getpid())
	page := make([]byte, 64<<20)
	for i := 0; i < len(page); i += 4096 {
		page[i] = 1
	}
	high, err := PeakRSS(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if high < 64<<20 {
		t.Errorf("peak is %d bytes with 64 MiB in use", high)
	}
	spin += int(page[0])
	page = nil
	debug.FreeOSMemory()
	if err := ResetPeak(os.Getpid()); err != nil {
		t.Fatal(err)
	}
	low, err := PeakRSS(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if low > high-32<<20 {
		t.Errorf("peak went from %d to %d bytes after 64 MiB were given back", high, low)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("12 (a) S 99 (b) S 7 1 1 0 -1 4194560 1 2 3 4 150 50 20 30 20 0 1 0 1 2 3"))
	f.Add([]byte("1 (x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parseStat(text)
		if err == nil && (p.cpu < 0 || p.parent < 0) {
			t.Errorf("got %+v", p)
		}
	})
}
