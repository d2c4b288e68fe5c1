package iam_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"entrepot/iam"
)

const (
	worldsOfASeed = 25_000
	policiesDrawn = 400 // of each kind, for a seed
	most          = 5   // disagreements that are told
)

// Two people who read the same guide write the same law: what Evaluate says of random worlds is what a judge says who was
// written without it. ENTREPOT_IAM_WORLDS is how many worlds, ENTREPOT_IAM_SEED the first seed.
func TestEvaluateDecidesAsASecondReadingOfTheGuide(t *testing.T) {
	worlds, seed := fromEnvironment(t, "ENTREPOT_IAM_WORLDS", 200_000), fromEnvironment(t, "ENTREPOT_IAM_SEED", 1)
	if testing.Short() {
		worlds = worldsOfASeed
	}
	count := tally{held: map[string]int{}, failed: map[string]int{}}
	reasons := map[iam.Reason]int{}
	differ := 0
	for done := 0; done < worlds && differ < most; done, seed = done+worldsOfASeed, seed+1 {
		d := draw{rand.New(rand.NewPCG(uint64(seed), 0))}
		drawn := d.pool(t, policiesDrawn)
		for n := range worldsOfASeed {
			w := d.world(drawn)
			reason, problem := compareOn(w, &count)
			reasons[reason]++
			if problem == "" {
				continue
			}
			w = shrink(w)
			_, problem = compareOn(w, nil)
			t.Errorf("seed %d, world %d: %s\n%s", seed, n, problem, w)
			if differ++; differ == most {
				break
			}
		}
	}
	t.Logf("worlds by reason: %v", reasons)
	if differ == 0 && worlds >= 100_000 {
		everythingCameUp(t, reasons, count)
	}
}

// compareOn asks both about a world. It returns Evaluate's reason, and how they differ if they do.
func compareOn(w *world, count *tally) (reason iam.Reason, problem string) {
	j := judge{world: w, tally: count}
	want := j.decide()
	got := iam.Evaluate(w.request, policiesOf(w), w.same)
	switch {
	case got.Reason != want.reason || got.Allowed() != want.allowed:
		problem = fmt.Sprintf("got %v, want %v", got.Reason, want.reason)
	case !j.stands(got):
		problem = fmt.Sprintf("%v: the statement that is said to have decided does not apply", got)
	}
	return got.Reason, problem
}

// everythingCameUp wants each reason and each operator, held and not, so that agreement means something.
func everythingCameUp(t *testing.T, reasons map[iam.Reason]int, count tally) {
	for reason := iam.DeniedByIdentity; reason <= iam.AllowedByResource; reason++ {
		if reasons[reason] < 100 {
			t.Errorf("only %d worlds end with %q", reasons[reason], reason)
		}
	}
	names := []string{"Null"}
	for _, name := range operatorNames {
		names = append(names, name, name+"IfExists", "ForAllValues:"+name, "ForAnyValue:"+name)
	}
	for _, name := range names {
		if count.held[name] == 0 || count.failed[name] == 0 {
			t.Errorf("%s held %d times and failed %d times", name, count.held[name], count.failed[name])
		}
	}
}

// stands reports whether the statement that a decision names is one that applies, with the effect that the decision has.
func (j *judge) stands(d iam.Decision) bool {
	if d.Statement == 0 {
		return d.Reason >= iam.DeniedByBoundary && d.Reason <= iam.NoResourceAllow
	}
	w, effect := j.world, "Deny"
	if d.Allowed() {
		effect = "Allow"
	}
	for _, papers := range [][]*paper{w.identity, boundaries(w), w.session, w.resource} {
		for _, p := range papers {
			if d.Statement > len(p.statements) {
				continue
			}
			if s := p.statements[d.Statement-1]; s.Effect == effect && j.applies(s) {
				return true
			}
		}
	}
	return false
}

func policiesOf(w *world) iam.Policies {
	parsed := func(papers []*paper) []*iam.Policy {
		var all []*iam.Policy
		for _, p := range papers {
			all = append(all, p.parsed)
		}
		return all
	}
	p := iam.Policies{Identity: parsed(w.identity), Session: parsed(w.session), Resource: parsed(w.resource)}
	if w.boundary != nil {
		p.Boundary = w.boundary.parsed
	}
	return p
}

func fromEnvironment(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
