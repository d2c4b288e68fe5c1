package lockfile

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A line that goes on may have as many parts as it has bytes.
func TestALineOfManyPartsIsPutTogetherOnce(t *testing.T) {
	text := "left==1 " + strings.Repeat("\\\n ", 100_000) + "--hash=sha256:" + strings.Repeat("ab", 32) + "\n"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	found, err := Read("requirements.txt", strings.NewReader(text))
	runtime.ReadMemStats(&after)
	if err != nil || len(found.Pins) != 1 || len(found.Pins[0].Files) != 1 {
		t.Fatalf("got %+v, %v", found, err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 200<<20 {
		t.Errorf("%d bytes were read through %d MiB of memory", len(text), took>>20)
	}
}

// A file may name one version as often as it has lines, each time with another file.
func TestFilesOfAVersionThatIsNamedWithoutEndAreLookedUp(t *testing.T) {
	const lines = maxPins
	var text strings.Builder
	for i := range lines {
		fmt.Fprintf(&text, "ruby:left@1-platform%06d\n", i/2)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		found, err := ReadList(strings.NewReader(text.String()))
		if err != nil || len(found.Pins) != 1 || len(found.Pins[0].Files) != lines/2 {
			t.Errorf("got %d versions, %v", len(found.Pins), err)
		}
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Minute): // each was compared with each
		t.Fatal("it is still reading")
	}
}
