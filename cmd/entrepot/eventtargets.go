package main

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"entrepot/artifact"
	"entrepot/config"
	"entrepot/delivery"
	"entrepot/events"
)

// openEvents has those told of events whom the operator has configured. What happens from the first request on is told.
func (a *app) openEvents(ctx context.Context) error {
	targets, err := eventTargets(a.config)
	if err != nil {
		return err
	}
	a.delivery, err = delivery.New(delivery.Options{Catalog: a.catalog, Region: a.config.Region, Now: time.Now, Log: a.log,
		Metrics: a.metrics, Targets: targets, KeepDead: a.config.Retention.DeadLetters})
	if err != nil {
		return err
	}
	if err := a.delivery.Prepare(ctx); err != nil {
		return err
	}
	a.background(a.delivery.Listen)
	return nil
}

// eventTargets are the targets of the configuration, ordered by name.
func eventTargets(c config.Config) ([]delivery.Target, error) {
	client := delivery.NewHTTPClient()
	var targets []delivery.Target
	for _, name := range slices.Sorted(maps.Keys(c.Events.Targets)) {
		set := c.Events.Targets[name]
		t := delivery.Target{Name: name}
		if set.Pattern != "" {
			var err error
			if t.Pattern, err = events.ParsePattern(set.Pattern); err != nil {
				return nil, artifact.Errorf(artifact.Invalid, "events.targets.%s: the pattern is not valid: %s", name, err)
			}
		}
		var err error
		if t.To, err = eventSender(set, client, c.Region); err != nil {
			return nil, artifact.Errorf(artifact.Invalid, "events.targets.%s: %s", name, err)
		}
		targets = append(targets, t)
	}
	return targets, nil
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
