package main

import (
	"testing"

	"entrepot/artifact"
	"entrepot/config"
)

// Who takes what a rule puts in the place of an event has to know whose it is.
func TestEventsGoAsTheyAreToWhoeverCouldNotTellWhoHasWrittenSomethingElse(t *testing.T) {
	hook := artifact.NewSecret("https://hook.example.test/")
	secret := artifact.NewSecret("secret")
	const one, two = "111122223333", "444455556666"
	c := settings(t.TempDir())
	whole := map[string]bool{"webhook": false, "queue": false, "file": true, "stdout": true, "bus": true, "shared": true, "told-besides": true}
	c.Events.Targets = map[string]config.EventTarget{
		"webhook":      {Webhook: hook, Accounts: []string{one}},
		"queue":        {SQS: "https://sqs.example.test/" + one + "/q", AccessKeyID: "AKIA", SecretKey: secret, Accounts: []string{one}},
		"file":         {File: "events.jsonl", Accounts: []string{one}},
		"stdout":       {Stdout: true, Accounts: []string{one}},
		"bus":          {EventBridge: "https://events.example.test", AccessKeyID: "AKIA", SecretKey: secret, Accounts: []string{one}},
		"shared":       {Webhook: hook, Accounts: []string{one, two}},
		"told-besides": {Webhook: hook, Accounts: []string{one}, Pattern: `{"source":["aws.codeartifact"]}`},
	}
	_, destinations, err := eventTargets(c)
	if err != nil || len(destinations) != len(whole) {
		t.Fatalf("got %d destinations, %v", len(destinations), err)
	}
	for _, d := range destinations {
		if d.Whole != whole[d.Name] {
			t.Errorf("%s: got %v", d.Name, d.Whole)
		}
	}
}
