package queryapi

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"entrepot/iam"
	"entrepot/trail"
)

// CloudTrailTarget is what requests to CloudTrail have before the operation's name.
const CloudTrailTarget = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"

// CloudTrail returns the part of CloudTrail that there is: looking events up. What is recorded cannot be chosen, so trails have
// nothing to configure.
func CloudTrail(rules *trail.Service) *JSONService {
	e := eventHistory{rules}
	return &JSONService{Target: CloudTrailTarget, Operations: map[string]Operation{
		"LookupEvents": jsonDo(cloudTrailGrammar, e.lookupEvents),
	}}
}

// cloudTrailGrammar has the shapes of CloudTrail's model. Attributes, pages and categories are judged by the rules, whose errors have
// names of their own.
var cloudTrailGrammar = grammar{
	"Date":                 {},
	"EventCategory":        text(0, 0),
	"LookupAttributeKey":   text(0, 0),
	"LookupAttributeValue": text(1, 2000),
	"MaxResults":           {},
	"NextToken":            text(0, 0),
}

type eventHistory struct{ rules *trail.Service }

type lookupAttribute struct {
	AttributeKey   string `member:"AttributeKey,LookupAttributeKey,required"`
	AttributeValue string `member:"AttributeValue,LookupAttributeValue,required"`
}

type lookupEventsInput struct {
	LookupAttributes []lookupAttribute `member:"LookupAttributes,"`
	StartTime        time.Time         `member:"StartTime,Date"`
	EndTime          time.Time         `member:"EndTime,Date"`
	EventCategory    string            `member:"EventCategory,EventCategory"`
	MaxResults       *int              `member:"MaxResults,MaxResults"`
	NextToken        string            `member:"NextToken,NextToken"`
}

type eventResource struct {
	ResourceType string `json:"ResourceType,omitempty"`
	ResourceName string `json:"ResourceName"`
}

type foundEvent struct {
	EventID         string          `json:"EventId"`
	EventName       string          `json:"EventName"`
	ReadOnly        string          `json:"ReadOnly"`
	AccessKeyID     string          `json:"AccessKeyId,omitempty"`
	EventTime       jsonTime        `json:"EventTime"`
	EventSource     string          `json:"EventSource"`
	Username        string          `json:"Username,omitempty"`
	Resources       []eventResource `json:"Resources"`
	CloudTrailEvent string          `json:"CloudTrailEvent"`
}

type foundEvents struct {
	Events    []foundEvent `json:"Events"`
	NextToken string       `json:"NextToken,omitempty"`
}

// insight is the one category that can be asked for; there are no such events here.
const insight = "insight"

// standardResults is how many events a page has where none are asked for (CloudTrail API reference, LookupEvents).
const standardResults = 50

func (e eventHistory) lookupEvents(ctx context.Context, c iam.Caller, in lookupEventsInput) (foundEvents, error) {
	out := foundEvents{Events: []foundEvent{}}
	if in.EventCategory != "" && in.EventCategory != insight {
		return out, &Error{http.StatusBadRequest, "InvalidEventCategoryException", "The event category must be insight or not be given."}
	}
	if len(in.LookupAttributes) > 1 {
		return out, &Error{http.StatusBadRequest, string(trail.InvalidAttributes), "Only one lookup attribute can be given."}
	}
	q := trail.Query{From: in.StartTime, To: in.EndTime, Limit: standardResults, Token: in.NextToken}
	if in.MaxResults != nil {
		q.Limit = *in.MaxResults
	}
	for _, a := range in.LookupAttributes {
		q.By, q.Value = trail.Attribute(cmp.Or(a.AttributeKey, "(none)")), a.AttributeValue
	}
	found, err := e.rules.Lookup(ctx, c, q)
	if err != nil || in.EventCategory == insight {
		return out, err
	}
	out.NextToken = found.Next
	for _, r := range found.Records {
		event, err := eventOf(r)
		if err != nil {
			return out, err
		}
		out.Events = append(out.Events, event)
	}
	return out, nil
}

func eventOf(r trail.Record) (foundEvent, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return foundEvent{}, err
	}
	event := foundEvent{EventID: r.EventID, EventName: r.EventName, ReadOnly: strconv.FormatBool(r.ReadOnly),
		AccessKeyID: r.UserIdentity.AccessKeyID, EventTime: jsonTime(r.EventTime), EventSource: r.EventSource, Username: r.Username(),
		Resources: []eventResource{}, CloudTrailEvent: string(text)}
	for _, on := range r.Resources {
		event.Resources = append(event.Resources, eventResource{on.Type, on.ARN})
	}
	return event, nil
}
