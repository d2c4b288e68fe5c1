package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"text/tabwriter"
	"time"

	"entrepot/awsapi"
	"entrepot/awsclient"
	"entrepot/events"
)

type eventsCommand struct {
	Tail        tailEventsCommand   `cmd:"" help:"Print what became of package versions, an event a line."`
	Targets     eventTargetsCommand `cmd:"" help:"Show who is told of events, how far, and what is wrong."`
	DeadLetters deadLettersCommand  `cmd:"" help:"List the events that were given up for a target."`
	Replay      replayEventsCommand `cmd:"" help:"Have events told again that were given up."`
	Enable      enableTargetCommand `cmd:"" help:"Have a target told again that was disabled."`
	Test        testEventCommand    `cmd:"" help:"Ask whether a pattern means an event."`
}

// Help is shown by entrepot events --help.
func (eventsCommand) Help() string {
	return `Examples:

  entrepot events tail --follow
  entrepot events targets
  entrepot events dead-letters ci
  entrepot events replay ci --all`
}

type tailEventsCommand struct {
	caller
	After   int64  `placeholder:"NUMBER" help:"Only events after this sequence number."`
	Follow  bool   `help:"Go on with what happens; without --after, begin there."`
	Pattern string `help:"Only events that this pattern means."`
}

// Help is shown by entrepot events tail --help.
func (tailEventsCommand) Help() string {
	return `Prints the events that your account is told, as EventBridge has them: changes in its domains, and in repositories that it
administers. You need entrepot:ListEvents.

Examples:

  entrepot events tail
  entrepot events tail --follow
  entrepot events tail --after 1200 --pattern '{"detail":{"packageFormat":["npm"]}}'`
}

// Run prints events until there are no more, or until it is interrupted.
func (c tailEventsCommand) Run(ctx context.Context, u user, to io.Writer) error {
	p, err := patternOf(c.Pattern)
	if err != nil {
		return err
	}
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	after := strconv.FormatInt(c.After, 10)
	if c.Follow && c.After == 0 {
		after = ""
	}
	for {
		var page awsapi.EventList
		if err := calls.Post(ctx, "ListEvents", awsapi.ListEventsPath, parameters(map[string]string{"after": after}), &page); err != nil {
			return err
		}
		for _, e := range page.Events {
			if p.Match(e) {
				fmt.Fprintln(escaped{to}, string(e.JSON()))
			}
		}
		next := strconv.FormatInt(page.Next, 10)
		if next != after {
			after = next
			continue
		}
		if !c.Follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
	}
}

// patternOf reads a pattern; none means everything.
func patternOf(text string) (events.Pattern, error) {
	if text == "" {
		return events.Pattern{}, nil
	}
	p, err := events.ParsePattern(text)
	if err != nil {
		err = fmt.Errorf("the pattern is not valid: %w", err)
	}
	return p, err
}

type eventTargetsCommand struct {
	caller
	JSON bool `name:"json" help:"Print them as one JSON object."`
}

// Help is shown by entrepot events targets --help.
func (eventTargetsCommand) Help() string {
	return `Shows the targets of the configuration, for the installation's own account, and those of your rules, as ACCOUNT/RULE/TARGET. CURSOR is
an event that a target has behind it with all before; it passes many at a time that do not concern the target. You need
entrepot:ListEventTargets.

Examples:

  entrepot events targets
  entrepot events targets --json`
}

// Run prints the list.
func (c eventTargetsCommand) Run(ctx context.Context, u user, to io.Writer) error {
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	var list awsapi.EventTargetList
	if err := calls.Post(ctx, "ListEventTargets", awsapi.EventTargetsPath, nil, &list); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(to, list)
	}
	out := tabwriter.NewWriter(plain{to}, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "TARGET\tSTATE\tCURSOR\tWAITING\tDEAD\tPROBLEM")
	for _, t := range list.Targets {
		state := "told"
		switch {
		case t.Disabled:
			state = "disabled"
		case !t.FailingSince.IsZero():
			state = "failing since " + moment(t.FailingSince)
		}
		fmt.Fprintf(out, "%s\t%s\t%d\t%d\t%d\t%s\n", t.Name, state, t.Cursor, t.Waiting, t.Dead, t.Problem)
	}
	return out.Flush()
}

type deadLettersCommand struct {
	caller
	Target string `arg:"" help:"Name of the target."`
}

// Help is shown by entrepot events dead-letters --help.
func (deadLettersCommand) Help() string {
	return `Prints each event that was given up for a target in a line of JSON, with how often it was tried and what was said. You need
entrepot:ListDeadLetters on the target.

Example:

  entrepot events dead-letters ci`
}

// Run prints all of them.
func (c deadLettersCommand) Run(ctx context.Context, u user, to io.Writer) error {
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	out := json.NewEncoder(escaped{to})
	out.SetEscapeHTML(false)
	for after := int64(0); ; {
		var page awsapi.DeadLetterList
		q := parameters(map[string]string{"target": c.Target, "after": strconv.FormatInt(after, 10)})
		if err := calls.Post(ctx, "ListDeadLetters", awsapi.DeadLettersPath, q, &page); err != nil {
			return err
		}
		if len(page.DeadLetters) == 0 {
			return nil
		}
		for _, d := range page.DeadLetters {
			after = d.Sequence
			if err := out.Encode(d); err != nil {
				return err
			}
		}
	}
}

type replayEventsCommand struct {
	caller
	Target   string `arg:"" help:"Name of the target."`
	Sequence int64  `xor:"which" placeholder:"NUMBER" help:"The one of this sequence number."`
	All      bool   `xor:"which" help:"All of them."`
}

// Help is shown by entrepot events replay --help.
func (replayEventsCommand) Help() string {
	return `What is told again comes after later events of its package: its sequenceNumber says where it belongs. You need entrepot:ReplayEvents
on the target.

Examples:

  entrepot events replay ci --sequence 1207
  entrepot events replay ci --all`
}

// Run has them told.
func (c replayEventsCommand) Run(ctx context.Context, u user, to io.Writer) error {
	if c.Sequence <= 0 && !c.All {
		return errors.New("say which: --sequence NUMBER or --all")
	}
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	total := 0
	for {
		n, err := replay(ctx, calls, c.Target, c.Sequence)
		if err != nil {
			return err
		}
		if total += n; n == 0 || !c.All {
			_, err = fmt.Fprintf(to, "told again: %d events\n", total)
			return err
		}
	}
}

// replay has one event told again, or for zero some of all that were given up.
func replay(ctx context.Context, calls *awsclient.Client, target string, sequence int64) (int, error) {
	var done awsapi.ReplayedEvents
	q := map[string]string{"target": target}
	if sequence != 0 {
		q["sequence"] = strconv.FormatInt(sequence, 10)
	}
	err := calls.Post(ctx, "ReplayEvents", awsapi.ReplayEventsPath, parameters(q), &done)
	return done.Events, err
}

type enableTargetCommand struct {
	caller
	Target string `arg:"" help:"Name of the target."`
}

// Help is shown by entrepot events enable --help.
func (enableTargetCommand) Help() string {
	return `A target that took nothing for a day is disabled. This has it told again, from where it stopped. You need
entrepot:EnableEventTarget on the target.

Example:

  entrepot events enable ci`
}

// Run enables the target.
func (c enableTargetCommand) Run(ctx context.Context, u user, to io.Writer) error {
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	q := parameters(map[string]string{"target": c.Target})
	if err := calls.Post(ctx, "EnableEventTarget", awsapi.EnableEventTargetPath, q, &struct{}{}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "%s is told again\n", c.Target)
	return err
}

type testEventCommand struct {
	Pattern string `arg:"" help:"The pattern."`
	Events  string `arg:"" type:"existingfile" help:"File of events, a JSON object a line."`
}

// Help is shown by entrepot events test --help.
func (testEventCommand) Help() string {
	return `Prints those lines of a file that a pattern means, as rules and targets would have it. It asks no server.

Examples:

  entrepot events tail >events.jsonl
  entrepot events test '{"detail":{"packageVersionState":["Published"]}}' events.jsonl`
}

// mostEvents bounds the file in bytes.
const mostEvents = 64 << 20

// Run prints the lines.
func (c testEventCommand) Run(to io.Writer) error {
	p, err := patternOf(c.Pattern)
	if err != nil {
		return err
	}
	file, err := os.Open(c.Events)
	if err != nil {
		return err
	}
	defer file.Close()
	d := json.NewDecoder(io.LimitReader(file, mostEvents))
	for n := 1; ; n++ {
		var event json.RawMessage
		if err := d.Decode(&event); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("event %d of %s: %w", n, c.Events, err)
		}
		means, err := p.MatchJSON(event)
		if err != nil {
			return fmt.Errorf("event %d of %s: %w", n, c.Events, err)
		}
		if means {
			fmt.Fprintln(escaped{to}, string(event))
		}
	}
}
