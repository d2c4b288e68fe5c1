package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/events"
	"entrepot/iam"
)

// The quotas of rules (EventBridge user guide, "Quotas", which has 300 rules). Each target reads the record for itself.
const (
	mostRules   = 100 // of an account
	mostTargets = 5   // of a rule
	mostTags    = 50
)

// DefaultBus is the one bus there is.
const DefaultBus = "default"

// Rule is a rule as it is described.
type Rule struct {
	catalog.EventRule
	ARN string
}

// RuleSpec is what is wanted of a rule.
type RuleSpec struct {
	Name, Pattern, Description string
	Role                       string // kept and nothing else: events are sent as the operator has configured it
	Enabled                    bool
	Tags                       map[string]string // of a rule that is made; those of one that is there stay
}

func (s *Service) ruleARN(account artifact.AccountID, name string) string {
	return s.arn(account, "rule/"+name)
}

// rule finds a rule of the caller's and asks permission. One that is not there is asked for all the same.
func (s *Service) rule(r catalog.Reader, c iam.Caller, action, name string, on accounts.Subject) (Rule, error) {
	known, missing := r.EventRule(owner(c), name)
	if missing != nil && !artifact.Is(missing, artifact.NotFound) {
		return Rule{}, missing
	}
	on.ARN, on.Tags = s.ruleARN(owner(c), name), known.Tags
	if err := allow(c, action, on); err != nil {
		return Rule{}, err
	}
	if missing != nil {
		return Rule{}, fail(notFound, "Rule %s does not exist on EventBus %s.", name, DefaultBus)
	}
	return Rule{known, on.ARN}, nil
}

// Bus refuses what is not the one bus that there is; nothing means that. It asks for no permission.
func (s *Service) Bus(c iam.Caller, name string) error {
	if name == "" || name == DefaultBus || name == s.BusARN(c) {
		return nil
	}
	return fail(notFound, "Event bus %.200s does not exist.", name)
}

// BusARN is the ARN of the bus of the caller's account.
func (s *Service) BusARN(c iam.Caller) string { return s.arn(owner(c), "event-bus/"+DefaultBus) }

// LookAtBus asks whether the caller may describe a bus, or list them for an empty name.
func (s *Service) LookAtBus(ctx context.Context, c iam.Caller, name string) error {
	return s.read(ctx, c, "events:DescribeEventBus", func(catalog.Reader) error {
		if strings.HasPrefix(name, "arn:") {
			return allow(c, "events:DescribeEventBus", accounts.Subject{ARN: name})
		}
		return allow(c, "events:DescribeEventBus", accounts.Subject{ARN: s.arn(owner(c), "event-bus/"+name)})
	})
}

// ListBuses asks whether the caller may list buses.
func (s *Service) ListBuses(ctx context.Context, c iam.Caller) error {
	return s.read(ctx, c, "events:ListEventBuses", func(catalog.Reader) error {
		return allow(c, "events:ListEventBuses", accounts.Subject{ARN: "*"})
	})
}

// pattern reads a pattern that a caller gives.
func pattern(text string) (events.Pattern, error) {
	p, err := events.ParsePattern(text)
	if err != nil {
		return p, fail(badPattern, "Event pattern is not valid. Reason: %s", err)
	}
	return p, nil
}

// PutRule makes a rule, or gives it another pattern, description and state. Its targets stay.
func (s *Service) PutRule(ctx context.Context, c iam.Caller, spec RuleSpec) (arn string, err error) {
	const action = "events:PutRule"
	err = s.write(ctx, c, action, func(w catalog.Writer) error {
		known, err := s.rule(w, c, action, spec.Name, accounts.Subject{Given: spec.Tags})
		missing := artifact.Is(err, artifact.NotFound)
		if err != nil && !missing {
			return err
		}
		if _, err := pattern(spec.Pattern); err != nil {
			return err
		}
		r := known.EventRule
		if missing {
			if err := s.mayMakeRule(w, c, spec.Tags); err != nil {
				return err
			}
			r = catalog.EventRule{Account: owner(c), Name: spec.Name, CreatedAt: s.Now(), Tags: spec.Tags}
		}
		begins := spec.Enabled && !r.Enabled
		r.Pattern, r.Description, r.Role, r.Enabled = spec.Pattern, spec.Description, spec.Role, spec.Enabled
		if err := w.PutEventRule(r); err != nil {
			return err
		}
		if begins {
			if err := beginAnew(w, r); err != nil {
				return err
			}
		}
		arn = s.ruleARN(r.Account, r.Name)
		return s.audit(w, c, action, arn, map[string]any{"name": r.Name, "state": stateOf(r), "eventPattern": r.Pattern})
	})
	return arn, err
}

// stateOf is what EventBridge calls it that a rule is enabled, or not.
func stateOf(r catalog.EventRule) string {
	if r.Enabled {
		return "ENABLED"
	}
	return "DISABLED"
}

// mayMakeRule refuses a rule that is one too many, and tags that cannot be.
func (s *Service) mayMakeRule(r catalog.Reader, c iam.Caller, tags map[string]string) error {
	held, err := r.EventRules(owner(c), "", catalog.Page{Limit: mostRules})
	if err != nil {
		return err
	}
	if len(held.Items) >= mostRules {
		return fail(limitExceeded, "The requested resource exceeds the maximum number allowed: %d rules of an account.", mostRules)
	}
	return checkTags(tags)
}

func checkTags(tags map[string]string) error {
	if len(tags) > mostTags {
		return fail(limitExceeded, "A rule may have %d tags.", mostTags)
	}
	for key := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return fail(badValue, "Tag keys that begin with aws: are reserved.")
		}
	}
	return nil
}

// beginAnew has the targets of a rule told of what happens from now on: what happened while it was disabled was not for it.
func beginAnew(w catalog.Writer, r catalog.EventRule) error {
	last, err := w.LastEvent()
	if err != nil {
		return err
	}
	for _, t := range r.Targets {
		if err := w.PutEventTarget(catalog.EventTarget{Name: targetName(r, t.ID), Cursor: last}); err != nil {
			return err
		}
	}
	return nil
}

// targetName is under which name the progress of a rule's target is kept. None of its parts has a slash.
func targetName(r catalog.EventRule, id string) string {
	return string(r.Account) + "/" + r.Name + "/" + id
}

// Rule returns a rule.
func (s *Service) Rule(ctx context.Context, c iam.Caller, name string) (found Rule, err error) {
	err = s.read(ctx, c, "events:DescribeRule", func(r catalog.Reader) error {
		found, err = s.rule(r, c, "events:DescribeRule", name, accounts.Subject{})
		return err
	})
	return found, err
}

// Rules lists the rules of the caller's account whose names begin with the prefix.
func (s *Service) Rules(ctx context.Context, c iam.Caller, prefix string, page catalog.Page) (l catalog.Listing[Rule], err error) {
	err = s.read(ctx, c, "events:ListRules", func(r catalog.Reader) error {
		if err := allow(c, "events:ListRules", accounts.Subject{ARN: s.ruleARN(owner(c), "*")}); err != nil {
			return err
		}
		found, err := r.EventRules(owner(c), prefix, page)
		l = catalog.Listing[Rule]{Next: found.Next}
		for _, rule := range found.Items {
			l.Items = append(l.Items, Rule{rule, s.ruleARN(rule.Account, rule.Name)})
		}
		return fromList(err)
	})
	return l, err
}

// fromList words what a list says of a marker that it has not given out.
func fromList(err error) error {
	if artifact.Is(err, artifact.Invalid) {
		return fail(badValue, "The next token was not given out by this list.")
	}
	return err
}

// RulesOf lists the names of the caller's rules that have an ARN among their targets.
func (s *Service) RulesOf(ctx context.Context, c iam.Caller, target string, page catalog.Page) (l catalog.Listing[string], err error) {
	err = s.read(ctx, c, "events:ListRuleNamesByTarget", func(r catalog.Reader) error {
		var names []string
		if err := allow(c, "events:ListRuleNamesByTarget", accounts.Subject{ARN: s.ruleARN(owner(c), "*")}); err != nil {
			return err
		}
		for rule, err := range catalog.Each(func(page catalog.Page) (catalog.Listing[catalog.EventRule], error) {
			return r.EventRules(owner(c), "", page)
		}) {
			if err != nil {
				return err
			}
			if slices.ContainsFunc(rule.Targets, func(t catalog.RuleTarget) bool { return t.ARN == target }) {
				names = append(names, rule.Name)
			}
		}
		l, err = catalog.PageOf(names, func(name string) string { return name }, page)
		return fromList(err)
	})
	return l, err
}

// DeleteRule deletes a rule that has no targets. One that is not there is deleted already.
func (s *Service) DeleteRule(ctx context.Context, c iam.Caller, name string) error {
	const action = "events:DeleteRule"
	return s.write(ctx, c, action, func(w catalog.Writer) error {
		r, err := s.rule(w, c, action, name, accounts.Subject{})
		if artifact.Is(err, artifact.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(r.Targets) > 0 {
			return fail(badValue, "Rule can't be deleted since it has targets.")
		}
		if err := w.DeleteEventRule(r.Account, r.Name); err != nil {
			return err
		}
		return s.audit(w, c, action, r.ARN, nil)
	})
}

// SetEnabled has a rule's targets told of events or not. A target that was disabled because it took nothing is told again.
func (s *Service) SetEnabled(ctx context.Context, c iam.Caller, name string, enabled bool) error {
	action := "events:DisableRule"
	if enabled {
		action = "events:EnableRule"
	}
	return s.changeRule(ctx, c, action, name, accounts.Subject{}, nil, func(w catalog.Writer, r *Rule) error {
		began := enabled && !r.Enabled
		r.Enabled = enabled
		if began {
			return beginAnew(w, r.EventRule)
		}
		for _, t := range r.Targets {
			if err := enable(w, targetName(r.EventRule, t.ID)); err != nil {
				return err
			}
		}
		return nil
	})
}

// enable has a target told again that was disabled because it took nothing.
func enable(w catalog.Writer, name string) error {
	t, err := w.EventTarget(name)
	if err != nil || !t.Disabled {
		return err
	}
	return w.PutEventTarget(catalog.EventTarget{Name: t.Name, Cursor: t.Cursor})
}

// changeRule finds a rule, asks permission, and has step change it. What is on record of that has detail besides.
func (s *Service) changeRule(ctx context.Context, c iam.Caller, action, name string, on accounts.Subject, detail map[string]any,
	step func(w catalog.Writer, r *Rule) error) error {
	return s.write(ctx, c, action, func(w catalog.Writer) error {
		r, err := s.rule(w, c, action, name, on)
		if err != nil {
			return err
		}
		if err := step(w, &r); err != nil {
			return err
		}
		if err := w.PutEventRule(r.EventRule); err != nil {
			return err
		}
		return s.audit(w, c, action, r.ARN, detail)
	})
}

// FailedTarget is a target that could not be put.
type FailedTarget struct{ ID, Code, Message string }

// PutTargets adds targets to a rule, or puts others in the place of those of the same ids. Those that stand for nothing are
// told one by one; the others are put.
func (s *Service) PutTargets(ctx context.Context, c iam.Caller, rule string, targets []catalog.RuleTarget) (failed []FailedTarget, err error) {
	arns := map[string][]string{}
	asked := []map[string]string{}
	for _, t := range targets {
		arns["events:targetarn"] = append(arns["events:targetarn"], t.ARN)
		asked = append(asked, map[string]string{"id": t.ID, "arn": t.ARN})
	}
	detail := map[string]any{"targets": asked}
	err = s.changeRule(ctx, c, "events:PutTargets", rule, accounts.Subject{Keys: arns}, detail, func(w catalog.Writer, r *Rule) error {
		failed = nil
		all := map[string]catalog.RuleTarget{}
		for _, t := range r.Targets {
			all[t.ID] = t
		}
		for _, t := range targets {
			if wrong := s.checkTarget(r.Account, t); wrong != nil {
				failed = append(failed, FailedTarget{t.ID, wrong.Name(), wrong.Reason()})
				continue
			}
			all[t.ID] = t
			if err := begin(w, targetName(r.EventRule, t.ID)); err != nil {
				return err
			}
		}
		if len(all) > mostTargets {
			return fail(limitExceeded, "The requested resource exceeds the maximum number allowed: %d targets of a rule.", mostTargets)
		}
		r.Targets = slices.SortedFunc(maps.Values(all), func(a, b catalog.RuleTarget) int { return strings.Compare(a.ID, b.ID) })
		return nil
	})
	return failed, err
}

func (s *Service) checkTarget(account artifact.AccountID, t catalog.RuleTarget) *Error {
	to := s.destination(account, t.ARN)
	switch {
	case to == nil:
		return fail(notFound, "%.300s is nothing that rules of this account may send to.", t.ARN)
	case inputs(t) > 1:
		return fail(badValue, "Only one of Input, InputPath and InputTransformer may be there.")
	case to.Whole && inputs(t) > 0:
		return fail(badValue, "Events go to %s as they are, without Input, InputPath and InputTransformer: it is a bus, a file, or not of this account alone.", to.Name)
	case t.Input != "" && !json.Valid([]byte(t.Input)):
		return fail(badValue, "Input is not JSON.")
	}
	if _, ok := parsePath(t.InputPath); t.InputPath != "" && !ok {
		return fail(badValue, "InputPath must be $ and names behind dots, such as $.detail or $.resources[0].")
	}
	if t.Transformer == nil {
		return nil
	}
	if _, err := newTransformer(*t.Transformer); err != nil {
		return fail(badValue, "InputTransformer is not valid: %s.", err)
	}
	return nil
}

// inputs is how many things a target wants in place of the event.
func inputs(t catalog.RuleTarget) (n int) {
	for _, there := range []bool{t.Input != "", t.InputPath != "", t.Transformer != nil} {
		if there {
			n++
		}
	}
	return n
}

// RemoveTargets takes targets from a rule, with what they have not taken yet. Ids that it has not are passed over.
func (s *Service) RemoveTargets(ctx context.Context, c iam.Caller, rule string, ids []string) error {
	return s.changeRule(ctx, c, "events:RemoveTargets", rule, accounts.Subject{}, map[string]any{"ids": ids}, func(w catalog.Writer, r *Rule) error {
		var left []catalog.RuleTarget
		for _, t := range r.Targets {
			if !slices.Contains(ids, t.ID) {
				left = append(left, t)
				continue
			}
			if err := w.DeleteEventTarget(targetName(r.EventRule, t.ID)); err != nil && !artifact.Is(err, artifact.NotFound) {
				return err
			}
		}
		r.Targets = left
		return nil
	})
}

// TargetsOf lists the targets of a rule.
func (s *Service) TargetsOf(ctx context.Context, c iam.Caller, rule string, page catalog.Page) (l catalog.Listing[catalog.RuleTarget], err error) {
	err = s.read(ctx, c, "events:ListTargetsByRule", func(r catalog.Reader) error {
		found, err := s.rule(r, c, "events:ListTargetsByRule", rule, accounts.Subject{})
		if err != nil {
			return err
		}
		l, err = catalog.PageOf(found.Targets, func(t catalog.RuleTarget) string { return t.ID }, page)
		return fromList(err)
	})
	return l, err
}

// TestPattern reports whether a pattern means an event, which has to have what every event has.
func (s *Service) TestPattern(ctx context.Context, c iam.Caller, text, event string) (matches bool, err error) {
	err = s.read(ctx, c, "events:TestEventPattern", func(catalog.Reader) error {
		return allow(c, "events:TestEventPattern", accounts.Subject{ARN: "*"})
	})
	if err != nil {
		return false, err
	}
	p, err := pattern(text)
	if err != nil {
		return false, err
	}
	matches, err = p.MatchJSON([]byte(event))
	if err != nil {
		return false, fail(badValue, "Parameter Event is not valid. Reason: %s", err)
	}
	if missing := events.Missing([]byte(event)); missing != "" {
		return false, fail(badValue, "Parameter Event is not valid. Reason: it has no %s.", missing)
	}
	return matches, nil
}

// ruleNamed is the name of the rule that an ARN is of. Of what is no rule of this installation permission is asked under the
// ARN itself, and then there is none.
func (s *Service) ruleNamed(arn string) (account artifact.AccountID, name string, ok bool) {
	a, err := iam.ParseARN(arn)
	if err != nil || a.Service != "events" || a.Region != s.Region || a.Partition != partition {
		return "", "", false
	}
	name, ok = strings.CutPrefix(a.Resource, "rule/")
	return artifact.AccountID(a.Account), strings.TrimPrefix(name, DefaultBus+"/"), ok
}

// about finds the rule of an ARN and asks permission.
func (s *Service) about(r catalog.Reader, c iam.Caller, action, arn string, on accounts.Subject) (Rule, error) {
	account, name, ok := s.ruleNamed(arn)
	if ok && account == owner(c) {
		return s.rule(r, c, action, name, on)
	}
	on.ARN, on.Owner = arn, account
	if err := allow(c, action, on); err != nil {
		return Rule{}, err
	}
	return Rule{}, fail(notFound, "%.300s does not exist.", arn)
}

// Tags returns the tags of a rule.
func (s *Service) Tags(ctx context.Context, c iam.Caller, arn string) (tags map[string]string, err error) {
	err = s.read(ctx, c, "events:ListTagsForResource", func(r catalog.Reader) error {
		found, err := s.about(r, c, "events:ListTagsForResource", arn, accounts.Subject{})
		tags = found.Tags
		return err
	})
	return tags, err
}

// Tag adds tags to a rule or overwrites their values.
func (s *Service) Tag(ctx context.Context, c iam.Caller, arn string, tags map[string]string) error {
	detail := map[string]any{"tags": tags}
	return s.retag(ctx, c, "events:TagResource", arn, accounts.Subject{Given: tags}, detail, func(of map[string]string) error {
		maps.Copy(of, tags)
		return checkTags(of)
	})
}

// Untag takes tags from a rule; keys that it has not are ignored.
func (s *Service) Untag(ctx context.Context, c iam.Caller, arn string, keys []string) error {
	detail := map[string]any{"tagKeys": keys}
	return s.retag(ctx, c, "events:UntagResource", arn, accounts.Subject{Taken: keys}, detail, func(of map[string]string) error {
		maps.DeleteFunc(of, func(key, _ string) bool { return slices.Contains(keys, key) })
		return nil
	})
}

func (s *Service) retag(ctx context.Context, c iam.Caller, action, arn string, on accounts.Subject, detail map[string]any,
	change func(map[string]string) error) error {
	return s.write(ctx, c, action, func(w catalog.Writer) error {
		r, err := s.about(w, c, action, arn, on)
		if err != nil {
			return err
		}
		tags := maps.Clone(r.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		if err := change(tags); err != nil {
			return err
		}
		r.EventRule.Tags = tags
		if err := w.PutEventRule(r.EventRule); err != nil {
			return err
		}
		return s.audit(w, c, action, r.ARN, detail)
	})
}

// revision tells a rule's target from what it was.
func revision(pattern string, t catalog.RuleTarget) string {
	text, err := json.Marshal(t)
	if err != nil {
		panic(err) // it was read from JSON
	}
	return fmt.Sprintf("%q %s", pattern, text)
}

// ruleTargets are the targets of all rules that are enabled, of accounts that are open. A target whose destination the
// operator has taken away is told nothing, and goes on when it comes back.
func (s *Service) ruleTargets(ctx context.Context) (targets []Target, err error) {
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		targets = nil
		for rule, err := range catalog.Each(r.AllEventRules) {
			if err != nil {
				return err
			}
			if !rule.Enabled {
				continue
			}
			standing, err := catalog.StandingOf(r, rule.Account)
			if err != nil {
				return err
			}
			p, wrong := events.ParsePattern(rule.Pattern)
			if standing.Closed || wrong != nil { // a release before or after this one has taken the pattern; of templates too
				continue
			}
			for _, t := range rule.Targets {
				to := s.destination(rule.Account, t.ARN)
				if to == nil {
					continue
				}
				as := &shaped{to: to.To, group: t.Group, input: t.Input, inputPath: t.InputPath}
				if t.Transformer != nil {
					if as.transformer, wrong = newTransformer(*t.Transformer); wrong != nil {
						continue
					}
					as.transformer.ruleName, as.transformer.ruleARN = rule.Name, s.ruleARN(rule.Account, rule.Name)
				}
				targets = append(targets, Target{Name: targetName(rule, t.ID), Pattern: p, Account: rule.Account,
					To: as, Retries: retriesOf(t.Retries), Revision: revision(rule.Pattern, t)})
			}
		}
		return nil
	})
	return targets, err
}
