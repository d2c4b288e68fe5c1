package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/time/rate"
)

// scripted is a client that is told what to answer, and notes what it was asked.
type scripted struct {
	asked   []string
	answers map[string]Answer // by operation; an empty answer otherwise
}

func (s *scripted) Name() string       { return "own" }
func (s *scripted) Sends(Request) bool { return true }
func (s *scripted) Close() error       { return nil }

func (s *scripted) Do(_ context.Context, r Request) (Answer, error) {
	asked := fmt.Sprint(r.Operation, " ", r.Input["domain"])
	if repository, named := r.Input["repository"]; named {
		asked += fmt.Sprint(" ", repository)
	}
	s.asked = append(s.asked, asked)
	if a, ok := s.answers[r.Operation]; ok {
		return a, nil
	}
	return Answer{Status: 200, Output: map[string]any{}}, nil
}

func conducting(s *scripted) *conductor {
	return &conductor{clients: []Client{s}, prefix: "conf-0a1b2c", made: map[string]bool{}, report: newReport(), pace: rate.NewLimiter(rate.Inf, 1),
		vars: map[string]string{"owner": "111122223333"}}
}

func TestWhatIsNotTheRunsIsNotTouched(t *testing.T) {
	for name, row := range map[string]struct {
		request Request
		sent    bool
	}{
		"a domain of the run":         {Request{Operation: "DeleteDomain", Input: map[string]any{"domain": "conf-0a1b2c-x-own"}}, true},
		"somebody's domain":           {Request{Operation: "DeleteDomain", Input: map[string]any{"domain": "production"}}, false},
		"another run's domain":        {Request{Operation: "DeleteDomain", Input: map[string]any{"domain": "conf-ffffff-x-own"}}, false},
		"no domain":                   {Request{Operation: "DeleteDomain", Input: map[string]any{}}, false},
		"a repository of the run":     {Request{Operation: "TagResource", Input: map[string]any{"resourceArn": "arn:aws:codeartifact:r:1:repository/conf-0a1b2c-x-own/a"}}, true},
		"somebody's repository":       {Request{Operation: "TagResource", Input: map[string]any{"resourceArn": "arn:aws:codeartifact:r:1:repository/production/a"}}, false},
		"a list of what there is":     {Request{Operation: "ListDomains", Input: map[string]any{}}, true},
		"by somebody without a right": {Request{Operation: "DeleteDomain", As: nobody, Input: map[string]any{"domain": "ab"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scripted{}
			if row.request.As == "" {
				row.request.As = administrator
			}
			_, err := conducting(s).do(t.Context(), s, row.request)
			if sent := len(s.asked) == 1; sent != row.sent || (err == nil) != row.sent {
				t.Errorf("sent: %t (%v), want %t", sent, err, row.sent)
			}
		})
	}
}

func TestWhatARunHasMadeIsRemoved(t *testing.T) {
	s := &scripted{answers: map[string]Answer{"ListRepositoriesInDomain": {Status: 200, Output: map[string]any{
		"repositories": []any{map[string]any{"name": "a"}, map[string]any{"name": "b"}}}}}}
	c := conducting(s)
	for _, domain := range []string{"conf-0a1b2c-x-own", "conf-0a1b2c-y-own"} {
		if _, err := c.do(t.Context(), s, Request{Operation: "CreateDomain", As: administrator, Input: map[string]any{"domain": domain}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.remove(t.Context(), "conf-0a1b2c-x-own"); err != nil {
		t.Fatal(err)
	}
	s.asked = nil
	if err := c.cleanUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"ListRepositoriesInDomain conf-0a1b2c-y-own", "DeleteRepository conf-0a1b2c-y-own a", "DeleteRepository conf-0a1b2c-y-own b",
		"DeleteDomain conf-0a1b2c-y-own"}
	if !slices.Equal(s.asked, want) || len(c.made) > 0 {
		t.Errorf("asked %q, want %q; left %v", s.asked, want, c.made)
	}
}

func TestAPolicyIsNotInTheWayOfCleaningUp(t *testing.T) {
	s := &scripted{answers: map[string]Answer{"DeleteDomain": {Status: 403, Refusal: &Refusal{Code: denied}}}}
	err := conducting(s).remove(t.Context(), "conf-0a1b2c-x-own")
	if err == nil || !slices.Contains(s.asked, "PutDomainPermissionsPolicy conf-0a1b2c-x-own") {
		t.Errorf("got %v after %q, want a policy put and an error for what stays denied", err, s.asked)
	}
}

func TestNothingIsTriedWithCredentialsThatMayDoSomething(t *testing.T) {
	s := &scripted{}
	if err := conducting(s).deniedAtAll(t.Context()); err == nil || len(s.asked) != 1 {
		t.Errorf("got %v after %q, want an error after one request", err, s.asked)
	}
}

func TestALimitIsJudged(t *testing.T) {
	over := Limit{Kind: texts, What: "domain of 51 characters", Request: Good("DescribeDomain"), Want: FieldValidationFailed, Names: "domain"}
	good := Limit{Kind: texts, What: "domain of 50 characters", Request: Good("DescribeDomain")}
	answer := func(status int, code, body string) Answer {
		a, err := Read("DescribeDomain", status, map[string][]string{"X-Amzn-Errortype": {code}, "X-Amzn-Requestid": {"id"}}, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	const reason = `,"reason":"FIELD_VALIDATION_FAILED"}`
	for name, row := range map[string]struct {
		limit  Limit
		answer Answer
		strict bool
		wrong  string
	}{
		"refused":                        {over, answer(400, invalid, `{"message":"at 'domain'"`+reason), true, ""},
		"answered":                       {over, answer(200, "", `{}`), true, "want a ValidationException"},
		"not there":                      {over, answer(404, notFound, `{"message":"no"}`), false, "want a ValidationException"},
		"another status":                 {over, answer(422, invalid, `{"message":"at 'domain'"`+reason), false, "the status is 422, in the model 400"},
		"another member":                 {over, answer(400, invalid, `{"message":"at 'owner'"`+reason), true, "does not name domain"},
		"another member, not strictly":   {over, answer(400, invalid, `{"message":"at 'owner'"`+reason), false, ""},
		"another reason":                 {over, answer(400, invalid, `{"message":"at 'domain'","reason":"OTHER"}`), true, "want a ValidationException"},
		"a reason that there is not":     {over, answer(400, invalid, `{"message":"at 'domain'","reason":"LONG"}`), false, "is no ValidationExceptionReason"},
		"a member that there is not":     {over, answer(400, invalid, `{"message":"at 'domain'","hint":1`+reason), false, "no such member"},
		"good and denied":                {good, answer(403, denied, `{"message":"no"}`), true, ""},
		"good and refused":               {good, answer(400, invalid, `{"message":"at 'domain'"`+reason), false, "it is good"},
		"good and answered all the same": {good, answer(200, "", `{}`), false, "it is good"},
		"an error that there is not":     {over, answer(400, "BadRequest", `{"message":"no"}`), false, "the model has no error BadRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			got := row.limit.Judge(row.answer, row.strict)
			if (got == "") != (row.wrong == "") || !strings.Contains(got, row.wrong) {
				t.Errorf("got %q, want %q", got, row.wrong)
			}
		})
	}
}

func TestALifetimeIsJudged(t *testing.T) {
	asked := func(seconds float64) Request {
		return Request{Operation: "GetAuthorizationToken", Input: map[string]any{"durationSeconds": seconds}}
	}
	ends := func(body string) Answer {
		return Answer{Status: 200, Header: map[string]string{"date": "Tue, 14 Nov 2023 22:13:20 GMT"}, Body: body}
	}
	for name, row := range map[string]struct {
		request Request
		answer  Answer
		good    bool
	}{
		"an hour":               {asked(3600), ends(`{"expiration":1700003600}`), true},
		"made a while before":   {asked(3600), ends(`{"expiration":1700003500}`), true},
		"an hour and a half":    {asked(3600), ends(`{"expiration":1700005400}`), false},
		"half an hour":          {asked(3600), ends(`{"expiration":1700001800}`), false},
		"none in particular":    {Request{Operation: "GetAuthorizationToken"}, ends(`{"expiration":1700043200}`), true},
		"that of credentials":   {asked(0), ends(`{"expiration":1700000060}`), true},
		"no date in the answer": {asked(3600), Answer{Header: map[string]string{}, Body: `{"expiration":1700003600}`}, false},
	} {
		if err := lifetime(row.request, row.answer); (err == nil) != row.good {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
