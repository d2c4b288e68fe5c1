package accounts

import (
	"context"
	"strings"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Simulation asks what policies would decide (IAM user guide, "Testing IAM policies with the IAM policy simulator"). Nothing is
// done, and resources need not exist.
type Simulation struct {
	Policies       []string // documents of identity-based policies, beside those of a principal
	Boundary       []string // a document at most; it stands in for the boundary that a principal has
	Actions        []string // service:Operation
	Resources      []string // ARNs; none means "*"
	ResourcePolicy string   // document of a policy that every resource is taken to have; empty means none
	// ResourceOwner is the account, by its number or the ARN of its root, that owns the resources whose ARN does not say so; empty
	// means the account of who would call.
	ResourceOwner string
	CallerARN     string // of a user who would call; empty means the principal whose policies they are
	Context       []ContextEntry
	// ResourceHandling names a kind of simulation that takes instances of EC2, and must be empty.
	ResourceHandling string
}

// ContextEntry gives a condition key its values.
type ContextEntry struct {
	Key, Type string
	Values    []string
}

// Simulated is what would be decided of one action.
type Simulated struct {
	Action    string
	Resource  string            // the only one; empty where there are several
	Outcome                     // the most restrictive of all resources
	Resources []ResourceOutcome // none where the simulation names none
}

// ResourceOutcome is what would be decided of one action on one resource.
type ResourceOutcome struct {
	Resource string
	Outcome
}

// Outcome is what would be decided, and why.
type Outcome struct {
	Decision Verdict
	Matched  []MatchedStatement // that decide
	Missing  []string           // condition keys that policies look at and the simulation does not have
	Bounded  *bool              // whether a boundary allows it; nil without one
	// Details are what each kind of policy says: nil where no resource is named, empty within one account.
	Details map[string]Verdict
}

// Verdict is what is decided, in the words of IAM's API, from the least to the most restrictive.
type Verdict string

// The verdicts.
const (
	Allowed      Verdict = "allowed"
	ImplicitDeny Verdict = "implicitDeny"
	ExplicitDeny Verdict = "explicitDeny"
)

var restriction = map[Verdict]int{Allowed: 0, ImplicitDeny: 1, ExplicitDeny: 2}

// MatchedStatement is a statement that decides, in its policy.
type MatchedStatement struct {
	SourceID, SourceType string
	Begin, End           Position
}

// Position is a place in a text. Lines and columns count from 1; a column is that of the character behind it.
type Position struct{ Line, Column int }

// SimulateCustomPolicy tells what policies would decide that are handed in.
func (s *Service) SimulateCustomPolicy(ctx context.Context, c iam.Caller, in Simulation, page catalog.Page) (
	l catalog.Listing[Simulated], err error) {
	err = s.look(ctx, c, "iam:SimulateCustomPolicy", func(a *reading) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		l, err = a.simulated(in, source{}, page)
		return err
	})
	return l, err
}

// SimulatePrincipalPolicy tells what the policies would decide of a user, with those of its groups, of a group or of a role, and
// others beside them.
func (s *Service) SimulatePrincipalPolicy(ctx context.Context, c iam.Caller, arn string, in Simulation, page catalog.Page) (
	l catalog.Listing[Simulated], err error) {
	err = s.look(ctx, c, "iam:SimulatePrincipalPolicy", func(a *reading) error {
		from, err := a.source(arn)
		if err != nil {
			return err
		}
		l, err = a.simulated(in, from, page)
		return err
	})
	return l, err
}

// ContextKeysForCustomPolicy lists the condition keys that policies look at, in the order of the alphabet.
func (s *Service) ContextKeysForCustomPolicy(ctx context.Context, c iam.Caller, documents []string) (keys []string, err error) {
	err = s.look(ctx, c, "iam:GetContextKeysForCustomPolicy", func(a *reading) error {
		if err := a.may(Subject{}); err != nil {
			return err
		}
		keys, err = contextKeys(source{}, documents)
		return err
	})
	return keys, err
}

// ContextKeysForPrincipalPolicy lists those that the policies of a principal look at, and others beside them.
func (s *Service) ContextKeysForPrincipalPolicy(ctx context.Context, c iam.Caller, arn string, documents []string) (
	keys []string, err error) {
	err = s.look(ctx, c, "iam:GetContextKeysForPrincipalPolicy", func(a *reading) error {
		from, err := a.source(arn)
		if err != nil {
			return err
		}
		keys, err = contextKeys(from, documents)
		return err
	})
	return keys, err
}

func contextKeys(from source, documents []string) ([]string, error) {
	var t trial
	if err := t.policies(from, documents); err != nil {
		return nil, err
	}
	return iam.ContextKeys(t.identity...), nil
}

// source is a principal whose policies are tried, with them; the zero source is nobody with none.
type source struct {
	catalog.Principal
	policies []catalog.PolicyInForce
	holders  map[string]catalog.Principal // by their IDs
	boundary string                       // document; empty means none
}

// source finds a principal by its ARN and asks whether the action may be done to it.
func (a *reading) source(arn string) (from source, err error) {
	kind, name := namedBy(arn)
	if words[kind] == "" || kind == catalog.RootPrincipal {
		return from, InvalidInput.errorf("Invalid Entity Arn: %.2048s does not clearly define entity type and name.", arn)
	}
	from.Principal, err = a.PrincipalByARN(arn)
	if artifact.Is(err, artifact.NotFound) || err == nil && from.Account != a.account() {
		if err := a.may(Subject{ARN: arn}); err != nil {
			return from, err
		}
		return from, noEntity(Entity{kind, name})
	}
	if err != nil {
		return from, err
	}
	if err := a.may(about(from.Principal, Subject{})); err != nil {
		return from, err
	}
	if from.policies, err = a.PoliciesInForce(from.ID); err != nil {
		return from, err
	}
	groups, err := a.GroupsOf(from.ID)
	if err != nil {
		return from, err
	}
	from.holders = map[string]catalog.Principal{from.ID: from.Principal}
	for _, g := range groups {
		from.holders[g.ID] = g
	}
	if from.Boundary != "" {
		from.boundary, err = a.ManagedDocument(from.Boundary)
	}
	return from, err
}

// namedBy says what kind of principal an ARN of IAM names, and its name; empty for an ARN that names none.
func namedBy(arn string) (kind catalog.PrincipalKind, name string) {
	parsed, err := iam.ParseARN(arn)
	if err != nil || parsed.Service != "iam" || !artifact.AccountID(parsed.Account).Valid() {
		return "", ""
	}
	word, path, _ := strings.Cut(parsed.Resource, "/")
	return catalog.PrincipalKind(word), path[strings.LastIndexByte(path, '/')+1:]
}

// maxEvaluations is how often policies are evaluated for one page, and maxTerms how many of their terms are looked at: a page of
// many resources, or of large policies, has fewer actions.
const (
	maxEvaluations = 1000
	maxTerms       = 500_000
)

// simulated is a page of what would be decided, an item for each action.
func (a *reading) simulated(in Simulation, from source, page catalog.Page) (l catalog.Listing[Simulated], err error) {
	t, err := a.trial(in, from)
	if err != nil {
		return l, err
	}
	resources := max(1, len(in.Resources))
	terms := resources * t.terms()
	if terms > maxTerms {
		return l, InvalidInput.errorf("Invalid Input: the policies have %d actions, resources and values of conditions, which is too much "+
			"for %d resources at once: at most %d are looked at for an action. Name fewer resources, or fewer policies.",
			t.terms(), resources, maxTerms)
	}
	page.Limit = min(page.Limit, max(1, maxEvaluations/resources), maxTerms/max(1, terms))
	asked, err := pageInOrder(in.Actions, page)
	if err != nil {
		return l, err
	}
	l.Next = asked.Next
	for _, action := range asked.Items {
		simulated, err := t.simulate(a.ctx, action)
		if err != nil {
			return l, err
		}
		l.Items = append(l.Items, simulated)
	}
	return l, nil
}
