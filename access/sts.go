package access

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"

	"entrepot/access/sigv4"
	"entrepot/artifact"
)

// STSVersion is the version of the STS API that is spoken.
const STSVersion = "2011-06-15"

const (
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
	maxFormBytes = 64 << 10
)

// Answer is a whole HTTP answer.
type Answer struct {
	Status    int
	RequestID string
	Body      []byte // XML
}

// Send writes the answer. The error is the connection's.
func (a Answer) Send(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-Requestid", a.RequestID)
	w.WriteHeader(a.Status)
	_, err := w.Write(a.Body)
	return err
}

type callerIdentity struct {
	XMLName   xml.Name `xml:"GetCallerIdentityResponse"`
	Namespace string   `xml:"xmlns,attr"`
	ARN       string   `xml:"GetCallerIdentityResult>Arn"`
	UserID    string   `xml:"GetCallerIdentityResult>UserId"`
	Account   string   `xml:"GetCallerIdentityResult>Account"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

type stsError struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

// stsActions are the actions of STS that there are. None asks for permission: GetCallerIdentity cannot be denied
// (STS API reference).
var stsActions = map[string]func(c Caller) any{
	"GetCallerIdentity": func(c Caller) any {
		return callerIdentity{Namespace: stsNamespace, ARN: c.Principal.ARN, UserID: c.Principal.ID,
			Account: c.Principal.Account, RequestID: c.RequestID}
	},
}

// STS answers a call to STS in the query protocol: a signed POST / with a form, or a presigned GET with the parameters
// in its query. The caller is authenticated already, for the service sts. Any action but GetCallerIdentity is answered
// InvalidAction.
func STS(r *http.Request, c Caller) Answer {
	parameters, err := stsParameters(r)
	if err != nil {
		return STSError(err, c.RequestID)
	}
	action, version := parameters.Get("Action"), parameters.Get("Version")
	if version == "" {
		version = "NO_VERSION_SPECIFIED"
	}
	if action == "" {
		return refuseSTS(http.StatusBadRequest, "MissingAction", "The request must contain the parameter Action.",
			c.RequestID)
	}
	answer, ok := stsActions[action]
	if !ok || version != STSVersion {
		return refuseSTS(http.StatusBadRequest, "InvalidAction",
			"Could not find operation "+shorten(action)+" for version "+shorten(version), c.RequestID)
	}
	return stsAnswer(http.StatusOK, c.RequestID, answer(c))
}

func stsParameters(r *http.Request) (url.Values, error) {
	text := r.URL.RawQuery
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxFormBytes+1))
		if err != nil {
			return nil, artifact.Errorf(artifact.Invalid, "The form could not be read.").Causing(err)
		}
		if len(body) > maxFormBytes {
			return nil, artifact.Errorf(artifact.Invalid, "The form may have %d bytes at most.", maxFormBytes)
		}
		text = string(body)
	}
	parameters, err := url.ParseQuery(text)
	if err != nil {
		return nil, artifact.Errorf(artifact.Invalid, "The form is malformed.").Causing(err)
	}
	for _, values := range parameters {
		if len(values) > 1 {
			return nil, artifact.Errorf(artifact.Invalid, "The form has a parameter more than once.")
		}
	}
	return parameters, nil
}

// stsKinds says how an error that is no refused signature is told.
var stsKinds = map[artifact.Kind]struct {
	status int
	code   string
}{
	artifact.Invalid:     {http.StatusBadRequest, "ValidationError"},
	artifact.Denied:      {http.StatusForbidden, "AccessDenied"},
	artifact.Throttled:   {http.StatusBadRequest, "Throttling"},
	artifact.Unavailable: {http.StatusServiceUnavailable, "ServiceUnavailable"},
}

// STSError words an error as STS does, a refused signature among them. What is ours is answered 500 without its reason.
func STSError(err error, requestID string) Answer {
	if refusal, ok := errors.AsType[*sigv4.Error](err); ok {
		return refuseSTS(refusal.Status(), refusal.QueryName(), refusal.Message, requestID)
	}
	told, _ := errors.AsType[*artifact.Error](err)
	if row, ok := stsKinds[artifact.KindOf(err)]; ok {
		return refuseSTS(row.status, row.code, told.Reason, requestID)
	}
	return refuseSTS(http.StatusInternalServerError, "InternalFailure", "The request could not be processed.", requestID)
}

func refuseSTS(status int, code, message, requestID string) Answer {
	fault := "Sender"
	if status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	return stsAnswer(status, requestID, stsError{Namespace: stsNamespace, Type: fault, Code: code, Message: message,
		RequestID: requestID})
}

func stsAnswer(status int, requestID string, document any) Answer {
	body, err := xml.Marshal(document)
	if err != nil {
		panic(err) // the documents are ours and hold strings only, which all have an XML form
	}
	return Answer{Status: status, RequestID: requestID, Body: append(body, '\n')}
}

// shorten bounds what an error echoes of a request.
func shorten(s string) string {
	const most = 64
	if len(s) > most {
		return s[:most]
	}
	return s
}
