package queryapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entrepot/access/sigv4"
	"entrepot/artifact"
	"entrepot/iam"
)

// echo is a service whose one operation answers what it was asked.
func echo() *JSONService {
	type member struct {
		Key string `member:"Key,Key,required"`
	}
	type input struct {
		Name    string   `member:"Name,Name,required"`
		Count   int      `member:"Count,Count"`
		Whole   bool     `member:"Whole,Whole"`
		Words   []string `member:"Words,Name"`
		Members []member `member:"Members,"`
	}
	type output struct {
		Told string   `json:"Told"`
		At   jsonTime `json:"At,omitzero"`
	}
	g := grammar{"Name": text(1, 5, `[a-z]+`), "Count": number(1, 9), "Whole": {}, "Key": text(1, 3)}
	return &JSONService{Target: "Echo", Operations: map[string]Operation{
		"Echo": jsonDo(g, func(_ context.Context, _ iam.Caller, in input) (output, error) {
			text, err := json.Marshal(in)
			return output{string(text), jsonTime(time.UnixMilli(1500))}, err
		}),
		"Quiet": jsonDo(g, done(func(context.Context, iam.Caller, struct{}) error { return nil })),
	}}
}

// say sends a body to an operation.
func say(s *JSONService, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	s.Serve(w, r, ann())
	return w
}

func TestAJSONCallIsReadByItsStructAndAnswered(t *testing.T) {
	w := say(echo(), "Echo.Echo", `{"Name":"ann","Count":3,"Whole":true,"Words":["a","b"],"Members":[{"Key":"k"}],"Other":{"x":1}}`)
	const want = `{"Told":"{\"Name\":\"ann\",\"Count\":3,\"Whole\":true,\"Words\":[\"a\",\"b\"],\"Members\":[{\"Key\":\"k\"}]}","At":1.500}`
	if w.Code != http.StatusOK || w.Body.String() != want || w.Header().Get("Content-Type") != "application/x-amz-json-1.1" {
		t.Errorf("got %d %v\n%s\nwant\n%s", w.Code, w.Header(), w.Body, want)
	}
	if w := say(echo(), "Echo.Quiet", ""); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("without output: got %d %q", w.Code, w.Body)
	}
}

// toldJSON reads an error's answer.
func toldJSON(t *testing.T, w *httptest.ResponseRecorder) (code, message string) {
	t.Helper()
	var got struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	if got.Type != w.Header().Get("X-Amzn-Errortype") {
		t.Errorf("the header says %s, the body %s", w.Header().Get("X-Amzn-Errortype"), got.Type)
	}
	return got.Type, got.Message
}

func TestWhatIsNoJSONCallIsRefused(t *testing.T) {
	const unreadable, invalid = "SerializationException", "ValidationException"
	rows := []struct{ name, target, body, code, says string }{
		{"another operation", "Echo.Other", `{}`, "UnknownOperationException", "Other of Echo"},
		{"another service's", "Other.Echo", `{}`, "UnknownOperationException", "Echo of Other"},
		{"no target", "", `{}`, "UnknownOperationException", ""},
		{"no JSON", "Echo.Echo", `{`, unreadable, "not JSON"},
		{"a list", "Echo.Echo", `[]`, unreadable, "not a JSON object"},
		{"a key twice", "Echo.Echo", `{"Name":"a","Name":"b"}`, unreadable, "a key given twice"},
		{"too large", "Echo.Echo", `"` + strings.Repeat("a", 1<<20) + `"`, unreadable, "too large"},
		{"a member is missing", "Echo.Echo", `{}`, invalid, "at 'name' failed to satisfy constraint: Member must not be null"},
		{"a member is null", "Echo.Echo", `{"Name":null}`, invalid, "Member must not be null"},
		{"in another case", "Echo.Echo", `{"name":"a"}`, invalid, "Member must not be null"},
		{"of another type", "Echo.Echo", `{"Name":1}`, invalid, "'name' failed to satisfy constraint: Member must be a string"},
		{"a number that is none", "Echo.Echo", `{"Name":"a","Count":1.5}`, invalid, "Member must be an integer"},
		{"too many", "Echo.Echo", `{"Name":"a","Count":10}`, invalid, "less than or equal to 9"},
		{"another pattern", "Echo.Echo", `{"Name":"A"}`, invalid, "pattern: [a-z]+"},
		{"a list that is none", "Echo.Echo", `{"Name":"a","Words":"b"}`, invalid, "'words' failed to satisfy constraint: Member must be a list"},
		{"an item of another type", "Echo.Echo", `{"Name":"a","Words":[{}]}`, invalid, "'words.1.member' failed to satisfy constraint: Member must be a string"},
		{"an item that is no structure", "Echo.Echo", `{"Name":"a","Members":["k"]}`, invalid, "Member must be a structure"},
		{"a member of an item", "Echo.Echo", `{"Name":"a","Members":[{"Key":"k"},{}]}`, invalid, "at 'members.2.member.key'"},
		{"too many items", "Echo.Echo", `{"Name":"a","Words":[` + strings.Repeat(`"a",`, 1000) + `"a"]}`, invalid, "less than or equal to 1000"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := say(echo(), row.target, row.body)
			if code, message := toldJSON(t, w); w.Code != http.StatusBadRequest || code != row.code || !strings.Contains(message, row.says) {
				t.Errorf("got %d %s: %s, want %s: %s", w.Code, code, message, row.code, row.says)
			}
		})
	}
}

// wellNamed knows what AWS calls it.
type wellNamed struct{}

func (wellNamed) Error() string { return "for the log" }
func (wellNamed) Name() string  { return "NotFoundException" }
func (wellNamed) Unwrap() error { return artifact.Errorf(artifact.NotFound, "There is none.") }

func TestJSONErrorsAreToldByTheirNameOrKindAndOursKeepTheirReason(t *testing.T) {
	mismatch := sigv4.Refuse(sigv4.Mismatch)
	for _, row := range []struct {
		name          string
		err           error
		status        int
		code, message string
	}{
		{"a wrong secret", mismatch, mismatch.Status(), mismatch.Name(), mismatch.Message},
		{"one that knows its name", wellNamed{}, 400, "NotFoundException", "There is none."},
		{"a denial", artifact.Errorf(artifact.Denied, "No."), 400, "AccessDeniedException", "No."},
		{"too fast", artifact.Errorf(artifact.Throttled, "Slow."), 400, "ThrottlingException", "Slow."},
		{"a failure of ours", errors.New("disk is full"), 500, "InternalFailure", "The request could not be processed."},
		{"one of no kind that is told", artifact.Errorf(artifact.Internal, "secret"), 500, "InternalFailure",
			"The request could not be processed."},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			echo().Fail(w, nil, row.err)
			if code, message := toldJSON(t, w); w.Code != row.status || code != row.code || message != row.message {
				t.Errorf("got %d %s: %s", w.Code, code, message)
			}
		})
	}
}

// FuzzJSON sends any body: it is answered with JSON that can be read, and with 500 never.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"Name":"a"}`, `{"Name":"a","Words":["b",1]}`, `{"Members":[{}]}`, `{`, "\xff", `{"Count":1e9}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := say(echo(), "Echo.Echo", body)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Fatalf("got %d", w.Code)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Fatalf("got %q", w.Body)
		}
	})
}
