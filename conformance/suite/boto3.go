package suite

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
)

// boto3 is one Python process that makes one call after the other.
type boto3 struct {
	mu     sync.Mutex
	python *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	log    strings.Builder
}

//go:embed boto3.py
var boto3Script string

// NewBoto3 starts a Python interpreter, which must find boto3.
func NewBoto3(e Endpoint, python string) (Client, error) {
	b := &boto3{python: exec.Command(python, "-c", boto3Script)}
	b.python.Env, b.python.Stderr = e.environment(), &b.log
	var err error
	if b.in, err = b.python.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := b.python.StdoutPipe()
	if err != nil {
		return nil, err
	}
	b.out = bufio.NewReader(out)
	if err := b.python.Start(); err != nil {
		return nil, err
	}
	return b, json.NewEncoder(b.in).Encode(map[string]any{"endpoint": e.address(), "region": e.Region, "keys": e.Keys})
}

// Name follows Client.
func (*boto3) Name() string { return "bot" }

// Sends follows Client.
func (*boto3) Sends(r Request) bool { return !r.Wire.any() }

// Do follows Client.
func (b *boto3) Do(_ context.Context, r Request) (Answer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := json.NewEncoder(b.in).Encode(r); err != nil {
		return Answer{}, err
	}
	line, err := b.out.ReadBytes('\n')
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %s", err, b.log.String())
	}
	var a Answer
	return a, json.Unmarshal(line, &a)
}

// Close follows Client.
func (b *boto3) Close() error {
	if err := b.in.Close(); err != nil {
		return err
	}
	if err := b.python.Wait(); err != nil {
		return fmt.Errorf("python ended with %w: %s", err, b.log.String())
	}
	return nil
}
