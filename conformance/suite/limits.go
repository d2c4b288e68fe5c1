package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"entrepot/conformance/servicemodel"
)

// Reason is the reason that a ValidationException gives.
type Reason string

// The reasons that limits give.
const (
	CannotParse           Reason = "CANNOT_PARSE"
	FieldValidationFailed Reason = "FIELD_VALIDATION_FAILED"
	UnknownOperation      Reason = "UNKNOWN_OPERATION"
)

// Limit is a request that is good but for one place, at the edge of what the service model allows or just beyond. It is made by
// somebody who may do nothing, who is refused as soon as it is good: so it changes nothing anywhere.
type Limit struct {
	Kind, What string // what is bent, and how: "texts", "domain of 51 characters"
	Request    Request
	Want       Reason // empty: the request is good
	Names      string // what a refusal must name: the member, or the query parameter
	Strict     bool   // the model does not say so; Entrepot does
}

// The kinds of limits.
const (
	absentMembers = "absent members"
	texts         = "lengths and enums"
	oddTexts      = "texts in depth"
	numbers       = "numbers"
	booleans      = "booleans"
	lists         = "lists and maps"
	types         = "JSON types"
	unknowns      = "unknown members"
	encodings     = "query encodings"
	targets       = "paths and methods"
	bodies        = "bodies"
)

// Limits makes the limits of one operation of the service model.
func Limits(operation string) []Limit {
	g := generator{op: operation, good: Good(operation)}
	for _, m := range model.Input(operation).Members {
		g.member(m)
	}
	g.whole()
	return g.made
}

type generator struct {
	op   string
	good Request
	made []Limit
}

func (g *generator) add(l Limit) { g.made = append(g.made, l) }

// partners are members that others need beside them, or that must be away.
var partners = map[string]struct{ with, without string }{
	"ListPackages namespace":                       {with: "format"},
	"CopyPackageVersions versionRevisions":         {without: "versions"},
	"UpdatePackageVersionsStatus versionRevisions": {with: "versions"},
	"DisposePackageVersions versionRevisions":      {with: "versions"},
}

// member bends one member in every way.
func (g *generator) member(m servicemodel.Member) {
	base := g.good
	p := partners[g.op+" "+m.Name]
	if other, ok := model.Input(g.op).Member(p.with); ok {
		base = base.with(other.Name, Sample(other))
	}
	base = base.without(p.without)
	if m.Location != servicemodel.AsPayload {
		want := Reason("")
		if m.Required || g.selects(m) {
			want = FieldValidationFailed
		}
		g.add(Limit{Kind: absentMembers, What: m.Name + " absent", Request: base.without(m.Name), Want: want, Names: m.Name})
	}
	switch m.Location {
	case servicemodel.InQuery:
		g.parameter(m, base)
	case servicemodel.InHeader:
		for _, c := range g.texts(m, m.Shape) {
			if c.text != "" && !strings.ContainsFunc(c.text, func(r rune) bool { return r < 0x20 || r >= 0x7f }) {
				g.add(Limit{Kind: c.kind, What: m.Name + " " + c.what, Request: base.with(m.Name, c.text), Want: c.want, Names: m.Name,
					Strict: c.strict})
			}
		}
	case servicemodel.InBody:
		for _, c := range g.values(m, m.Name) {
			g.add(c.limit(m, base))
		}
	}
}

// selects reports whether a member is one of two of which one must name versions.
func (g *generator) selects(m servicemodel.Member) bool {
	return g.op == "CopyPackageVersions" && strings.HasPrefix(m.Name, "version")
}

// onWire sets a member to a text on the wire.
func onWire(base Request, m servicemodel.Member, text string) Request {
	base = base.without(m.Name)
	base.Wire.Query = maps.Clone(base.Wire.Query)
	if base.Wire.Query == nil {
		base.Wire.Query = map[string]string{}
	}
	base.Wire.Query[m.Wire] = text
	return base
}

// parameter bends a query parameter.
func (g *generator) parameter(m servicemodel.Member, base Request) {
	raw := func(kind, what, text string, want Reason, names string) {
		g.add(Limit{Kind: kind, What: m.Name + " " + what, Request: onWire(base, m, text), Want: want, Names: names, Strict: want == CannotParse})
	}
	for what, text := range map[string]string{"with half an escape": "a%4", "with a bare percent": "%", "with no hex": "%zz",
		"not UTF-8": "%ff", "overlong": "%c0%af", "of half a surrogate pair": "%ed%a0%80"} {
		raw(encodings, what, text, CannotParse, m.Wire)
	}
	good := url.QueryEscape(fmt.Sprint(Sample(m)))
	if good == "" {
		good = "a"
	}
	twice := onWire(base, m, good)
	twice.Wire.More = m.Wire + "=" + good
	g.add(Limit{Kind: encodings, What: m.Name + " given twice", Request: twice, Want: CannotParse, Names: m.Wire, Strict: true})

	switch s := model.Shapes[m.Shape]; s.Kind {
	case servicemodel.Boolean:
		for _, value := range []bool{true, false} {
			g.add(Limit{Kind: booleans, What: fmt.Sprintf("%s is %t", m.Name, value), Request: base.with(m.Name, value)})
		}
		for _, text := range []string{"TRUE", "1", "yes", "", "null", "%00"} {
			raw(booleans, "is "+text, text, CannotParse, m.Name)
		}
	case servicemodel.Number:
		g.numbers(m, base, s)
		for _, text := range []string{"2147483648", "99999999999999999999", "1.5", "1e2", "0x10", "ten", "%201", "1%0a", "", "%00",
			"null", "1_0"} {
			raw(numbers, "is "+text, text, CannotParse, m.Name)
		}
	default:
		for _, c := range g.texts(m, m.Shape) {
			r := base.with(m.Name, c.text)
			if c.text == "" && s.Enum != nil { // which the Go SDK takes for absent
				r = onWire(base, m, "")
			}
			_, named := model.Input(g.op).Member("namespace")
			if named && m.Shape == "PackageFormat" && slices.Contains(formatsWithNamespaces, c.text) {
				r = r.with("namespace", samples["PackageNamespace"])
			}
			g.add(Limit{Kind: c.kind, What: m.Name + " " + c.what, Request: r, Want: c.want, Names: m.Name, Strict: c.strict})
		}
	}
}

// formatsWithNamespaces are those whose packages all have one (service model, PackageVersionDescription$namespace).
var formatsWithNamespaces = []string{"maven", "swift", "generic"}

// numbers bends a number that SDKs can send.
func (g *generator) numbers(m servicemodel.Member, base Request, s servicemodel.Shape) {
	verdicts := map[int]Reason{s.Min: "", s.Max: "", s.Min - 1: FieldValidationFailed, s.Max + 1: FieldValidationFailed,
		2147483647: FieldValidationFailed, -2147483648: FieldValidationFailed}
	if m.Name == "durationSeconds" { // 1 to 899 seconds are in the model's bounds and not in the guide's
		maps.Copy(verdicts, map[int]Reason{1: FieldValidationFailed, 899: FieldValidationFailed, 900: ""})
	}
	for _, value := range slices.Sorted(maps.Keys(verdicts)) {
		g.add(Limit{Kind: numbers, What: fmt.Sprintf("%s is %d", m.Name, value), Request: base.with(m.Name, value),
			Want: verdicts[value], Names: m.Name})
	}
}

// textCase is a text at a limit of some shape, and what is said of it.
type textCase struct {
	kind, what, text string
	want             Reason
	strict           bool
}

// odd are texts that break some pattern or other.
var odd = map[string]string{"a space": " ", "a tab": "\t", "a NUL": "\x00", "a bell": "\a", "an escape": "\x1b",
	"a delete": "\x7f", "a line feed": "\n", "a carriage return": "\r", "a vertical tab": "\v", "a form feed": "\f",
	"a next line": "\u0085", "a no-break space": "\u00a0", "a line separator": "\u2028",
	"a zero-width space": "\u200b", "a reversal": "\u202e",
	"a private character": "\ue000", "a slash": "/", "a hash": "#", "a percent sign": "%", "a plus": "+",
	"a quote": `"`, "a backslash": `\`, "a star": "*", "a dollar": "$", "an underscore": "_", "a capital": "A",
	"a dash": "-", "a dot": ".", "an emoji": "😀", "an accent": "é", "a combining mark": "e\u0301", "a semicolon": ";",
	"an ampersand": "&", "an equals sign": "=", "a colon": ":", "an at sign": "@", "a tilde": "~", "markup": "<b>",
	"a comma": ",", "a bracket": "["}

// What is tried of lengths, in characters: no URL holds more.
const longestText, longestWide = 15_000, 3_000

// texts are the limits of a text of the shape, as the member has it.
func (g *generator) texts(m servicemodel.Member, shape string) (made []textCase) {
	s := model.Shapes[shape]
	add := func(kind, what, text string) {
		want, strict := g.verdict(m, s, text)
		made = append(made, textCase{kind, what, text, want, strict})
	}
	add(texts, "empty", "")
	if s.Enum != nil {
		add(texts, "of no value", "no-such-value")
		add(oddTexts, "of all values", strings.Join(s.Enum, ","))
		add(oddTexts, "with a control character", s.Enum[0]+"\x00")
		for _, value := range s.Enum {
			flipped := strings.ToLower(value)
			if flipped == value {
				flipped = strings.ToUpper(value)
			}
			add(texts, value, value)
			add(texts, flipped, flipped)
			add(oddTexts, "with a space behind "+value, value+" ")
			add(oddTexts, "cut "+value, value[:len(value)-1])
		}
		return made
	}
	most := s.Max
	if s.Name == "String" {
		s = model.Shapes["PackageGroupPattern"]
		most = s.Max
	}
	edges := []int{s.Min - 1, s.Min, most, most + 1}
	lengths := append(slices.Clone(edges), s.Min+1, most-1, most*2)
	slices.Sort(lengths)
	for _, n := range slices.Compact(lengths) {
		kind := texts
		if !slices.Contains(edges, n) {
			kind = oddTexts
		}
		if n > 0 && n <= longestText {
			add(kind, fmt.Sprintf("of %d characters", n), filler(shape, n))
		}
		if n > 0 && n <= longestWide {
			add(oddTexts, fmt.Sprintf("of %d wide characters", n), strings.Repeat("é", n))
		}
	}
	n := min(max(s.Min, 8), most)
	good := filler(shape, n-1)
	add(texts, "ending with a line feed", good+"\n") // breaks every pattern, but of policies and of a page's token
	add(oddTexts, "dot", ".")
	add(oddTexts, "dot dot", "..")
	for _, what := range slices.Sorted(maps.Keys(odd)) {
		text := []rune(filler(shape, n))
		add(oddTexts, "with "+what, string(text[:n/2])+odd[what]+string(text[n/2+1:]))
	}
	add(oddTexts, "beginning with a line feed", "\n"+good)
	add(oddTexts, "ending with a space", good+" ")
	add(oddTexts, "beginning with a space", " "+good)
	return made
}

// filler is a good text of so many characters, if a shape has one.
func filler(shape string, n int) string {
	if shape == "AccountId" {
		return strings.Repeat("1", n)
	}
	return strings.Repeat("a", n)
}

// verdict is what the model says of a text, and of the few texts that are refused or taken beside it. Strict are those of which
// AWS's documents say nothing.
func (g *generator) verdict(m servicemodel.Member, s servicemodel.Shape, text string) (want Reason, strict bool) {
	if s.Name == "String" { // only what is a pattern can ever have been made
		s, strict = model.Shapes["PackageGroupPattern"], true
	}
	switch {
	case s.Name == "PaginationToken":
		return FieldValidationFailed, false // none of them was given out
	case m.Name == "domainOwner" && text == "": // as good as absent: so Terraform sends it
		return "", false
	case !s.Allows(text):
		return FieldValidationFailed, strict
	case strings.Contains(s.Pattern, "#/") && !segment(text):
		return FieldValidationFailed, true
	case m.Name == "resourceArn" && text != samples["Arn"]:
		return FieldValidationFailed, false // not an ARN of anything
	case m.Name == "targetStatus" && !slices.Contains(targetStatuses, text):
		return FieldValidationFailed, false // a status, but none that can be set
	}
	return "", false
}

// targetStatuses are those that can be set (user guide, "Updating package version status").
var targetStatuses = []string{"Published", "Unlisted", "Archived"}

// segment reports whether a text can be a part of a path: no dot segment, and no control characters.
func segment(text string) bool {
	return text != "." && text != ".." && !strings.ContainsFunc(text, unicode.IsControl)
}

// jsonCase is a value of a body member.
type jsonCase struct {
	kind, what, json string
	want             Reason
	names            string
	wire             bool // no client of a type could send it
	strict           bool
}

func (c jsonCase) limit(m servicemodel.Member, base Request) Limit {
	l := Limit{Kind: c.kind, What: m.Name + " " + c.what, Want: c.want, Names: c.names, Strict: c.strict}
	var value any
	decoder := json.NewDecoder(strings.NewReader(c.json))
	decoder.UseNumber()
	if c.wire || decoder.Decode(&value) != nil {
		l.Request = base.without(m.Name)
		l.Request.Wire.Body = map[string]string{m.Wire: c.json}
		return l
	}
	l.Request = base.with(m.Name, value)
	return l
}

// values are the limits of a body member, called path in messages.
func (g *generator) values(m servicemodel.Member, path string) []jsonCase {
	switch s := model.Shapes[m.Shape]; s.Kind {
	case servicemodel.Structure:
		return append(g.types(m, path, "object"), g.members(s, path, "")...)
	case servicemodel.List:
		cases := append(g.types(m, path, "list"), g.list(m, s, path)...)
		if each := model.Shapes[s.Each]; each.Kind == servicemodel.Structure {
			return append(cases, g.members(each, path+".1.member", "[")...)
		}
		for _, c := range g.texts(servicemodel.Member{Name: m.Name}, s.Each) {
			cases = append(cases, c.json("["+asJSON(c.text)+"]", "an entry ", path+".1.member"))
		}
		return cases
	case servicemodel.Map:
		return append(g.types(m, path, "object"), g.entries(m, s, path)...)
	case servicemodel.Boolean:
		return append(g.types(m, path, "boolean"), jsonCase{kind: booleans, what: "is true", json: "true"},
			jsonCase{kind: booleans, what: "is false", json: "false"})
	case servicemodel.Number:
		return append(g.types(m, path, "number"), g.bodyNumbers(s, path)...)
	}
	cases := g.types(m, path, "text")
	for _, c := range g.texts(m, m.Shape) {
		made := c.json(asJSON(c.text), "", path)
		made.wire = c.text == "" && model.Shapes[m.Shape].Enum != nil
		cases = append(cases, made)
	}
	want, strict := g.verdict(m, model.Shapes[m.Shape], "aa\ufffdaa")
	return append(cases, jsonCase{oddTexts, "with half a surrogate pair", `"aa\ud800aa"`, want, path, true, strict})
}

// json puts a text into JSON.
func (c textCase) json(text, what, path string) jsonCase {
	return jsonCase{kind: c.kind, what: what + c.what, json: text, want: c.want, names: path, strict: c.strict}
}

// types are values of every JSON type but the member's own.
func (g *generator) types(m servicemodel.Member, path, own string) []jsonCase {
	null := g.emptied(m)
	if m.Required {
		null = FieldValidationFailed
	}
	cases := []jsonCase{{types, "null", "null", null, path, true, false}}
	all := map[string]string{"text": `"text"`, "number": "1", "boolean": "true", "list": `["a"]`, "object": `{"a":"b"}`}
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		if kind != own {
			cases = append(cases, jsonCase{types, "a " + kind, all[kind], CannotParse, path, true, true})
		}
	}
	return cases
}

func (g *generator) bodyNumbers(s servicemodel.Shape, path string) (cases []jsonCase) {
	for value, want := range map[int]Reason{s.Min: "", s.Max: "", s.Min - 1: FieldValidationFailed, s.Max + 1: FieldValidationFailed,
		-1: FieldValidationFailed} {
		cases = append(cases, jsonCase{kind: numbers, what: fmt.Sprintf("is %d", value), json: fmt.Sprint(value), want: want, names: path})
	}
	for _, text := range []string{"1.5", "1e2", "2147483648", `"7"`} {
		cases = append(cases, jsonCase{numbers, "is " + text, text, CannotParse, path, true, true})
	}
	return cases
}

// emptied is what is said of a member that is there and holds nothing. A call about versions must name one.
func (g *generator) emptied(m servicemodel.Member) Reason {
	if strings.HasPrefix(m.Name, "version") && (m.Required || g.selects(m)) {
		return FieldValidationFailed
	}
	return ""
}

// openList ends lists for which the model has no end: Entrepot takes no more. No quota reaches it.
const openList = 1000

func (g *generator) list(m servicemodel.Member, s servicemodel.Shape, path string) []jsonCase {
	cases := []jsonCase{
		{kind: lists, what: "empty", json: "[]", want: g.emptied(m), names: path},
		{lists, "of null", "[null]", FieldValidationFailed, path + ".1.member", true, true},
		{lists, "of lists", "[[]]", CannotParse, path + ".1.member", true, true},
		{lists, "of numbers", "[1]", CannotParse, path + ".1.member", true, true},
	}
	most := s.Max
	if most < 0 {
		most = openList
	}
	for n, want := range map[int]Reason{most: "", most + 1: FieldValidationFailed} {
		items := make([]string, n)
		for i := range items {
			items[i] = item(s.Each, i)
		}
		cases = append(cases, jsonCase{lists, fmt.Sprintf("of %d entries", n), "[" + strings.Join(items, ",") + "]", want, path, false, s.Max < 0})
	}
	return cases
}

// item is the n-th of many entries of a list, which differ where they must.
func item(shape string, n int) string {
	if model.Shapes[shape].Kind != servicemodel.Structure {
		return asJSON(fmt.Sprintf("item%d", n))
	}
	value := sampleOf(shape).(map[string]any)
	if _, keyed := value["key"]; keyed {
		value["key"] = fmt.Sprintf("key%d", n)
	}
	return marshal(value)
}

func marshal(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // samples always encode
	}
	return string(text)
}

// members bends the members of an object, which may stand in a list.
func (g *generator) members(s servicemodel.Shape, path, open string) (cases []jsonCase) {
	end := map[string]string{"": "", "[": "]"}[open]
	whole := map[string]string{}
	for _, m := range s.Members {
		whole[m.Wire] = marshal(sampleOf(m.Shape))
	}
	for _, m := range s.Members {
		at := path + "." + m.Name
		but := maps.Clone(whole)
		delete(but, m.Wire)
		want := Reason("")
		if m.Required {
			want = FieldValidationFailed
		}
		cases = append(cases, jsonCase{kind: absentMembers, what: m.Name + " absent", json: open + object(but) + end, want: want, names: at})
		for _, c := range g.values(m, at) {
			but[m.Wire] = c.json
			c.what, c.json = m.Name+" "+c.what, open+object(but)+end
			cases = append(cases, c)
		}
	}
	whole["future"] = `{"a":[null]}`
	return append(cases, jsonCase{unknowns, "with an unknown member", open + object(whole) + end, "", path, true, false})
}

// entries bends a map. Where versions stand beside it, they differ from its keys, which is refused too.
func (g *generator) entries(m servicemodel.Member, s servicemodel.Shape, path string) []jsonCase {
	key, value := samples[s.Key], asJSON(samples[s.Each])
	cases := []jsonCase{
		{kind: lists, what: "empty", json: "{}", want: g.emptied(m), names: "version"},
		{lists, "of null", "{" + asJSON(key) + ":null}", CannotParse, path, true, true},
		{lists, "of numbers", "{" + asJSON(key) + ":1}", CannotParse, path, true, true},
		{lists, "with a key twice", "{" + asJSON(key) + ":" + value + "," + asJSON(key) + ":" + value + "}", CannotParse, key, true, true},
	}
	beside := g.op != "CopyPackageVersions" && s.Key == "PackageVersion"
	most := model.Shapes["PackageVersionList"].Max // which the model does not say of maps of versions
	if s.Key != "PackageVersion" {
		most = openList
	}
	for _, n := range []int{most, most + 1} {
		pairs := map[string]string{}
		for i := range n {
			pairs[fmt.Sprintf("key%d", i)] = value
		}
		want := Reason(FieldValidationFailed) // keys that differ from the versions beside it, or that are no kinds
		if n == most && g.op == "CopyPackageVersions" {
			want = ""
		}
		cases = append(cases, jsonCase{lists, fmt.Sprintf("of %d entries", n), object(pairs), want, path, false, want != ""})
	}
	for _, c := range g.texts(servicemodel.Member{Name: path}, s.Each) {
		cases = append(cases, c.json("{"+asJSON(key)+":"+asJSON(c.text)+"}", "value ", path))
	}
	for _, c := range g.texts(servicemodel.Member{Name: path}, s.Key) {
		if c.want == "" && beside && c.text != key {
			c.want, c.strict = FieldValidationFailed, true
		}
		cases = append(cases, c.json("{"+asJSON(c.text)+":"+value+"}", "key ", path))
	}
	return cases
}

// whole bends the request as a whole.
func (g *generator) whole() {
	wire := func(kind, what string, w Wire, want Reason, names string, strict bool) {
		r := g.good
		r.Wire = w
		g.add(Limit{kind, what, r, want, names, strict})
	}
	wire(unknowns, "an unknown query parameter", Wire{More: "future=1&x=%20"}, "", "", false)
	path := model.Operations[g.op].Path
	wire(targets, "a slash behind the path", Wire{Slash: true}, UnknownOperation, path+"/", true)
	wire(targets, "PATCH", Wire{Method: "PATCH"}, UnknownOperation, path, true)
	input := model.Input(g.op)
	if !slices.ContainsFunc(input.Members, func(m servicemodel.Member) bool { return m.Location == servicemodel.InBody }) {
		return
	}
	body := g.body()
	for what, bent := range map[string]string{"a list": "[]", "a text": `"a"`, "cut": body[:len(body)-1], "two documents": body + body,
		"with a comma too many": body[:len(body)-1] + ",}", "a number": "1", "null": "null", "not JSON": "<a/>"} {
		wire(bodies, "a body that is "+what, Wire{Text: bent}, CannotParse, "body", false)
	}
	for what, bent := range map[string]string{"not UTF-8": "{\"x\":\"\xff\"}", "with a mark": "\ufeff" + body, "deep": `{"x":` +
		strings.Repeat("[", 17) + strings.Repeat("]", 17) + "}", "with a key twice": `{"x":1,"x":2}`} {
		wire(bodies, "a body that is "+what, Wire{Text: bent}, CannotParse, "body", true)
	}
	wire(unknowns, "an unknown body member", Wire{Body: map[string]string{"future": `{"a":[1,null,{"b":{}}]}`}}, "", "", false)
	for _, m := range input.Members {
		if m.Location == servicemodel.InBody {
			r := g.good.without(m.Name)
			r.Wire.Body = map[string]string{strings.ToUpper(m.Wire[:1]) + m.Wire[1:]: marshal(Sample(m))}
			g.add(Limit{unknowns, m.Name + " in another case", r, CannotParse, m.Wire, true})
		}
	}
}

// body is that of the good request.
func (g *generator) body() string {
	members := map[string]string{}
	for _, m := range model.Input(g.op).Members {
		if value, given := g.good.Input[m.Name]; given && m.Location == servicemodel.InBody {
			members[m.Wire] = marshal(value)
		}
	}
	return object(members)
}
