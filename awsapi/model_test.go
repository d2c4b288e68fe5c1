package awsapi

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entrepot/conformance/servicemodel"
	"entrepot/repository"

	"github.com/google/go-cmp/cmp"
)

// modelled is what the model has of a member that a struct has too.
type modelled struct{ name, shape, location, wire, required string }

func TestTheTableHasEveryOperationOfTheModelAtItsMethodAndPath(t *testing.T) {
	m := servicemodel.CodeArtifact()
	got := map[string]string{}
	for _, o := range Operations() {
		got[o.Name] = o.Method + " " + o.Path
		if o.Permission() != "codeartifact:"+o.Name {
			t.Errorf("%s has the permission %s", o.Name, o.Permission())
		}
	}
	want := map[string]string{}
	for name, o := range m.Operations {
		want[name] = o.Method + " " + o.Path
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
	m := servicemodel.CodeArtifact()
	for _, op := range operations {
		t.Run(op.Name, func(t *testing.T) { comparePlan(t, m, m.Input(op.Name), op.plan) })
	}
}

func comparePlan(t *testing.T, m servicemodel.Model, structure servicemodel.Shape, plan []binding) {
	t.Helper()
	names := map[place]string{inQuery: "query", inHeader: "header", inBody: "body", asPayload: "payload"}
	required := map[bool]string{false: "-", true: "required"}
	var got, want []modelled
	for _, b := range plan {
		got = append(got, modelled{b.member, b.shape, names[b.place], b.wire, required[b.required]})
	}
	for _, member := range structure.Members {
		shape := member.Shape
		if strings.HasSuffix(shape, "MaxResults") {
			shape = "MaxResults" // one grammar row for eight equal shapes; see TestTheGrammarIsTheModels
		}
		if structure.Name == "DeletePackageGroupRequest" && shape == "String" {
			shape = "PackageGroupPattern" // only patterns of this grammar can ever have been created
		}
		if i := slices.IndexFunc(plan, func(b binding) bool { return b.member == member.Name }); i >= 0 &&
			plan[i].items != nil {
			items := m.Shapes[shape]
			if items.Kind == servicemodel.List {
				items = m.Shapes[items.Each]
			} else {
				shape = ""
			}
			comparePlan(t, m, items, plan[i].items)
		}
		want = append(want, modelled{member.Name, shape, string(member.Location), member.Wire, required[member.Required]})
	}
	byName := func(a, b modelled) int { return strings.Compare(a.name, b.name) }
	slices.SortFunc(got, byName)
	slices.SortFunc(want, byName)
	if d := cmp.Diff(want, got, cmp.AllowUnexported(modelled{})); d != "" {
		t.Errorf("%s (-model +struct):\n%s", structure.Name, d)
	}
}

func TestEveryOutputHasTheMembersOfTheModel(t *testing.T) {
	m := servicemodel.CodeArtifact()
	for _, op := range operations {
		if op.output == nil {
			continue
		}
		t.Run(op.Name, func(t *testing.T) {
			compareOutput(t, m, m.Operations[op.Name].Output, reflect.TypeOf(op.output).Elem())
		})
	}
}

func compareOutput(t *testing.T, m servicemodel.Model, structure string, typ reflect.Type) {
	t.Helper()
	got := map[string]reflect.Type{}
	outputMembers(typ, got)
	for _, member := range m.Shapes[structure].Members {
		key := string(member.Location) + " " + member.Wire
		field, ok := got[key]
		if !ok {
			t.Errorf("%s: the struct lacks %s", structure, key)
			continue
		}
		delete(got, key)
		shape := m.Shapes[member.Shape]
		if shape.Kind == servicemodel.Map {
			field = field.Elem()
		}
		if shape.Each != "" {
			shape = m.Shapes[shape.Each]
		}
		if shape.Kind == servicemodel.Structure {
			compareOutput(t, m, shape.Name, structIn(field))
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
var departures = map[string]func(*shape){
	"PaginationToken":                   func(s *shape) { s.max = 8000 },
	"PackageVersionRevisionMap":         func(s *shape) { s.max = 100 },
	"OriginRestrictions":                func(s *shape) { s.max = maxList },
	"UpstreamRepositoryList":            func(s *shape) { s.max = maxList; s.each = "" },
	"PackageGroupAllowedRepositoryList": func(s *shape) { s.max = maxList; s.each = "" },
	"TagList":                           func(s *shape) { s.each = "" }, // items are structs with a plan of their own
}

func TestTheGrammarIsTheModels(t *testing.T) {
	m := servicemodel.CodeArtifact()
	for name, s := range grammar {
		if strings.HasPrefix(name, "Own") {
			continue
		}
		names := []string{name}
		if name == "MaxResults" {
			names = slices.DeleteFunc(slices.Collect(maps.Keys(m.Shapes)), func(n string) bool { return !strings.HasSuffix(n, name) })
		}
		for _, name := range names {
			said, ok := m.Shapes[name]
			if !ok {
				t.Errorf("the model has no shape %s", name)
				continue
			}
			want := shape{min: said.Min, max: said.Max, pattern: said.Pattern, enum: said.Enum, key: said.Key, each: said.Each}
			if said.Enum != nil || said.Kind == servicemodel.Boolean {
				want.max = 0
			}
			if depart := departures[name]; depart != nil {
				depart(&want)
			}
			got := shape{min: s.min, max: s.max, pattern: s.pattern, enum: s.enum, key: s.key, each: s.each}
			if d := cmp.Diff(want, got, cmp.AllowUnexported(shape{})); d != "" {
				t.Errorf("%s (-model +grammar):\n%s", name, d)
			}
		}
	}
}

func TestErrorCodesAndStatusesAreTheModels(t *testing.T) {
	m := servicemodel.CodeArtifact()
	for kind, row := range failures {
		want, declared := m.Shapes[row.code]
		switch {
		case row.code == "UnrecognizedClientException": // AWS-wide, in no service's model
		case !declared:
			t.Errorf("%v: the model has no error %s", kind, row.code)
		case row.status != want.Status && row.status != http.StatusServiceUnavailable:
			t.Errorf("%v: status %d, want %d", kind, row.status, want.Status)
		}
	}
}
