package queryapi

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"entrepot/catalog"
	"entrepot/delivery"
	"entrepot/iam"
)

// EventBridge returns the part of EventBridge that there is: rules on the default bus, for the events of CodeArtifact.
func EventBridge(rules *delivery.Service) *JSONService {
	e := eventRules{rules}
	return &JSONService{Target: "AWSEvents", Operations: map[string]Operation{
		"DeleteRule":            jsonDo(eventsGrammar, done(e.deleteRule)),
		"DescribeEventBus":      jsonDo(eventsGrammar, e.describeEventBus),
		"DescribeRule":          jsonDo(eventsGrammar, e.describeRule),
		"DisableRule":           jsonDo(eventsGrammar, done(e.disableRule)),
		"EnableRule":            jsonDo(eventsGrammar, done(e.enableRule)),
		"ListEventBuses":        jsonDo(eventsGrammar, e.listEventBuses),
		"ListRuleNamesByTarget": jsonDo(eventsGrammar, e.listRuleNamesByTarget),
		"ListRules":             jsonDo(eventsGrammar, e.listRules),
		"ListTagsForResource":   jsonDo(eventsGrammar, e.listTagsForResource),
		"ListTargetsByRule":     jsonDo(eventsGrammar, e.listTargetsByRule),
		"PutRule":               jsonDo(eventsGrammar, e.putRule),
		"PutTargets":            jsonDo(eventsGrammar, e.putTargets),
		"RemoveTargets":         jsonDo(eventsGrammar, e.removeTargets),
		"TagResource":           jsonDo(eventsGrammar, e.tagResource),
		"TestEventPattern":      jsonDo(eventsGrammar, e.testEventPattern),
		"UntagResource":         jsonDo(eventsGrammar, e.untagResource),
	}}
}

// eventsGrammar has the shapes of EventBridge's model.
var eventsGrammar = grammar{
	"Arn":                      text(1, 1600),
	"Boolean":                  {},
	"EventBusName":             text(1, 256, `[/\.\-_A-Za-z0-9]+`),
	"EventBusNameOrArn":        text(1, 1600, `(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/\.\-_A-Za-z0-9]+`),
	"EventPattern":             text(0, 4096),
	"InputTransformerPathKey":  text(1, 256, `[A-Za-z0-9\_\-]+`),
	"LimitMax100":              number(1, 100),
	"MaximumEventAgeInSeconds": number(60, 86400),
	"MaximumRetryAttempts":     number(0, 185),
	"MessageGroupId":           text(0, 100),
	"NextToken":                text(1, 2048),
	"RoleArn":                  text(1, 1600),
	"RuleDescription":          text(0, 512),
	"RuleName":                 text(1, 64, `[\.\-_A-Za-z0-9]+`),
	"RuleState":                oneOf(ruleDisabled, ruleEnabled, ruleEnabledForCalls),
	"ScheduleExpression":       text(0, 256),
	"String":                   {},
	"TagKey":                   text(1, 128),
	"TagValue":                 text(0, 256),
	"TargetArn":                text(1, 1600),
	"TargetId":                 text(1, 64, `[\.\-_A-Za-z0-9]+`),
	"TargetInput":              text(0, 8192),
	"TargetInputPath":          text(0, 256),
	"TransformerInput":         text(1, 8192),
	"TransformerPaths":         texts(100, "InputTransformerPathKey", "TargetInputPath"),
}

// The states of a rule.
const (
	ruleEnabled  = "ENABLED"
	ruleDisabled = "DISABLED"
	// ruleEnabledForCalls is of rules that are told of calls too, which is not offered.
	ruleEnabledForCalls = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
)

type eventRules struct{ rules *delivery.Service }

// notOffered refuses a member that would have to change something and does not.
func notOffered(what string) error {
	return &Error{http.StatusBadRequest, "ValidationException", what + " is not offered."}
}

type eventTag struct {
	Key   string `member:"Key,TagKey,required" json:"Key"`
	Value string `member:"Value,TagValue,required" json:"Value"`
}

func (t eventTag) pair() (key, value string) { return t.Key, t.Value }

type putRuleInput struct {
	Name               string     `member:"Name,RuleName,required"`
	ScheduleExpression string     `member:"ScheduleExpression,ScheduleExpression"`
	EventPattern       string     `member:"EventPattern,EventPattern"`
	State              string     `member:"State,RuleState"`
	Description        string     `member:"Description,RuleDescription"`
	RoleARN            string     `member:"RoleArn,RoleArn"`
	Tags               []eventTag `member:"Tags,"`
	EventBusName       string     `member:"EventBusName,EventBusNameOrArn"`
}

type putRuleOutput struct {
	RuleARN string `json:"RuleArn"`
}

func (e eventRules) putRule(ctx context.Context, c iam.Caller, in putRuleInput) (out putRuleOutput, err error) {
	if err := e.rules.Bus(c, in.EventBusName); err != nil {
		return out, err
	}
	if in.ScheduleExpression != "" {
		return out, notOffered("ScheduleExpression")
	}
	if in.State == ruleEnabledForCalls {
		return out, notOffered("State " + in.State)
	}
	if in.EventPattern == "" {
		return out, &Error{http.StatusBadRequest, "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."}
	}
	tags, err := tagMap(in.Tags, "ValidationException")
	if err != nil {
		return out, err
	}
	out.RuleARN, err = e.rules.PutRule(ctx, c, delivery.RuleSpec{Name: in.Name, Pattern: in.EventPattern, Description: in.Description,
		Role: in.RoleARN, Enabled: in.State != ruleDisabled, Tags: tags})
	return out, err
}

type oneRuleInput struct {
	Name         string `member:"Name,RuleName,required"`
	EventBusName string `member:"EventBusName,EventBusNameOrArn"`
}

type deleteRuleInput struct {
	Name         string `member:"Name,RuleName,required"`
	EventBusName string `member:"EventBusName,EventBusNameOrArn"`
	Force        bool   `member:"Force,Boolean"` // of rules that a service manages; there are none
}

func (e eventRules) deleteRule(ctx context.Context, c iam.Caller, in deleteRuleInput) error {
	if err := e.rules.Bus(c, in.EventBusName); err != nil {
		return err
	}
	return e.rules.DeleteRule(ctx, c, in.Name)
}

func (e eventRules) enableRule(ctx context.Context, c iam.Caller, in oneRuleInput) error {
	return e.setEnabled(ctx, c, in, true)
}

func (e eventRules) disableRule(ctx context.Context, c iam.Caller, in oneRuleInput) error {
	return e.setEnabled(ctx, c, in, false)
}

func (e eventRules) setEnabled(ctx context.Context, c iam.Caller, in oneRuleInput, enabled bool) error {
	if err := e.rules.Bus(c, in.EventBusName); err != nil {
		return err
	}
	return e.rules.SetEnabled(ctx, c, in.Name, enabled)
}

type ruleOutput struct {
	Name         string `json:"Name"`
	ARN          string `json:"Arn"`
	EventPattern string `json:"EventPattern"`
	State        string `json:"State"`
	Description  string `json:"Description,omitempty"`
	RoleARN      string `json:"RoleArn,omitempty"`
	EventBusName string `json:"EventBusName"`
}

func shownRule(r delivery.Rule) ruleOutput {
	state := ruleDisabled
	if r.Enabled {
		state = ruleEnabled
	}
	return ruleOutput{r.Name, r.ARN, r.Pattern, state, r.Description, r.Role, delivery.DefaultBus}
}

type describedRule struct {
	Name         string `json:"Name"`
	ARN          string `json:"Arn"`
	EventPattern string `json:"EventPattern"`
	State        string `json:"State"`
	Description  string `json:"Description,omitempty"`
	RoleARN      string `json:"RoleArn,omitempty"`
	EventBusName string `json:"EventBusName"`
	CreatedBy    string `json:"CreatedBy"`
}

func (e eventRules) describeRule(ctx context.Context, c iam.Caller, in oneRuleInput) (out describedRule, err error) {
	if err := e.rules.Bus(c, in.EventBusName); err != nil {
		return out, err
	}
	r, err := e.rules.Rule(ctx, c, in.Name)
	shown := shownRule(r)
	return describedRule{shown.Name, shown.ARN, shown.EventPattern, shown.State, shown.Description, shown.RoleARN, shown.EventBusName,
		string(r.Account)}, err
}

type listRulesInput struct {
	NamePrefix   string `member:"NamePrefix,RuleName"`
	EventBusName string `member:"EventBusName,EventBusNameOrArn"`
	NextToken    string `member:"NextToken,NextToken"`
	Limit        int    `member:"Limit,LimitMax100"`
}

type ruleList struct {
	Rules     []ruleOutput `json:"Rules"`
	NextToken string       `json:"NextToken,omitempty"`
}

// mostListed is how many rules or targets are on a page.
const mostListed = 100

// pageUpTo is a page of a list of EventBridge's.
func pageUpTo(limit int, token string) catalog.Page {
	if limit == 0 {
		limit = mostListed
	}
	return catalog.Page{Limit: limit, After: token}
}

func (e eventRules) listRules(ctx context.Context, c iam.Caller, in listRulesInput) (out ruleList, err error) {
	if err := e.rules.Bus(c, in.EventBusName); err != nil {
		return out, err
	}
	found, err := e.rules.Rules(ctx, c, in.NamePrefix, pageUpTo(in.Limit, in.NextToken))
	out = ruleList{Rules: []ruleOutput{}, NextToken: found.Next}
	for _, r := range found.Items {
		out.Rules = append(out.Rules, shownRule(r))
	}
	return out, err
}

// sqsParameters are of a target that is a queue.
type sqsParameters struct {
	MessageGroupID string `member:"MessageGroupId,MessageGroupId" json:"MessageGroupId,omitempty"`
}

// retryPolicy bounds how often and how long an event is sent again.
type retryPolicy struct {
	Attempts *int `member:"MaximumRetryAttempts,MaximumRetryAttempts" json:"MaximumRetryAttempts,omitempty"`
	Seconds  *int `member:"MaximumEventAgeInSeconds,MaximumEventAgeInSeconds" json:"MaximumEventAgeInSeconds,omitempty"`
}

// inputTransformer is a template, with the paths of what its placeholders stand for.
type inputTransformer struct {
	Paths    map[string]string `member:"InputPathsMap,TransformerPaths" json:"InputPathsMap,omitempty"`
	Template string            `member:"InputTemplate,TransformerInput,required" json:"InputTemplate"`
}

type ruleTargetInput struct {
	ID               string            `member:"Id,TargetId,required"`
	ARN              string            `member:"Arn,TargetArn,required"`
	RoleARN          string            `member:"RoleArn,RoleArn"`
	Input            string            `member:"Input,TargetInput"`
	InputPath        string            `member:"InputPath,TargetInputPath"`
	SQSParameters    sqsParameters     `member:"SqsParameters,SqsParameters"`
	RetryPolicy      *retryPolicy      `member:"RetryPolicy,RetryPolicy"`
	InputTransformer *inputTransformer `member:"InputTransformer,InputTransformer"`

	KinesisParameters           unoffered `member:"KinesisParameters,KinesisParameters"`
	RunCommandParameters        unoffered `member:"RunCommandParameters,RunCommandParameters"`
	EcsParameters               unoffered `member:"EcsParameters,EcsParameters"`
	BatchParameters             unoffered `member:"BatchParameters,BatchParameters"`
	HTTPParameters              unoffered `member:"HttpParameters,HttpParameters"`
	RedshiftDataParameters      unoffered `member:"RedshiftDataParameters,RedshiftDataParameters"`
	SageMakerPipelineParameters unoffered `member:"SageMakerPipelineParameters,SageMakerPipelineParameters"`
	DeadLetterConfig            unoffered `member:"DeadLetterConfig,DeadLetterConfig"`
	AppSyncParameters           unoffered `member:"AppSyncParameters,AppSyncParameters"`
}

// refused is the name of a member that is there and not offered; empty if there is none.
func (t ruleTargetInput) refused() string {
	for name, there := range map[string]unoffered{"AppSyncParameters": t.AppSyncParameters, "BatchParameters": t.BatchParameters,
		"DeadLetterConfig": t.DeadLetterConfig, "EcsParameters": t.EcsParameters, "HttpParameters": t.HTTPParameters,
		"KinesisParameters":      t.KinesisParameters,
		"RedshiftDataParameters": t.RedshiftDataParameters,
		"RunCommandParameters":   t.RunCommandParameters, "SageMakerPipelineParameters": t.SageMakerPipelineParameters} {
		if there {
			return name
		}
	}
	return ""
}

type putTargetsInput struct {
	Rule         string            `member:"Rule,RuleName,required"`
	EventBusName string            `member:"EventBusName,EventBusNameOrArn"`
	Targets      []ruleTargetInput `member:"Targets,,required"`
}

type failedEntry struct {
	TargetID     string `json:"TargetId"`
	ErrorCode    string `json:"ErrorCode"`
	ErrorMessage string `json:"ErrorMessage"`
}

type targetsOutcome struct {
	FailedEntryCount int           `json:"FailedEntryCount"`
	FailedEntries    []failedEntry `json:"FailedEntries"`
}

// mostEntries is how many targets one call may name.
const mostEntries = 100

func (e eventRules) putTargets(ctx context.Context, c iam.Caller, in putTargetsInput) (out targetsOutcome, err error) {
	out.FailedEntries = []failedEntry{}
	if err := e.rules.Bus(c, in.EventBusName); err != nil {
		return out, err
	}
	if err := fewEntries(len(in.Targets), "targets"); err != nil {
		return out, err
	}
	var targets []catalog.RuleTarget
	for _, t := range in.Targets {
		if what := t.refused(); what != "" {
			return out, notOffered(what)
		}
		targets = append(targets, catalog.RuleTarget{ID: t.ID, ARN: t.ARN, Role: t.RoleARN, Group: t.SQSParameters.MessageGroupID,
			Input: t.Input, InputPath: t.InputPath, Transformer: (*catalog.InputTransformer)(t.InputTransformer), Retries: (*catalog.RetryPolicy)(t.RetryPolicy)})
	}
	failed, err := e.rules.PutTargets(ctx, c, in.Rule, targets)
	out.FailedEntryCount = len(failed)
	for _, f := range failed {
		out.FailedEntries = append(out.FailedEntries, failedEntry{f.ID, f.Code, f.Message})
	}
	return out, err
}

func fewEntries(n int, what string) error {
	if n == 0 || n > mostEntries {
		return &Error{http.StatusBadRequest, "ValidationException", "1 validation error detected: Value at '" + what +
			"' failed to satisfy constraint: Member must have length between 1 and 100"}
	}
	return nil
}

type removeTargetsInput struct {
	Rule         string   `member:"Rule,RuleName,required"`
	EventBusName string   `member:"EventBusName,EventBusNameOrArn"`
	IDs          []string `member:"Ids,TargetId,required"`
	Force        bool     `member:"Force,Boolean"` // of rules that a service manages; there are none
}

func (e eventRules) removeTargets(ctx context.Context, c iam.Caller, in removeTargetsInput) (out targetsOutcome, err error) {
	out.FailedEntries = []failedEntry{}
	if err := e.rules.Bus(c, in.EventBusName); err != nil {
		return out, err
	}
	if err := fewEntries(len(in.IDs), "ids"); err != nil {
		return out, err
	}
	return out, e.rules.RemoveTargets(ctx, c, in.Rule, in.IDs)
}

type listTargetsInput struct {
	Rule         string `member:"Rule,RuleName,required"`
	EventBusName string `member:"EventBusName,EventBusNameOrArn"`
	NextToken    string `member:"NextToken,NextToken"`
	Limit        int    `member:"Limit,LimitMax100"`
}

type ruleTargetOutput struct {
	ID               string            `json:"Id"`
	ARN              string            `json:"Arn"`
	RoleARN          string            `json:"RoleArn,omitempty"`
	Input            string            `json:"Input,omitempty"`
	InputPath        string            `json:"InputPath,omitempty"`
	SQSParameters    *sqsParameters    `json:"SqsParameters,omitempty"`
	RetryPolicy      *retryPolicy      `json:"RetryPolicy,omitempty"`
	InputTransformer *inputTransformer `json:"InputTransformer,omitempty"`
}

type ruleTargetList struct {
	Targets   []ruleTargetOutput `json:"Targets"`
	NextToken string             `json:"NextToken,omitempty"`
}

func (e eventRules) listTargetsByRule(ctx context.Context, c iam.Caller, in listTargetsInput) (out ruleTargetList, err error) {
	out.Targets = []ruleTargetOutput{}
	if err := e.rules.Bus(c, in.EventBusName); err != nil {
		return out, err
	}
	found, err := e.rules.TargetsOf(ctx, c, in.Rule, pageUpTo(in.Limit, in.NextToken))
	out.NextToken = found.Next
	for _, t := range found.Items {
		shown := ruleTargetOutput{ID: t.ID, ARN: t.ARN, RoleARN: t.Role, Input: t.Input, InputPath: t.InputPath,
			RetryPolicy: (*retryPolicy)(t.Retries), InputTransformer: (*inputTransformer)(t.Transformer)}
		if t.Group != "" {
			shown.SQSParameters = &sqsParameters{t.Group}
		}
		out.Targets = append(out.Targets, shown)
	}
	return out, err
}

type byTargetInput struct {
	TargetARN    string `member:"TargetArn,TargetArn,required"`
	EventBusName string `member:"EventBusName,EventBusNameOrArn"`
	NextToken    string `member:"NextToken,NextToken"`
	Limit        int    `member:"Limit,LimitMax100"`
}

type ruleNames struct {
	RuleNames []string `json:"RuleNames"`
	NextToken string   `json:"NextToken,omitempty"`
}

func (e eventRules) listRuleNamesByTarget(ctx context.Context, c iam.Caller, in byTargetInput) (out ruleNames, err error) {
	out.RuleNames = []string{}
	if err := e.rules.Bus(c, in.EventBusName); err != nil {
		return out, err
	}
	found, err := e.rules.RulesOf(ctx, c, in.TargetARN, pageUpTo(in.Limit, in.NextToken))
	out.RuleNames, out.NextToken = append(out.RuleNames, found.Items...), found.Next
	return out, err
}

type testPatternInput struct {
	EventPattern string `member:"EventPattern,EventPattern,required"`
	Event        string `member:"Event,String,required"`
}

type testPatternOutput struct {
	Result bool `json:"Result"`
}

func (e eventRules) testEventPattern(ctx context.Context, c iam.Caller, in testPatternInput) (out testPatternOutput, err error) {
	out.Result, err = e.rules.TestPattern(ctx, c, in.EventPattern, in.Event)
	return out, err
}

type oneBusInput struct {
	Name string `member:"Name,EventBusNameOrArn"`
}

type busOutput struct {
	Name string `json:"Name"`
	ARN  string `json:"Arn"`
}

func (e eventRules) describeEventBus(ctx context.Context, c iam.Caller, in oneBusInput) (out busOutput, err error) {
	name := in.Name
	if name == "" {
		name = delivery.DefaultBus
	}
	if err := e.rules.LookAtBus(ctx, c, name); err != nil {
		return out, err
	}
	return busOutput{delivery.DefaultBus, e.rules.BusARN(c)}, e.rules.Bus(c, name)
}

type listBusesInput struct {
	NamePrefix string `member:"NamePrefix,EventBusName"`
	NextToken  string `member:"NextToken,NextToken"`
	Limit      int    `member:"Limit,LimitMax100"`
}

type busList struct {
	EventBuses []busOutput `json:"EventBuses"`
}

func (e eventRules) listEventBuses(ctx context.Context, c iam.Caller, in listBusesInput) (out busList, err error) {
	out.EventBuses = []busOutput{}
	if strings.HasPrefix(delivery.DefaultBus, in.NamePrefix) {
		out.EventBuses = append(out.EventBuses, busOutput{delivery.DefaultBus, e.rules.BusARN(c)})
	}
	return out, e.rules.ListBuses(ctx, c)
}

type tagEventRuleInput struct {
	ResourceARN string     `member:"ResourceARN,Arn,required"`
	Tags        []eventTag `member:"Tags,,required"`
}

func (e eventRules) tagResource(ctx context.Context, c iam.Caller, in tagEventRuleInput) (struct{}, error) {
	tags, err := tagMap(in.Tags, "ValidationException")
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, e.rules.Tag(ctx, c, in.ResourceARN, tags)
}

type untagEventRuleInput struct {
	ResourceARN string   `member:"ResourceARN,Arn,required"`
	TagKeys     []string `member:"TagKeys,TagKey,required"`
}

func (e eventRules) untagResource(ctx context.Context, c iam.Caller, in untagEventRuleInput) (struct{}, error) {
	return struct{}{}, e.rules.Untag(ctx, c, in.ResourceARN, in.TagKeys)
}

type eventTagsInput struct {
	ResourceARN string `member:"ResourceARN,Arn,required"`
}

type eventTagList struct {
	Tags []eventTag `json:"Tags"`
}

func (e eventRules) listTagsForResource(ctx context.Context, c iam.Caller, in eventTagsInput) (eventTagList, error) {
	tags, err := e.rules.Tags(ctx, c, in.ResourceARN)
	out := eventTagList{Tags: []eventTag{}}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, eventTag{key, tags[key]})
	}
	return out, err
}
