package server

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// wantNobodysFailure fails if the log has an error, or the metrics an answer that began with 5.
func (f *fixture) wantNobodysFailure(t *testing.T) {
	t.Helper()
	if strings.Contains(f.log.String(), `"level":"ERROR"`) {
		t.Errorf("the log has errors:\n%s", f.log)
	}
	gathered, err := f.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range gathered {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "class" && label.GetValue() == "5xx" {
					t.Errorf("%s counts %v answers as failures of the server", family.GetName(), metric.GetCounter().GetValue())
				}
			}
		}
	}
}

// ways are how a client leaves a connection.
var ways = map[string]func(*net.TCPConn) error{
	"closes":      func(c *net.TCPConn) error { return c.Close() },
	"half-closes": func(c *net.TCPConn) error { return c.CloseWrite() },
	"resets": func(c *net.TCPConn) error {
		if err := c.SetLinger(0); err != nil {
			return err
		}
		return c.Close()
	},
}

func TestAClientThatLeavesInTheMiddleOfItsBodyIsNobodysFailure(t *testing.T) {
	put := "PUT " + base + "/pkg HTTP/1.1\r\n" + hostLine + bearer
	call := "POST /v1/domains HTTP/1.1\r\n" + hostLine + "Authorization: " + signature("codeartifact", "right") + "\r\n"
	for name, sent := range map[string]string{
		"a length, and no body":         put + "Content-Length: 10\r\n\r\n",
		"a length, and half a body":     put + "Content-Length: 10\r\n\r\nhalf",
		"chunks, and none":              put + "Transfer-Encoding: chunked\r\n\r\n",
		"chunks, and half a size":       put + "Transfer-Encoding: chunked\r\n\r\n1",
		"chunks, and half of one":       put + "Transfer-Encoding: chunked\r\n\r\n5\r\nha",
		"chunks, and no end":            put + "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"a call of the API, cut short":  call + "Content-Length: 10\r\n\r\n{",
		"a call of the API, in a chunk": call + "Transfer-Encoding: chunked\r\n\r\n5\r\n{",
	} {
		for way, leave := range ways {
			t.Run(name+", and "+way, func(t *testing.T) {
				f := newFixture(t, nil)
				address, _ := f.start(t, nil, Drain{Time: time.Second})
				c := dial(t, address).(*net.TCPConn)
				if _, err := io.WriteString(c, sent); err != nil {
					t.Fatal(err)
				}
				waitFor(t, func() bool { return f.active.Load() == 1 })
				if err := leave(c); err != nil {
					t.Fatal(err)
				}
				if way == "half-closes" {
					_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
					if answer, _ := io.ReadAll(c); strings.HasPrefix(string(answer), "HTTP/1.1 2") &&
						strings.HasPrefix(sent, "PUT") {
						t.Errorf("half a body was taken for a whole: %q", answer)
					}
				}
				waitFor(t, func() bool { return strings.Contains(f.log.String(), "answered ") })
				if !strings.Contains(f.log.String(), `"status":499`) {
					t.Errorf("the log does not say that the client left:\n%s", f.log)
				}
				f.wantNobodysFailure(t)
			})
		}
	}
}

func TestAClientThatLeavesBeforeItsAnswerIsNotToldThatAllIsWell(t *testing.T) {
	f := newFixture(t, nil)
	address, _ := f.start(t, nil, Drain{Time: time.Second})
	c := dial(t, address).(*net.TCPConn)
	if _, err := io.WriteString(c, "GET "+base+"/-/endless HTTP/1.1\r\n"+hostLine+bearer+"\r\n"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return f.active.Load() == 1 })
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if answer, err := io.ReadAll(c); err != nil || len(answer) > 0 {
		t.Errorf("got %q (%v), want the connection to end without an answer", answer, err)
	}
	f.wantNobodysFailure(t)
}
