package queryapi

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entrepot/trail"
)

func TestEventsAreLookedUpInCloudTrailsShapes(t *testing.T) {
	s := newIAM(t) // it is where calls are made that are recorded
	service := CloudTrail(trail.New(trail.Options{Catalog: s.rules.Catalog, Region: "eu-west-1", Now: time.Now}))
	call := func(body string) (int, string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents")
		service.Serve(w, r, s.admin)
		return w.Code, w.Body.String()
	}
	if _, got := call(``); got != `{"Events":[]}` {
		t.Errorf("of an empty record: got %s", got)
	}
	for _, name := range []string{"bob", "cat"} {
		if w := s.call("CreateUser", "UserName", name); w.Code != 200 {
			t.Fatal(w.Body)
		}
	}
	var page foundPage
	status, text := call(`{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"CreateUser"}],"MaxResults":1,` +
		`"StartTime":1795100000,"EndTime":1.7953e9}`)
	if err := json.Unmarshal([]byte(text), &page); err != nil || status != 200 || len(page.Events) != 1 || page.NextToken == "" {
		t.Fatalf("got %d %s, %v", status, text, err)
	}
	e := page.Events[0]
	want := fmt.Sprintf(`{"Events":[{"EventId":%q,"EventName":"CreateUser","ReadOnly":"false","EventTime":1795176000.000,`+
		`"EventSource":"iam.amazonaws.com","Resources":[{"ResourceType":"AWS::IAM::User","ResourceName":"arn:aws:iam::123456789012:user/cat"}],`+
		`"CloudTrailEvent":`, e.EventID)
	if !strings.HasPrefix(text, want) {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	var record trail.Record
	if err := json.Unmarshal([]byte(e.CloudTrailEvent), &record); err != nil || record.EventID != e.EventID ||
		record.RequestParameters["userName"] != "cat" || record.RequestID != "request-3" {
		t.Errorf("got %+v, %v", record, err)
	}
	status, text = call(`{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"CreateUser"}],"MaxResults":1,` +
		`"StartTime":1795100000,"EndTime":1.7953e9,"NextToken":"` + page.NextToken + `"}`)
	if status != 200 || !strings.Contains(text, "user/bob") {
		t.Errorf("the next page: got %d %s", status, text)
	}
	if _, text := call(`{"EventCategory":"insight"}`); text != `{"Events":[]}` {
		t.Errorf("insights: got %s", text)
	}
	for _, row := range []struct{ body, want string }{
		{`{"MaxResults":51}`, "InvalidMaxResultsException"},
		{`{"MaxResults":0}`, "InvalidMaxResultsException"},
		{`{"MaxResults":"1"}`, "ValidationException"},
		{`{"NextToken":"x"}`, "InvalidNextTokenException"},
		{`{"StartTime":2,"EndTime":1}`, "InvalidTimeRangeException"},
		{`{"StartTime":"2026-11-20"}`, "ValidationException"},
		{`{"StartTime":-1}`, "ValidationException"},
		{`{"StartTime":1e300}`, "ValidationException"},
		{`{"EventCategory":"data"}`, "InvalidEventCategoryException"},
		{`{"LookupAttributes":[{"AttributeKey":"Color","AttributeValue":"red"}]}`, "InvalidLookupAttributesException"},
		{`{"LookupAttributes":[{"AttributeKey":"","AttributeValue":"red"}]}`, "InvalidLookupAttributesException"},
		{`{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"A"},{"AttributeKey":"Username","AttributeValue":"b"}]}`,
			"InvalidLookupAttributesException"},
		{`{"LookupAttributes":[{"AttributeKey":"EventName"}]}`, "ValidationException"},
		{`{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":""}]}`, "ValidationException"},
	} {
		if status, text := call(row.body); status != 400 || !strings.Contains(text, `"__type":"`+row.want+`"`) {
			t.Errorf("%s: got %d %s, want %s", row.body, status, text, row.want)
		}
	}
}

// foundPage is a page as clients read it.
type foundPage struct {
	Events []struct {
		EventID         string `json:"EventId"`
		CloudTrailEvent string
	}
	NextToken string
}
