package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"entrepot/conformance/servicemodel"
)

// Request is a call as every client can make it: members are named as in the service model, values are JSON. The bytes of an
// asset are a text.
type Request struct {
	Operation string         `json:"operation"`
	As        string         `json:"as"` // whose credentials sign it
	Input     map[string]any `json:"input"`
	// Wire is what only somebody who writes requests himself can send. A request with any of it is none for the SDKs.
	Wire    Wire `json:"-"`
	refused bool // what the case expects; the aws command line is to log its status then
}

// Wire is what a request has in place of what the model says.
type Wire struct {
	Method string
	Slash  bool              // behind the path
	Query  map[string]string // values as they stand on the wire, by parameter
	More   string            // further query text
	Body   map[string]string // JSON texts, by member
	Text   string            // in place of the whole body
}

func (w Wire) any() bool {
	return w.Method != "" || w.Slash || len(w.Query) > 0 || w.More != "" || len(w.Body) > 0 || w.Text != ""
}

// with returns the request with a member set.
func (r Request) with(member string, value any) Request {
	r.Input = maps.Clone(r.Input)
	r.Input[member] = value
	return r
}

// without returns the request less a member.
func (r Request) without(member string) Request {
	r.Input = maps.Clone(r.Input)
	delete(r.Input, member)
	return r
}

// HTTP writes the request as the model says, to an address such as https://host:port. It is not signed.
func (r Request) HTTP(base string) (*http.Request, error) {
	op := model.Operations[r.Operation]
	query := maps.Clone(r.Wire.Query)
	if query == nil {
		query = map[string]string{}
	}
	members := maps.Clone(r.Wire.Body)
	if members == nil {
		members = map[string]string{}
	}
	header, hasBody, payload := http.Header{}, false, ""
	for _, m := range model.Input(r.Operation).Members {
		value, given := r.Input[m.Name]
		hasBody = hasBody || m.Location == servicemodel.InBody
		if !given {
			continue
		}
		switch m.Location {
		case servicemodel.InQuery:
			query[m.Wire] = strings.ReplaceAll(url.QueryEscape(fmt.Sprint(value)), "+", "%20")
		case servicemodel.InHeader:
			header.Set(m.Wire, fmt.Sprint(value))
		case servicemodel.AsPayload:
			payload = fmt.Sprint(value)
		case servicemodel.InBody:
			text, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			members[m.Wire] = string(text)
		}
	}
	body := payload
	if hasBody {
		header.Set("Content-Type", "application/json")
		body = object(members)
	}
	if r.Wire.Text != "" {
		body = r.Wire.Text
	}
	made, err := http.NewRequest(or(r.Wire.Method, op.Method), base+op.Path, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	made.Header = header
	if r.Wire.Slash {
		made.URL.Path += "/"
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		pairs = append(pairs, name+"="+query[name])
	}
	if r.Wire.More != "" {
		pairs = append(pairs, r.Wire.More)
	}
	made.URL.RawQuery = strings.Join(pairs, "&")
	return made, nil
}

// object writes a JSON object of members that are JSON already.
func object(members map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		pairs = append(pairs, asJSON(name)+":"+members[name])
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// asJSON writes a text, control characters and all.
func asJSON(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err) // texts always encode
	}
	return string(encoded)
}

var model = servicemodel.CodeArtifact()
