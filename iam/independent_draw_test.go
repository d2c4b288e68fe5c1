package iam_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"entrepot/iam"
)

const (
	ownersAccount = "111122223333"
	otherAccount  = "444455556666"
	arnOf         = "arn:aws:codeartifact:eu-west-1:" + ownersAccount + ":"
	iamOwner      = "arn:aws:iam::" + ownersAccount + ":"
	iamOther      = "arn:aws:iam::" + otherAccount + ":"
	stsOwner      = "arn:aws:sts::" + ownersAccount + ":"
	stsOther      = "arn:aws:sts::" + otherAccount + ":"
)

// Everything is drawn from few values, so that policies and requests meet.
var (
	actionsAsked = []string{"codeartifact:ReadFromRepository", "codeartifact:PublishPackageVersion",
		"codeartifact:DescribeDomain", "codeartifact:GetAuthorizationToken", "codeartifact:ListDomains",
		"sts:GetServiceBearerToken"}
	actionPatterns = []string{"*", "codeartifact:*", "codeartifact:Read*", "CodeArtifact:readfromrepository",
		"codeartifact:?ublish*", "codeartifact:*Domain*", "sts:GetServiceBearerToken", "codeartifact:PublishPackageVersion",
		"codeartifact:Get*", "iam:*"}
	resourcesAsked = []string{arnOf + "domain/d", arnOf + "repository/d/x", arnOf + "repository/d/bob",
		arnOf + "repository/d/Red", arnOf + "package/d/x/npm//lodash", arnOf + "package/d/x/npm/red/a*b",
		arnOf + "package-group/d/npm/%2a"}
	resourcePatterns = []string{"*", arnOf + "*", arnOf + "repository/d/*", arnOf + "repository/d/x",
		arnOf + "repository/D/x", arnOf + "package/d/*/npm/*", arnOf + "package/d/x/npm//lodas?",
		"arn:aws:codeartifact:*:*:domain/*", "arn:aws:codeartifact:*", arnOf + "repository/d/${aws:username}",
		arnOf + "repository/d/${aws:PrincipalTag/team, 'x'}", arnOf + "*/${AWS:userName,'bob'}",
		arnOf + "repository/*/${aws:PrincipalTag/Team}", arnOf + "package/d/x/npm/*/a${*}b",
		arnOf + "package/d/x/npm/${?}/a?b", arnOf + "*d/${app:several}", "arn:aws:s3:::bucket/*", arnOf + "?omain/d",
		arnOf + "*/d/*/*/*"}
	unders     = []string{"", "", "", arnOf + "domain/", arnOf}
	principals = drawnPrincipals()
	named      = []string{"*", ownersAccount, otherAccount, iamOwner + "root", iamOther + "root", iamOwner + "user/bob",
		iamOwner + "user/team/ann", iamOwner + "user/ann", iamOther + "user/bob", iamOwner + "role/team/ci",
		iamOwner + "role/ci", iamOther + "role/deploy", stsOwner + "assumed-role/ci/build-7",
		stsOwner + "assumed-role/ci/build-8", stsOther + "assumed-role/deploy/now", stsOwner + "federated-user/fay"}
)

func drawnPrincipals() []iam.Principal {
	user := func(account, path, name, id string) iam.Principal {
		return iam.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":user/" + path + name, ID: id, Name: name}
	}
	session := func(account, role, name string) iam.Principal {
		arn := "arn:aws:sts::" + account + ":assumed-role/" + role + "/" + name
		return iam.Principal{Account: account, ARN: arn, ID: "AROA:" + name}
	}
	withPath := session(ownersAccount, "ci", "build-7")
	withPath.Role = iamOwner + "role/team/ci"
	return []iam.Principal{
		{}, // nobody
		user(ownersAccount, "", "bob", "AIDABOB"),
		user(ownersAccount, "team/", "ann", "AIDAANN"),
		user(otherAccount, "", "bob", "AIDAELSE"),
		withPath,
		session(ownersAccount, "ci", "build-8"),
		session(otherAccount, "deploy", "now"),
		{Account: ownersAccount, ARN: stsOwner + "federated-user/fay", ID: ownersAccount + ":fay"},
		{Account: ownersAccount, ARN: iamOwner + "root", ID: ownersAccount},
		{Account: otherAccount, ARN: iamOther + "root", ID: otherAccount},
	}
}

// subject is what may be asked of a condition key: the values that a request gives it, those that policies compare it with,
// and the operators that make sense.
type subject struct {
	key       string
	given     []string // none for keys that follow from the principal
	several   bool
	compared  []string
	operators []string
}

var (
	stringOperators = []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
		"StringLike", "StringNotLike"}
	arnOperators    = []string{"ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"}
	numberOperators = []string{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
		"NumericGreaterThan", "NumericGreaterThanEquals"}
	dateOperators = []string{"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan",
		"DateGreaterThanEquals"}
	truthOperators   = []string{"Bool"}
	addressOperators = []string{"IpAddress", "NotIpAddress"}

	teams = []string{"red", "Red", "r*d", "*", "r?d", "blue", "${aws:PrincipalTag/team}", "${aws:username}",
		"${aws:username, 'red'}", "r${*}d", "", "${app:several}", "${$}red", "${aws:RequestTag/team, 'blue'}"}
	arns = []string{iamOwner + "user/bob", "arn:aws:iam::*:user/*", iamOwner + "role/team/*",
		"arn:*:iam::" + ownersAccount + ":*", "arn:aws:sts::*:federated-user/?ay", iamOwner + "*/${aws:username}",
		"arn:aws:iam:*:root", iamOther + "root", "arn:aws:*:*:*:*:*", "*", "${aws:PrincipalArn}"}
	names   = []string{"bob", "b*", "BOB", "ann", "${aws:username}", "${aws:PrincipalTag/team}"}
	kinds   = []string{"User", "Account", "AssumedRole", "FederatedUser", "Anonymous", "*User"}
	truths  = []string{"true", "false"}
	noon    = "2026-11-29T12:00:00Z"
	moments = []string{noon, "2026-11-29", "2026-11-29T13:00+01:00", "2026-11", "2026", "1795953600",
		"2026-11-29T12:00:00.5Z"}
	networks = []string{"203.0.113.0/24", "203.0.113.9", "203.0.113.9/32", "2001:db8::/32", "2001:db8::1", "0.0.0.0/0",
		"::/0"}

	subjects = []subject{
		{"aws:RequestTag/team", []string{"red", "Red", "blue", "r*d", "$red", ""}, false, teams, stringOperators},
		{"aws:ResourceTag/Team", []string{"red", "bob"}, false, teams, stringOperators},
		{"aws:TagKeys", []string{"team", "Team", "cost", "red"}, true,
			[]string{"team", "t*", "cost", "red", "${aws:username}"}, stringOperators},
		{"app:several", []string{"red", "blue", "bob"}, true, teams, stringOperators},
		{"aws:PrincipalTag/team", nil, false, teams, stringOperators},
		{"AWS:Username", nil, false, names, stringOperators},
		{"aws:userid", nil, false, []string{"AIDABOB", "AROA:*", "*:fay", ownersAccount, "aida*"}, stringOperators},
		{"aws:PrincipalOrgID", nil, false, []string{"o-house", "o-*", "o-else"}, stringOperators},
		{"aws:PrincipalOrgPaths", nil, false, []string{"o-house/r-1/", "o-house/*", "o-else/*"}, stringOperators},
		{"aws:ResourceAccount", nil, false, []string{ownersAccount, "${aws:PrincipalAccount}", "1*"}, stringOperators},
		{"aws:ResourceOrgID", nil, false, []string{"o-house", "${aws:PrincipalOrgID}"}, stringOperators},
		{"aws:PrincipalAccount", nil, false, []string{ownersAccount, otherAccount, "1*"}, stringOperators},
		{"aws:PrincipalType", nil, false, kinds, stringOperators},
		{"aws:PrincipalArn", nil, false, arns, slices.Concat(arnOperators, stringOperators)},
		{"aws:SourceArn", []string{iamOwner + "user/bob", "arn:aws:iam:::root", "red", iamOther + "root"}, false, arns,
			arnOperators},
		{"sts:DurationSeconds", []string{"900", "3600", "43200", "3600.5", "-1", "soon"}, false,
			[]string{"900", "3600", "3600.50", "43200", "0"}, numberOperators},
		{"app:sizes", []string{"1", "2", "3"}, true, []string{"1", "2.0", "03"}, numberOperators},
		{"aws:CurrentTime", []string{noon, "2026-11-29T00:00:00Z", "2026-11-29T14:00:00+02:00"}, false, moments, dateOperators},
		{"app:days", []string{"2026-11-01", "2026", "2027-01-01T00:00:00Z"}, true, []string{"2026", "2026-11", "2027"},
			dateOperators},
		{"aws:EpochTime", []string{"1795953600", "1795953601"}, false, []string{noon, "1795953601"}, dateOperators},
		{"aws:SecureTransport", truths, false, truths, truthOperators},
		{"aws:ViaAWSService", truths, false, truths, truthOperators},
		{"aws:PrincipalIsAWSService", nil, false, truths, truthOperators},
		{"app:bytes", []string{"abc", "YWJj", "\x00\xff"}, false, []string{"YWJj", "AP8="}, []string{"BinaryEquals"}},
		{"aws:SourceIp", []string{"203.0.113.9", "198.51.100.1", "2001:db8::1", "here"}, false, networks, addressOperators},
	}
)

// subjectsOf says what an operator is about; operatorNames are all of them.
var (
	subjectsOf = func() map[string][]subject {
		of := map[string][]subject{}
		for _, about := range subjects {
			for _, operator := range about.operators {
				of[operator] = append(of[operator], about)
			}
		}
		return of
	}()
	operatorNames = slices.Sorted(maps.Keys(operators))
)

// draw makes policies and worlds of one seed.
type draw struct{ *rand.Rand }

func one[T any](d draw, of []T) T { return of[d.IntN(len(of))] }

// some is one to most of them.
func some[T any](d draw, of []T, most int) []T {
	var drawn []T
	for range 1 + d.IntN(most) {
		drawn = append(drawn, one(d, of))
	}
	return drawn
}

// listed writes values as JSON: one now and then without its list.
func listed(d draw, values []string) any {
	if len(values) == 1 && d.IntN(2) == 0 {
		return values[0]
	}
	return values
}

func (d draw) statement(kind iam.PolicyKind) map[string]any {
	s := map[string]any{"Effect": "Allow"}
	if d.IntN(4) == 0 {
		s["Effect"] = "Deny"
	}
	s[d.element("Action")] = listed(d, some(d, actionPatterns, 3))
	s[d.element("Resource")] = listed(d, some(d, resourcePatterns, 3))
	if kind == iam.ResourcePolicy {
		d.principal(s)
	}
	if d.IntN(2) == 0 {
		s["Condition"] = d.block()
	}
	return s
}

// element is the name of an element, now and then its opposite.
func (d draw) element(name string) string {
	if d.IntN(5) == 0 {
		return "Not" + name
	}
	return name
}

func (d draw) principal(s map[string]any) {
	switch {
	case s["Effect"] == "Deny" && d.IntN(2) == 0:
		s["NotPrincipal"] = map[string]any{"AWS": listed(d, some(d, named[1:], 8))}
	case d.IntN(5) == 0:
		s["Principal"] = "*"
	case d.IntN(8) == 0:
		s["Principal"] = map[string]any{"Service": "codeartifact.amazonaws.com", "Federated": "idp.example.test"}
	default:
		s["Principal"] = map[string]any{"AWS": listed(d, some(d, named, 4))}
	}
}

func (d draw) block() map[string]any {
	block := map[string]any{}
	for range 1 + d.IntN(2) {
		operator := one(d, operatorNames)
		about := one(d, subjectsOf[operator])
		values := any(listed(d, some(d, about.compared, 3)))
		switch d.IntN(8) {
		case 0:
			operator, values = "Null", one(d, []any{"true", "false", true, false})
		case 1:
			operator += "IfExists"
		case 2, 3:
			operator = one(d, []string{"ForAllValues:", "ForAnyValue:"}) + operator + one(d, []string{"", "", "IfExists"})
		}
		if about.several && operator != "Null" && !strings.HasPrefix(operator, "For") && d.IntN(3) > 0 {
			operator = one(d, []string{"ForAllValues:", "ForAnyValue:"}) + operator
		}
		keys, _ := block[operator].(map[string]any)
		if keys == nil {
			keys = map[string]any{}
			block[operator] = keys
		}
		keys[about.key] = values
	}
	return block
}

// paper is a policy of one to three statements, drawn again where Parse refuses it for what the guide does not allow.
func (d draw) paper(t *testing.T, kind iam.PolicyKind) *paper {
	t.Helper()
	var refused error
	for range 20 {
		var statements []map[string]any
		for range 1 + d.IntN(3) {
			statements = append(statements, d.statement(kind))
		}
		document := map[string]any{"Statement": statements}
		version := one(d, []string{"2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", ""})
		if version != "" {
			document["Version"] = version
		}
		if p, err := paperOf(document, kind); err == nil {
			return p
		} else {
			refused = err
		}
	}
	t.Fatalf("every policy drawn is refused, the last because %v", refused)
	return nil
}

func paperOf(document map[string]any, kind iam.PolicyKind) (*paper, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	p := &paper{text: string(text)}
	if p.parsed, err = iam.Parse(text, kind); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	var again struct {
		Version   string
		Statement []*statement
	}
	if err := json.Unmarshal(text, &again); err != nil {
		return nil, err
	}
	p.statements = again.Statement
	for _, s := range p.statements {
		s.variables = again.Version == "2012-10-17"
	}
	return p, nil
}

// pool is the policies of a seed, by their kind.
type pool map[iam.PolicyKind][]*paper

func (d draw) pool(t *testing.T, size int) pool {
	drawn := pool{}
	for _, kind := range []iam.PolicyKind{iam.IdentityPolicy, iam.SessionPolicy, iam.ResourcePolicy} {
		for range size {
			drawn[kind] = append(drawn[kind], d.paper(t, kind))
		}
	}
	return drawn
}

// papers is up to most of a kind.
func (d draw) papers(p pool, kind iam.PolicyKind, most int) []*paper {
	return some(d, p[kind], most+1)[1:]
}

// everything is what a root user may do, whom no policy of his account limits.
var everything = func() *paper {
	p, err := paperOf(map[string]any{"Version": "2012-10-17",
		"Statement": []any{map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}}}, iam.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	return p
}()

func (d draw) world(p pool) *world {
	w := &world{request: d.request(), resource: d.papers(p, iam.ResourcePolicy, 3)}
	who := &w.request.Principal
	w.same = who.Account == ownersAccount || who.ARN != "" && d.IntN(4) == 0
	switch kindOf(*who) {
	case "Anonymous":
		return w
	case "Account":
		w.identity = []*paper{everything}
		return w
	}
	w.identity = d.papers(p, iam.IdentityPolicy, 3)
	if d.IntN(3) == 0 {
		w.boundary = one(d, p[iam.IdentityPolicy])
	}
	if d.IntN(2) == 0 {
		w.session = d.papers(p, iam.SessionPolicy, 3)
	}
	if d.IntN(4) == 0 {
		w.session = append(w.session, everything)
	}
	return w
}

func (d draw) request() iam.Request {
	r := iam.Request{Principal: one(d, principals), Action: one(d, actionsAsked), Context: map[string][]string{}}
	if r.Principal.ARN != "" && d.IntN(2) == 0 {
		r.Principal.OrgID = one(d, []string{"o-house", "o-else"})
		r.Principal.OrgPath = r.Principal.OrgID + "/r-1/"
	}
	if d.IntN(2) == 0 {
		r.Owner = iam.Owner{Account: ownersAccount, OrgID: one(d, []string{"", "o-house"})}
	}
	if r.Principal.ARN != "" && d.IntN(2) == 0 {
		r.Principal.Tags = map[string]string{one(d, []string{"team", "Team"}): one(d, []string{"red", "x", "r*d", "blue", ""})}
	}
	switch d.IntN(6) {
	case 0:
		r.Under = one(d, unders)
	case 1:
		r.Resources = append(some(d, resourcesAsked, 2), "*")
	default:
		r.Resources = []string{one(d, resourcesAsked)}
	}
	for _, about := range subjects {
		switch key := strings.ToLower(about.key); {
		case d.IntN(3) == 0:
		case about.given == nil && d.IntN(8) == 0:
			r.Context[key] = []string{one(d, []string{"bob", "red", "o-house"})} // nobody may say so but the principal
		case about.given == nil:
		case about.several:
			r.Context[key] = some(d, about.given, 3)[d.IntN(2):]
		default:
			r.Context[key] = []string{one(d, about.given)}
		}
	}
	return r
}

// String tells a world so that it can be written down as a test.
func (w *world) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%+v\nsame account: %v\n", w.request.Principal, w.same)
	fmt.Fprintf(&b, "%s on %q, under %q\n", w.request.Action, w.request.Resources, w.request.Under)
	for _, key := range slices.Sorted(maps.Keys(w.request.Context)) {
		fmt.Fprintf(&b, "  %s = %q\n", key, w.request.Context[key])
	}
	for _, part := range []struct {
		name   string
		papers []*paper
	}{{"identity", w.identity}, {"boundary", boundaries(w)}, {"session", w.session}, {"resource", w.resource}} {
		for _, p := range part.papers {
			fmt.Fprintf(&b, "%s: %s\n", part.name, p.text)
		}
	}
	return b.String()
}
