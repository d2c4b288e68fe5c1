package suite

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"entrepot/conformance/servicemodel"
)

// Answer is what a client got: as it came, and what the client made of it, which is either of two.
type Answer struct {
	Status  int               `json:"status"`
	Header  map[string]string `json:"header"` // by names in lower case
	Body    string            `json:"body"`   // empty where the client has handed it on as a stream
	Output  any               `json:"output"`
	Refusal *Refusal          `json:"refusal"`
}

// Refusal is an error as a client gives it to its program.
type Refusal struct {
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Members map[string]string `json:"members"` // typed ones; nil from a client that has no way to show them
}

// Read makes an answer of a response to a request that was written by hand, which was for the operation.
func Read(operation string, status int, header http.Header, body []byte) (Answer, error) {
	a := Answer{Status: status, Header: map[string]string{}, Body: string(body)}
	for name := range header {
		a.Header[strings.ToLower(name)] = header.Get(name)
	}
	if status == http.StatusOK && downloads(operation) {
		sum := sha256.Sum256(body)
		a.Body, a.Output = "", map[string]any{"asset": hex.EncodeToString(sum[:]), "assetName": a.Header["x-assetname"],
			"packageVersion": a.Header["x-packageversion"], "packageVersionRevision": a.Header["x-packageversionrevision"]}
		return a, nil
	}
	var read map[string]any
	if err := json.Unmarshal(body, &read); err != nil {
		return a, fmt.Errorf("the answer %.200q is no JSON object: %w", body, err)
	}
	if status == http.StatusOK {
		a.Output = read
		return a, nil
	}
	a.Refusal = &Refusal{Code: a.Header["x-amzn-errortype"], Members: map[string]string{}}
	for name, value := range read {
		if text := fmt.Sprint(value); name == "message" {
			a.Refusal.Message = text
		} else {
			a.Refusal.Members[name] = text
		}
	}
	return a, nil
}

// downloads reports whether the operation answers with bytes.
func downloads(operation string) bool {
	for _, m := range model.Shapes[model.Operations[operation].Output].Members {
		if m.Location == servicemodel.AsPayload {
			return true
		}
	}
	return false
}

// Errors of the service model.
const (
	invalid   = "ValidationException"
	notFound  = "ResourceNotFoundException"
	conflict  = "ConflictException"
	quota     = "ServiceQuotaExceededException"
	denied    = "AccessDeniedException"
	throttled = "ThrottlingException"
	internal  = "InternalServerException"
)

// shapeErrors says what of an answer breaks the service model: its status, its members and their values, and that every answer
// says which request it is for.
func shapeErrors(operation string, a Answer) []string {
	var wrong []string
	if a.Header["x-amzn-requestid"] == "" {
		wrong = append(wrong, "no x-amzn-RequestId")
	}
	shape, status := model.Operations[operation].Output, http.StatusOK
	if a.Refusal != nil {
		shape = a.Refusal.Code
		status = model.Shapes[shape].Status
		if _, known := model.Shapes[shape]; !known {
			return append(wrong, "the model has no error "+shape)
		}
	}
	if a.Status != status {
		wrong = append(wrong, fmt.Sprintf("the status is %d, in the model %d", a.Status, status))
	}
	if a.Body == "" {
		return wrong
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(a.Body)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return append(wrong, "no JSON: "+err.Error())
	}
	if shape == "" { // an operation without output answers an empty object
		if a.Body != "{}" {
			wrong = append(wrong, "the model has no output, and the answer is "+a.Body)
		}
		return wrong
	}
	for _, objection := range model.Check(shape, value) {
		if !departs(objection) {
			wrong = append(wrong, objection)
		}
	}
	return wrong
}

// departures are where AWS itself differs from its model: what its guide, its samples and its tools have.
var departures = []string{`"AVAILABLE" is no ExternalConnectionStatus`}

func departs(objection string) bool {
	for _, d := range departures {
		if strings.HasSuffix(objection, d) {
			return true
		}
	}
	return false
}

// Judge says what is wrong with the answer to a limit, made by somebody who may do nothing; empty if nothing is. Strictly, reason and
// words of a refusal count too.
func (l Limit) Judge(a Answer, strict bool) string {
	if wrong := shapeErrors(l.Request.Operation, a); len(wrong) > 0 {
		return strings.Join(wrong, "; ")
	}
	got := "an answer"
	if a.Refusal != nil {
		got = fmt.Sprintf("%s (%s): %.300s", a.Refusal.Code, a.Refusal.Members["reason"], a.Refusal.Message)
	}
	switch r := a.Refusal; {
	case l.Want == "" && (r == nil || r.Code != denied):
		return "it is good, and got " + got
	case l.Want == "":
		return ""
	case r == nil || r.Code != invalid || strict && r.Members["reason"] != string(l.Want):
		return fmt.Sprintf("want a %s (%s), got %s", invalid, l.Want, got)
	case strict && !strings.Contains(r.Message, l.Names):
		return fmt.Sprintf("the message does not name %s: %s", l.Names, r.Message)
	}
	return ""
}
