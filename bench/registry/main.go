// Command registry is a made-up registry of each of the protocols, below /npm/, /pypi/simple/, /maven/ and /nuget/, that stands
// upstream of what is measured. It has every package that is asked for, in version 1.0.0, answers each request after the same
// latency, and counts.
//
//	registry [-listen 127.0.0.1:0] [-latency 30ms]
//
// A name that ends in -bytes-N, such as big-bytes-5000000, is a package whose file has about N bytes; others have ten
// kilobytes. GET /-/count?protocol=npm&prefix=P tells how often it was asked about npm packages whose names begin with P. It
// prints its address in one line and ends with SIGTERM.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"time"

	"entrepot/bench/command"
)

func main() { command.Main("registry", run) }

func run(ctx context.Context) error {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	latency := flag.Duration("latency", 30*time.Millisecond, "time before each answer begins")
	flag.Parse()
	if flag.NArg() > 0 || *latency < 0 || *latency > time.Minute {
		return fmt.Errorf("the latency is up to a minute, and there are no other arguments")
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	handler := newRegistry("http://"+listener.Addr().String()+"/", func() { time.Sleep(*latency) })
	return command.Serve(ctx, listener, handler)
}
