package load

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

func TestReadHead(t *testing.T) {
	rows := []struct {
		name, text string
		want       head
		fails      bool
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", head{status: 200, length: 12}, false},
		{"chunked", "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n",
			head{status: 200, length: -1, chunked: true}, false},
		{"304 has no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n", head{status: 304}, false},
		{"closing", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
			head{status: 200, closing: true}, false},
		{"no length", "HTTP/1.1 200 OK\r\n\r\n", head{}, true},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", head{}, true},
		{"length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", head{}, true},
		{"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", head{}, true},
		{"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 1073741825\r\n\r\n", head{}, true},
		{"interim", "HTTP/1.1 103 Early Hints\r\n\r\n", head{}, true},
		{"old protocol", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", head{}, true},
		{"no status", "HTTP/1.1 OK\r\n\r\n", head{}, true},
		{"no header", "HTTP/1.1 200 OK\r\nnothing\r\n\r\n", head{}, true},
		{"cut", "HTTP/1.1 200 OK\r\nContent-Le", head{}, true},
		{"long line", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", maxHead) + "\r\n\r\n", head{}, true},
		{"many lines", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", maxHead/4) + "\r\n", head{}, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := readHead(bufio.NewReaderSize(strings.NewReader(row.text), 64<<10))
			if (err != nil) != row.fails {
				t.Fatalf("got error %v, want one: %v", err, row.fails)
			}
			if err == nil && got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

// What this reader accepts, net/http's reads the same way.
func FuzzReadHead(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello, world",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nEtag: \"a\"\r\n\r\n",
		"HTTP/1.1 404\r\ncontent-length:\t7\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200 OK\nContent-Length: 1\n\nx",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := readHead(bufio.NewReaderSize(bytes.NewReader(text), 64<<10))
		if err != nil {
			return
		}
		if got.length > maxBody || got.length < -1 || got.chunked != (got.length == -1) {
			t.Fatalf("got %+v", got)
		}
		want, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), nil)
		if err != nil {
			// net/http also judges values of headers that do not matter here.
			return
		}
		defer want.Body.Close()
		if want.StatusCode != got.status {
			t.Errorf("status %d, net/http reads %d", got.status, want.StatusCode)
		}
		if got.status != 304 && want.ContentLength != got.length {
			t.Errorf("length %d, net/http reads %d", got.length, want.ContentLength)
		}
	})
}
