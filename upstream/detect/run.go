package detect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// Run runs a program and returns what it printed on standard output.
type Run func(ctx context.Context, name string, args ...string) ([]byte, error)

// MaxOutput bounds what a client may print and a configuration file may hold, in bytes.
const MaxOutput = 1 << 20

// Exec is a Run that starts real programs, bounded in output. They end with ctx.
func Exec(ctx context.Context, name string, args ...string) ([]byte, error) {
	var printed limited
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout = &printed
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("run %s: %w", name, err)
	}
	return printed.out.Bytes(), nil
}

// limited has no ReadFrom, which would go around its limit.
type limited struct{ out bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.out.Len()+len(p) > MaxOutput {
		return 0, errors.New("it prints too much")
	}
	return l.out.Write(p)
}
