package iam

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func TestConditionOperators(t *testing.T) {
	for _, test := range []struct {
		operator, value, held string
		want                  bool
	}{
		{"StringEquals", `"Web"`, "Web", true},
		{"StringEquals", `"Web"`, "web", false},
		{"StringEquals", `"W*"`, "Web", false},
		{"StringEquals", `"W*"`, "W*", true},
		{"StringEquals", `["a", "b"]`, "b", true},
		{"StringEquals", `"is ${aws:username}"`, "is bob", true},
		{"StringEquals", `"${aws:username}${$}{x}"`, "bob${x}", true},
		{"StringEquals", `"${s3:prefix}"`, "", false},
		{"StringEquals", `["${s3:prefix}", "b"]`, "b", true},
		{"StringNotEquals", `["${s3:prefix}", "b"]`, "c", true},
		{"StringNotEquals", `["${s3:prefix}", "b"]`, "b", false},
		{"StringNotEquals", `["a", "b"]`, "c", true},
		{"StringEqualsIgnoreCase", `"WEB"`, "web", true},
		{"StringEqualsIgnoreCase", `"${aws:username}"`, "BOB", true},
		{"StringEqualsIgnoreCase", `""`, "", true},
		{"StringNotEqualsIgnoreCase", `"WEB"`, "web", false},
		{"StringLike", `"w?b*"`, "web/x", true},
		{"StringLike", `"w?b"`, "wéb", true},
		{"StringLike", `"w${*}"`, "web", false},
		{"StringLike", `"${aws:username}-*"`, "bob-1", true},
		{"StringNotLike", `"w*"`, "web", false},
		{"StringNotLike", `"w*"`, "Web", true},
		{"NumericEquals", `10`, "10.0", true},
		{"NumericEquals", `10`, "ten", false},
		{"NumericNotEquals", `[10, 11]`, "11", false},
		{"NumericNotEquals", `[10, 11]`, "12", true},
		{"NumericLessThan", `10`, "9.5", true},
		{"NumericLessThan", `10`, "10", false},
		{"NumericLessThanEquals", `10`, "10", true},
		{"NumericGreaterThan", `"-1"`, "0", true},
		{"NumericGreaterThan", `10`, "9", false},
		{"NumericGreaterThanEquals", `10`, "10", true},
		{"NumericGreaterThanEquals", `10`, "9", false},
		{"DateEquals", `"2026-01-01T00:00:00Z"`, "2026-01-01T01:00:00+01:00", true},
		{"DateEquals", `1767225600`, "2026-01-01", true},
		{"DateNotEquals", `"2026"`, "2026-01-01T00:00Z", false},
		{"DateLessThan", `"2026-01"`, "2025-12-31T23:59:59.9Z", true},
		{"DateLessThan", `"2026-01"`, "1767225600", false},
		{"DateLessThanEquals", `"2026-01"`, "1767225600", true},
		{"DateGreaterThan", `"2026-01-01"`, "2026-01-01T00:00:01Z", true},
		{"DateGreaterThan", `"2026-01-01"`, "yesterday", false},
		{"DateGreaterThanEquals", `"2026-01-01"`, "2025-12-31", false},
		{"Bool", `"true"`, "true", true},
		{"Bool", `true`, "false", false},
		{"Bool", `false`, "False", true},
		{"Bool", `false`, "0", false},
		{"BinaryEquals", `"AP8="`, "\x00\xff", true},
		{"BinaryEquals", `"AP8="`, "AP8=", false},
		{"IpAddress", `"192.0.2.7"`, "192.0.2.7", true},
		{"IpAddress", `"192.0.2.7/24"`, "192.0.2.200", true},
		{"IpAddress", `"192.0.2.0/24"`, "192.0.3.1", false},
		{"IpAddress", `"0.0.0.0/0"`, "2001:db8::1", false},
		{"IpAddress", `"2001:DB8::/32"`, "2001:db8:ffff::1", true},
		{"IpAddress", `"fe80::/10"`, "fe80::1%eth0", true},
		{"NotIpAddress", `["192.0.2.0/24", "198.51.100.0/24"]`, "198.51.100.1", false},
		{"NotIpAddress", `["192.0.2.0/24", "198.51.100.0/24"]`, "203.0.113.1", true},
		{"ArnEquals", `"arn:aws:iam::123456789012:user/*"`, "arn:aws:iam::123456789012:user/a/b", true},
		{"ArnLike", `"arn:aws:iam::1234*9012:user/?ob"`, "arn:aws:iam::123456789012:user/bob", true},
		{"ArnLike", `"arn:aws:iam::*:user/bob"`, "arn:aws:iam:x:1:y:user/bob", false},
		{"ArnLike", `"arn:aws:*:*:*:*"`, "arn:aws:logs:r:1:group:a:b", true},
		{"ArnLike", `"arn:aws:iam::1:user/${aws:username}"`, "arn:aws:iam::1:user/bob", true},
		{"ArnLike", `"${aws:PrincipalArn}"`, bob.ARN, true},
		{"ArnLike", `"*"`, bob.ARN, true},
		{"ArnLike", `"arn:aws:iam::1:user/x"`, "user/x", false},
		{"ArnNotEquals", `"arn:aws:iam::1:user/*"`, "arn:aws:iam::1:role/x", true},
		{"ArnNotLike", `"arn:aws:iam::1:user/*"`, "arn:aws:iam::1:user/x", false},
		{"ArnNotLike", `["arn:aws:iam::1:role/*", "arn:aws:iam::1:user/${s3:prefix}"]`, "arn:aws:iam::1:user/x", true},
	} {
		t.Run(fmt.Sprintf("%s %s holding %q", test.operator, test.value, test.held), func(t *testing.T) {
			p := mustParse(t, IdentityPolicy, `{"Version": "2012-10-17", "Statement": `+
				given("Allow", fmt.Sprintf(`%q: {"a:b": %s}`, test.operator, test.value))+`}`)
			req := Request{Principal: bob, Action: read, Context: map[string][]string{"a:b": {test.held}}}
			if got := Evaluate(req, Policies{Identity: []*Policy{p}}, true); got.Allowed() != test.want {
				t.Errorf("got %v, want allowed = %v", got, test.want)
			}
		})
	}
}

// TestAbsentKey holds every operator to the guide: of an absent key only what is negated is true.
func TestAPatternThatIsLongerThanWhatIsHeldIsNotPutTogether(t *testing.T) {
	many := strings.Repeat("${a:long}", 400)
	p := policyOf(t, IdentityPolicy, "2012-10-17", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::`+many+`"},
		{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:username":"`+many+`"}}}`)
	fold := policyOf(t, IdentityPolicy, "2012-10-17", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
		"StringEqualsIgnoreCase":{"aws:username":"`+many+`"}}}`)
	request := Request{Principal: Principal{Account: "123456789012", ARN: annARN, Name: "ann"}, Action: "a:B",
		Resources: []string{repoX}, Context: map[string][]string{"a:long": {strings.Repeat("x", 1000)}}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if got := Evaluate(request, Policies{Identity: []*Policy{p, fold}}, true); got.Allowed() {
		t.Errorf("got %v", got)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("it took %d MiB of memory", took>>20)
	}
	request.Context["a:long"] = []string{"\u017f\u212a"} // longer than the same in other letters
	request.Principal.Name = strings.Repeat("sk", 400)
	if got := Evaluate(request, Policies{Identity: []*Policy{fold}}, true); !got.Allowed() {
		t.Errorf("got %v", got)
	}
}

func TestAbsentKey(t *testing.T) {
	for name, operator := range operators {
		for form, want := range map[string]bool{
			"%s": operator.negated, "%sIfExists": true, "ForAllValues:%s": true, "ForAnyValue:%s": false,
			"ForAnyValue:%sIfExists": true, "ForAllValues:%sIfExists": true,
		} {
			n := &node{Name: fmt.Sprintf(form, name)}
			c, err := parseOperator(n)
			if err != nil {
				t.Fatal(err)
			}
			c.key = "a:b"
			if got := c.holds(newFacts(&Request{})); got != want {
				t.Errorf("%s on an absent key: got %v, want %v", n.Name, got, want)
			}
			if strings.Contains(n.Name, "Not") != operator.negated {
				t.Errorf("%s: negated = %v", n.Name, operator.negated)
			}
		}
	}
}
