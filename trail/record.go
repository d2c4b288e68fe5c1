package trail

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"entrepot/audit"
	"entrepot/catalog"
)

// Record is an event as an account is told of it, in the shape of CloudTrail's records (CloudTrail user guide, "CloudTrail record
// contents"). The members have its names and its order.
type Record struct {
	EventVersion        string          `json:"eventVersion"`
	UserIdentity        UserIdentity    `json:"userIdentity"`
	EventTime           time.Time       `json:"eventTime"` // to the second
	EventSource         string          `json:"eventSource"`
	EventName           string          `json:"eventName"`
	AWSRegion           string          `json:"awsRegion"`
	SourceIPAddress     string          `json:"sourceIPAddress"`
	UserAgent           string          `json:"userAgent"`
	ErrorCode           string          `json:"errorCode,omitempty"`
	ErrorMessage        string          `json:"errorMessage,omitempty"`
	RequestParameters   map[string]any  `json:"requestParameters"`
	ResponseElements    map[string]any  `json:"responseElements"`
	AdditionalEventData *AdditionalData `json:"additionalEventData,omitempty"`
	RequestID           string          `json:"requestID"`
	EventID             string          `json:"eventID"`
	ReadOnly            bool            `json:"readOnly"`
	Resources           []Resource      `json:"resources,omitempty"`
	EventType           string          `json:"eventType"`
	ManagementEvent     bool            `json:"managementEvent"`
	RecipientAccountID  string          `json:"recipientAccountId"`
	SharedEventID       string          `json:"sharedEventID,omitempty"`
	EventCategory       string          `json:"eventCategory"`
}

// UserIdentity is who made a call.
type UserIdentity struct {
	Type           string          `json:"type"`
	PrincipalID    string          `json:"principalId,omitempty"`
	ARN            string          `json:"arn,omitempty"`
	AccountID      string          `json:"accountId,omitempty"`
	AccessKeyID    string          `json:"accessKeyId,omitempty"`
	UserName       string          `json:"userName,omitempty"`
	InvokedBy      string          `json:"invokedBy,omitempty"`
	SessionContext *SessionContext `json:"sessionContext,omitempty"`
}

// SessionContext is in which session a call was made.
type SessionContext struct {
	SessionIssuer  *SessionIssuer    `json:"sessionIssuer,omitempty"` // the role; absent for a session of a user
	Attributes     SessionAttributes `json:"attributes"`
	SourceIdentity string            `json:"sourceIdentity,omitempty"`
}

// SessionIssuer is whose session it is.
type SessionIssuer struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
	ARN         string `json:"arn"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName"`
}

// SessionAttributes are what CloudTrail tells of a session.
type SessionAttributes struct {
	CreationDate     string `json:"creationDate,omitempty"`
	MFAAuthenticated string `json:"mfaAuthenticated"`
}

// AdditionalData is what records of CodeArtifact's package managers have besides, and what decided.
type AdditionalData struct {
	HTTPMethod string          `json:"httpMethod,omitempty"`
	RequestURI string          `json:"requestUri,omitempty"` // without the repository
	Decision   *audit.Decision `json:"decision,omitempty"`
}

// Resource is one that a call was about.
type Resource struct {
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type,omitempty"`
	ARN       string `json:"ARN"`
}

// The members that are the same in all records.
const (
	recordVersion = "1.08"
	apiCall       = "AwsApiCall"
	serviceEvent  = "AwsServiceEvent"
	management    = "Management"
	ourselves     = "entrepot" // where AWS's records name one of its services
	otherAccount  = "AWSAccount"
)

// recipients are the accounts that an event concerns, each once: the caller's, the owner's, the administrator's.
func recipients(e catalog.Event) []string {
	var all []string
	for _, account := range []string{e.Account, e.Owner, e.Administrator} {
		seen := account == ""
		for _, other := range all {
			seen = seen || other == account
		}
		if !seen {
			all = append(all, account)
		}
	}
	return all
}

// sourceOf is the name of a service in records; actions of our own have none of AWS's.
func sourceOf(service string) string {
	if service == ourselves {
		return ourselves
	}
	return service + ".amazonaws.com"
}

// record makes the record of an event that an account is told.
func (s *Service) record(e catalog.Event, recipient string) (Record, error) {
	call, err := audit.Parse(e.Call)
	if err != nil {
		return Record{}, fmt.Errorf("event %d: %w", e.Sequence, err)
	}
	var detail map[string]any
	if err := json.Unmarshal(e.Detail, &detail); len(e.Detail) > 0 && err != nil {
		return Record{}, fmt.Errorf("event %d: read its detail: %w", e.Sequence, err)
	}
	if len(e.Call) == 0 {
		call, detail = before(e, detail)
	}
	service, name, _ := strings.Cut(e.Action, ":")
	about := subjectOf(service, e.Resource)
	if about.parameters == nil {
		about.parameters = map[string]any{}
	}
	maps.Copy(about.parameters, detail)
	r := Record{
		EventVersion: recordVersion, UserIdentity: identityOf(e, call, recipient), EventTime: e.Time.UTC().Truncate(time.Second),
		EventSource: sourceOf(service), EventName: name, AWSRegion: s.Region,
		SourceIPAddress: call.Source, UserAgent: call.UserAgent, ErrorCode: call.Error, ErrorMessage: call.Message,
		RequestParameters: about.parameters, RequestID: e.RequestID, EventID: eventID(e, recipient), ReadOnly: call.Reads,
		EventType: apiCall, ManagementEvent: true, RecipientAccountID: recipient, EventCategory: management,
	}
	if call.Error == "" {
		r.RequestParameters, r.ResponseElements = sorted(e.Action, about.parameters)
	}
	if len(r.RequestParameters) == 0 {
		r.RequestParameters = nil
	}
	if call.Kind == audit.Service {
		r.EventType, r.SourceIPAddress, r.UserAgent = serviceEvent, ourselves, ourselves
	}
	if data := (AdditionalData{call.Method, call.Path, decisionFor(e, call, recipient)}); data != (AdditionalData{}) {
		r.AdditionalEventData = &data
	}
	if e.Resource != "" && e.Resource != "*" {
		r.Resources = []Resource{{e.Owner, about.kind, e.Resource}}
	}
	if len(recipients(e)) > 1 {
		r.SharedEventID = eventID(e, "")
	}
	return r, nil
}

// before reads an event that was recorded when little was known of calls.
func before(e catalog.Event, detail map[string]any) (audit.Call, map[string]any) {
	call := audit.Call{Kind: audit.User}
	if e.Principal == "" {
		call.Kind = audit.Service
	}
	code, refused := detail["errorCode"].(string)
	if !refused {
		return call, detail
	}
	call.Error, call.Decision = code, &audit.Decision{}
	call.Decision.Reason, _ = detail["reason"].(string)
	call.Decision.Statement, _ = detail["statement"].(string)
	return call, nil
}

// identityOf is who made a call, as an account is told. Another account than the caller's learns who it was, but none of its keys
// and sessions.
func identityOf(e catalog.Event, call audit.Call, recipient string) UserIdentity {
	who := UserIdentity{Type: string(call.Kind), PrincipalID: call.ID, ARN: e.Principal, AccountID: e.Account}
	if call.Kind == audit.Service {
		who.InvokedBy = ourselves
		return who
	}
	if recipient != e.Account {
		who.Type = otherAccount
		return who
	}
	who.AccessKeyID, who.UserName = call.AccessKey, call.User
	if call.Session == nil {
		return who
	}
	who.SessionContext = &SessionContext{Attributes: SessionAttributes{call.Session.Since, "false"},
		SourceIdentity: call.Session.SourceIdentity}
	if role := call.Session.Role; role != "" {
		who.SessionContext.SessionIssuer = &SessionIssuer{"Role", call.Session.RoleID, role, e.Account, role[strings.LastIndexByte(role, '/')+1:]}
	}
	return who
}

// decisionFor is how permission was decided, as an account is told: policies of another account are not named.
func decisionFor(e catalog.Event, call audit.Call, recipient string) *audit.Decision {
	if call.Decision == nil {
		return nil
	}
	told, ours := *call.Decision, e.Account
	if told.ByResource {
		ours = e.Owner
	}
	if recipient != ours {
		told.Policy, told.Statement = "", ""
	}
	return &told
}

// Username is what a record is looked up by as its user's name: of a user his, of a role that of the session.
func (r Record) Username() string {
	switch audit.CallerKind(r.UserIdentity.Type) {
	case audit.User:
		return r.UserIdentity.UserName
	case audit.Root:
		return "root"
	case audit.AssumedRole, audit.Federated:
		return r.UserIdentity.ARN[strings.LastIndexByte(r.UserIdentity.ARN, '/')+1:]
	}
	return ""
}
