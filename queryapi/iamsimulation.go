package queryapi

import (
	"context"

	"entrepot/accounts"
	"entrepot/catalog"
	"entrepot/iam"
)

// simulations are the actions that tell what policies would decide.
func (a *iamAPI) simulations() map[string]Action {
	return map[string]Action{
		"SimulateCustomPolicy":             do(iamGrammar, a.simulateCustomPolicy),
		"SimulatePrincipalPolicy":          do(iamGrammar, a.simulatePrincipalPolicy),
		"GetContextKeysForCustomPolicy":    do(iamGrammar, a.contextKeysForCustomPolicy),
		"GetContextKeysForPrincipalPolicy": do(iamGrammar, a.contextKeysForPrincipalPolicy),
	}
}

// simulationIn is what both simulations are asked with.
type simulationIn struct {
	Boundary         []string         `query:"PermissionsBoundaryPolicyInputList,policyDocumentType"`
	Actions          []string         `query:"ActionNames,ActionNameType,required"`
	Resources        []string         `query:"ResourceArns,ResourceNameType"`
	ResourcePolicy   string           `query:"ResourcePolicy,policyDocumentType"`
	ResourceOwner    string           `query:"ResourceOwner,ResourceNameType"`
	CallerARN        string           `query:"CallerArn,ResourceNameType"`
	Context          []contextEntryIn `query:"ContextEntries,"`
	ResourceHandling string           `query:"ResourceHandlingOption,ResourceHandlingOptionType"`
	Marker           string           `query:"Marker,markerType"`
	MaxItems         int              `query:"MaxItems,maxItemsType"`
}

type contextEntryIn struct {
	Key    string   `query:"ContextKeyName,ContextKeyNameType"`
	Values []string `query:"ContextKeyValues,ContextKeyValueType"`
	Type   string   `query:"ContextKeyType,ContextKeyTypeEnum"`
}

// with is the simulation with the policies that are handed in.
func (in simulationIn) with(documents []string) accounts.Simulation {
	s := accounts.Simulation{Policies: documents, Boundary: in.Boundary, Actions: in.Actions, Resources: in.Resources,
		ResourcePolicy: in.ResourcePolicy, ResourceOwner: in.ResourceOwner, CallerARN: in.CallerARN,
		ResourceHandling: in.ResourceHandling}
	for _, e := range in.Context {
		s.Context = append(s.Context, accounts.ContextEntry{Key: e.Key, Type: e.Type, Values: e.Values})
	}
	return s
}

type simulationOut struct {
	Results members[evaluationShape] `xml:"EvaluationResults"`
	more
}

type evaluationShape struct {
	Action    string                          `xml:"EvalActionName"`
	Resource  string                          `xml:"EvalResourceName,omitempty"`
	Decision  accounts.Verdict                `xml:"EvalDecision"`
	Resources *members[resourceDecisionShape] `xml:"ResourceSpecificResults"`
	groundsShape
}

type resourceDecisionShape struct {
	Resource string           `xml:"EvalResourceName"`
	Decision accounts.Verdict `xml:"EvalResourceDecision"`
	groundsShape
}

// groundsShape is what a decision rests on.
type groundsShape struct {
	Matched  members[matchedShape]      `xml:"MatchedStatements"`
	Missing  members[string]            `xml:"MissingContextValues"`
	Boundary *boundaryDecision          `xml:"PermissionsBoundaryDecisionDetail"`
	Details  *entries[accounts.Verdict] `xml:"EvalDecisionDetails"`
}

type boundaryDecision struct {
	Allowed bool `xml:"AllowedByPermissionsBoundary"`
}

type matchedShape struct {
	SourceID   string        `xml:"SourcePolicyId"`
	SourceType string        `xml:"SourcePolicyType"`
	Start      positionShape `xml:"StartPosition"`
	End        positionShape `xml:"EndPosition"`
}

type positionShape struct {
	Line   int `xml:"Line"`
	Column int `xml:"Column"`
}

func groundsOf(o accounts.Outcome) groundsShape {
	g := groundsShape{Missing: o.Missing, Matched: each(o.Matched, func(m accounts.MatchedStatement) matchedShape {
		return matchedShape{m.SourceID, m.SourceType, positionShape(m.Begin), positionShape(m.End)}
	})}
	if o.Bounded != nil {
		g.Boundary = &boundaryDecision{*o.Bounded}
	}
	if o.Details != nil {
		g.Details = (*entries[accounts.Verdict])(&o.Details)
	}
	return g
}

func evaluationOf(s accounts.Simulated) evaluationShape {
	shape := evaluationShape{Action: s.Action, Resource: s.Resource, Decision: s.Decision, groundsShape: groundsOf(s.Outcome)}
	if len(s.Resources) > 0 {
		each := each(s.Resources, func(r accounts.ResourceOutcome) resourceDecisionShape {
			return resourceDecisionShape{r.Resource, r.Decision, groundsOf(r.Outcome)}
		})
		shape.Resources = &each
	}
	return shape
}

func simulationOf(l catalog.Listing[accounts.Simulated], err error) (simulationOut, error) {
	return simulationOut{each(l.Items, evaluationOf), moreOf(l.Next)}, err
}

type customSimulationIn struct {
	Policies   []string `query:"PolicyInputList,policyDocumentType,required"`
	Simulation simulationIn
}

func (a *iamAPI) simulateCustomPolicy(ctx context.Context, c iam.Caller, in customSimulationIn) (simulationOut, error) {
	page := pageOf(in.Simulation.Marker, in.Simulation.MaxItems)
	return simulationOf(a.rules.SimulateCustomPolicy(ctx, c, in.Simulation.with(in.Policies), page))
}

type principalSimulationIn struct {
	Source     string   `query:"PolicySourceArn,arnType,required"`
	Policies   []string `query:"PolicyInputList,policyDocumentType"`
	Simulation simulationIn
}

func (a *iamAPI) simulatePrincipalPolicy(ctx context.Context, c iam.Caller, in principalSimulationIn) (simulationOut, error) {
	page := pageOf(in.Simulation.Marker, in.Simulation.MaxItems)
	return simulationOf(a.rules.SimulatePrincipalPolicy(ctx, c, in.Source, in.Simulation.with(in.Policies), page))
}

type contextKeysOut struct {
	Names members[string] `xml:"ContextKeyNames"`
}

type customContextKeysIn struct {
	Policies []string `query:"PolicyInputList,policyDocumentType,required"`
}

func (a *iamAPI) contextKeysForCustomPolicy(ctx context.Context, c iam.Caller, in customContextKeysIn) (contextKeysOut, error) {
	keys, err := a.rules.ContextKeysForCustomPolicy(ctx, c, in.Policies)
	return contextKeysOut{keys}, err
}

type principalContextKeysIn struct {
	Source   string   `query:"PolicySourceArn,arnType,required"`
	Policies []string `query:"PolicyInputList,policyDocumentType"`
}

func (a *iamAPI) contextKeysForPrincipalPolicy(ctx context.Context, c iam.Caller, in principalContextKeysIn) (contextKeysOut, error) {
	keys, err := a.rules.ContextKeysForPrincipalPolicy(ctx, c, in.Source, in.Policies)
	return contextKeysOut{keys}, err
}
