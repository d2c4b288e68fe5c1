package catalog

import (
	"time"

	"entrepot/artifact"
)

// EventRule sends events that its pattern means to its targets.
type EventRule struct {
	Account     artifact.AccountID
	Name        string // unique in its account
	Pattern     string
	Description string
	Role        string // an ARN that is kept as it was given
	Enabled     bool
	CreatedAt   time.Time
	Tags        map[string]string
	Targets     []RuleTarget // few, ordered by ID
}

// RuleTarget is where a rule sends events.
type RuleTarget struct {
	ID  string // unique in its rule
	ARN string
	// Role is an ARN that is kept as it was given.
	Role string `json:",omitempty"`
	// Group is the message group of a queue that is told in order; empty means one for each package.
	Group string `json:",omitempty"`
	// Input is sent in place of the event, or InputPath says which part of it is, or Transformer what is made of it; at most one of them
	// is there.
	Input       string            `json:",omitempty"`
	InputPath   string            `json:",omitempty"`
	Transformer *InputTransformer `json:",omitempty"`
	// Retries is how an event is sent again that was not taken; nil if nobody has said.
	Retries *RetryPolicy `json:",omitempty"`
}

// InputTransformer is a template of what is sent in place of an event, and by name the paths of what its placeholders stand for.
type InputTransformer struct {
	Paths    map[string]string `json:",omitempty"`
	Template string
}

// RetryPolicy bounds how often an event is sent again, and how old it may be then. What is nil is left open.
type RetryPolicy struct {
	Attempts *int `json:",omitempty"` // after the first
	Seconds  *int `json:",omitempty"`
}

// EventRuleReader finds rules.
type EventRuleReader interface {
	EventRule(account artifact.AccountID, name string) (EventRule, error)
	// EventRules lists the rules of an account whose names begin with the prefix, ordered by name.
	EventRules(account artifact.AccountID, prefix string, page Page) (Listing[EventRule], error)
	// AllEventRules lists the rules of all accounts, ordered by account and name.
	AllEventRules(page Page) (Listing[EventRule], error)
}

// EventRuleWriter changes rules. Touches EventTargetsTopic.
type EventRuleWriter interface {
	// PutEventRule creates a rule or replaces its record but for the time of its creation.
	PutEventRule(r EventRule) error
	DeleteEventRule(account artifact.AccountID, name string) error
}
