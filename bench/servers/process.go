// Package servers starts the servers that are measured, each on its core and with its log, and stops them.
package servers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Servers have a core to themselves; the driver and the made-up registry share the other.
const (
	ServerCore = 0
	LoadCore   = 1
)

// Process is a server that was started here.
type Process struct {
	Name  string
	PID   int
	log   string // file of its output
	stop  func() error
	ended <-chan struct{}
}

// Set is the servers of one run, and a folder of their own.
type Set struct {
	Dir       string
	processes []*Process
}

// New makes a set with a new folder in work; empty for the system's place.
func New(work string) (*Set, error) {
	dir, err := os.MkdirTemp(work, "entrepot-bench-")
	return &Set{Dir: dir}, err
}

// Close stops all servers, last started first, and removes the folder. With keep it stays.
func (s *Set) Close(keep bool) error {
	var failures []error
	for _, p := range slices.Backward(s.processes) {
		failures = append(failures, p.stop())
	}
	if keep {
		fmt.Fprintf(os.Stderr, "data and logs are left in %s\n", s.Dir)
		return errors.Join(failures...)
	}
	return errors.Join(append(failures, os.RemoveAll(s.Dir))...)
}

// CanPin reports whether cores can be given out: there are two, and a taskset.
func CanPin() bool {
	_, err := exec.LookPath("taskset")
	return err == nil && runtime.NumCPU() >= 2
}

// PinSelf moves the driver to its core. What it starts is moved by start.
func PinSelf(ctx context.Context) error {
	if !CanPin() {
		return nil
	}
	core, self := strconv.Itoa(LoadCore), strconv.Itoa(os.Getpid())
	out, err := exec.CommandContext(ctx, "taskset", "-a", "-c", "-p", core, self).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pin the driver to core %d: %w: %.200s", LoadCore, err, out)
	}
	runtime.SetDefaultGOMAXPROCS()
	return nil
}

// Start runs a program on a core, with its output in a file of the set's folder.
func (s *Set) Start(name string, core int, env []string, argv ...string) (*Process, error) {
	if CanPin() {
		// taskset becomes the program: the process id stays.
		argv = append([]string{"taskset", "-c", strconv.Itoa(core)}, argv...)
	}
	log := filepath.Join(s.Dir, name+".log")
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.Dir, out, out
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended stands in its log
		close(ended)
	}()
	p := &Process{Name: name, PID: cmd.Process.Pid, log: log, ended: ended}
	p.stop = func() error { return end(cmd.Process, name, ended) }
	s.processes = append(s.processes, p)
	fmt.Fprintf(os.Stderr, "started %s as process %d\n", name, p.PID)
	return p, nil
}

// end asks a process to end, and insists after a while.
func end(p *os.Process, name string, ended <-chan struct{}) error {
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", name, err)
	}
	select {
	case <-ended:
		return nil
	case <-time.After(10 * time.Second):
	}
	err := p.Kill()
	<-ended
	return errors.Join(fmt.Errorf("%s did not end within 10 s of SIGTERM", name), err)
}

// AwaitReady calls ready every 20 ms until it returns nil. It fails when the process ends, and after half a minute.
func (p *Process) AwaitReady(ctx context.Context, ready func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended before it was ready; its log ends: %s", p.Name, p.Tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w; its log ends: %s", p.Name, err, p.Tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Tail returns the last few lines of the log.
func (p *Process) Tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-1500):])
}

// Announced waits for the one line with its address that a server of this folder prints.
func (p *Process) Announced(ctx context.Context) (address string, err error) {
	err = p.AwaitReady(ctx, func() error {
		file, err := os.Open(p.log)
		if err != nil {
			return err
		}
		defer file.Close()
		line, err := bufio.NewReader(io.LimitReader(file, 1<<10)).ReadString('\n')
		if err != nil {
			return errors.New("no address yet")
		}
		address = strings.TrimSpace(line)
		_, _, err = net.SplitHostPort(address)
		return err
	})
	return address, err
}

// FreeAddress finds a port on loopback that nobody listens on.
func FreeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// Build builds a package of this module.
func Build(ctx context.Context, to, pkg string) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", to, pkg).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build %s: %w: %s", pkg, err, bytes.TrimSpace(out))
	}
	return nil
}

// Listening reports whether somebody takes connections at the address.
func Listening(address string) func() error {
	return func() error {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		return c.Close()
	}
}
