package awsapi

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"entrepot/delivery"
	"entrepot/events"
	"entrepot/iam"
)

// Delivery tells targets of events; *delivery.Service does, and asks for permission.
type Delivery interface {
	Happened(ctx context.Context, c iam.Caller, after int64) ([]events.Event, int64, error)
	Standings(ctx context.Context, c iam.Caller) ([]delivery.Standing, error)
	DeadLetters(ctx context.Context, c iam.Caller, target string, after int64) ([]delivery.DeadLetter, error)
	Replay(ctx context.Context, c iam.Caller, target string, sequence int64) (int, error)
	Enable(ctx context.Context, c iam.Caller, target string) error
}

type listEventsInput struct {
	ofAccount
	After string `query:"after" is:"OwnSequence"`
}

// EventList is what ListEvents answers: the events after a number, as far as a page of the record goes. Next is the number to
// go on from; it is the one that was asked about when nothing has happened since. Without a number it says where the record
// ends.
type EventList struct {
	Events []events.Event `json:"events"`
	Next   int64          `json:"next"`
}

func (a *API) listEvents(ctx context.Context, c iam.Caller, in *listEventsInput) (*EventList, error) {
	after := int64(-1)
	if in.After != "" {
		after = sequenceOf(in.After)
	}
	found, next, err := a.Delivery.Happened(ctx, c, after)
	return &EventList{append([]events.Event{}, found...), next}, err
}

// sequenceOf reads a sequence number that the grammar has taken; nothing is zero.
func sequenceOf(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64) // digits, and few enough
	return n
}

type listEventTargetsInput struct{ ofAccount }

// EventTargetList is what ListEventTargets answers.
type EventTargetList struct {
	Targets []EventTargetDescription `json:"targets"`
}

// EventTargetDescription is how a target stands.
type EventTargetDescription struct {
	Name         string    `json:"name"`
	Cursor       int64     `json:"cursor"`
	Disabled     bool      `json:"disabled"`
	Waiting      int       `json:"waiting"`
	Dead         int       `json:"deadLetters"`
	FailingSince time.Time `json:"failingSince,omitzero"`
	Problem      string    `json:"problem,omitempty"`
}

func (a *API) listEventTargets(ctx context.Context, c iam.Caller, _ *listEventTargetsInput) (*EventTargetList, error) {
	found, err := a.Delivery.Standings(ctx, c)
	out := &EventTargetList{Targets: []EventTargetDescription{}}
	for _, t := range found {
		out.Targets = append(out.Targets, EventTargetDescription{t.Name, t.Cursor, t.Disabled, t.Waiting, t.Dead, t.FailingSince, t.Problem})
	}
	return out, err
}

type deadLettersInput struct {
	ofAccount
	Target string `query:"target" is:"OwnTargetName,required"`
	After  string `query:"after" is:"OwnSequence"`
}

// DeadLetterList is what ListDeadLetters answers: a page of them at most, lowest numbers first.
type DeadLetterList struct {
	DeadLetters []DeadLetter `json:"deadLetters"`
}

// DeadLetter is an event that was given up.
type DeadLetter struct {
	Sequence int64           `json:"sequenceNumber"`
	Since    time.Time       `json:"failedSince"`
	DiedAt   time.Time       `json:"givenUpAt"`
	Attempts int             `json:"attempts"`
	Problem  string          `json:"problem"`
	Event    json.RawMessage `json:"event"`
}

func (a *API) listDeadLetters(ctx context.Context, c iam.Caller, in *deadLettersInput) (*DeadLetterList, error) {
	found, err := a.Delivery.DeadLetters(ctx, c, in.Target, sequenceOf(in.After))
	out := &DeadLetterList{DeadLetters: []DeadLetter{}}
	for _, d := range found {
		out.DeadLetters = append(out.DeadLetters, DeadLetter{d.Sequence, d.FailedAt, d.DeadAt, d.Attempts, d.Problem, d.Event})
	}
	return out, err
}

type replayInput struct {
	ofAccount
	Target   string `query:"target" is:"OwnTargetName,required"`
	Sequence string `query:"sequence" is:"OwnSequence"`
}

// ReplayedEvents is what ReplayEvents answers.
type ReplayedEvents struct {
	Events int `json:"events"`
}

func (a *API) replayEvents(ctx context.Context, c iam.Caller, in *replayInput) (*ReplayedEvents, error) {
	n, err := a.Delivery.Replay(ctx, c, in.Target, sequenceOf(in.Sequence))
	return &ReplayedEvents{n}, err
}

type enableTargetInput struct {
	ofAccount
	Target string `query:"target" is:"OwnTargetName,required"`
}

func (a *API) enableEventTarget(ctx context.Context, c iam.Caller, in *enableTargetInput) (*struct{}, error) {
	return &struct{}{}, a.Delivery.Enable(ctx, c, in.Target)
}
