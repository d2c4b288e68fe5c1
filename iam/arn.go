package iam

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxARN is the longest ARN IAM takes, in bytes.
const maxARN = 2048

// ARN is an Amazon Resource Name, arn:partition:service:region:account:resource, taken apart at its first five colons.
type ARN struct {
	Partition string // aws, aws-cn …
	Service   string // codeartifact, iam, sts
	Region    string // empty for global services
	Account   string // twelve digits; "aws" for what AWS itself owns, empty where a service has none
	Resource  string // the rest, colons and slashes included
}

// ParseARN takes text apart. It refuses text longer than 2048 bytes, white space, control characters and invalid UTF-8
// anywhere, an empty partition, service or resource, and an account that is neither twelve digits, "aws" nor empty. The
// error says which part is wrong.
func ParseARN(text string) (ARN, error) {
	if len(text) > maxARN {
		return ARN{}, fmt.Errorf("ARN of %d bytes is longer than %d", len(text), maxARN)
	}
	a, err := splitARN(text)
	if err != nil {
		return ARN{}, fmt.Errorf("ARN %q: %w", clip(text), err)
	}
	return a, nil
}

func splitARN(text string) (ARN, error) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return ARN{}, errors.New("want arn:partition:service:region:account:resource")
	}
	if !utf8.ValidString(text) {
		return ARN{}, errors.New("not UTF-8")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return ARN{}, errors.New("white space or control character")
	}
	a := ARN{parts[1], parts[2], parts[3], parts[4], parts[5]}
	for _, part := range []struct {
		name, text string
		good       bool
	}{
		{"partition", a.Partition, a.Partition != "" && isLabel(a.Partition)},
		{"service", a.Service, a.Service != "" && isLabel(a.Service)},
		{"region", a.Region, isLabel(a.Region)},
		{"account", a.Account, a.Account == "" || a.Account == "aws" || isAccount(a.Account)},
		{"resource", a.Resource, a.Resource != ""},
	} {
		if !part.good {
			return ARN{}, fmt.Errorf("%s %q is not valid", part.name, part.text)
		}
	}
	return a, nil
}

// String joins the parts again; it is the inverse of ParseARN.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

func isLabel(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}

func isAccount(s string) bool {
	return len(s) == 12 && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// clip shortens what came from outside to what an error message can hold.
func clip(s string) string {
	const limit = 120
	if len(s) <= limit {
		return s
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
