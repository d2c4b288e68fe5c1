package main

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
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Servers have a core to themselves; the driver and the made-up registry share the other.
const (
	serverCore = 0
	loadCore   = 1
)

// process is a server that was started here.
type process struct {
	name  string
	pid   int
	log   string // file of its output
	stop  func() error
	ended <-chan struct{}
}

// canPin reports whether cores can be given out: there are two, and a taskset.
func canPin() bool {
	_, err := exec.LookPath("taskset")
	return err == nil && runtime.NumCPU() >= 2
}

// pinSelf moves the driver to its core. What it starts is moved by start.
func pinSelf(ctx context.Context) error {
	if !canPin() {
		return nil
	}
	core, self := strconv.Itoa(loadCore), strconv.Itoa(os.Getpid())
	out, err := exec.CommandContext(ctx, "taskset", "-a", "-c", "-p", core, self).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pin the driver to core %d: %w: %.200s", loadCore, err, out)
	}
	runtime.SetDefaultGOMAXPROCS()
	return nil
}

// start runs a program on a core, with its output in a file of the lab.
func (l *lab) start(name string, core int, env []string, argv ...string) (*process, error) {
	if canPin() {
		// taskset becomes the program: the process id stays.
		argv = append([]string{"taskset", "-c", strconv.Itoa(core)}, argv...)
	}
	log := filepath.Join(l.dir, name+".log")
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = l.dir, out, out
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended stands in its log
		close(ended)
	}()
	p := &process{name: name, pid: cmd.Process.Pid, log: log, ended: ended}
	p.stop = func() error { return end(cmd.Process, name, ended) }
	l.processes = append(l.processes, p)
	fmt.Fprintf(os.Stderr, "started %s as process %d\n", name, p.pid)
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

// awaitReady calls ready every 20 ms until it returns nil. It fails when the process ends, and after half a minute.
func (p *process) awaitReady(ctx context.Context, ready func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended before it was ready; its log ends: %s", p.name, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w; its log ends: %s", p.name, err, p.tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// tail returns the last few lines of the log.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-1500):])
}

// announced waits for the one line with its address that a server of this folder prints.
func (p *process) announced(ctx context.Context) (address string, err error) {
	err = p.awaitReady(ctx, func() error {
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

// freeAddress finds a port on loopback that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// goBuild builds a package of this module.
func goBuild(ctx context.Context, to, pkg string) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", to, pkg).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build %s: %w: %s", pkg, err, bytes.TrimSpace(out))
	}
	return nil
}

// listening reports whether somebody takes connections at the address.
func listening(address string) func() error {
	return func() error {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		return c.Close()
	}
}
