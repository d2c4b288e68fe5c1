package iam_test

import (
	"encoding/base64"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tally counts how often each operator held and did not, so that a run can prove that it tried them all.
type tally struct {
	held, failed map[string]int
}

// operator compares one value of the request with one of the policy. pattern is the policy's value with its variables
// replaced where the operator has any.
type operator struct {
	negated   bool // the guide's "negated matching": true when nothing matches, and when the key is absent
	variables bool
	wildcards bool
	matches   func(value, written string, pattern []mark) bool
}

var operators = map[string]operator{
	"StringEquals":              {variables: true, matches: same},
	"StringNotEquals":           {variables: true, negated: true, matches: same},
	"StringEqualsIgnoreCase":    {variables: true, matches: sameIgnoringCase},
	"StringNotEqualsIgnoreCase": {variables: true, negated: true, matches: sameIgnoringCase},
	"StringLike":                {variables: true, wildcards: true, matches: alike},
	"StringNotLike":             {variables: true, wildcards: true, negated: true, matches: alike},
	"ArnEquals":                 {variables: true, wildcards: true, matches: arnAlike},
	"ArnNotEquals":              {variables: true, wildcards: true, negated: true, matches: arnAlike},
	"ArnLike":                   {variables: true, wildcards: true, matches: arnAlike},
	"ArnNotLike":                {variables: true, wildcards: true, negated: true, matches: arnAlike},
	"NumericEquals":             {matches: number(0)},
	"NumericNotEquals":          {matches: number(0), negated: true},
	"NumericLessThan":           {matches: number(-1)},
	"NumericLessThanEquals":     {matches: number(-1, 0)},
	"NumericGreaterThan":        {matches: number(1)},
	"NumericGreaterThanEquals":  {matches: number(0, 1)},
	"DateEquals":                {matches: date(0)},
	"DateNotEquals":             {matches: date(0), negated: true},
	"DateLessThan":              {matches: date(-1)},
	"DateLessThanEquals":        {matches: date(-1, 0)},
	"DateGreaterThan":           {matches: date(1)},
	"DateGreaterThanEquals":     {matches: date(0, 1)},
	"Bool":                      {matches: sameTruth},
	"BinaryEquals":              {matches: sameBytes},
	"IpAddress":                 {matches: inRange},
	"NotIpAddress":              {matches: inRange, negated: true},
}

// conditions: all operators and all keys of a statement must hold.
func (j *judge) conditions(s *statement) bool {
	all := true
	for name, keys := range s.Condition {
		for key, written := range keys {
			holds := j.condition(s, name, key, written)
			j.tally.add(name, holds)
			all = all && holds
		}
	}
	return all
}

func (t *tally) add(name string, held bool) {
	switch {
	case t == nil:
	case held:
		t.held[name]++
	default:
		t.failed[name]++
	}
}

// condition is one operator on one key with one or more values (guide, "Condition operators"; "Set operators for
// multivalued context keys").
func (j *judge) condition(s *statement, name, key string, written values) bool {
	asked := j.keys[strings.ToLower(key)]
	if name == "Null" {
		return slices.Contains(written, strconv.FormatBool(len(asked) == 0))
	}
	name, ifExists := strings.CutSuffix(name, "IfExists")
	name, forAll := strings.CutPrefix(name, "ForAllValues:")
	name, forAny := strings.CutPrefix(name, "ForAnyValue:")
	op := operators[name]
	// The guide counts an empty string as an empty set. Here it is a value, as a tag may have it: the
	// decision "IAM is read twice" says why.
	if len(asked) == 0 {
		return ifExists || forAll || op.negated && !forAny
	}
	matches := func(value string) bool {
		return slices.ContainsFunc(written, func(text string) bool {
			if !op.variables {
				return op.matches(value, text, nil)
			}
			pattern, ok := j.expand(s, text, op.wildcards)
			return ok && op.matches(value, text, pattern)
		})
	}
	differs := func(value string) bool { return !matches(value) }
	switch {
	case forAll && !op.negated, forAny && op.negated:
		return slices.ContainsFunc(asked, differs) == op.negated
	}
	// The remaining set operators look for one value that matches too. Without a set operator a key has one value; of several,
	// which the guide leaves open, one is enough to match.
	return slices.ContainsFunc(asked, matches) != op.negated
}

// written is the text of a pattern that has no wildcards.
func written(pattern []mark) string {
	var b strings.Builder
	for _, m := range pattern {
		b.WriteRune(m.char)
	}
	return b.String()
}

func same(value, _ string, pattern []mark) bool { return value == written(pattern) }
func sameIgnoringCase(value, _ string, pattern []mark) bool {
	return strings.EqualFold(value, written(pattern))
}
func alike(value, _ string, pattern []mark) bool    { return like(pattern, value) }
func arnAlike(value, _ string, pattern []mark) bool { return arnLike(pattern, value) }

// number matches where the request's value, compared with the policy's, is less (-1), equal (0) or greater (1) as wanted.
func number(wanted ...int) func(string, string, []mark) bool {
	return func(value, written string, _ []mark) bool {
		a, errA := strconv.ParseFloat(value, 64)
		b, errB := strconv.ParseFloat(written, 64)
		return errA == nil && errB == nil && slices.Contains(wanted, compare(a, b))
	}
}

func date(wanted ...int) func(string, string, []mark) bool {
	return func(value, written string, _ []mark) bool {
		a, okA := moment(value)
		b, okB := moment(written)
		return okA && okB && slices.Contains(wanted, a.Compare(b))
	}
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// moment reads a date as the guide allows it: a profile of ISO 8601, or seconds since 1970.
func moment(text string) (time.Time, bool) {
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(seconds, 0), err == nil
}

func sameTruth(value, written string, _ []mark) bool { return strings.EqualFold(value, written) }

func sameBytes(value, written string, _ []mark) bool {
	want, err := base64.StdEncoding.DecodeString(written)
	return err == nil && string(want) == value
}

func inRange(value, written string, _ []mark) bool {
	address, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	if prefix, err := netip.ParsePrefix(written); err == nil {
		return prefix.Contains(address)
	}
	one, err := netip.ParseAddr(written)
	return err == nil && one == address
}
