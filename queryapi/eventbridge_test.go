package queryapi

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/delivery"

	"github.com/prometheus/client_golang/prometheus"
)

// manyPaths is so many paths of an InputTransformer.
func manyPaths(n int) string {
	var paths []string
	for i := range n {
		paths = append(paths, fmt.Sprintf(`"p%d":"$.detail"`, i))
	}
	return strings.Join(paths, ",")
}

func TestRulesAreKeptInEventBridgesShapes(t *testing.T) {
	s := newIAM(t)
	rules, err := delivery.New(delivery.Options{Catalog: s.rules.Catalog, Region: "eu-west-1", Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Metrics: prometheus.NewRegistry(), Destinations: []delivery.Destination{{Name: "team", Accounts: []artifact.AccountID{"123456789012"}}}})
	if err != nil {
		t.Fatal(err)
	}
	service := EventBridge(rules)
	const rule, team = `arn:aws:events:eu-west-1:123456789012:rule/r`, `arn:aws:events:eu-west-1:123456789012:api-destination/team`
	const pattern = `{\"source\":[\"aws.codeartifact\"]}`
	described := `"Name":"r","Arn":"` + rule + `","EventPattern":"` + pattern + `","State":"STATE","Description":"d","RoleArn":"arn:aws:iam::1:role/r","EventBusName":"default"`
	for _, row := range []struct {
		operation, body string
		status          int
		want            string // the answer, or part of it for an error
	}{
		{"PutRule", `{"Name":"r"}`, 400, "EventPattern or ScheduleExpression must be specified"},
		{"PutRule", `{"Name":"r","ScheduleExpression":"rate(1 day)"}`, 400, "ScheduleExpression is not offered"},
		{"PutRule", `{"Name":"r","EventPattern":"{}"}`, 400, "InvalidEventPatternException"},
		{"PutRule", `{"Name":"r r","EventPattern":"` + pattern + `"}`, 400, "ValidationException"},
		{"PutRule", `{"Name":"r","State":"OFF","EventPattern":"` + pattern + `"}`, 400, "enum value set"},
		{"PutRule", `{"Name":"r","EventBusName":"mine","EventPattern":"` + pattern + `"}`, 400, "ResourceNotFoundException"},
		{"PutRule", `{"Name":"r","Tags":[{"Key":"a","Value":"1"},{"Key":"a","Value":"2"}],"EventPattern":"` + pattern + `"}`, 400, `"ValidationException","message":"Duplicate tag keys`},
		{"PutRule", `{"Name":"r","State":"ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS","EventPattern":"` + pattern + `"}`, 400, "is not offered"},
		{"PutRule", `{"Name":"r","State":"DISABLED","Description":"d","RoleArn":"arn:aws:iam::1:role/r","EventBusName":"default","Tags":[{"Key":"b","Value":"2"},{"Key":"a","Value":"1"}],"EventPattern":"` +
			pattern + `"}`, 200, `{"RuleArn":"` + rule + `"}`},
		{"DescribeRule", `{"Name":"r"}`, 200, `{` + strings.Replace(described, "STATE", "DISABLED", 1) + `,"CreatedBy":"123456789012"}`},
		{"EnableRule", `{"Name":"r","EventBusName":"arn:aws:events:eu-west-1:123456789012:event-bus/default"}`, 200, ``},
		{"ListRules", `{}`, 200, `{"Rules":[{` + strings.Replace(described, "STATE", "ENABLED", 1) + `}]}`},
		{"ListRules", `{"NamePrefix":"x","Limit":1}`, 200, `{"Rules":[]}`},
		{"ListRules", `{"NextToken":"x"}`, 400, "ValidationException"},
		{"ListRules", `{"Limit":101}`, 400, "less than or equal to 100"},
		{"PutTargets", `{"Rule":"r","Targets":[]}`, 400, "between 1 and 100"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"t","Arn":"` + team + `","DeadLetterConfig":{}}]}`, 400, "DeadLetterConfig is not offered"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"t","Arn":"` + team + `","RetryPolicy":{"MaximumRetryAttempts":186}}]}`, 400, "less than or equal to 185"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"t","Arn":"` + team + `","RetryPolicy":{"MaximumRetryAttempts":-1}}]}`, 400, "greater than or equal to 0"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"t","Arn":"` + team + `","RetryPolicy":{"MaximumEventAgeInSeconds":59}}]}`, 400, "greater than or equal to 60"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"t","Arn":"` + team + `","RetryPolicy":{"MaximumEventAgeInSeconds":86401}}]}`, 400, "less than or equal to 86400"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"t","Arn":"` + team + `","RetryPolicy":[]}]}`, 400, "Member must be a structure"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"t","Arn":"` + team + `","SqsParameters":"x"}]}`, 400, "Member must be a structure"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"t","Arn":"` + team + `","RoleArn":"arn:aws:iam::1:role/x","InputPath":"$.detail","SqsParameters":{"MessageGroupId":"g"}},` +
			`{"Id":"u","Arn":"arn:x"}]}`, 200, `{"FailedEntryCount":1,"FailedEntries":[{"TargetId":"u","ErrorCode":"ResourceNotFoundException","ErrorMessage":"arn:x is nothing that rules of this account may send to."}]}`},
		{"ListTargetsByRule", `{"Rule":"r"}`, 200, `{"Targets":[{"Id":"t","Arn":"` + team + `","RoleArn":"arn:aws:iam::1:role/x","InputPath":"$.detail","SqsParameters":{"MessageGroupId":"g"}}]}`},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"u","Arn":"` + team + `/1","RetryPolicy":{"MaximumRetryAttempts":0}}]}`, 200, `{"FailedEntryCount":0,"FailedEntries":[]}`},
		{"ListTargetsByRule", `{"Rule":"r","Limit":1,"NextToken":"dA"}`, 200, `{"Targets":[{"Id":"u","Arn":"` + team + `/1","RetryPolicy":{"MaximumRetryAttempts":0}}]}`},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"u","Arn":"` + team + `","InputTransformer":{"InputPathsMap":{"a-b_C":"$.detail"},"InputTemplate":"{\"x\":<a-b_C>}"}}]}`,
			200, `{"FailedEntryCount":0,"FailedEntries":[]}`},
		{"ListTargetsByRule", `{"Rule":"r","Limit":1,"NextToken":"dA"}`, 200, `{"Targets":[{"Id":"u","Arn":"` + team +
			`","InputTransformer":{"InputPathsMap":{"a-b_C":"$.detail"},"InputTemplate":"{\"x\":\u003ca-b_C\u003e}"}}]}`},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"u","Arn":"` + team + `","InputTransformer":{"InputTemplate":"<a>"}}]}`, 200,
			`{"FailedEntryCount":1,"FailedEntries":[{"TargetId":"u","ErrorCode":"ValidationException","ErrorMessage":"InputTransformer is not valid: the template has \u003ca\u003e, which is not among the paths."}]}`},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"u","Arn":"` + team + `","InputTransformer":{}}]}`, 400, "inputTemplate' failed to satisfy constraint: Member must not be null"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"u","Arn":"` + team + `","InputTransformer":{"InputTemplate":"1","InputPathsMap":{"a b":"$"}}}]}`, 400, "regular expression pattern"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"u","Arn":"` + team + `","InputTransformer":{"InputTemplate":"1","InputPathsMap":{"a":1}}}]}`, 400, "inputPathsMap.a.value"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"u","Arn":"` + team + `","InputTransformer":{"InputTemplate":"1","InputPathsMap":["$"]}}]}`, 400, "Member must be a map"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"u","Arn":"` + team + `","InputTransformer":{"InputTemplate":"1","InputPathsMap":{"a":"$.` + strings.Repeat("x", 255) + `"}}}]}`, 400, "less than or equal to 256"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"u","Arn":"` + team + `","InputTransformer":{"InputTemplate":"1","InputPathsMap":{` + manyPaths(101) + `}}}]}`, 400, "Map must have length less than or equal to 100"},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"u","Arn":"` + team + `","InputTransformer":{"InputTemplate":"1","InputPathsMap":{` + manyPaths(100) + `}}}]}`, 200, `{"FailedEntryCount":0,"FailedEntries":[]}`},
		{"PutTargets", `{"Rule":"r","Targets":[{"Id":"u","Arn":"` + team + `","InputTransformer":{"InputTemplate":"` + strings.Repeat("1", 8193) + `"}}]}`, 400, "less than or equal to 8192"},
		{"ListTargetsByRule", `{"Rule":"r","NextToken":"x"}`, 400, "was not given out by this list"},
		{"RemoveTargets", `{"Rule":"r","Ids":["u"]}`, 200, `{"FailedEntryCount":0,"FailedEntries":[]}`},
		{"ListRuleNamesByTarget", `{"TargetArn":"` + team + `"}`, 200, `{"RuleNames":["r"]}`},
		{"PutRule", `{"Name":"s","EventPattern":"` + pattern + `"}`, 200, `{"RuleArn":"arn:aws:events:eu-west-1:123456789012:rule/s"}`},
		{"PutTargets", `{"Rule":"s","Targets":[{"Id":"t","Arn":"` + team + `"}]}`, 200, `{"FailedEntryCount":0,"FailedEntries":[]}`},
		{"ListRuleNamesByTarget", `{"TargetArn":"` + team + `","Limit":1}`, 200, `{"RuleNames":["r"],"NextToken":"cg"}`},
		{"ListRuleNamesByTarget", `{"TargetArn":"` + team + `","Limit":1,"NextToken":"cg"}`, 200, `{"RuleNames":["s"]}`},
		{"ListRuleNamesByTarget", `{"TargetArn":"` + team + `","NextToken":"x"}`, 400, "was not given out by this list"},
		{"ListRuleNamesByTarget", `{"TargetArn":"arn:y"}`, 200, `{"RuleNames":[]}`},
		{"DeleteRule", `{"Name":"r"}`, 400, "since it has targets"},
		{"RemoveTargets", `{"Rule":"r","Ids":["t"]}`, 200, `{"FailedEntryCount":0,"FailedEntries":[]}`},
		{"RemoveTargets", `{"Rule":"x","Ids":["t"]}`, 400, "ResourceNotFoundException"},
		{"ListTagsForResource", `{"ResourceARN":"` + rule + `"}`, 200, `{"Tags":[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]}`},
		{"TagResource", `{"ResourceARN":"` + rule + `","Tags":[{"Key":"c","Value":"3"}]}`, 200, `{}`},
		{"UntagResource", `{"ResourceARN":"` + rule + `","TagKeys":["a","b"]}`, 200, `{}`},
		{"ListTagsForResource", `{"ResourceARN":"` + rule + `"}`, 200, `{"Tags":[{"Key":"c","Value":"3"}]}`},
		{"DisableRule", `{"Name":"r"}`, 200, ``},
		{"DeleteRule", `{"Name":"r","Force":true}`, 200, ``},
		{"DescribeRule", `{"Name":"r"}`, 400, "ResourceNotFoundException"},
		{"DescribeEventBus", `{}`, 200, `{"Name":"default","Arn":"arn:aws:events:eu-west-1:123456789012:event-bus/default"}`},
		{"DescribeEventBus", `{"Name":"mine"}`, 400, "ResourceNotFoundException"},
		{"ListEventBuses", `{}`, 200, `{"EventBuses":[{"Name":"default","Arn":"arn:aws:events:eu-west-1:123456789012:event-bus/default"}]}`},
		{"ListEventBuses", `{"NamePrefix":"x"}`, 200, `{"EventBuses":[]}`},
		{"TestEventPattern", `{"EventPattern":"` + pattern + `","Event":"{\"id\":\"1\"}"}`, 400, "it has no account"},
		{"TestEventPattern", `{"EventPattern":"` + pattern + `","Event":"{\"id\":\"1\",\"account\":\"\",\"source\":\"aws.codeartifact\",\"time\":\"\",\"region\":\"\",\"resources\":[],\"detail-type\":\"\"}"}`,
			200, `{"Result":true}`},
		{"PutEvents", `{}`, 400, "UnknownOperationException"},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/", strings.NewReader(row.body))
		r.Header.Set("X-Amz-Target", "AWSEvents."+row.operation)
		service.Serve(w, r, s.admin)
		got := w.Body.String()
		if w.Code != row.status || row.status == 200 && got != row.want || !strings.Contains(got, row.want) {
			t.Errorf("%s %s:\ngot  %d %s\nwant %d %s", row.operation, row.body, w.Code, got, row.status, row.want)
		}
	}
}
