// Command peer is the bare server that a repository is measured against: Go's net/http, a token check, files.
//
// It serves the files of a folder as they lie there, and takes what clients of npm, Python, Maven, Cargo, NuGet and Swift publish as cheaply as
// it can be taken durably: files written and synced, no index, no permissions, no encryption. Whatever a repository costs
// beyond this is what it does for its users.
//
//	BENCH_TOKEN=SECRET peer -dir FOLDER [-listen 127.0.0.1:0]
//
// It prints its address in one line and ends with SIGTERM.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir := flag.String("dir", "", "folder of the files to serve; published packages go below it")
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	flag.Parse()
	token := os.Getenv("BENCH_TOKEN")
	if *dir == "" || token == "" || flag.NArg() > 0 {
		return fmt.Errorf("-dir and the variable BENCH_TOKEN are needed, and nothing else")
	}
	handler, err := newServer(*dir, token)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	// Nobody waits for the answers that are cut: the driver has had its own.
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}
