package config

import (
	"net/url"
	"regexp"

	"entrepot/artifact"
	"entrepot/events"
)

// mostEventTargets bounds the targets: each reads the record for itself.
const mostEventTargets = 100

var eventTargetName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// check says what is wrong with the targets. It repeats no address: a webhook's may be its secret.
func (e Events) check(wrong func(path, format string, args ...any)) {
	if len(e.Targets) > mostEventTargets {
		wrong("events.targets", "there may be %d at most", mostEventTargets)
	}
	for name, t := range e.Targets {
		path := "events.targets." + name
		if !eventTargetName.MatchString(name) {
			wrong("events.targets", "%.80q must be lower-case letters, digits and dashes, 63 at most", name)
		}
		t.check(func(format string, args ...any) { wrong(path, format, args...) })
	}
}

func (t EventTarget) check(wrong func(format string, args ...any)) {
	ways := 0
	for _, way := range []bool{!t.Webhook.IsZero(), t.File != "", t.Stdout, t.SQS != "", t.EventBridge != ""} {
		if way {
			ways++
		}
	}
	if ways != 1 {
		wrong("say one of webhook, file, stdout, sqs and eventbridge")
	}
	for way, address := range map[string]string{"webhook": t.Webhook.Reveal(), "sqs": t.SQS, "eventbridge": t.EventBridge} {
		if address != "" && !validTargetURL(address, way == "webhook") {
			wrong("the address under %s must be http:// or https:// with a host", way)
		}
	}
	for _, account := range t.Accounts {
		if !artifact.AccountID(account).Valid() {
			wrong("accounts are twelve digits each, got %.40q", account)
		}
	}
	if t.Pattern != "" {
		if _, err := events.ParsePattern(t.Pattern); err != nil {
			wrong("the pattern is not valid: %s", err)
		}
	}
	called := t.SQS != "" || t.EventBridge != ""
	if called != (t.AccessKeyID != "" && !t.SecretKey.IsZero()) {
		wrong("access_key_id and secret_access_key are for sqs and eventbridge, which need both")
	}
	if t.Region != "" && (!called || !regionPattern.MatchString(t.Region)) {
		wrong("region is for sqs and eventbridge and must look like us-east-1")
	}
	if (t.Bus != "" || t.Source != "") && t.EventBridge == "" {
		wrong("bus and source are for eventbridge")
	}
	if !t.Secret.IsZero() && t.Webhook.IsZero() {
		wrong("secret is for a webhook")
	}
}

// validTargetURL reports whether events may be sent to an address. Only a webhook's may have a query.
func validTargetURL(s string, webhook bool) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.Fragment == "" &&
		(webhook || u.RawQuery == "" && u.User == nil)
}
