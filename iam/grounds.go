package iam

import "strings"

// Grounds are what a decision rests on: what the policies say of a request, each kind by itself.
type Grounds struct {
	// Applying are the statements that apply to the request, those that deny first; those of a boundary or of session policies
	// only if they deny, for they grant nothing.
	Applying []Applying
	// Missing are the condition keys that the request lacks, of those that the statements about its action and resources look at,
	// as they write them: each once, in the order of the alphabet.
	Missing []string
	// Identity, Resource and Boundary are what the policies of these kinds say. A boundary that there is none of allows.
	Identity, Resource, Boundary Verdict
}

// Applying is a statement that applies to a request.
type Applying struct {
	Policy *Policy
	Deny   bool
	// Begin and End are where the statement stands in the document, in bytes, as AWS tells it: Begin is where the text before it
	// ends, which is behind the statement before or the bracket that opens the list; a statement that is in no list begins behind
	// its own brace (AWS CLI reference, the examples of simulate-custom-policy and simulate-principal-policy).
	Begin, End int64
}

// Verdict is what policies say of a request.
type Verdict uint8

// The verdicts.
const (
	SaysNothing Verdict = iota
	SaysAllow
	SaysDeny // whatever else they say
)

// GroundsOf looks for what Evaluate decides by, all of it: Evaluate itself looks no further than it must.
func GroundsOf(req Request, p Policies) Grounds {
	f := newFacts(&req)
	f.bounded = p.Boundary != nil
	g := &grounds{facts: f}
	g.Identity = g.ask(p.Identity, false, true)
	g.Resource = g.ask(p.Resource, true, true)
	g.Boundary = SaysAllow
	if p.Boundary != nil {
		g.Boundary = g.ask([]*Policy{p.Boundary}, false, false)
	}
	g.ask(p.Session, false, false)
	g.Applying, g.Missing = append(g.denies, g.allows...), distinct(g.Missing)
	return g.Grounds
}

type grounds struct {
	Grounds
	denies, allows []Applying
	facts          *facts
}

// ask asks the policies of one kind.
func (g *grounds) ask(policies []*Policy, principals, grants bool) (says Verdict) {
	for _, p := range policies {
		for i := range p.statements {
			s := &p.statements[i]
			if !s.concerns(g.facts.action) || principals && s.covers(g.facts) == notNamed {
				continue
			}
			if _, ok := s.matchResource(g.facts); !ok {
				g.miss(s.resourceKeys(nil))
				continue
			}
			g.miss(s.keys())
			if !s.holds(g.facts) {
				continue
			}
			applies := Applying{p, s.deny, s.begin, s.end}
			switch {
			case s.deny:
				says, g.denies = SaysDeny, append(g.denies, applies)
			case grants:
				says, g.allows = max(says, SaysAllow), append(g.allows, applies)
			default:
				says = max(says, SaysAllow)
			}
		}
	}
	return says
}

// miss notes those of the keys that the request lacks.
func (g *grounds) miss(keys []string) {
	for _, key := range keys {
		if len(g.facts.values(strings.ToLower(key))) == 0 {
			g.Missing = append(g.Missing, key)
		}
	}
}
