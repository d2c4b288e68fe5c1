package delivery

import (
	"testing"
	"testing/synctest"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository/repositorytest"
)

// killed has an event given up for the target of a rule, and returns its number.
func (r *ruled) killed() int64 {
	r.house.Helper()
	r.put("first", everyone)
	r.send("first", catalog.RuleTarget{ID: "t", ARN: hookARN})
	r.team.set(refuses("a@1"))
	r.happens("1", "a")
	for range 26 {
		r.happens("1", "b")
		time.Sleep(time.Hour)
	}
	synctest.Wait()
	dead, err := r.DeadLetters(r.ctx(), r.owner, account+"/first/t", 0)
	r.check(err)
	if len(dead) != 1 {
		r.house.Fatalf("%d dead letters", len(dead))
	}
	return dead[0].Sequence
}

func TestWhatWasGivenUpIsToldAgainWhenSomebodyWants(t *testing.T) {
	for name, which := range map[string]func(sequence int64) int64{
		"one":  func(sequence int64) int64 { return sequence },
		"all":  func(int64) int64 { return 0 },
		"none": func(sequence int64) int64 { return sequence + 1 },
	} {
		t.Run(name, func(t *testing.T) {
			rules(t, func(r *ruled) {
				sequence := r.killed()
				before := len(r.team.had())
				r.team.set(nil)
				n, err := r.Replay(r.ctx(), r.owner, account+"/first/t", which(sequence))
				synctest.Wait()
				if name == "none" {
					r.refused("ResourceNotFoundException", err)
					want(r.house, "told", len(r.team.had()), before)
					return
				}
				r.check(err)
				want(r.house, "replayed", n, 1)
				want(r.house, "told first", r.team.had()[0], "a@1")
				all, err := r.Standings(r.ctx(), r.owner)
				r.check(err)
				if len(all) != 1 || all[0].Dead != 0 || all[0].Waiting != 0 {
					r.house.Errorf("got %+v", all)
				}
			})
		})
	}
}

func TestWhatIsLongDeadIsBuried(t *testing.T) {
	rules(t, func(r *ruled) {
		r.killed()
		r.check(r.Bury(r.ctx()))
		want(r.house, "dead letters", len(r.deliveries(account+"/first/t", true)), 1)
		time.Sleep(14 * day)
		r.check(r.Bury(r.ctx()))
		want(r.house, "dead letters after two weeks", r.deliveries(account+"/first/t", true), nil)
	})
}

func TestTargetsAreTheBusinessOfTheirAccount(t *testing.T) {
	rules(t, func(r *ruled) {
		r.put("first", everyone)
		r.send("first", catalog.RuleTarget{ID: "t", ARN: hookARN})
		r.disabledTarget("ci")
		r.Account = account
		ann := repositorytest.Caller(r.house.T, partner, "ann", repositorytest.AllowAll)
		for _, row := range []struct {
			caller iam.Caller
			want   []string
		}{{r.owner, []string{account + "/first/t", "ci"}}, {ann, nil}} {
			all, err := r.Standings(r.ctx(), row.caller)
			r.check(err)
			var names []string
			for _, s := range all {
				names = append(names, s.Name)
			}
			want(r.house, "targets", names, row.want)
		}
		for _, name := range []string{"ci", account + "/first/t", "missing"} {
			_, err := r.DeadLetters(r.ctx(), ann, name, 0)
			r.refused("AccessDeniedException", err)
			_, err = r.Replay(r.ctx(), ann, name, 0)
			r.refused("AccessDeniedException", err)
			r.refused("AccessDeniedException", r.Enable(r.ctx(), ann, name))
		}
		r.refused("ResourceNotFoundException", r.Enable(r.ctx(), r.owner, "missing"))
		r.check(r.Enable(r.ctx(), r.owner, "ci"))
		want(r.house, "disabled", r.target("ci").Disabled, false)
	})
}

// disabledTarget makes the record of a target that is disabled.
func (r *ruled) disabledTarget(name string) {
	r.house.write(func(w catalog.Writer) error { return w.PutEventTarget(catalog.EventTarget{Name: name, Disabled: true}) })
}

func TestAnAccountFollowsItsOwnEvents(t *testing.T) {
	rules(t, func(r *ruled) {
		r.happens("1", "a")
		_, end, err := r.Happened(r.ctx(), r.owner, -1)
		r.check(err)
		r.happens("2", "a")
		for _, row := range []struct {
			account artifact.AccountID
			after   int64
			want    []string
		}{{account, 0, []string{"a@1", "a@2"}}, {account, end, []string{"a@2"}}, {partner, 0, nil}} {
			found, next, err := r.Happened(r.ctx(), repositorytest.Caller(r.house.T, row.account, "x", repositorytest.AllowAll), row.after)
			r.check(err)
			var got []string
			for _, e := range found {
				got = append(got, e.Detail.Package+"@"+e.Detail.Version)
			}
			want(r.house, "events", got, row.want)
			more, same, err := r.Happened(r.ctx(), r.owner, next)
			r.check(err)
			if len(more) > 0 || same != next || next <= end {
				r.house.Errorf("after %d came %d up to %d", next, len(more), same)
			}
		}
	})
}
