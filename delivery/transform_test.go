package delivery

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"entrepot/catalog"
)

// sample is an event with everything in it that a path may lead to.
const sample = `{"version":"0","id":"7","detail-type":"CodeArtifact Package Version State Change","time":"2026-11-29T12:00:00Z",` +
	`"resources":["arn:a","arn:b"],"detail":{"packageName":"say \"hi\" \\ <b>","packageNamespace":null,"count":3,"ok":true,` +
	`"changes":{"assetsAdded":1,"said":"a\"b\\c"},"lists":[[1,2],[{"x":"y"}]],"empty":""}}`

func filled(t testing.TB, template string, paths map[string]string) (string, error) {
	t.Helper()
	f, err := newTransformer(catalog.InputTransformer{Paths: paths, Template: template})
	if err != nil {
		return "", err
	}
	f.ruleName, f.ruleARN = "r", "arn:aws:events:us-east-1:111122223333:rule/r"
	told, err := f.fill([]byte(sample), time.Date(2026, 11, 29, 13, 0, 0, 0, time.FixedZone("", 3600)))
	return string(told), err
}

// everyPath names what the rows below want of the sample.
var everyPath = map[string]string{"name": "$.detail.packageName", "namespace": "$.detail.packageNamespace", "count": "$.detail.count",
	"ok": "$.detail.ok", "changes": "$.detail.changes", "resources": "$.resources", "first": "$.resources[0]", "third": "$.resources[2]",
	"y": "$.detail.lists[1][0].x", "two": "$.detail.lists[0][1]", "none": "$.detail.none", "deeper": "$.detail.count.deeper",
	"empty": "$.detail.empty", "all": "$", "item-of_none": "$.detail[0]"}

func TestATemplateIsFilledIn(t *testing.T) {
	for _, row := range []struct{ name, template, want string }{
		{"a text", `"<count> of <y>"`, `"3 of y"`},
		{"texts and other values", `{"name": <name>, "count": <count>, "ok": <ok>, "list": [<two>, <y>]}`,
			`{"name": "say \"hi\" \\ <b>", "count": 3, "ok": true, "list": [2, "y"]}`},
		{"in quotes", `{"name": "<name>", "said": "it is \"<y>\"", "ok": "<ok>"}`,
			`{"name": "say \"hi\" \\ <b>", "said": "it is \"y\"", "ok": "true"}`},
		{"an object", `{"changes": <changes>}`, `{"changes": {"assetsAdded":1,"said":"a\"b\\c"}}`},
		{"an object in quotes", `"<changes>"`, `"{assetsAdded:1,said:a\\b\\\\c}"`},
		{"a list", `<resources>`, `["arn:a","arn:b"]`},
		{"a list in quotes", `"<resources>"`, `"[arn:a,arn:b]"`},
		{"an item", `<first>`, `"arn:a"`},
		{"null", `[<namespace>, "<namespace>"]`, `[null, "null"]`},
		{"what is not there", `[<none>, <third>, <deeper>, <item-of_none>]`, `["", "", "", ""]`},
		{"what is not there, in quotes", `"<none>|<third>|<empty>"`, `"||"`},
		{"the whole event", `{"e": <aws.events.event.json>}`, `{"e": ` + sample + `}`},
		{"the whole event by its path", `<all>`, sample},
		{"the event without its detail", `<aws.events.event>`, sample[:strings.Index(sample, `,"detail"`)] + `}`},
		{"the rule", `{"arn": <aws.events.rule-arn>, "name": "rule <aws.events.rule-name>"}`,
			`{"arn": "arn:aws:events:us-east-1:111122223333:rule/r", "name": "rule r"}`},
		{"the time", `[<aws.events.event.ingestion-time>, "<aws.events.event.ingestion-time>"]`, `["2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z"]`},
		{"what is no placeholder", `"a < b, <> and <not one> \\<y> \u003cy>"`, `"a < b, <> and <not one> \\y \u003cy>"`},
		{"no placeholder", " {\"a\":\r\n 1} ", " {\"a\":\r\n 1} "},
	} {
		got, err := filled(t, row.template, everyPath)
		if err != nil || got != row.want {
			t.Errorf("%s: got %s %v, want %s", row.name, got, err, row.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s: %s is not JSON", row.name, got)
		}
	}
}

func TestATemplateThatCannotBeFilledInIsRefused(t *testing.T) {
	for _, row := range []struct{ name, template, path, want string }{
		{"no JSON", `<a> is here`, "$", "not one JSON value"},
		{"two values", `"<a>" "<a>"`, "$", "not one JSON value"},
		{"two lines", "\"<a>\"\n\"<a>\"", "$", "not one JSON value"},
		{"a line break in a text", "\"<a>\n\"", "$", "not one JSON value"},
		{"a placeholder beside a value", `{"a": <a>1}`, "$", "not one JSON value"},
		{"two placeholders without a comma", `[<a><a>]`, "$", "not one JSON value"},
		{"half a text", `"<a>`, "$", "not one JSON value"},
		{"a key twice", `{"a": <a>, "a": 1}`, "$", "not one JSON value"},
		{"too deep", strings.Repeat("[", 17) + "<a>" + strings.Repeat("]", 17), "$", "not one JSON value"},
		{"a placeholder as a key", `{<a>: 1}`, "$", "not one JSON value"},
		{"a placeholder in a key", `{"x<a>" : 1}`, "$", "stands in a key"},
		{"a placeholder without a path", `"<b>"`, "$", "<b>, which is not among the paths"},
		{"a variable that is none of ours", `<aws.events.rule-account>`, "$", "not among the paths"},
		{"an escaped bracket", `"\<a>"`, "$", "not one JSON value"},
		{"a path without a beginning", `<a>`, "detail", "the path of <a>"},
		{"a path of two dots", `<a>`, "$..detail", "the path of <a>"},
		{"a path in brackets", `<a>`, "$['detail']", "the path of <a>"},
		{"a path with a wildcard", `<a>`, "$.resources[*]", "the path of <a>"},
		{"a path with an open bracket", `<a>`, "$.resources[0", "the path of <a>"},
		{"a path with something behind a bracket", `<a>`, "$.resources[0]x", "the path of <a>"},
		{"a path with a negative place", `<a>`, "$.resources[-1]", "the path of <a>"},
		{"a path with a closed bracket", `<a>`, "$.resources]", "the path of <a>"},
		{"an empty path", `<a>`, "", "the path of <a>"},
	} {
		_, err := filled(t, row.template, map[string]string{"a": row.path})
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
}

func TestATemplateMakesABoundedText(t *testing.T) {
	fits, err := filled(t, "["+strings.Repeat("<a>,", 400)+"0]", map[string]string{"a": "$"})
	if err != nil || len(fits) > mostTold {
		t.Errorf("got %d bytes, %v", len(fits), err)
	}
	_, err = filled(t, "["+strings.Repeat("<a>,", 2000)+"0]", map[string]string{"a": "$"})
	if err == nil || !strings.Contains(err.Error(), "more than 262144 bytes") {
		t.Errorf("got %v", err)
	}
}

func TestAnEventOfWhichATemplateMakesTooMuchIsGivenUpAtOnce(t *testing.T) {
	rules(t, func(r *ruled) {
		r.put("first", everyone)
		r.send("first", catalog.RuleTarget{ID: "t", ARN: hookARN, Transformer: &catalog.InputTransformer{
			Paths: map[string]string{"a": "$.detail.packageName"}, Template: "[" + strings.Repeat("<a>,", 2000) + "0]"}})
		r.happens("1", "a"+strings.Repeat("x", 200))
		r.happens("1", "b")
		time.Sleep(time.Second)
		synctest.Wait()
		want(r.house, "told", len(r.team.told()), 1)
		want(r.house, "dead letters", len(r.deliveries(hooked, true)), 1)
		want(r.house, "waiting", r.deliveries(hooked, false), nil)
	})
}

func TestATargetIsToldWhatItsTemplateMakes(t *testing.T) {
	rules(t, func(r *ruled) {
		failed, err := r.PutTargets(r.ctx(), r.owner, "none", nil)
		r.refused("ResourceNotFoundException", err)
		want(r.house, "failed", failed, nil)
		r.put("first", everyone)
		short := catalog.InputTransformer{Paths: map[string]string{"name": "$.detail.packageName"},
			Template: `{"text": "<name> by <aws.events.rule-name>", "rule": <aws.events.rule-arn>}`}
		wrong := catalog.InputTransformer{Template: `<name>`}
		failed, err = r.PutTargets(r.ctx(), r.owner, "first", []catalog.RuleTarget{{ID: "t", ARN: hookARN, Transformer: &short},
			{ID: "a", ARN: hookARN, Transformer: &wrong}, {ID: "b", ARN: hookARN, Transformer: &short, InputPath: "$"},
			{ID: "c", ARN: hookARN, Transformer: &short, Input: "1"}, {ID: "d", ARN: "arn:aws:sqs:us-east-1:9:q", Transformer: &short}})
		r.check(err)
		var codes []string
		for _, f := range failed {
			codes = append(codes, f.ID+" "+f.Code)
		}
		want(r.house, "failed", codes, []string{"a ValidationException", "b ValidationException", "c ValidationException", "d ValidationException"})
		synctest.Wait()
		r.happens("1", "wïdget")
		synctest.Wait()
		want(r.house, "told", r.team.told(), []string{`{"text": "wïdget by first", "rule": "arn:aws:events:us-east-1:111122223333:rule/first"}`})
	})
}

// FuzzTransform wants whatever template is taken to make JSON of any event, and not too much of it.
func FuzzTransform(f *testing.F) {
	for _, template := range []string{`"<a> of <b>"`, `{"x": <a>, "y": ["<b>", <aws.events.event>]}`, `{"x<a>":1}`, `"\"<a>\\<b>"`, `<aws.events.event.json>`,
		`"\ud83d<a>\ude00"`, `"<aws.events.rule-name>"`} {
		f.Add(template, "$.detail", "$.detail.lists[1][0].x", sample)
		f.Add(template, "$", "$.detail.changes", `{"detail":{"changes":"\ud83d","n":[1e5,"\u0000\u2028"]}}`)
	}
	f.Fuzz(func(t *testing.T, template, a, b, event string) {
		f, err := newTransformer(catalog.InputTransformer{Paths: map[string]string{"a": a, "b": b}, Template: template})
		if err != nil {
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		f.ruleName, f.ruleARN = "r", "arn:r"
		told, err := f.fill([]byte(event), time.Unix(0, 0))
		if err != nil {
			return
		}
		if !json.Valid(told) || !utf8.Valid(told) {
			t.Errorf("%s makes %q of %s", template, told, event)
		}
		if len(told) > mostTold+len(template) {
			t.Errorf("%d bytes", len(told))
		}
	})
}
