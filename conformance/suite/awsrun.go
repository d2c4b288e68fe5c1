package suite

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
)

// runner runs the aws command line with further variables in its environment. An error says that it failed; what it printed is given
// then too.
type runner interface {
	run(ctx context.Context, environment map[string]string, arguments ...string) (out, log string, err error)
	close() error
}

// started starts the program aws anew for each call.
type started struct{ environment []string }

func (s started) run(ctx context.Context, environment map[string]string, arguments ...string) (string, string, error) {
	command := exec.CommandContext(ctx, "aws", arguments...)
	var out, log bytes.Buffer
	command.Stdout, command.Stderr = &out, &log
	command.Env = s.environment[:len(s.environment):len(s.environment)]
	for name, value := range environment {
		command.Env = append(command.Env, name+"="+value)
	}
	err := command.Run()
	return out.String(), log.String(), err
}

func (started) close() error { return nil }

// forked has a Python process that has loaded the command line fork for each call: two thirds of what a call takes are for loading it.
type forked struct {
	python  *exec.Cmd
	in      io.Closer
	address string
}

//go:embed awsrun.py
var awsCLIScript string

// fork starts the process. It fails where Python does not find the command line, as where that is a program of its own.
func fork(python, folder string, environment []string) (*forked, error) {
	f := &forked{address: filepath.Join(folder, "aws")}
	f.python = exec.Command(python, "-c", awsCLIScript, f.address)
	f.python.Env = environment
	var err error
	if f.in, err = f.python.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := f.python.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := f.python.Start(); err != nil {
		return nil, err
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		return nil, fmt.Errorf("python said %q (%w, %w)", line, err, f.close())
	}
	return f, nil
}

func (f *forked) run(ctx context.Context, environment map[string]string, arguments ...string) (string, string, error) {
	connection, err := (&net.Dialer{}).DialContext(ctx, "unix", f.address)
	if err != nil {
		return "", "", err
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { connection.Close() })()
	if err := json.NewEncoder(connection).Encode(map[string]any{"environment": environment, "arguments": arguments}); err != nil {
		return "", "", err
	}
	var said struct {
		Code     int
		Out, Log string
	}
	if err := json.NewDecoder(connection).Decode(&said); err != nil {
		return "", "", fmt.Errorf("aws %s: %w", strings.Join(arguments, " "), err)
	}
	if said.Code != 0 {
		err = fmt.Errorf("exit code %d", said.Code)
	}
	return said.Out, said.Log, err
}

func (f *forked) close() error {
	_ = f.in.Close() // it ends then
	return f.python.Wait()
}
