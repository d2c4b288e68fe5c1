package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository/repositorytest"
)

const (
	partner   = "444455556666"
	hookARN   = "arn:aws:events:us-east-1:111122223333:api-destination/team"
	everyone  = `{"source":["aws.codeartifact"]}`
	published = `{"detail":{"packageVersion":[{"prefix":"1"}]}}`
)

// ruled is a house with rules in it, and a destination "team" for its account and a queue for a partner's.
type ruled struct {
	*house
	*Service
	owner iam.Caller
	team  *receiver
}

// rules tells a story about rules, in a time of its own, while everybody is told.
func rules(t *testing.T, tell func(r *ruled)) {
	synctest.Test(t, func(t *testing.T) {
		r := &ruled{house: newHouse(t), team: &receiver{}, owner: repositorytest.Caller(t, account, "owner", repositorytest.AllowAll)}
		r.Service = r.house.service()
		r.Service.Destinations = []Destination{{Name: "team", Accounts: []artifact.AccountID{account}, To: r.team},
			{Name: "queue", ARN: "arn:aws:sqs:us-east-1:9:q", Accounts: []artifact.AccountID{account, partner}, Whole: true, To: &receiver{}}}
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				select { // as the runner of jobs does
				case <-ctx.Done():
					return
				case <-r.Wake():
				}
				if err := r.Run(ctx); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		}()
		go r.Listen(ctx)
		defer func() { cancel(); <-done }()
		tell(r)
	})
}

func (r *ruled) ctx() context.Context { return context.WithoutCancel(r.house.Context()) }

func (r *ruled) put(name, pattern string) {
	r.house.Helper()
	_, err := r.PutRule(r.ctx(), r.owner, RuleSpec{Name: name, Pattern: pattern, Enabled: true})
	r.check(err)
}

func (r *ruled) send(name string, targets ...catalog.RuleTarget) {
	r.house.Helper()
	failed, err := r.PutTargets(r.ctx(), r.owner, name, targets)
	r.check(err)
	if len(failed) > 0 {
		r.house.Fatalf("failed %v", failed)
	}
	synctest.Wait()
}

// refused wants an error of EventBridge's by its name.
func (r *ruled) refused(name string, err error) {
	r.house.Helper()
	known, ok := errors.AsType[*Error](err)
	if !ok || known.Name() != name {
		r.house.Errorf("got %v, want %s", err, name)
	}
}

func TestARuleSendsWhatItsPatternMeansFromItsTargetsOn(t *testing.T) {
	rules(t, func(r *ruled) {
		r.put("first", published)
		r.happens("1.0", "a")
		synctest.Wait()
		r.send("first", catalog.RuleTarget{ID: "t", ARN: hookARN}, catalog.RuleTarget{ID: "u", ARN: hookARN + "/0123"})
		r.happens("1.1", "a")
		r.happens("2.0", "a")
		synctest.Wait()
		want(r.house, "told", r.team.had(), []string{"a@1.1", "a@1.1"})

		r.check(r.RemoveTargets(r.ctx(), r.owner, "first", []string{"u", "x"}))
		synctest.Wait()
		r.put("first", everyone)
		synctest.Wait()
		r.happens("2.1", "a")
		synctest.Wait()
		want(r.house, "told by another pattern", r.team.had(), []string{"a@1.1", "a@1.1", "a@2.1"})

		r.check(r.SetEnabled(r.ctx(), r.owner, "first", false))
		synctest.Wait()
		r.happens("2.2", "a")
		synctest.Wait()
		r.check(r.SetEnabled(r.ctx(), r.owner, "first", true))
		synctest.Wait()
		r.happens("2.3", "a")
		synctest.Wait()
		want(r.house, "told after a pause", r.team.had(), []string{"a@1.1", "a@1.1", "a@2.1", "a@2.3"})

		r.refused("ValidationException", r.DeleteRule(r.ctx(), r.owner, "first"))
		r.check(r.RemoveTargets(r.ctx(), r.owner, "first", []string{"t"}))
		r.check(r.DeleteRule(r.ctx(), r.owner, "first"))
		r.check(r.DeleteRule(r.ctx(), r.owner, "first"))
		synctest.Wait()
		r.happens("2.4", "a")
		synctest.Wait()
		want(r.house, "told in all", len(r.team.had()), 4)
	})
}

func TestTheRulesOfAClosedAccountSendNothing(t *testing.T) {
	rules(t, func(r *ruled) {
		r.put("first", everyone)
		r.send("first", catalog.RuleTarget{ID: "t", ARN: hookARN})
		r.happens("1.0", "a")
		synctest.Wait()
		r.house.write(func(w catalog.Writer) error {
			return w.CreateAccount(catalog.Account{ID: account, Name: "us", Email: "us@example.test", ClosedAt: time.Now()})
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		r.happens("1.1", "a")
		synctest.Wait()
		want(r.house, "told", r.team.had(), []string{"a@1.0"})
	})
}

func TestWhatARuleDoesNotGetRidOfIsTriedAgainAndADisabledTargetCanBeEnabled(t *testing.T) {
	rules(t, func(r *ruled) {
		r.put("first", everyone)
		r.send("first", catalog.RuleTarget{ID: "t", ARN: hookARN})
		r.team.set(func(string) error { return errRefused })
		r.happens("1", "a")
		time.Sleep(day + longest)
		synctest.Wait()
		if !r.target(account + "/first/t").Disabled {
			r.house.Fatal("the target is not disabled")
		}
		r.team.set(nil)
		r.check(r.SetEnabled(r.ctx(), r.owner, "first", true))
		time.Sleep(longest)
		synctest.Wait()
		want(r.house, "told", r.team.had(), []string{"a@1"})
	})
}

func TestAnAccountIsToldOfItsOwnCopies(t *testing.T) {
	rules(t, func(r *ruled) {
		ann := repositorytest.Caller(r.house.T, partner, "ann", repositorytest.AllowAll)
		_, err := r.PutRule(r.ctx(), ann, RuleSpec{Name: "theirs", Pattern: everyone, Enabled: true})
		r.check(err)
		failed, err := r.PutTargets(r.ctx(), ann, "theirs", []catalog.RuleTarget{{ID: "mine", ARN: hookARN},
			{ID: "own", ARN: strings.Replace(hookARN, account, partner, 1)}, {ID: "queue", ARN: "arn:aws:sqs:us-east-1:9:q"}})
		r.check(err)
		var ids []string
		for _, f := range failed {
			ids = append(ids, f.ID+" "+f.Code)
		}
		want(r.house, "failed", ids, []string{"mine ResourceNotFoundException", "own ResourceNotFoundException"})
		synctest.Wait()
		r.happens("1", "a") // of the owner's domain and repository
		synctest.Wait()
		queue := r.Destinations[1].To.(*receiver)
		want(r.house, "told of others' changes", queue.had(), nil)
		found, err := r.Rules(r.ctx(), r.owner, "", catalog.Page{Limit: 10})
		r.check(err)
		want(r.house, "rules of the other account", len(found.Items), 0)
	})
}

func TestATargetGetsWhatItAsksForInPlaceOfTheEvent(t *testing.T) {
	m := message(t)
	for _, row := range []struct {
		shape shaped
		want  string
	}{
		{shaped{input: `{"go":true}`}, `{"go":true}`},
		{shaped{inputPath: "$"}, string(m.Body)},
		{shaped{inputPath: "$.detail.packageVersion"}, `"1.0.0"`},
		{shaped{inputPath: "$.detail-type"}, `"CodeArtifact Package Version State Change"`},
		{shaped{inputPath: "$.detail.changes"}, `{"assetsAdded":0,"assetsRemoved":0,"metadataUpdated":false,"assetsUpdated":0,"statusChanged":false}`},
		{shaped{inputPath: "$.detail.nothing"}, `null`},
		{shaped{inputPath: "$.resources[0]"}, `"arn:wïdget"`},
		{shaped{inputPath: "$.resources[1]"}, `null`},
		{shaped{group: "g"}, string(m.Body)},
	} {
		var got Message
		row.shape.to = sendFunc(func(m Message) error { got = m; return nil })
		if err := row.shape.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		want(t, "body", string(got.Body), row.want)
		if row.shape.group != "" {
			want(t, "group", got.Group, row.shape.group)
		}
	}
}

type sendFunc func(Message) error

// Send implements Sender.
func (f sendFunc) Send(_ context.Context, m Message) error { return f(m) }

func TestWhatCannotBeARuleIsRefusedByName(t *testing.T) {
	rules(t, func(r *ruled) {
		_, err := r.PutRule(r.ctx(), r.owner, RuleSpec{Name: "x", Pattern: `{"source":"x"}`})
		r.refused("InvalidEventPatternException", err)
		_, err = r.PutRule(r.ctx(), r.owner, RuleSpec{Name: "x", Pattern: everyone, Tags: map[string]string{"aws:x": ""}})
		r.refused("ValidationException", err)
		_, err = r.Rule(r.ctx(), r.owner, "x")
		r.refused("ResourceNotFoundException", err)
		r.refused("ResourceNotFoundException", r.SetEnabled(r.ctx(), r.owner, "x", true))
		r.refused("ResourceNotFoundException", r.Bus(r.owner, "mine"))
		r.check(r.Bus(r.owner, r.BusARN(r.owner)))
		for n := range mostRules {
			r.put(fmt.Sprint("r", n), everyone)
		}
		_, err = r.PutRule(r.ctx(), r.owner, RuleSpec{Name: "x", Pattern: everyone})
		r.refused("LimitExceededException", err)
		var many []catalog.RuleTarget
		for n := range mostTargets + 1 {
			many = append(many, catalog.RuleTarget{ID: fmt.Sprint(n), ARN: hookARN})
		}
		_, err = r.PutTargets(r.ctx(), r.owner, "r1", many)
		r.refused("LimitExceededException", err)
		failed, err := r.PutTargets(r.ctx(), r.owner, "r1", []catalog.RuleTarget{{ID: "a", ARN: hookARN, Input: "{"},
			{ID: "b", ARN: hookARN, InputPath: "$..x"}, {ID: "c", ARN: hookARN, Input: "1", InputPath: "$"},
			{ID: "d", ARN: "arn:aws:sqs:us-east-1:9:q", Input: "1"}, {ID: "e", ARN: "arn:aws:lambda:us-east-1:111122223333:function:f"}})
		r.check(err)
		var codes []string
		for _, f := range failed {
			codes = append(codes, f.ID+" "+f.Code)
		}
		want(r.house, "failed", codes, []string{"a ValidationException", "b ValidationException", "c ValidationException",
			"d ValidationException", "e ResourceNotFoundException"})
	})
}

func TestTagsOfARuleAreJudgedByAndChanged(t *testing.T) {
	rules(t, func(r *ruled) {
		arn, err := r.PutRule(r.ctx(), r.owner, RuleSpec{Name: "x", Pattern: everyone, Tags: map[string]string{"team": "a", "b": "c"}})
		r.check(err)
		r.check(r.Tag(r.ctx(), r.owner, arn, map[string]string{"team": "core"}))
		r.check(r.Untag(r.ctx(), r.owner, arn, []string{"b", "z"}))
		tags, err := r.Tags(r.ctx(), r.owner, arn)
		r.check(err)
		want(r.house, "tags", tags, map[string]string{"team": "core"})
		_, err = r.Tags(r.ctx(), r.owner, "arn:aws:events:us-east-1:111122223333:rule/y")
		r.refused("ResourceNotFoundException", err)
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"events:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":%q}}}]}`
		for team, may := range map[string]bool{"core": true, "other": false} {
			_, err := r.Rule(r.ctx(), repositorytest.Caller(r.house.T, account, "ann", fmt.Sprintf(policy, team)), "x")
			if (err == nil) != may {
				r.house.Errorf("a caller for team %s: %v", team, err)
			}
		}
	})
}

// Whoever may not learns nothing of what there is, and it is on record that he tried to change something.
func TestWhoMayNotIsRefusedBeforeAnythingElse(t *testing.T) {
	rules(t, func(r *ruled) {
		r.put("first", everyone)
		nobody := repositorytest.Caller(r.house.T, account, "nobody", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
		for name, try := range map[string]func(c iam.Caller) error{
			"PutRule":       func(c iam.Caller) error { _, err := r.PutRule(r.ctx(), c, RuleSpec{Name: "first"}); return err },
			"DescribeRule":  func(c iam.Caller) error { _, err := r.Rule(r.ctx(), c, "missing"); return err },
			"DeleteRule":    func(c iam.Caller) error { return r.DeleteRule(r.ctx(), c, "missing") },
			"PutTargets":    func(c iam.Caller) error { _, err := r.PutTargets(r.ctx(), c, "first", nil); return err },
			"RemoveTargets": func(c iam.Caller) error { return r.RemoveTargets(r.ctx(), c, "missing", nil) },
			"TestPattern":   func(c iam.Caller) error { _, err := r.TestPattern(r.ctx(), c, "", ""); return err },
			"TagResource":   func(c iam.Caller) error { return r.Tag(r.ctx(), c, "arn:aws:events:us-east-1:"+partner+":rule/x", nil) },
		} {
			r.refused("AccessDeniedException", try(nobody))
			if name == "TagResource" {
				r.refused("AccessDeniedException", try(r.owner)) // another account's
			}
		}
		recorded := 0
		r.house.read(eachEvent(func(e catalog.Event) {
			if strings.HasPrefix(e.Action, "events:") && strings.Contains(string(e.Call), "AccessDenied") {
				recorded++
			}
		}))
		if recorded != 6 {
			r.house.Errorf("%d refusals are on record, want those of five changes, one of them twice", recorded)
		}
	})
}

// Whoever asks where events were sent to, and since when, finds it in the record.
func TestTheRecordSaysWhatARuleBecame(t *testing.T) {
	rules(t, func(r *ruled) {
		arn, err := r.PutRule(r.ctx(), r.owner, RuleSpec{Name: "first", Pattern: everyone, Enabled: true})
		r.check(err)
		r.send("first", catalog.RuleTarget{ID: "t", ARN: hookARN})
		r.check(r.SetEnabled(r.ctx(), r.owner, "first", false))
		r.check(r.Tag(r.ctx(), r.owner, arn, map[string]string{"team": "web"}))
		r.check(r.Untag(r.ctx(), r.owner, arn, []string{"team"}))
		r.check(r.RemoveTargets(r.ctx(), r.owner, "first", []string{"t"}))
		got := map[string]string{}
		r.house.read(eachEvent(func(e catalog.Event) { got[strings.TrimPrefix(e.Action, "events:")] = string(e.Detail) }))
		for action, want := range map[string]string{
			"PutRule":       `"eventPattern":"{\"source\":[\"aws.codeartifact\"]}","name":"first","state":"ENABLED"`,
			"PutTargets":    `"targets":[{"arn":"` + hookARN + `","id":"t"}]`,
			"TagResource":   `"tags":{"team":"web"}`,
			"UntagResource": `"tagKeys":["team"]`,
			"RemoveTargets": `"ids":["t"]`,
		} {
			if !strings.Contains(got[action], want) {
				r.house.Errorf("%s: on record is %s, want %s", action, got[action], want)
			}
		}
	})
}

// eachEvent reads all events.
func eachEvent(look func(catalog.Event)) func(catalog.Reader) error {
	return func(r catalog.Reader) error {
		all, err := r.Events(0, catalog.MaxPage)
		for _, e := range all {
			look(e)
		}
		return err
	}
}

// Where nobody is told, no lease is taken and nothing is written.
func TestOnlyWhereSomebodyIsToldThereIsSomethingToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		s := h.service()
		// ready is how often there is something to do in two looks, two minutes apart.
		ready := func() (times int) {
			ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
			ended := make(chan struct{})
			go func() { defer close(ended); s.Listen(ctx) }()
			defer func() { cancel(); <-ended }()
			for range 2 {
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				select {
				case <-s.Wake():
					times++
				default:
				}
			}
			return times
		}
		want(t, "ready without a target", ready(), 0)
		h.write(func(w catalog.Writer) error {
			return w.PutEventRule(catalog.EventRule{Account: account, Name: "r", Pattern: everyone, Enabled: true,
				Targets: []catalog.RuleTarget{{ID: "t", ARN: hookARN}}})
		})
		want(t, "ready for a rule without a destination", ready(), 0)
		s.Destinations = []Destination{{Name: "team", Accounts: []artifact.AccountID{account}, To: &receiver{}}}
		want(t, "ready, and again for a run that has failed", ready(), 2)
	})
}
