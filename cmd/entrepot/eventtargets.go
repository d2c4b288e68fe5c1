package main

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/config"
	"entrepot/delivery"
	"entrepot/events"
	"entrepot/iam"
)

// openEvents has those told of events whom the operator has configured. What happens from the first request on is told.
func (a *app) openEvents(ctx context.Context) error {
	targets, destinations, err := eventTargets(a.config)
	if err != nil {
		return err
	}
	a.delivery, err = delivery.New(delivery.Options{Catalog: a.catalog, Region: a.config.Region,
		Account: artifact.AccountID(a.config.Account), Now: time.Now, Log: a.log,
		Metrics: a.metrics, Targets: targets, Destinations: destinations, KeepDead: a.config.Retention.DeadLetters,
		RecordLater: a.behind.Record})
	if err != nil {
		return err
	}
	if err := a.delivery.Prepare(ctx); err != nil {
		return err
	}
	a.background(a.delivery.Listen)
	return nil
}

// eventTargets are those whom the configuration has told of events, and where it lets rules send them, ordered by name.
func eventTargets(c config.Config) (targets []delivery.Target, destinations []delivery.Destination, err error) {
	client := delivery.NewHTTPClient()
	for _, name := range slices.Sorted(maps.Keys(c.Events.Targets)) {
		set := c.Events.Targets[name]
		t := delivery.Target{Name: name}
		if set.Pattern != "" {
			if t.Pattern, err = events.ParsePattern(set.Pattern); err != nil {
				return nil, nil, artifact.Errorf(artifact.Invalid, "events.targets.%s: the pattern is not valid: %s", name, err)
			}
		}
		if t.To, err = eventSender(set, client, c.Region); err != nil {
			return nil, nil, artifact.Errorf(artifact.Invalid, "events.targets.%s: %s", name, err)
		}
		if set.Pattern != "" || len(set.Accounts) == 0 {
			targets = append(targets, t)
		}
		if len(set.Accounts) > 0 {
			d := delivery.Destination{Name: name, ARN: ownARN(set, c.Region), Whole: wholeEvents(set), To: t.To}
			for _, account := range set.Accounts {
				d.Accounts = append(d.Accounts, artifact.AccountID(account))
			}
			destinations = append(destinations, d)
		}
	}
	return targets, destinations, nil
}

// wholeEvents reports whether a target takes events as they are: a bus does, a file's lines have nobody else's beside them, and who
// is told by several accounts or by the operator as well could not tell by whom.
func wholeEvents(set config.EventTarget) bool {
	return set.EventBridge != "" || set.File != "" || set.Stdout || len(set.Accounts) > 1 || set.Pattern != ""
}

// ownARN is the ARN of a queue or a bus, empty for what has none: a queue's follows from its URL, a bus that is named by its ARN has
// that.
func ownARN(set config.EventTarget, region string) string {
	if strings.HasPrefix(set.Bus, "arn:") {
		return set.Bus
	}
	u, err := url.Parse(set.SQS)
	if set.SQS == "" || err != nil {
		return ""
	}
	parts := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	if len(parts) != 2 || !artifact.AccountID(parts[0]).Valid() {
		return ""
	}
	return iam.ARN{Partition: "aws", Service: "sqs", Region: cmp.Or(set.Region, region), Account: parts[0], Resource: parts[1]}.String()
}

// eventSender makes the way to tell a target.
func eventSender(set config.EventTarget, client *http.Client, region string) (delivery.Sender, error) {
	aws := delivery.AWS{Client: client, Endpoint: set.EventBridge, Region: cmp.Or(set.Region, region), AccessKeyID: set.AccessKeyID,
		SecretKey: set.SecretKey, Agent: "entrepot/" + version, Now: time.Now}
	switch {
	case !set.Webhook.IsZero():
		return &delivery.Webhook{Client: client, URL: set.Webhook.Reveal(), Secret: set.Secret, Agent: aws.Agent, Now: time.Now}, nil
	case set.File != "":
		path, err := filepath.Abs(set.File)
		return delivery.NewFile(path), err
	case set.SQS != "":
		return delivery.NewQueue(aws, set.SQS)
	case set.EventBridge != "":
		return &delivery.Bus{AWS: aws, Name: set.Bus, Source: cmp.Or(set.Source, events.Source)}, nil
	}
	return delivery.NewStream(os.Stdout), nil
}
