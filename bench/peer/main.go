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
	"os"

	"entrepot/bench/command"
)

func main() { command.Main("peer", run) }

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
	return command.Serve(ctx, listener, handler)
}
