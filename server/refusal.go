package server

import (
	"encoding/json"
	"net/http"
	"strconv"

	"entrepot/artifact"
	"entrepot/format"
)

// refusal is a reason why the wire or the gate does not let a request in. The zero value lets it in.
type refusal uint8

const (
	accepted refusal = iota
	badRequestLine
	badVersion
	badHeader
	foldedHeader
	bareLineFeed
	headTooLarge
	tooManyHeaders
	targetTooLong
	foreignTarget
	noHost
	twoHosts
	badHost
	unknownHost
	badLength
	twoLengths
	lengthAndEncoding
	badEncoding
	oldEncoding
	badExpectation
	badMethod
	badTarget
	badEscape
	notUTF8
	controlCharacter
	backslash
	emptySegment
	dotSegment
	escapedSlash
	badQuery
	badRange
	tooManyRanges
	bodyTooLarge
)

// refusals says how each is answered. code also labels the metric, so it is short and its values are few.
var refusals = [...]struct {
	status        int
	code, message string
}{
	badRequestLine: {http.StatusBadRequest, "request-line", "The request line is malformed."},
	badVersion:     {http.StatusHTTPVersionNotSupported, "version", "Speak HTTP/1.1, or HTTP/2 over TLS."},
	badHeader:      {http.StatusBadRequest, "header", "A header line is malformed."},
	foldedHeader:   {http.StatusBadRequest, "folded-header", "Header lines may not be folded."},
	bareLineFeed:   {http.StatusBadRequest, "line-end", "Lines of the request head must end in CR LF."},
	headTooLarge:   {http.StatusRequestHeaderFieldsTooLarge, "head-size", "The request head is too large."},
	tooManyHeaders: {http.StatusRequestHeaderFieldsTooLarge, "header-count",
		"The request has too many header lines."},
	targetTooLong:     {http.StatusRequestURITooLong, "target-size", "The request URL is too long."},
	foreignTarget:     {http.StatusMisdirectedRequest, "absolute-target", "This server is no proxy."},
	noHost:            {http.StatusBadRequest, "no-host", "The Host header is missing."},
	twoHosts:          {http.StatusBadRequest, "two-hosts", "There is more than one Host header."},
	badHost:           {http.StatusBadRequest, "host", "The Host header is malformed."},
	unknownHost:       {http.StatusMisdirectedRequest, "unknown-host", "This server does not answer for that host."},
	badLength:         {http.StatusBadRequest, "length", "The Content-Length header is malformed."},
	twoLengths:        {http.StatusBadRequest, "two-lengths", "There is more than one Content-Length."},
	lengthAndEncoding: {http.StatusBadRequest, "length-and-encoding", "A body has a length or an encoding."},
	badEncoding:       {http.StatusNotImplemented, "encoding", "Chunked is the only Transfer-Encoding here."},
	oldEncoding:       {http.StatusBadRequest, "old-encoding", "HTTP/1.0 has no Transfer-Encoding."},
	badExpectation:    {http.StatusExpectationFailed, "expect", "The only expectation met here is 100-continue."},
	badMethod:         {http.StatusMethodNotAllowed, "method", "This method is not served."},
	badTarget:         {http.StatusBadRequest, "target", "The request URL must be an ASCII path."},
	badEscape:         {http.StatusBadRequest, "escape", "The request URL has an incomplete percent escape."},
	notUTF8:           {http.StatusBadRequest, "utf8", "The request URL is not valid UTF-8."},
	controlCharacter:  {http.StatusBadRequest, "control", "The request URL has a control character."},
	backslash:         {http.StatusBadRequest, "backslash", "The path has a backslash."},
	emptySegment:      {http.StatusBadRequest, "empty-segment", "The path has an empty segment."},
	dotSegment:        {http.StatusBadRequest, "dot-segment", "The path has a dot segment."},
	escapedSlash:      {http.StatusBadRequest, "escaped-slash", "An escaped slash is only allowed below a repository."},
	badQuery:          {http.StatusBadRequest, "query", "The query is malformed or has too many parameters."},
	badRange:          {http.StatusBadRequest, "two-ranges", "There is more than one Range header."},
	tooManyRanges: {http.StatusRequestedRangeNotSatisfiable, "range-count",
		"The Range header asks for too many ranges."},
	bodyTooLarge: {http.StatusRequestEntityTooLarge, "body-size",
		"The request body is larger than this server accepts."},
}

// row returns how f is answered; a number that is no refusal counts as a malformed request line.
func (f refusal) row() (status int, code, message string) {
	if int(f) >= len(refusals) || f == accepted {
		f = badRequestLine
	}
	r := refusals[f]
	return r.status, r.code, r.message
}

// err is the refusal as a format words it.
func (f refusal) err() error {
	status, _, message := f.row()
	return format.WithStatus(status, artifact.Errorf(artifact.Invalid, "%s", message))
}

// failPlainly answers for a format that has no words of its own.
func failPlainly(w http.ResponseWriter, r *http.Request, err error, challenge string) {
	f := format.FailureOf(err)
	if f.Kind == artifact.Unauthenticated {
		w.Header().Set("WWW-Authenticate", challenge)
	}
	f.Write(w, r, "application/json", problem(f.Text))
}

// problem is a message in JSON that clients of every kind show: npm reads error, the AWS tools read message.
func problem(message string) []byte { return problemJSON{Error: message, Message: message}.encode() }

// problemJSON is what the server itself says.
type problemJSON struct {
	Error   string `json:"error"`
	Message string `json:"message"`
	// Reason goes with a ValidationException of the API (service model, ValidationExceptionReason).
	Reason string `json:"reason,omitempty"`
	// Type is the code of an error where the services that speak JSON have it.
	Type string `json:"__type,omitempty"`
}

func (p problemJSON) encode() []byte {
	body, _ := json.Marshal(p) // strings do not fail
	return body
}

// writeProblem answers for the server itself.
func writeProblem(w http.ResponseWriter, status int, message string) {
	writeProblemJSON(w, status, problem(message))
}

func writeProblemJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
