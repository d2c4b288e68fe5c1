package queryapi

import (
	"encoding/xml"
	"errors"
	"net/http"

	"entrepot/access/sigv4"
	"entrepot/artifact"
)

// requestIDHeader names the request in every answer.
const requestIDHeader = "X-Amzn-Requestid"

// Error is an error with a code of the protocol's own. Its message is told to the caller.
type Error struct {
	Status        int
	Code, Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// errorOf words any error.
func errorOf(err error) *Error {
	if worded, ok := errors.AsType[*Error](err); ok {
		return worded
	}
	if refusal, ok := errors.AsType[*sigv4.Error](err); ok {
		return &Error{refusal.Status(), refusal.QueryName(), refusal.Message}
	}
	if row, ok := failures[artifact.KindOf(err)]; ok {
		told, _ := errors.AsType[*artifact.Error](err)
		return &Error{row.status, row.code, told.Reason}
	}
	return &Error{http.StatusInternalServerError, "InternalFailure", "The request could not be processed."}
}

// WriteError answers a call to a service that is not there, in the protocol's words.
func WriteError(w http.ResponseWriter, status int, code, message string) {
	writeError(w, "", &Error{status, code, message})
}

func writeError(w http.ResponseWriter, namespace string, e *Error) {
	fault := "Sender"
	if e.Status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	send(w, e.Status, errorResponse{Namespace: namespace, Type: fault, Code: e.Code, Message: e.Message,
		RequestID: w.Header().Get(requestIDHeader)})
}

// errorResponse is the document of an error.
type errorResponse struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr,omitempty"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

// response is the document of a result: its elements are named after the action.
type response struct {
	action, namespace string
	result            any
	requestID         string
}

type metadata struct {
	RequestID string `xml:"RequestId"`
}

// MarshalXML writes <NAMEResponse>, in it <NAMEResult> if there is a result, and the request's id.
func (r response) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	start := element(r.action + "Response")
	start.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: r.namespace}}
	err := e.EncodeToken(start)
	if err == nil && r.result != nil {
		err = e.EncodeElement(r.result, element(r.action+"Result"))
	}
	if err == nil {
		err = e.EncodeElement(metadata{r.requestID}, element("ResponseMetadata"))
	}
	if err != nil {
		return err
	}
	return e.EncodeToken(start.End())
}

func element(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }

func send(w http.ResponseWriter, status int, document any) {
	body, err := xml.Marshal(document)
	if err != nil {
		panic(err) // the documents are ours, of types that all have an XML form
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that is gone needs no answer
}
