package queryapi

import (
	"encoding/xml"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"entrepot/access/sigv4"
	"entrepot/accounts"
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
func (s *Service) errorOf(err error) *Error {
	if worded, ok := errors.AsType[*Error](err); ok {
		return worded
	}
	if refusal, ok := errors.AsType[*sigv4.Error](err); ok {
		return &Error{refusal.Status(), refusal.QueryName(), refusal.Message}
	}
	if told, ok := errors.AsType[*artifact.Error](err); ok {
		if row, ok := failureOf(told, s.Problems, s.Failures, failures); ok {
			return &Error{row.Status, row.Code, told.Reason}
		}
	}
	return &Error{http.StatusInternalServerError, "InternalFailure", "The request could not be processed."}
}

// failureOf is how an error of the rules is told, by its problem or else by its kind in the first table that has it; false if
// it is ours to keep.
func failureOf(err *artifact.Error, problems map[accounts.Problem]Failure, kinds ...map[artifact.Kind]Failure) (row Failure, told bool) {
	if problem, ok := errors.AsType[accounts.Problem](err); ok {
		if row, told = problems[problem]; told {
			return row, true
		}
	}
	for _, table := range kinds {
		if row, told = table[err.Kind]; told {
			return row, true
		}
	}
	return row, false
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
	return enclose(e, start, func() error {
		if r.result != nil {
			if err := e.EncodeElement(r.result, element(r.action+"Result")); err != nil {
				return err
			}
		}
		return e.EncodeElement(metadata{r.requestID}, element("ResponseMetadata"))
	})
}

func element(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }

// members is a list as the protocol writes it, <NAME><member>…</member></NAME>, when it is empty as well.
type members[T any] []T

// MarshalXML writes the list.
func (m members[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return enclose(e, start, func() error {
		for _, item := range m {
			if err := e.EncodeElement(item, element("member")); err != nil {
				return err
			}
		}
		return nil
	})
}

// entries is a map as the protocol writes it, <NAME><entry><key>…</key><value>…</value></entry></NAME>, in the order of
// its keys.
type entries[V any] map[string]V

// MarshalXML writes the map.
func (m entries[V]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return enclose(e, start, func() error {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			entry := struct {
				Key   string `xml:"key"`
				Value V      `xml:"value"`
			}{key, m[key]}
			if err := e.EncodeElement(entry, element("entry")); err != nil {
				return err
			}
		}
		return nil
	})
}

// enclose writes an element with what inner writes in it.
func enclose(e *xml.Encoder, start xml.StartElement, inner func() error) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	if err := inner(); err != nil {
		return err
	}
	return e.EncodeToken(start.End())
}

// when is a time as the protocol writes it, in whole seconds; nothing for the zero time.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

func send(w http.ResponseWriter, status int, document any) {
	body, err := xml.Marshal(document)
	if err != nil {
		panic(err) // the documents are ours, of types that all have an XML form
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that is gone needs no answer
}
