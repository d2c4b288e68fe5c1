package awsapi

import (
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entrepot/repository"

	"github.com/google/go-cmp/cmp"
)

// model is testdata/model.txt: what botocore's service model says of operations and shapes. model.py tells its lines.
type model struct {
	operations map[string]modelOperation
	members    map[string][]modelMember // by structure
	lists      map[string]modelShape
	maps       map[string]modelShape
	strings    map[string]modelShape
	numbers    map[string]modelShape
	statuses   map[string]string // of error structures
}

type modelOperation struct {
	method, path, input, output string
	errors                      []string
}

type modelMember struct{ name, shape, location, wire, required string }

type modelShape struct {
	min, max  int // max is -1 where there is none
	enum      []string
	pattern   string
	key, each string
}

func loadModel(t testing.TB) model {
	t.Helper()
	text, err := os.ReadFile("testdata/model.txt")
	if err != nil {
		t.Fatal(err)
	}
	m := model{map[string]modelOperation{}, map[string][]modelMember{}, map[string]modelShape{}, map[string]modelShape{},
		map[string]modelShape{}, map[string]modelShape{}, map[string]string{}}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		switch f[0] {
		case "operation":
			m.operations[f[1]] = modelOperation{f[2], f[3], f[4], f[5], strings.Split(f[6], ",")}
		case "structure":
			m.statuses[f[1]] = f[2]
			m.members[f[1]] = []modelMember{}
		case "member":
			m.members[f[1]] = append(m.members[f[1]], modelMember{f[2], f[3], f[4], f[5], f[6]})
		case "list":
			m.lists[f[1]] = modelShape{each: f[2], min: bound(f[3], 0), max: bound(f[4], -1)}
		case "map":
			m.maps[f[1]] = modelShape{key: f[2], each: f[3], max: -1}
		case "string":
			m.strings[f[1]] = modelShape{min: bound(f[2], 0), max: bound(f[3], -1), enum: list(f[4]),
				pattern: none(strings.Join(f[5:], " "))}
		case "number":
			m.numbers[f[1]] = modelShape{min: bound(f[2], 0), max: bound(f[3], -1)}
		}
	}
	if len(m.operations) != 48 {
		t.Fatalf("model.txt holds %d operations, want 48", len(m.operations))
	}
	return m
}

// TestTheModelIsBotocores makes the model anew where Python's botocore is installed. A newer botocore may know more than
// the table: then the table and the model are to follow it.
func TestTheModelIsBotocores(t *testing.T) {
	made, err := exec.Command("python3", "testdata/model.py").Output()
	if err != nil {
		t.Skipf("python3 with botocore is not installed: %v", err)
	}
	kept, err := os.ReadFile("testdata/model.txt")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(kept), string(made)); d != "" {
		t.Errorf("testdata/model.txt and botocore's model (-kept +botocore):\n%s", d)
	}
}

func bound(text string, otherwise int) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return otherwise
	}
	return n
}

func none(text string) string { return strings.TrimPrefix(text, "-") }

func list(text string) []string {
	if text == "-" {
		return nil
	}
	return strings.Split(text, ",")
}

func TestTheTableHasEveryOperationOfTheModelAtItsMethodAndPath(t *testing.T) {
	m := loadModel(t)
	got := map[string]string{}
	for _, o := range Operations() {
		got[o.Name] = o.Method + " " + o.Path
		if o.Permission() != "codeartifact:"+o.Name {
			t.Errorf("%s has the permission %s", o.Name, o.Permission())
		}
	}
	want := map[string]string{}
	for name, o := range m.operations {
		want[name] = o.method + " " + o.path
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("operations (-model +table):\n%s", d)
	}
	if len(routesOf(operations)) != 48 {
		t.Errorf("%d routes for 48 operations: two share one", len(routesOf(operations)))
	}
}

func TestEveryInputsSubjectIsOneThatItsActionIsJudgedOn(t *testing.T) {
	for _, op := range operations {
		t.Run(op.Name, func(t *testing.T) {
			in := op.input()
			sample(in, op.plan)
			if err := in.complete(New(&repository.Service{}, nil, Options{Region: "us-east-1"}), callerOf("111122223333")); err != nil {
				t.Fatal(err)
			}
			s := in.subject()
			if !op.Fits(s) {
				t.Errorf("permission is asked on a %s; the subject is %+v", op.JudgedOn(), s)
			}
			if s.Domain.Name != "" && s.Domain.Owner == "" {
				t.Error("the subject's domain has no owner")
			}
		})
	}
}

func TestEveryInputHasTheMembersOfTheModel(t *testing.T) {
	m := loadModel(t)
	for _, op := range operations {
		t.Run(op.Name, func(t *testing.T) { comparePlan(t, m, m.operations[op.Name].input, op.plan) })
	}
}

func comparePlan(t *testing.T, m model, structure string, plan []binding) {
	t.Helper()
	names := map[place]string{inQuery: "query", inHeader: "header", inBody: "body", asPayload: "payload"}
	var got, want []modelMember
	for _, b := range plan {
		required := "-"
		if b.required {
			required = "required"
		}
		got = append(got, modelMember{b.member, b.shape, names[b.place], b.wire, required})
	}
	for _, member := range m.members[structure] {
		if strings.HasSuffix(member.shape, "MaxResults") {
			member.shape = "MaxResults" // one grammar row for eight equal shapes; see TestTheGrammarIsTheModels
		}
		if structure == "DeletePackageGroupRequest" && member.shape == "String" {
			member.shape = "PackageGroupPattern" // only patterns of this grammar can ever have been created
		}
		if i := slices.IndexFunc(plan, func(b binding) bool { return b.member == member.name }); i >= 0 &&
			plan[i].items != nil {
			items := member.shape
			if l, ok := m.lists[member.shape]; ok {
				items = l.each
			} else {
				member.shape = ""
			}
			comparePlan(t, m, items, plan[i].items)
		}
		want = append(want, member)
	}
	byName := func(a, b modelMember) int { return strings.Compare(a.name, b.name) }
	slices.SortFunc(got, byName)
	slices.SortFunc(want, byName)
	if d := cmp.Diff(want, got, cmp.AllowUnexported(modelMember{})); d != "" {
		t.Errorf("%s (-model +struct):\n%s", structure, d)
	}
}

func TestEveryOutputHasTheMembersOfTheModel(t *testing.T) {
	m := loadModel(t)
	for _, op := range operations {
		if op.output == nil {
			continue
		}
		t.Run(op.Name, func(t *testing.T) {
			compareOutput(t, m, m.operations[op.Name].output, reflect.TypeOf(op.output).Elem())
		})
	}
}

func compareOutput(t *testing.T, m model, structure string, typ reflect.Type) {
	t.Helper()
	got := map[string]reflect.Type{}
	outputMembers(typ, got)
	for _, member := range m.members[structure] {
		key := member.location + " " + member.wire
		field, ok := got[key]
		if !ok {
			t.Errorf("%s: the struct lacks %s", structure, key)
			continue
		}
		delete(got, key)
		shape := member.shape
		if l, ok := m.lists[shape]; ok {
			shape = l.each
		} else if mp, ok := m.maps[shape]; ok {
			shape, field = mp.each, field.Elem()
		}
		if _, nested := m.members[shape]; nested {
			compareOutput(t, m, shape, structIn(field))
		}
	}
	for extra := range got {
		t.Errorf("%s: the model has no %s", structure, extra)
	}
}

func outputMembers(typ reflect.Type, into map[string]reflect.Type) {
	for f := range fieldsOf(typ) {
		switch {
		case f.Anonymous && f.Tag == "":
			outputMembers(f.Type, into)
		case f.Tag.Get("json") != "":
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			into["body "+name] = f.Type
		case f.Tag.Get("header") != "":
			into["header "+f.Tag.Get("header")] = f.Type
		case f.Tag.Get("payload") != "":
			into["payload "+f.Tag.Get("payload")] = f.Type
		}
	}
}

func fieldsOf(typ reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range typ.NumField() {
			if !yield(typ.Field(i)) {
				return
			}
		}
	}
}

// departures are where the grammar knowingly differs from the model; the reasons stand at the grammar.
var departures = map[string]func(*modelShape){
	"PaginationToken":                   func(s *modelShape) { s.max = 8000 },
	"PackageVersionRevisionMap":         func(s *modelShape) { s.max = 100 },
	"OriginRestrictions":                func(s *modelShape) { s.max = maxList },
	"UpstreamRepositoryList":            func(s *modelShape) { s.max = maxList; s.each = "" },
	"PackageGroupAllowedRepositoryList": func(s *modelShape) { s.max = maxList; s.each = "" },
	"TagList":                           func(s *modelShape) { s.each = "" }, // items are structs with a plan of their own
}

func TestTheGrammarIsTheModels(t *testing.T) {
	m := loadModel(t)
	for name, s := range grammar {
		if strings.HasPrefix(name, "Own") || name == "BooleanOptional" {
			continue
		}
		names := []string{name}
		if name == "MaxResults" {
			for number := range m.numbers {
				if strings.HasSuffix(number, "MaxResults") {
					names = append(names, number)
				}
			}
			names = names[1:]
		}
		for _, name := range names {
			want, ok := m.strings[name]
			for _, kind := range []map[string]modelShape{m.numbers, m.lists, m.maps} {
				if !ok {
					want, ok = kind[name]
				}
			}
			if !ok {
				t.Errorf("the model has no shape %s", name)
				continue
			}
			if want.enum != nil && want.max == -1 {
				want.max = 0
			}
			if depart := departures[name]; depart != nil {
				depart(&want)
			}
			got := modelShape{s.min, s.max, s.enum, s.pattern, s.key, s.each}
			if d := cmp.Diff(want, got, cmp.AllowUnexported(modelShape{})); d != "" {
				t.Errorf("%s (-model +grammar):\n%s", name, d)
			}
		}
	}
}

func TestErrorCodesAndStatusesAreTheModels(t *testing.T) {
	m := loadModel(t)
	for kind, row := range failures {
		want, declared := m.statuses[row.code]
		switch got := fmt.Sprint(row.status); {
		case row.code == "UnrecognizedClientException": // AWS-wide, in no service's model
		case !declared:
			t.Errorf("%v: the model has no error %s", kind, row.code)
		case got != want && got != "503":
			t.Errorf("%v: status %s, want %s", kind, got, want)
		}
	}
}
