package delivery

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"entrepot/catalog"
)

const hooked = account + "/first/t"

// retrying puts a rule whose target has a policy; a member below zero is left open.
func (r *ruled) retrying(attempts, seconds int) {
	r.house.Helper()
	var p catalog.RetryPolicy
	if attempts >= 0 {
		p.Attempts = &attempts
	}
	if seconds >= 0 {
		p.Seconds = &seconds
	}
	r.put("first", everyone)
	r.send("first", catalog.RuleTarget{ID: "t", ARN: hookARN, Retries: &p})
}

// attempts has the receiver take nothing of what is refused, and returns when it was told what, since now.
func (r *ruled) attempts(refused ...string) func() []string {
	var told []string
	began := time.Now()
	r.team.set(func(what string) error {
		told = append(told, fmt.Sprint(what, " ", time.Since(began)))
		if slices.Contains(refused, what) {
			return errRefused
		}
		return nil
	})
	return func() []string {
		synctest.Wait()
		r.team.mu.Lock()
		defer r.team.mu.Unlock()
		return slices.Clone(told)
	}
}

func TestAnEventIsSentAgainAsOftenAsItsTargetsPolicySays(t *testing.T) {
	for _, row := range []struct {
		name string
		most int
		want []string
	}{
		{"never", 0, []string{"a@1 0s", "a@2 0s"}},
		{"once", 1, []string{"a@1 0s", "a@1 200ms", "a@2 201ms"}},
		{"three times", 3, []string{"a@1 0s", "a@1 200ms", "a@1 600ms", "a@1 1.4s", "a@2 1.401s"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			rules(t, func(r *ruled) {
				r.retrying(row.most, -1)
				attempts := r.attempts("a@1")
				r.happens("1", "a")
				r.happens("2", "a")
				time.Sleep(time.Hour)
				want(r.house, "attempts", attempts(), row.want)
				want(r.house, "dead letters", r.deliveries(hooked, true), []string{"a@1"})
				want(r.house, "waiting", r.deliveries(hooked, false), nil)
			})
		})
	}
}

func TestAnEventIsSentAgainUntilItIsAsOldAsItsTargetsPolicySays(t *testing.T) {
	rules(t, func(r *ruled) {
		r.retrying(-1, 70)
		attempts := r.attempts("a@1", "a@2") // it takes nothing at all
		r.happens("1", "a")
		time.Sleep(30 * time.Second)
		r.happens("2", "a")
		time.Sleep(39 * time.Second)
		synctest.Wait()
		want(r.house, "dead letters before the time is over", r.deliveries(hooked, true), nil)
		time.Sleep(time.Hour)
		told := attempts()
		want(r.house, "the last attempts", told[slices.Index(told, "a@1 51s"):], []string{"a@1 51s", "a@1 1m10s", "a@2 1m10.001s", "a@2 1m10.201s",
			"a@2 1m10.601s", "a@2 1m11.401s", "a@2 1m13.001s", "a@2 1m16.201s", "a@2 1m22.601s", "a@2 1m35.401s", "a@2 1m40s"})
		want(r.house, "dead letters", r.deliveries(hooked, true), []string{"a@1", "a@2"})
		if r.target(hooked).Disabled {
			r.house.Error("the target is disabled")
		}

		// What is told late is told once, whoever is late.
		r.check(r.SetEnabled(r.ctx(), r.owner, "first", true))
		n, err := r.Replay(r.ctx(), r.owner, hooked, 0)
		r.check(err)
		want(r.house, "replayed", n, 2)
		time.Sleep(time.Hour)
		want(r.house, "attempts of what was replayed", len(attempts())-len(told), 2)
		want(r.house, "dead letters again", r.deliveries(hooked, true), []string{"a@1", "a@2"})
	})
}

func TestWhatAPolicyLeavesOpenIsAsEventBridgeHasIt(t *testing.T) {
	for _, row := range []struct {
		name              string
		attempts, seconds int
		told              int
		after             time.Duration
	}{
		{"185 attempts", -1, 86400, 186, 0},
		{"a day", 185, -1, 186, 0},
		{"nothing", -1, -1, 186, 0},
		{"an hour", -1, 3600, 0, time.Hour},
	} {
		t.Run(row.name, func(t *testing.T) {
			rules(t, func(r *ruled) {
				r.retrying(row.attempts, row.seconds)
				attempts := r.attempts("a@1")
				began := time.Now()
				r.happens("1", "a")
				for len(r.deliveries(hooked, true)) == 0 && time.Since(began) < 2*day {
					time.Sleep(time.Second)
					synctest.Wait()
				}
				over := time.Since(began).Truncate(time.Second)
				if n := len(attempts()); row.told != 0 && n != row.told || row.after != 0 && over != row.after || over >= day {
					r.house.Errorf("it was given up after %d attempts and %v", n, over)
				}
			})
		})
	}
}

func TestAnotherPolicyIsObeyedAtOnce(t *testing.T) {
	rules(t, func(r *ruled) {
		r.retrying(185, 86400)
		attempts := r.attempts("a@1")
		r.happens("1", "a")
		time.Sleep(time.Minute)
		synctest.Wait()
		r.retrying(0, 60)
		before := len(attempts())
		time.Sleep(time.Hour)
		want(r.house, "more attempts", len(attempts())-before, 1)
		want(r.house, "dead letters", r.deliveries(hooked, true), []string{"a@1"})
	})
}

func TestADeadTargetOfARuleKeepsABoundedNumberOfDeadLetters(t *testing.T) {
	rules(t, func(r *ruled) {
		r.backlog.most = 12
		r.retrying(0, 60)
		r.send("first", catalog.RuleTarget{ID: "u", ARN: hookARN, Group: "g"})
		r.team.set(func(string) error { return errRefused })
		for n := range 20 {
			r.happens(fmt.Sprint(n), "a")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		want(r.house, "dead letters of one of two targets", r.deliveries(hooked, true), []string{"a@14", "a@15", "a@16", "a@17", "a@18", "a@19"})
	})
	story(t, func(h *house, to *receiver) { // the operator's are as many as there are
		h.targets[0].Retries = &Retries{}
		to.set(func(string) error { return errRefused })
		s := h.service()
		s.backlog.most = 12
		ctx, stop := context.WithCancel(context.WithoutCancel(h.Context()))
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		for n := range 20 {
			h.happens(fmt.Sprint(n), "a")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		<-ended
		want(h, "dead letters of the operator's target", len(h.deliveries("hook", true)), 20)
	})
}
