// Package gauge reads what a server process costs, and what machine it runs on, from Linux's /proc (proc(5)).
//
// On other systems every reading is an error that names the missing file.
package gauge

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc. The kernel keeps it at 1/100 s towards programs on every architecture that Go
// runs on, whatever its own clock does.
const tick = time.Second / 100

// CPU returns the processor time that a process, its descendants, and those of them that have ended and were waited for
// have used, in user and kernel mode. Its resolution is 10 ms.
func CPU(pid int) (time.Duration, error) {
	tree, err := tree(pid)
	if err != nil {
		return 0, err
	}
	var total time.Duration
	for _, p := range tree {
		total += p.cpu
	}
	return total, nil
}

// PeakRSS returns the largest resident memory, in bytes, since the process began or ResetPeak was called, added up over
// the process and its descendants.
func PeakRSS(pid int) (int64, error) {
	tree, err := tree(pid)
	if err != nil {
		return 0, err
	}
	var total int64
	for _, p := range tree {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
		if errors.Is(err, fs.ErrNotExist) && p.pid != pid {
			continue // a descendant that has just ended
		}
		if err != nil {
			return 0, err
		}
		peak, err := parsePeak(text)
		if err != nil {
			return 0, fmt.Errorf("read status of process %d: %w", p.pid, err)
		}
		total += peak
	}
	return total, nil
}

// ResetPeak makes PeakRSS count from now on. The process must be the caller's own.
func ResetPeak(pid int) error {
	tree, err := tree(pid)
	if err != nil {
		return err
	}
	for _, p := range tree {
		// proc(5): 5 sets the peak to the present value.
		err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.pid), []byte("5"), 0)
		if err != nil && (p.pid == pid || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return nil
}

// Busy returns the processor time that everything on the machine has used since it started, added up over all cores.
func Busy() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	return parseBusy(text)
}

type process struct {
	pid, parent int
	cpu         time.Duration
}

// tree returns the process and its descendants.
func tree(pid int) ([]process, error) {
	root, err := read(pid)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	children := make(map[int][]process)
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// Processes end while they are looked at.
		if p, err := read(id); err == nil && id != pid {
			children[p.parent] = append(children[p.parent], p)
		}
	}
	all := []process{root}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i].pid]...)
		delete(children, all[i].pid) // ids that were given anew meanwhile could close a circle
	}
	return all, nil
}

func read(pid int) (process, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	p, err := parseStat(text)
	if err != nil {
		return process{}, fmt.Errorf("read stat of process %d: %w", pid, err)
	}
	p.pid = pid
	return p, nil
}

// The fields of /proc/PID/stat that matter, counted from 1.
const (
	parentField = 4
	userField   = 14 // followed by kernel time, and both for children that were waited for
	cpuFields   = 4
)

// parseStat reads a line of /proc/PID/stat. The second field is the program's name in parentheses and may hold anything,
// parentheses too, so the fields are counted from its last one.
func parseStat(text []byte) (process, error) {
	end := bytes.LastIndexByte(text, ')')
	if end < 0 {
		return process{}, errors.New("no program name")
	}
	fields := bytes.Fields(text[end+1:])
	const first = 3 // number of the field that follows the name
	if len(fields) <= userField+cpuFields-first {
		return process{}, fmt.Errorf("%d fields after the program name", len(fields))
	}
	parent, err := strconv.Atoi(string(fields[parentField-first]))
	if err != nil || parent < 0 {
		return process{}, fmt.Errorf("parent %.20q is no process id", fields[parentField-first])
	}
	p := process{parent: parent}
	for _, field := range fields[userField-first : userField-first+cpuFields] {
		ticks, err := parseTicks(field)
		if err != nil {
			return process{}, err
		}
		p.cpu += ticks
	}
	return p, nil
}

// maxTicks is three thousand years of one processor: more than any reading, and little enough to add up.
const maxTicks = 10_000_000_000

func parseTicks(field []byte) (time.Duration, error) {
	ticks, err := strconv.ParseInt(string(field), 10, 64)
	if err != nil || ticks < 0 || ticks > maxTicks {
		return 0, fmt.Errorf("%.30q is no number of ticks", field)
	}
	return time.Duration(ticks) * tick, nil
}

// parsePeak finds VmHWM in /proc/PID/status.
func parsePeak(text []byte) (int64, error) {
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(line, "VmHWM:")
		if !ok {
			continue
		}
		number, unit, _ := strings.Cut(strings.TrimSpace(rest), " ")
		kib, err := strconv.ParseInt(number, 10, 64)
		if err != nil || unit != "kB" || kib < 0 || kib > 1<<50 {
			return 0, fmt.Errorf("VmHWM is %.40q", rest)
		}
		return kib << 10, nil
	}
	return 0, errors.New("no VmHWM")
}

// parseBusy adds up the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq. What a hypervisor took
// is not used by anybody here, and what guests used is in user already.
func parseBusy(text []byte) (time.Duration, error) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 8 || string(fields[0]) != "cpu" {
		return 0, errors.New("/proc/stat does not begin with the times of all processors")
	}
	var total time.Duration
	for _, i := range []int{1, 2, 3, 6, 7} {
		ticks, err := parseTicks(fields[i])
		if err != nil {
			return 0, err
		}
		total += ticks
	}
	return total, nil
}
