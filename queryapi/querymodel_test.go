package queryapi

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entrepot/conformance/servicemodel"

	gocmp "github.com/google/go-cmp/cmp"
)

// modelled are the services of the query protocol, by the names of their models.
var modelled = []struct {
	name    string
	service *Service
	grammar grammar
}{
	{"iam", IAM(nil), iamGrammar},
	{"sts", STS(nil), stsGrammar},
}

func TestEveryActionHasTheMembersOfTheModel(t *testing.T) {
	for _, row := range modelled {
		m := modelOf(t, row.name)
		for name, action := range row.service.Actions {
			t.Run(row.name+"/"+name, func(t *testing.T) {
				operation, known := m.Operations[name]
				if !known {
					t.Fatal("the service has no such action")
				}
				compareInput(t, m, operation.Input, planOf(action.in, "query", row.grammar))
				if operation.Output == "" {
					if action.out != reflect.TypeFor[nothing]() {
						t.Errorf("got the output %v, want none", action.out)
					}
					return
				}
				compareOutput(t, m, operation.Output, action.out)
			})
		}
	}
}

// looser are shapes of which a looser one may stand: some actions of the model look for names that no entity can have.
var looser = map[string]string{"userNameType": "existingUserNameType"}

// compareInput wants the parameters of a plan to be those of a structure: the same names, shapes and duties.
func compareInput(t *testing.T, m servicemodel.Model, structure string, p *plan) {
	t.Helper()
	var got []servicemodel.Member
	var gather func(*plan)
	gather = func(p *plan) {
		for _, f := range p.fields {
			switch {
			case f.name == "":
				gather(f.inner)
			case f.inner != nil:
				member, known := m.Shapes[structure].Member(f.name)
				if !known {
					t.Errorf("%s has no %s", structure, f.name)
					continue
				}
				compareInput(t, m, m.Shapes[member.Shape].Each, f.inner)
				got = append(got, servicemodel.Member{Name: f.name, Shape: member.Shape, Required: f.required})
			default:
				got = append(got, servicemodel.Member{Name: f.name, Shape: f.shape, Required: f.required})
			}
		}
	}
	gather(p)
	var want []servicemodel.Member
	for _, member := range m.Shapes[structure].Members {
		if unread[structure+" "+member.Name] != "" {
			continue
		}
		member.Location, member.Wire = "", ""
		if each := m.Shapes[m.Shapes[member.Shape].Each]; m.Shapes[member.Shape].Kind == servicemodel.List && each.Kind != servicemodel.Structure {
			member.Shape = each.Name // a list has the shape of its members
		}
		loose := member
		loose.Shape = looser[member.Shape]
		if slices.Contains(got, loose) {
			member = loose
		}
		want = append(want, member)
	}
	byName := func(a, b servicemodel.Member) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(got, byName)
	slices.SortFunc(want, byName)
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("%s (-model +struct):\n%s", structure, d)
	}
}

// leftOut are the members of answers that are never there, with the reason.
var leftOut = map[string]string{
	"User PasswordLastUsed":                        "nobody signs in with a password",
	"EvaluationResult OrganizationsDecisionDetail": "no organization has service control policies",

	"GetLoginProfileResponse LoginProfile":            "nobody signs in with a password",
	"GetAccountPasswordPolicyResponse PasswordPolicy": "nobody signs in with a password",
}

// unread are the parameters that are not read, with the reason.
var unread = map[string]string{
	"AssumeRoleRequest ProvidedContexts": "no service here makes trusted assertions",

	"ListServiceSpecificCredentialsRequest ServiceName": "there are none of any service",
	"ListServiceSpecificCredentialsRequest AllUsers":    "there are none of any user",
}

// looserShapes are the shapes of which less is asked here than in the model, by service, with the reason.
var looserShapes = map[string]string{
	"sts arnType": "the reader of ARNs refuses what is none",
}

// compareOutput wants the elements of a struct to be members of a structure, and those that are missing to be left out on
// purpose.
func compareOutput(t *testing.T, m servicemodel.Model, structure string, typ reflect.Type) {
	t.Helper()
	elements := map[string]reflect.Type{}
	elementsOf(typ, elements)
	for _, member := range m.Shapes[structure].Members {
		of, there := elements[member.Name]
		delete(elements, member.Name)
		if !there {
			if leftOut[structure+" "+member.Name] == "" {
				t.Errorf("%s: the struct lacks %s", structure, member.Name)
			}
			continue
		}
		shape := m.Shapes[member.Shape]
		if shape.Kind == servicemodel.List {
			shape, of = m.Shapes[shape.Each], structIn(of).Elem()
		}
		// A list that is always empty has a structure of nothing.
		if inner := structIn(of); shape.Kind == servicemodel.Structure && inner.NumField() > 0 {
			compareOutput(t, m, shape.Name, inner)
		}
	}
	for extra := range elements {
		t.Errorf("%s has no %s", structure, extra)
	}
}

func elementsOf(typ reflect.Type, into map[string]reflect.Type) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Anonymous {
			elementsOf(f.Type, into)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("xml"), ",")
		into[name] = f.Type
	}
}

// structIn looks behind a pointer.
func structIn(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func TestTheGrammarsOfTheQueryProtocolAreTheModels(t *testing.T) {
	for _, row := range modelled {
		m := modelOf(t, row.name)
		for name, got := range row.grammar {
			if looserShapes[row.name+" "+name] != "" {
				continue
			}
			said, known := m.Shapes[name]
			if !known {
				t.Errorf("%s: the model has no shape %s", row.name, name)
				continue
			}
			want := shapeOf(said)
			if got.min != want.min || got.max != want.max || got.pattern != want.pattern || !slices.Equal(got.enum, want.enum) {
				t.Errorf("%s, %s: got %+v, want %+v", row.name, name, got, want)
			}
		}
	}
}

func TestErrorsHaveTheCodesAndStatusesOfTheModel(t *testing.T) {
	for _, row := range modelled {
		m := modelOf(t, row.name)
		declared := map[string]Failure{}
		for _, s := range m.Shapes {
			code := cmp.Or(s.Code, s.Name)
			declared[code] = Failure{s.Status, code}
		}
		var told []Failure
		for _, f := range row.service.Failures {
			told = append(told, f)
		}
		for _, f := range row.service.Problems {
			told = append(told, f)
		}
		for _, got := range told {
			if got.Code == "ValidationError" { // common to all services, and in no model
				continue
			}
			if want, known := declared[got.Code]; !known || got != want {
				t.Errorf("%s: got %+v, want %+v", row.name, got, want)
			}
		}
	}
}
