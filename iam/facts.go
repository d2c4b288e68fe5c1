package iam

import (
	"slices"
	"strings"
)

// facts is one request as statements see it.
type facts struct {
	request   *Request
	action    string   // lower case
	resources []string // never empty
	bounded   bool     // the caller has a permissions boundary

	known     *principalKind
	roleKnown bool
	roleARN   string
}

var everything = []string{"*"}

func newFacts(r *Request) *facts {
	f := &facts{request: r, action: strings.ToLower(r.Action), resources: r.Resources}
	if len(f.resources) == 0 {
		f.resources = everything
	}
	return f
}

// kind returns the kind of the caller.
func (f *facts) kind() *principalKind {
	if f.known == nil {
		f.known = kindOf(f.request.Principal.ARN)
	}
	return f.known
}

// role returns the ARN of the role behind a session, or "".
func (f *facts) role() string {
	if f.roleKnown {
		return f.roleARN
	}
	f.roleKnown = true
	if f.kind().resource != "assumed-role" {
		return ""
	}
	f.roleARN = f.request.Principal.Role
	if f.roleARN == "" {
		parts := strings.SplitN(f.request.Principal.ARN, ":", 6)
		name := strings.SplitN(parts[5], "/", 3)[1:]
		f.roleARN = "arn:" + parts[1] + ":iam::" + parts[4] + ":role/" + strings.Join(name[:min(1, len(name))], "")
	}
	return f.roleARN
}

// derived are the condition keys that follow from the principal and from whose the resource is; "" is absent. Whatever the
// request's context holds under their names is not looked at.
var derived = map[string]func(f *facts) string{
	"aws:principalarn":          (*facts).principalARN,
	"aws:principalaccount":      func(f *facts) string { return f.request.Principal.Account },
	"aws:principalorgid":        func(f *facts) string { return f.request.Principal.OrgID },
	"aws:principalorgpaths":     func(f *facts) string { return f.request.Principal.OrgPath },
	"aws:resourceaccount":       func(f *facts) string { return f.request.Owner.Account },
	"aws:resourceorgid":         func(f *facts) string { return f.request.Owner.OrgID },
	"aws:resourceorgpaths":      func(f *facts) string { return f.request.Owner.OrgPath },
	"aws:principaltype":         (*facts).principalType,
	"aws:principalisawsservice": (*facts).isAWSService,
	"aws:userid":                func(f *facts) string { return f.request.Principal.ID },
	"aws:username":              func(f *facts) string { return f.request.Principal.Name },
	// CodeArtifact supports all global keys but these two (guide, "Policy actions, resources and conditions").
	"aws:referer":   func(*facts) string { return "" },
	"aws:useragent": func(*facts) string { return "" },
}

const principalTag = "aws:principaltag/"

// principalARN is the role's ARN for a session of it, as AWS has it: a condition names a role once and for all sessions.
func (f *facts) principalARN() string {
	if role := f.role(); role != "" {
		return role
	}
	return f.request.Principal.ARN
}

// principalType is the kind of the principal; IAM's guide has a word for nobody as well.
func (f *facts) principalType() string {
	if f.request.anonymous() {
		return "Anonymous"
	}
	return f.kind().typ
}

// isAWSService is false for whoever signs a request; one that nobody signs has no such key.
func (f *facts) isAWSService() string {
	if f.request.anonymous() {
		return ""
	}
	return "false"
}

// values returns what the request holds under key, which is in lower case; nothing if the key is absent.
func (f *facts) values(key string) []string {
	if given := f.request.Context[key]; f.request.Hypothetical && len(given) > 0 {
		return given
	}
	if value, ok := derived[key]; ok {
		if v := value(f); v != "" {
			return []string{v}
		}
		return nil
	}
	if name, ok := strings.CutPrefix(key, principalTag); ok {
		return f.tags(name)
	}
	return f.request.Context[key]
}

// tags returns the values of the principal's tags called name in any case. IAM keeps no two tags that differ in case
// only; if there are some all the same, none is preferred.
func (f *facts) tags(name string) []string {
	var values []string
	for k, v := range f.request.Principal.Tags {
		if strings.EqualFold(k, name) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return values
}

// single returns the value of a key for use in a policy variable, which takes keys with one value only.
func (f *facts) single(key string) (value string, present bool) {
	if derive, ok := derived[key]; ok && !f.request.Hypothetical {
		value = derive(f)
		return value, value != ""
	}
	values := f.values(key)
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}
