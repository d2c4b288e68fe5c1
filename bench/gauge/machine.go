package gauge

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Machine describes what the measurements are of, in one line: processor, cores, memory, kernel, Go.
func Machine() string {
	return fmt.Sprintf("%d × %s, %s of memory, Linux %s, %s", runtime.NumCPU(),
		orUnknown(field("/proc/cpuinfo", "model name")), memory(), orUnknown(kernel()), runtime.Version())
}

func memory() string {
	number, _, _ := strings.Cut(field("/proc/meminfo", "MemTotal"), " ")
	kib, err := strconv.ParseInt(number, 10, 64)
	if err != nil || kib < 0 {
		return "an unknown amount"
	}
	return fmt.Sprintf("%.1f GiB", float64(kib)/(1<<20))
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// field returns the value of the first line "name: value" of a file; empty if there is none.
func field(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}
