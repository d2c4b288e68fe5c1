package server

import (
	"encoding/binary"
	"fmt"
	"mime"
	"net/http"
	"slices"
)

// refuseService tells a caller, in the protocol it speaks, that a service is not offered or the request is not signed.
func (s *Server) refuseService(x *exchange, r *http.Request, service string) {
	e := elsewhere{http.StatusForbidden, "MissingAuthenticationToken", "MissingAuthenticationTokenException",
		"The request is not signed for any service."}
	if service != "" {
		e = elsewhere{http.StatusBadRequest, "InvalidAction", "UnknownOperationException",
			fmt.Sprintf("The service %.40q is not offered here.", service)}
	}
	switch {
	case isForm(r) || slices.Contains(inXML, service):
		s.queryError(x.w, e.status, e.queryCode, e.message)
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		e.writeCBOR(x.w)
	default:
		e.writeJSON(x.w)
	}
}

// isForm reports whether a request has the body of the query protocol.
func isForm(r *http.Request) bool {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return media == "application/x-www-form-urlencoded"
}

// inXML are the services that answer in XML whatever they are sent, by their names in credential scopes: those of the
// protocol rest-xml.
var inXML = []string{"s3", "s3express", "s3-outposts", "route53", "cloudfront"}

// elsewhere is an error of a service that is not offered. AWS's protocols give one error two names.
type elsewhere struct {
	status          int
	queryCode, code string
	message         string
}

// writeJSON puts the code where the JSON protocols have it: in the header, and in the body for those that look there.
func (e elsewhere) writeJSON(w http.ResponseWriter) {
	w.Header().Set("X-Amzn-Errortype", e.code)
	writeProblemJSON(w, e.status, problemJSON{Error: e.message, Message: e.message, Type: e.code}.encode())
}

// writeCBOR answers in Smithy's RPC v2 protocol, whose clients read nothing but CBOR (RFC 8949).
func (e elsewhere) writeCBOR(w http.ResponseWriter) {
	body := []byte{0xa2} // a map of two
	for _, text := range []string{"__type", e.code, "message", e.message} {
		body = append(body, 0x79) // a text whose length follows in two bytes
		body = binary.BigEndian.AppendUint16(body, uint16(len(text)))
		body = append(body, text...)
	}
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	w.WriteHeader(e.status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}
