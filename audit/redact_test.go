package audit

import (
	"strings"
	"testing"

	"entrepot/iam"
)

func TestATokenIsNotRecorded(t *testing.T) {
	token := tokenPrefix + strings.Repeat("aB-_9", 9)[:43]
	for text, want := range map[string]string{
		"":                              "",
		"nothing":                       "nothing",
		"entrepot_short":                "entrepot_short",
		"arn:…/npm//" + token:           "arn:…/npm//(a token)",
		`{"a":"` + token + `","b":"c"}`: `{"a":"(a token)","b":"c"}`,
	} {
		if got := Redacted(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	call := Refused(iam.Caller{}, iam.Decision{Resource: "arn:" + token}, "User may not "+token)
	if text := string(call.Encode()); strings.Contains(text, token) || !strings.Contains(text, "may not (a token)") {
		t.Errorf("got %s", text)
	}
}
