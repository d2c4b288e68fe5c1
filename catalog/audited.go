package catalog

import (
	"encoding/json"
	"fmt"
	"time"

	"entrepot/audit"
	"entrepot/iam"
)

// Audited makes the event of a call at a time, for the record. action is service:Operation, resource an ARN or empty; the account in
// it is the Owner. detail holds the parameters worth knowing later, never a policy's text; nil is none. An authorization token that
// stands in any of it, where somebody has put it, is not in the event.
func Audited(at time.Time, c iam.Caller, action, resource string, call audit.Call, detail map[string]any) (Event, error) {
	if detail == nil {
		detail = map[string]any{}
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return Event{}, fmt.Errorf("record %s: %w", action, err)
	}
	return Event{Time: at.UTC(), Kind: AuditEvent, RequestID: c.RequestID, Account: c.Principal.Account, Owner: audit.AccountOf(resource),
		Principal: c.Principal.ARN, Action: action, Resource: audit.Redacted(resource),
		Detail: json.RawMessage(audit.Redacted(string(text))), Call: call.Encode()}, nil
}
