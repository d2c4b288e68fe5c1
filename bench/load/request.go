package load

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// Header is one line of a request's head. Order is kept.
type Header struct{ Name, Value string }

// Want is what a response must be. Anything else ends the run.
type Want struct {
	Status int
	Length int64              // bytes of the body; negative if any length will do
	SHA256 *[sha256.Size]byte // of the body; nil if any content will do
	// MayClose lets the server close the connection behind the response. The next request opens another, and its time counts
	// from before.
	MayClose bool
}

// Call is one request, as it goes over the wire, and the response that must come.
type Call struct {
	Wire []byte
	Want Want
}

// Request writes an HTTP/1.1 request to an address such as 127.0.0.1:8090. target is the path with its query, escaped.
func Request(method, address, target string, header []Header, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target, address)
	for _, h := range header {
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
	}
	if body != nil {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}
