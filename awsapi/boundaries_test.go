package awsapi

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"entrepot/artifact"
)

// boundariesOf makes the boundaries of one operation: requests from its plan, verdicts from the service model.
func boundariesOf(m model, op operation) []boundary {
	g := generator{model: m, op: op, good: goodRequest(op)}
	for _, b := range op.plan {
		g.member(b)
	}
	g.whole()
	return g.made
}

type generator struct {
	model model
	op    operation
	good  trial
	made  []boundary
}

func (g *generator) add(kind, what string, t trial, want Reason, names string) {
	g.made = append(g.made, boundary{kind, what, t, want, names})
}

// partners are members that others need beside them, or that must be away.
var partners = map[string]struct{ with, without string }{
	"ListPackages namespace":                       {with: "format"},
	"CopyPackageVersions versionRevisions":         {without: "versions"},
	"UpdatePackageVersionsStatus versionRevisions": {with: "versions"},
	"DisposePackageVersions versionRevisions":      {with: "versions"},
}

// goodRequest has all required members.
func goodRequest(op operation) trial {
	t := trial{method: op.Method, path: op.Path, query: map[string]string{}, header: map[string]string{}}
	if slices.ContainsFunc(op.plan, func(b binding) bool { return b.place == inBody }) {
		t.body = map[string]string{}
	}
	for _, b := range op.plan {
		if b.required || op.Name == "CopyPackageVersions" && b.member == "versions" {
			t = t.with(b, goodValue(b))
		}
	}
	return t
}

// goodValue is a value of a member as its place wants it.
func goodValue(b binding) string {
	if b.place == inBody {
		return goodJSON(b)
	}
	if n, ok := sampleInts[b.shape]; ok {
		return fmt.Sprint(n)
	}
	if b.shape == "BooleanOptional" {
		return "true"
	}
	return url.QueryEscape(goodText(b))
}

func goodText(b binding) string {
	if b.shape == "PackageFormat" {
		return "npm" // whose packages may have a namespace and need none
	}
	return sampleOf(b.member, b.shape)
}

func goodJSON(b binding) string {
	switch s := grammar[b.shape]; {
	case b.items != nil:
		var members []string
		for _, item := range b.items {
			members = append(members, asJSON(item.wire)+":"+goodJSON(item))
		}
		object := "{" + strings.Join(members, ",") + "}"
		if b.shape == "" {
			return object
		}
		return "[" + object + "]"
	case s.key != "":
		return "{" + asJSON(samples[s.key]) + ":" + asJSON(samples[s.each]) + "}"
	case s.each != "":
		return "[" + asJSON(samples[s.each]) + "]"
	case b.shape == "MaxResults":
		return "7"
	case b.shape == "BooleanOptional":
		return "true"
	}
	return asJSON(goodText(b))
}

// member bends one member in every way.
func (g *generator) member(b binding) {
	base := g.good
	p := partners[g.op.Name+" "+b.member]
	for _, other := range g.op.plan {
		switch other.member {
		case p.with:
			base = base.with(other, goodValue(other))
		case p.without:
			base = base.without(other.wire)
		}
	}
	g.absent(b, base.without(b.wire))
	switch b.place {
	case inQuery:
		g.parameter(b, base)
	case inHeader:
		for _, c := range g.texts(b.shape) {
			if !strings.ContainsFunc(c.text, func(r rune) bool { return r < 0x20 || r >= 0x7f }) && c.text != "" {
				want := g.verdict(b, c.text)
				g.add("headers", b.wire+" "+c.what, base.with(b, c.text), want, b.member)
			}
		}
	case inBody:
		for _, c := range g.values(b, b.member) {
			g.add(c.kind, b.member+" "+c.what, base.with(b, c.json), c.want, c.names)
		}
	}
}

func (g *generator) absent(b binding, t trial) {
	want := Reason("")
	if b.required || g.op.Name == "CopyPackageVersions" && strings.HasPrefix(b.member, "version") {
		want = FieldValidationFailed
	}
	if b.place != asPayload {
		g.add("absent members", b.member+" absent", t, want, b.member)
	}
}

// parameter bends a query parameter.
func (g *generator) parameter(b binding, base trial) {
	raw := func(kind, what, value string, want Reason, names string) {
		g.add(kind, b.wire+" "+what, base.with(b, value), want, names)
	}
	for what, value := range map[string]string{"with half an escape": "a%4", "with a bare percent": "%", "with no hex": "%zz",
		"not UTF-8": "%ff", "overlong": "%c0%af", "of half a surrogate pair": "%ed%a0%80"} {
		raw("query encodings", what, value, CannotParse, b.wire)
	}
	twice := base.with(b, goodValue(b))
	twice.more = b.wire + "=" + goodValue(b)
	g.add("query encodings", b.wire+" given twice", twice, CannotParse, b.wire)

	switch {
	case b.shape == "BooleanOptional":
		for value, want := range map[string]Reason{"true": "", "false": "", "TRUE": CannotParse, "1": CannotParse,
			"yes": CannotParse, "": CannotParse, "null": CannotParse, "%00": CannotParse} {
			raw("query numbers and booleans", "is "+value, value, want, b.member)
		}
	case sampleInts[b.shape] != 0:
		bounds := g.number(b.shape)
		for value, want := range map[string]Reason{fmt.Sprint(bounds.min): "", fmt.Sprint(bounds.max): "",
			fmt.Sprint(bounds.min - 1): FieldValidationFailed, fmt.Sprint(bounds.max + 1): FieldValidationFailed,
			"2147483647": FieldValidationFailed, "-2147483648": FieldValidationFailed, "2147483648": CannotParse,
			"99999999999999999999": CannotParse, "1.5": CannotParse, "1e2": CannotParse, "0x10": CannotParse,
			"ten": CannotParse, "%201": CannotParse, "1%0a": CannotParse, "": CannotParse, "%00": CannotParse,
			"null": CannotParse, "1_0": CannotParse} {
			raw("query numbers and booleans", "is "+value, value, want, b.member)
		}
		if b.member == "durationSeconds" { // 1 to 899 seconds are in the model's bounds and not in the guide's
			for value, want := range map[string]Reason{"1": FieldValidationFailed, "899": FieldValidationFailed, "900": ""} {
				raw("query numbers and booleans", "is "+value, value, want, b.member)
			}
		}
	default:
		for _, c := range g.texts(b.shape) {
			want := g.verdict(b, c.text)
			t := base.with(b, strings.ReplaceAll(url.QueryEscape(c.text), "+", "%20"))
			if b.shape == "PackageFormat" && artifact.Format(c.text).Namespace() == artifact.NamespaceRequired {
				t.query["namespace"] = samples["PackageNamespace"]
			}
			g.add("query texts", b.wire+" "+c.what, t, want, b.member)
		}
	}
}

// textCase is a text at a boundary of some shape.
type textCase struct{ what, text string }

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

// texts are the boundaries of a text of the shape.
func (g *generator) texts(name string) []textCase {
	s := g.model.strings[name]
	if s.enum != nil {
		cases := []textCase{{"empty", ""}, {"unknown", "unknown"}, {"of all values", strings.Join(s.enum, ",")},
			{"with a control character", s.enum[0] + "\x00"}}
		for _, value := range s.enum {
			flipped := strings.ToLower(value)
			if flipped == value {
				flipped = strings.ToUpper(value)
			}
			cases = append(cases, textCase{value, value}, textCase{flipped, flipped}, textCase{"with a space behind " + value, value + " "},
				textCase{"cut " + value, value[:len(value)-1]})
		}
		return cases
	}
	most := s.max
	if name == "PaginationToken" {
		most = grammar[name].max // longer than the model's, see there
	}
	cases := []textCase{{"empty", ""}, {"dot", "."}, {"dot dot", ".."}}
	for _, n := range []int{s.min - 1, s.min, s.min + 1, most - 1, most, most + 1, most * 2} {
		if n <= 0 || n > longestText {
			continue
		}
		cases = append(cases, textCase{fmt.Sprintf("of %d characters", n), filler(name, n)})
		if n <= longestWide {
			cases = append(cases, textCase{fmt.Sprintf("of %d wide characters", n), strings.Repeat("é", n)})
		}
	}
	for _, what := range sortedKeys(odd) {
		n := min(max(s.min, 8), most)
		text := []rune(filler(name, n))
		cases = append(cases, textCase{"with " + what, string(text[:n/2]) + odd[what] + string(text[n/2+1:])})
	}
	good := filler(name, min(max(s.min, 8), most)-1)
	return append(cases, textCase{"ending with a line feed", good + "\n"}, textCase{"beginning with a line feed", "\n" + good},
		textCase{"ending with a space", good + " "}, textCase{"beginning with a space", " " + good})
}

// What is tried of lengths, in characters: no URL holds more.
const longestText, longestWide = 15_000, 3_000

// filler is a good text of so many characters, if a shape has one.
func filler(shape string, n int) string {
	if shape == "AccountId" {
		return strings.Repeat("1", n)
	}
	return strings.Repeat("a", n)
}

// verdict is what the model says of a text, and of the few texts that this server refuses or takes on purpose.
func (g *generator) verdict(b binding, text string) Reason {
	s := g.model.strings[b.shape]
	if b.shape == "PaginationToken" {
		return FieldValidationFailed // none of them was given out
	}
	switch n := utf8.RuneCountInString(text); {
	case b.blank && text == "":
		return ""
	case s.enum != nil && !slices.Contains(s.enum, text):
		return FieldValidationFailed
	case s.enum == nil && (n < s.min || n > s.max || !matches(s.pattern, text)):
		return FieldValidationFailed
	case strings.Contains(s.pattern, "#/") && !artifact.ValidCoordinate(text):
		return FieldValidationFailed // control characters and dot segments
	case b.member == "resourceArn" && text != samples["Arn"]:
		return FieldValidationFailed // not an ARN of anything
	case b.member == "targetStatus" && !artifact.Status(text).Target():
		return FieldValidationFailed // a status, but none that can be set
	}
	return ""
}

// matches holds a text against a pattern of the model. It is Java's, whose white space has one character more.
func matches(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	same := strings.NewReplacer(`\p{IsWhitespace}`, `\s\pZ\x0B\x85`, `\S+`, `[^\s\x0B]+`, `/\s]`, `/\s\x0B]`,
		`\P{C}\s]`, `\P{C}\s\x0B]`).Replace(pattern)
	return regexp.MustCompile(`^(?:` + same + `)$`).MatchString(text)
}

func (g *generator) number(shape string) modelShape {
	if shape == "MaxResults" {
		shape = "ListDomainsMaxResults"
	}
	return g.model.numbers[shape]
}

// jsonCase is a value of a body member.
type jsonCase struct {
	kind, what, json string
	want             Reason
	names            string
}

// values are the boundaries of a body member, called path in messages.
func (g *generator) values(b binding, path string) []jsonCase {
	s := grammar[b.shape]
	switch {
	case b.items != nil && b.shape == "":
		return append(g.kinds(b, path, `{"a":1}`, "object"), g.members(b, path, "")...)
	case b.items != nil:
		return append(g.list(b, path), g.members(b, path+".1.member", "[")...)
	case s.key != "":
		return g.entries(b, path)
	case s.each != "":
		return g.list(b, path)
	case b.shape == "BooleanOptional":
		return append(g.kinds(b, path, "true", "boolean"), jsonCase{"JSON types", "false", "false", "", path})
	case b.shape == "MaxResults":
		return g.numbers(b, path)
	}
	cases := g.kinds(b, path, `"text"`, "text")
	for _, c := range g.texts(b.shape) {
		cases = append(cases, jsonCase{"body texts", c.what, asJSON(c.text), g.verdict(b, c.text), path})
	}
	return append(cases, jsonCase{"body texts", "with half a surrogate pair", `"aa\ud800aa"`, g.verdict(b, "aa\ufffdaa"), path})
}

// kinds are values of every JSON type but the member's own.
func (g *generator) kinds(b binding, path, _ string, own string) []jsonCase {
	null := g.emptied(b)
	if b.required {
		null = FieldValidationFailed
	}
	cases := []jsonCase{{"JSON types", "null", "null", null, path}}
	all := map[string]string{"text": `"text"`, "number": "1", "boolean": "true", "list": `["a"]`, "object": `{"a":"b"}`}
	for _, kind := range sortedKeys(all) {
		switch {
		case kind != own:
			cases = append(cases, jsonCase{"JSON types", "a " + kind, all[kind], CannotParse, path})
		case kind == "boolean":
			cases = append(cases, jsonCase{"JSON types", "true", "true", "", path})
		}
	}
	return cases
}

func (g *generator) numbers(b binding, path string) []jsonCase {
	bounds := g.number(b.shape)
	cases := g.kinds(b, path, "1", "number")
	for value, want := range map[string]Reason{fmt.Sprint(bounds.min): "", fmt.Sprint(bounds.max): "",
		fmt.Sprint(bounds.min - 1): FieldValidationFailed, fmt.Sprint(bounds.max + 1): FieldValidationFailed, "1.5": CannotParse,
		"1e2": CannotParse, "-1": FieldValidationFailed, "2147483648": CannotParse, `"7"`: CannotParse} {
		cases = append(cases, jsonCase{"body numbers", "is " + value, value, want, path})
	}
	return cases
}

// emptied is what is said of a member that is there and holds nothing. A call about versions must name one.
func (g *generator) emptied(b binding) Reason {
	if strings.HasPrefix(b.member, "version") && (b.required || g.op.Name == "CopyPackageVersions") {
		return FieldValidationFailed
	}
	return ""
}

func (g *generator) list(b binding, path string) []jsonCase {
	s := grammar[b.shape]
	cases := append(g.kinds(b, path, "[]", "list"),
		jsonCase{"lists and maps", "empty", "[]", g.emptied(b), path},
		jsonCase{"lists and maps", "of null", "[null]", FieldValidationFailed, path + ".1.member"},
		jsonCase{"lists and maps", "of lists", "[[]]", CannotParse, path + ".1.member"},
		jsonCase{"lists and maps", "of numbers", "[1]", CannotParse, path + ".1.member"})
	item := func(n int) string {
		if b.items == nil {
			return asJSON(fmt.Sprintf("item%d", n))
		}
		object := goodJSON(b)
		return strings.ReplaceAll(object[1:len(object)-1], asJSON(samples["TagKey"]), asJSON(fmt.Sprintf("key%d", n)))
	}
	long := func(n int) string {
		items := make([]string, n)
		for i := range items {
			items[i] = item(i)
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	cases = append(cases, jsonCase{"lists and maps", fmt.Sprintf("of %d entries", s.max), long(s.max), "", path},
		jsonCase{"lists and maps", fmt.Sprintf("of %d entries", s.max+1), long(s.max + 1), FieldValidationFailed, path})
	if b.items != nil {
		return cases
	}
	each := binding{member: b.member, shape: s.each}
	for _, c := range g.texts(s.each) {
		cases = append(cases, jsonCase{"texts in lists", c.what, "[" + asJSON(c.text) + "]", g.verdict(each, c.text),
			path + ".1.member"})
	}
	return cases
}

// members bends the members of an object, which may stand in a list.
func (g *generator) members(b binding, path, open string) []jsonCase {
	end := map[string]string{"": "", "[": "]"}[open]
	object := func(but binding, value string) string {
		var members []string
		for _, item := range b.items {
			text := asJSON(item.wire) + ":" + goodJSON(item)
			if item.wire == but.wire {
				text = asJSON(item.wire) + ":" + value
			}
			if value != "" || item.wire != but.wire {
				members = append(members, text)
			}
		}
		return open + "{" + strings.Join(members, ",") + "}" + end
	}
	var cases []jsonCase
	for _, item := range b.items {
		at := path + "." + item.member
		want := Reason("")
		if item.required {
			want = FieldValidationFailed
		}
		cases = append(cases, jsonCase{"absent members", item.member + " absent", object(item, ""), want, at})
		for _, c := range g.values(item, at) {
			c.what, c.json = item.member+" "+c.what, object(item, c.json)
			cases = append(cases, c)
		}
	}
	unknown := strings.TrimSuffix(object(binding{}, "x"), "}"+end) + `,"future":{"a":[null]}}` + end
	return append(cases, jsonCase{"unknown members", "with an unknown member", unknown, "", path})
}

// entries bends a map. Where versions stand beside it, they are bent along by whoever sends it.
func (g *generator) entries(b binding, path string) []jsonCase {
	s := grammar[b.shape]
	cases := append(g.kinds(b, path, "{}", "object"),
		jsonCase{"lists and maps", "empty", "{}", g.emptied(b), "version"},
		jsonCase{"lists and maps", "of null", "{" + asJSON(samples[s.key]) + ":null}", CannotParse, path},
		jsonCase{"lists and maps", "of numbers", "{" + asJSON(samples[s.key]) + ":1}", CannotParse, path},
		jsonCase{"lists and maps", "with a key twice", "{" + strings.Repeat(","+asJSON(samples[s.key])+":"+
			asJSON(samples[s.each]), 2)[1:] + "}", CannotParse, samples[s.key]})
	for _, n := range []int{s.max, s.max + 1} {
		pairs := make([]string, n)
		for i := range pairs {
			pairs[i] = fmt.Sprintf(`"key%d":%s`, i, asJSON(samples[s.each]))
		}
		want := Reason(FieldValidationFailed) // keys that differ from the versions beside it, or that are no kinds
		if n == s.max && g.op.Name == "CopyPackageVersions" {
			want = ""
		}
		cases = append(cases, jsonCase{"lists and maps", fmt.Sprintf("of %d entries", n), "{" + strings.Join(pairs, ",") + "}",
			want, path})
	}
	for _, c := range g.texts(s.each) {
		want := g.verdict(binding{member: path, shape: s.each}, c.text)
		cases = append(cases, jsonCase{"texts in maps", "value " + c.what, "{" + asJSON(samples[s.key]) + ":" + asJSON(c.text) + "}",
			want, path})
	}
	for _, c := range g.texts(s.key) {
		want := g.verdict(binding{member: path, shape: s.key}, c.text)
		if want == "" && g.op.Name != "CopyPackageVersions" && c.text != samples[s.key] && s.key == "PackageVersion" {
			want = FieldValidationFailed // the versions beside it are others
		}
		cases = append(cases, jsonCase{"texts in maps", "key " + c.what, "{" + asJSON(c.text) + ":" + asJSON(samples[s.each]) + "}",
			want, path})
	}
	return cases
}

// whole bends the request as a whole.
func (g *generator) whole() {
	unknown := g.good
	unknown.more = "future=1&x=%20"
	g.add("unknown members", "an unknown query parameter", unknown, "", "")
	slash := g.good
	slash.path += "/"
	g.add("paths and methods", "a slash behind the path", slash, UnknownOperation, slash.path)
	patch := g.good
	patch.method = "PATCH"
	g.add("paths and methods", "PATCH", patch, UnknownOperation, patch.path)
	if g.good.body == nil {
		return
	}
	full := g.good.request()
	text := make([]byte, full.ContentLength)
	_, _ = full.Body.Read(text)
	body := string(text)
	for what, bent := range map[string]string{"a list": "[]", "a text": `"a"`, "cut": body[:len(body)-1], "two documents": body + body,
		"with a comma too many": body[:len(body)-1] + ",}", "a number": "1", "null": "null", "not JSON": "<a/>",
		"not UTF-8": "{\"x\":\"\xff\"}", "with a mark": "\ufeff" + body, "deep": `{"x":` + strings.Repeat("[", 17) +
			strings.Repeat("]", 17) + "}", "with a key twice": `{"x":1,"x":2}`, "huge": `{"x":"` + long(maxBody) + `"}`} {
		t := g.good
		t.text = bent
		g.add("bodies", "a body that is "+what, t, CannotParse, "body")
	}
	more := g.good.with(binding{place: inBody, wire: "future"}, `{"a":[1,null,{"b":{}}]}`)
	g.add("unknown members", "an unknown body member", more, "", "")
	for _, b := range g.op.plan {
		if b.place == inBody {
			odd := strings.ToUpper(b.wire[:1]) + b.wire[1:]
			t := g.good.without(b.wire).with(binding{place: inBody, wire: odd}, goodJSON(b))
			g.add("unknown members", b.wire+" in another case", t, CannotParse, b.wire)
		}
	}
}
