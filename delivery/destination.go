package delivery

import (
	"context"
	"slices"
	"strings"

	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/strictjson"
)

// Destination is where rules may send events: somebody whom the operator has configured, for accounts that he names. A
// rule's target is the ARN of one, so no caller has the server send anything to an address of his own (decision 90).
type Destination struct {
	Name     string
	Accounts []artifact.AccountID
	ARN      string // a name of its own, besides that of an API destination: a queue's or a bus's; empty if it has none
	// Whole says that it takes events as they are and nothing in their place: what a rule puts there is whatever its account likes,
	// and could be taken for an event of another.
	Whole bool
	To    Sender
}

// destination finds what an ARN stands for in the rules of an account; nil if nothing does.
func (s *Service) destination(account artifact.AccountID, arn string) *Destination {
	for i, d := range s.Destinations {
		if !slices.Contains(d.Accounts, account) {
			continue
		}
		if d.ARN != "" && arn == d.ARN {
			return &s.Destinations[i]
		}
		parsed, err := iam.ParseARN(arn)
		if err != nil || parsed.Partition != partition || parsed.Service != "events" || parsed.Region != s.Region ||
			parsed.Account != string(account) {
			continue
		}
		// AWS puts an id behind the name, which we have no need of.
		if name, ok := strings.CutPrefix(parsed.Resource, "api-destination/"); ok && strings.Split(name, "/")[0] == d.Name {
			return &s.Destinations[i]
		}
	}
	return nil
}

// shaped sends what a rule's target wants in place of the whole event.
type shaped struct {
	to               Sender
	group            string
	input, inputPath string
	transformer      *transformer // nil if there is none
}

// Send implements Sender.
func (s *shaped) Send(ctx context.Context, m Message) error {
	if s.group != "" {
		m.Group = s.group
	}
	switch {
	case s.input != "":
		m.Body = []byte(s.input)
	case s.inputPath != "":
		part, err := partOf(m.Body, s.inputPath)
		if err != nil {
			return err
		}
		m.Body = part
	case s.transformer != nil:
		text, err := s.transformer.fill(m.Body, m.Event.Time)
		if err != nil {
			return err
		}
		m.Body = text
	}
	return s.to.Send(ctx, m)
}

// eventRules bound the events that a part is taken of.
var eventRules = strictjson.Rules{Size: 256 << 10, Depth: 16, Keys: 1000}
