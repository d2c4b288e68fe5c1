package suite

import (
	"encoding/json"
	"testing"
	"time"
)

// TestDisagreementIsSeen holds the comparison itself: what it must tell apart, and what it must not.
func TestDisagreementIsSeen(t *testing.T) {
	start := time.UnixMilli(1_700_000_000_500)
	said := func(code string, members map[string]string) Answer {
		return Answer{Status: 400, Refusal: &Refusal{Code: code, Message: "no", Members: members}}
	}
	made := func(text string) (a Answer) {
		if err := json.Unmarshal([]byte(text), &a.Output); err != nil {
			t.Fatal(err)
		}
		return a
	}
	for name, row := range map[string]struct {
		a, b Answer
		same bool
	}{
		"equal":                 {made(`{"x":[1,"a"]}`), made(`{"x":[1,"a"]}`), true},
		"a member more":         {made(`{"x":1}`), made(`{"x":1,"y":2}`), false},
		"empty and absent":      {made(`{"x":[]}`), made(`{}`), false},
		"the client's own name": {made(`{"x":"conf-0a1b2c-tags-sdk/app"}`), made(`{"x":"conf-0a1b2c-tags-cli/app"}`), true},
		"another name":          {made(`{"x":"tags-sdk/app"}`), made(`{"x":"tags-cli/store"}`), false},
		"a time rounded": {made(`{"createdTime":1700000000.1234}`),
			made(`{"createdTime":"2023-11-14T22:13:20.124Z"}`), true},
		"another time": {made(`{"createdTime":1700000000.12}`),
			made(`{"createdTime":"2023-11-14T22:13:20.13Z"}`), false},
		"times after the start": {made(`{"createdTime":1700000001}`), made(`{"createdTime":1700000009}`), true},
		"a token for another":   {made(`{"nextToken":"p"}`), made(`{"nextToken":"q"}`), true},
		"a token for none":      {made(`{"nextToken":"p"}`), made(`{}`), false},
		"error and answer":      {said("ConflictException", nil), made(`{}`), false},
		"other code":            {said("ConflictException", nil), said("ValidationException", nil), false},
		"other member": {said("C", map[string]string{"a": "1"}),
			said("C", map[string]string{"a": "2"}), false},
		"members that are not seen": {said("C", map[string]string{"a": "1"}), said("C", nil), true},
	} {
		t.Run(name, func(t *testing.T) {
			first := &book{numbers: map[string]string{}, began: start}
			second := &book{numbers: map[string]string{}, began: start}
			diff := disagreement(first.normal(row.a), second.normal(row.b))
			if (diff == "") != row.same {
				t.Errorf("got the difference %q, want the same: %t", diff, row.same)
			}
		})
	}
}
