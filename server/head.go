package server

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"
)

// framing says how long the body after a head is.
type framing struct {
	length  int64 // bytes, when not chunked
	chunked bool
}

// headLimits bound a request head.
type headLimits struct {
	bytes  int // request line and headers together
	target int // the request line's URL, bytes
	lines  int // header lines
}

// checkHead judges a whole request head, its closing empty line included, by RFC 9112 with no tolerance. net/http
// accepts several forms that other servers frame differently (a length beside an encoding, folded lines, bare line
// feeds) and hides them from handlers; a proxy in front that reads such a request otherwise could be made to see two
// requests where we see one.
func checkHead(head []byte, limits headLimits) (framing, refusal) {
	line, rest, _ := bytes.Cut(head, []byte("\r\n"))
	version, refused := checkRequestLine(string(line), limits)
	if refused != accepted {
		return framing{}, refused
	}
	var f fields
	for count := 0; ; count++ {
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		if len(line) == 0 {
			return f.framing(version)
		}
		if count == limits.lines {
			return framing{}, tooManyHeaders
		}
		if refused := f.add(string(line)); refused != accepted {
			return framing{}, refused
		}
	}
}

// checkRequestLine judges "METHOD target HTTP/1.x" and returns the version.
func checkRequestLine(line string, limits headLimits) (version string, refused refusal) {
	method, rest, ok := strings.Cut(line, " ")
	target, version, ok2 := strings.Cut(rest, " ")
	if !ok || !ok2 || !isToken(method) || len(method) > 32 || target == "" {
		return "", badRequestLine
	}
	if version != "HTTP/1.1" && version != "HTTP/1.0" {
		if strings.HasPrefix(version, "HTTP/") && !strings.Contains(version, " ") {
			return "", badVersion
		}
		return "", badRequestLine
	}
	switch {
	case len(target) > limits.target:
		return "", targetTooLong
	case method == "CONNECT" || method == "TRACE":
		return "", badMethod
	case strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://"):
		return "", foreignTarget
	case target[0] != '/':
		return "", badTarget
	}
	// The gate judges targets, and logs what it refuses; only what net/http would answer by itself is judged here.
	if _, err := url.ParseRequestURI(target); err != nil {
		if _, refused := parseTarget(target); refused != accepted {
			return "", refused
		}
		return "", badTarget
	}
	return version, accepted
}

// fields collects the header lines that decide about framing.
type fields struct {
	hosts, lengths, encodings int
	host, length, encoding    string
}

// add judges one header line.
func (f *fields) add(line string) refusal {
	if line[0] == ' ' || line[0] == '\t' {
		return foldedHeader
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok || !isToken(name) {
		return badHeader
	}
	for i := range len(value) {
		if c := value[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return badHeader
		}
	}
	value = strings.Trim(value, " \t")
	switch {
	case strings.EqualFold(name, "Host"):
		f.hosts++
		f.host = value
	case strings.EqualFold(name, "Content-Length"):
		f.lengths++
		f.length = value
	case strings.EqualFold(name, "Transfer-Encoding"):
		f.encodings++
		f.encoding = value
	case strings.EqualFold(name, "Expect") && !strings.EqualFold(value, "100-continue"):
		return badExpectation
	}
	return accepted
}

// framing judges the lines together.
func (f *fields) framing(version string) (framing, refusal) {
	switch {
	case f.hosts > 1:
		return framing{}, twoHosts
	case f.hosts == 0 && version == "HTTP/1.1":
		return framing{}, noHost
	case f.hosts == 1 && !validHostHeader(f.host):
		return framing{}, badHost
	case f.lengths > 1:
		return framing{}, twoLengths
	case f.lengths > 0 && f.encodings > 0:
		return framing{}, lengthAndEncoding
	case f.encodings > 0 && version == "HTTP/1.0":
		return framing{}, oldEncoding
	case f.encodings > 1 || f.encodings == 1 && !strings.EqualFold(f.encoding, "chunked"):
		return framing{}, badEncoding
	case f.encodings == 1:
		return framing{chunked: true}, accepted
	case f.lengths == 0:
		return framing{}, accepted
	}
	length, ok := parseLength(f.length, 10)
	if !ok {
		return framing{}, badLength
	}
	return framing{length: length}, accepted
}

// parseLength reads a length of digits only, below 2^62.
func parseLength(s string, base int) (int64, bool) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (base != 16 || c|0x20 < 'a' || c|0x20 > 'f') {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, base, 63)
	return n, err == nil
}

// validHostHeader reports whether a Host value is a name or literal address, with or without a port.
func validHostHeader(value string) bool {
	if value == "" || len(value) > 260 {
		return false
	}
	for i := range len(value) {
		c := value[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~[]:", rune(c)) {
			return false
		}
	}
	return true
}

// isToken reports whether s is an RFC 9110 token.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}
