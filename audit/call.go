// Package audit has the words of the record: what is written down of a call beside what it was done to, and the chain of digests
// in which an exported record shows that it is whole.
package audit

import (
	"encoding/json"
	"fmt"
	"strings"

	"entrepot/iam"
)

// Call is what is written down of a call: who made it and from where, and how it was judged. It is kept in short JSON, for there
// is one with every change. No secret is in it.
type Call struct {
	Kind      CallerKind `json:"kind"`
	ID        string     `json:"id,omitempty"`   // the principal's
	User      string     `json:"user,omitempty"` // its name, where it is a user
	AccessKey string     `json:"key,omitempty"`
	Session   *Session   `json:"session,omitempty"` // nil for credentials of one's own

	Source    string `json:"from,omitempty"` // address
	UserAgent string `json:"agent,omitempty"`
	Method    string `json:"method,omitempty"` // of a package manager's request
	Path      string `json:"path,omitempty"`
	Reads     bool   `json:"reads,omitempty"` // the action is one that reads

	Error    string    `json:"error,omitempty"` // the code of the error that it ended with
	Message  string    `json:"message,omitempty"`
	Decision *Decision `json:"decision,omitempty"` // nil where none is known
}

// CallerKind is the type of an identity, as records name it (CloudTrail user guide, "userIdentity element").
type CallerKind string

// The kinds of caller.
const (
	Root        CallerKind = "Root"
	User        CallerKind = "IAMUser"
	AssumedRole CallerKind = "AssumedRole"
	Federated   CallerKind = "FederatedUser"
	WebIdentity CallerKind = "WebIdentityUser"
	Service     CallerKind = "AWSService" // the installation itself
)

// Session is whose session a call was made in.
type Session struct {
	Role           string `json:"role,omitempty"` // ARN; empty for a session of a user
	RoleID         string `json:"id,omitempty"`
	Since          string `json:"since,omitempty"` // RFC 3339
	SourceIdentity string `json:"source,omitempty"`
}

// Decision is how permission was decided.
type Decision struct {
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason"`
	// ByResource says that the policy is the resource's, of the account that owns it, and not one of the caller's.
	ByResource bool   `json:"byResource,omitempty"`
	Policy     string `json:"policy,omitempty"`
	Statement  string `json:"statement,omitempty"` // its Sid, or its number where it has none
	Action     string `json:"action,omitempty"`    // that was asked for, where it is another than the call's
	Resource   string `json:"resource,omitempty"`  // that it was about
}

// AccessDenied is the code of the error of calls that were refused.
const AccessDenied = "AccessDenied"

// Done is a call that was carried out, with how it was decided that it might be.
func Done(c iam.Caller, action string) Call {
	call := of(c)
	if d, known := c.Rulings.On(action); known {
		call.Decision = decided(d)
	}
	return call
}

// Refused is a call that was not allowed, and the sentence that the caller was told.
func Refused(c iam.Caller, d iam.Decision, told string) Call {
	call := Barred(c, told)
	call.Decision = decided(d)
	return call
}

// Barred is a call that was not allowed whatever policies say, and the sentence that the caller was told.
func Barred(c iam.Caller, told string) Call {
	call := of(c)
	call.Error, call.Message = AccessDenied, told
	return call
}

// Parse reads what Encode has written; nil is of a call of which nothing is known.
func Parse(text []byte) (c Call, err error) {
	if len(text) == 0 {
		return Call{}, nil
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return Call{}, fmt.Errorf("read what is on record of a call: %w", err)
	}
	return c, nil
}

// Encode writes it, without any token.
func (c Call) Encode() json.RawMessage {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // texts and booleans have a JSON form
	}
	return json.RawMessage(Redacted(string(text)))
}

func decided(d iam.Decision) *Decision {
	statement := d.Sid
	if statement == "" && d.Statement > 0 {
		statement = fmt.Sprintf("#%d", d.Statement)
	}
	return &Decision{Allowed: d.Allowed(), Reason: d.Reason.String(), ByResource: d.ByResource(), Policy: d.Policy,
		Statement: statement, Resource: d.Resource}
}

func of(c iam.Caller) Call {
	call := Call{Kind: kindOf(c), ID: c.Principal.ID, AccessKey: c.AccessKey, Session: sessionOf(c), UserAgent: c.UserAgent,
		Method: c.Method, Path: c.Path}
	if call.Kind == User {
		call.User = c.Principal.Name
	}
	if call.Kind == Root {
		call.ID = c.Principal.Account
	}
	if c.Source.IsValid() {
		call.Source = c.Source.String()
	}
	return call
}

func kindOf(c iam.Caller) CallerKind {
	resource := c.Principal.ARN[strings.LastIndexByte(c.Principal.ARN, ':')+1:]
	switch kind, _, _ := strings.Cut(resource, "/"); {
	case c.Principal.ARN == "":
		return Service
	case c.Principal.Role != "":
		return AssumedRole
	case kind == "root":
		return Root
	case kind == "federated-user":
		return Federated
	case kind == "oidc-provider":
		return WebIdentity
	}
	return User
}

func sessionOf(c iam.Caller) *Session {
	if c.Temporary.ID == "" {
		return nil
	}
	s := &Session{SourceIdentity: c.Temporary.SourceIdentity}
	if issued := c.Context["aws:tokenissuetime"]; len(issued) > 0 {
		s.Since = issued[0]
	}
	if c.Temporary.Role {
		s.Role, s.RoleID = c.Principal.Role, c.Temporary.Principal
	}
	return s
}

// AccountOf is the account in an ARN, which owns what it names; empty where there is none.
func AccountOf(arn string) string {
	parsed, err := iam.ParseARN(arn)
	if err != nil || parsed.Account == "aws" {
		return ""
	}
	return parsed.Account
}
