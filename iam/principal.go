package iam

import (
	"regexp"
	"slices"
	"strings"

	"entrepot/strictjson"
)

// principals is a compiled Principal or NotPrincipal element.
type principals struct {
	everyone bool
	accounts []string // named as such: by their number or their root
	arns     []string // users, roles, sessions
	ids      []string // the same by their unique identifiers
	outside  []string // services and identity providers
}

// naming says how a statement's principals cover a caller. The order is that of strength: the more exactly a resource
// policy names the caller, the fewer of the caller's own limits hold back what it grants (IAM guide, "Policy evaluation
// for requests within a single account").
type naming uint8

const (
	notNamed      naming = iota
	namedAccount         // only the caller's account is named: its administrators decide
	namedRole            // the role behind the session, the root user, or an identity provider
	namedUser            // the user; boundaries do not hold back the grant
	namedSession         // this very session; neither boundaries nor session policies do
	namedEveryone        // by "*", sessions included (IAM guide, "IAM role principals")
)

func (c *compiler) principal(n *node, s *statement) (err error) {
	if !c.rules.principals {
		return n.forbid("Principal", c.rules)
	}
	element, not, err := n.choose("Principal")
	if err != nil {
		return err
	}
	if not && !s.deny {
		return element.fail("NotPrincipal goes with Deny only; with Allow it would mean everyone else in the world")
	}
	if not && !c.rules.resources {
		return element.fail("%s has no NotPrincipal", c.rules.name)
	}
	s.notPrincipal = not
	if err := s.principals.read(element); err != nil {
		return err
	}
	if not && s.principals.everyone {
		return element.fail("NotPrincipal * leaves nobody")
	}
	return nil
}

// principalForm says what a principal of one type looks like.
type principalForm struct {
	want string
	add  func(p *principals, name string) bool // false: not of this form
}

var principalForms = map[string]principalForm{
	"AWS": {
		`"*", an account's number or root ARN, or the ARN or unique identifier of a user, role or session without wildcards`,
		(*principals).addAWS,
	},
	"Service":   {"the DNS name of a service", (*principals).addService},
	"Federated": {"the ARN of an identity provider, or its DNS name", (*principals).addProvider},
}

func (p *principals) read(element *node) error {
	if element.Kind == strictjson.Text {
		if element.Text != "*" {
			return element.fail(`%q is not a principal: want "*" or an object such as {"AWS": …}`, clip(element.Text))
		}
		p.everyone = true
		return nil
	}
	if element.Kind != strictjson.Object || len(element.members()) == 0 {
		return element.fail(`want "*" or an object such as {"AWS": …}`)
	}
	for _, member := range element.members() {
		form, known := principalForms[member.Name]
		if !known {
			return member.fail("unknown type of principal")
		}
		list, err := member.strings()
		if err != nil {
			return err
		}
		for _, item := range list {
			if !form.add(p, item.Text) {
				return item.fail("%q is not a principal of type %s: want %s", clip(item.Text), member.Name, form.want)
			}
		}
	}
	return nil
}

// The names IAM gives: user and role names with their paths, session names, provider names.
var (
	iamPrincipal = regexp.MustCompile(`^(user|role)/([!-)+->@-z|~]+/)*[\w+=,.@-]+$`)
	stsPrincipal = regexp.MustCompile(`^(assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+)$`)
	provider     = regexp.MustCompile(`^(oidc-provider|saml-provider)/[\w+=,.@:/-]+$`)
	dnsName      = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
)

func (p *principals) addAWS(name string) bool {
	if name == "*" {
		p.everyone = true
		return true
	}
	if isAccount(name) {
		p.accounts = append(p.accounts, name)
		return true
	}
	if uniqueID.MatchString(name) {
		p.ids = append(p.ids, name)
		return true
	}
	a, err := ParseARN(name)
	if err != nil || a.Region != "" || !isAccount(a.Account) {
		return false
	}
	switch {
	case a.Service == "iam" && a.Resource == "root":
		p.accounts = append(p.accounts, a.Account)
	case a.Service == "iam" && iamPrincipal.MatchString(a.Resource),
		a.Service == "sts" && stsPrincipal.MatchString(a.Resource):
		p.arns = append(p.arns, name)
	default:
		return false
	}
	return true
}

func (p *principals) addService(name string) bool {
	p.outside = append(p.outside, name)
	return dnsName.MatchString(name)
}

func (p *principals) addProvider(name string) bool {
	p.outside = append(p.outside, name)
	if dnsName.MatchString(name) {
		return true
	}
	a, err := ParseARN(name)
	return err == nil && a.Service == "iam" && isAccount(a.Account) && provider.MatchString(a.Resource)
}

// name says how the list covers the caller, in the strongest way it does.
func (p *principals) name(f *facts) naming {
	caller := &f.request.Principal
	if p.everyone {
		return namedEveryone
	}
	if p.lists(caller.ARN, caller.ID) {
		return f.kind().named
	}
	if p.listsRole(f) {
		return namedRole
	}
	if slices.Contains(p.outside, caller.ARN) {
		return namedRole
	}
	if slices.Contains(p.accounts, caller.Account) {
		if f.kind().resource == "root" {
			return namedRole
		}
		return namedAccount
	}
	return notNamed
}

// lists reports whether one who has the ARN and the unique identifier is named.
func (p *principals) lists(arn, id string) bool {
	return slices.Contains(p.arns, arn) || slices.Contains(p.ids, id)
}

// listsRole reports whether the role behind the caller's session is named.
func (p *principals) listsRole(f *facts) bool {
	if len(p.arns)+len(p.ids) == 0 || f.role() == "" {
		return false
	}
	id, _, _ := strings.Cut(f.request.Principal.ID, ":")
	return p.lists(f.role(), id)
}

// covers says how the statement covers the caller.
func (s *statement) covers(f *facts) naming {
	if !s.notPrincipal {
		return s.principals.name(f)
	}
	if s.principals.spare(f) {
		return notNamed
	}
	return namedEveryone
}

// spare reports whether a NotPrincipal with the list leaves the caller out. IAM looks at the account first, then at the
// role, then at the session or user, and each of them has to be named; a permissions boundary makes it look no further
// (IAM guide, "NotPrincipal").
func (p *principals) spare(f *facts) bool {
	caller := &f.request.Principal
	if f.bounded || !slices.Contains(p.accounts, caller.Account) {
		return false
	}
	if f.role() != "" && !p.listsRole(f) {
		return false
	}
	return f.kind().resource == "root" || p.lists(caller.ARN, caller.ID)
}

// principalKind is a kind of caller, known by how the resource part of its ARN begins.
type principalKind struct {
	resource string // up to the first slash
	typ      string // aws:PrincipalType
	named    naming // what naming its ARN means
}

var principalKinds = []principalKind{
	{"root", "Account", namedRole},
	{"user", "User", namedUser},
	{"role", "Role", namedRole},
	{"assumed-role", "AssumedRole", namedSession},
	{"federated-user", "FederatedUser", namedSession},
}

var unknownKind = principalKind{}

// kindOf finds the kind of the caller with the ARN.
func kindOf(arn string) *principalKind {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return &unknownKind
	}
	resource, _, _ := strings.Cut(parts[5], "/")
	for i := range principalKinds {
		if principalKinds[i].resource == resource {
			return &principalKinds[i]
		}
	}
	return &unknownKind
}
