package queryapi

import (
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// modelled are the services with the files that have their models.
var modelled = []struct {
	name, version string
	service       *Service
	grammar       grammar
}{
	{"iam", "2010-05-08", IAM(nil), iamGrammar},
	{"sts", "2011-06-15", STS(nil), stsGrammar},
}

// model is a file below testdata: what botocore says of a service. querymodel.py tells its lines.
type model struct {
	operations map[string]modelOperation
	members    map[string][]modelMember // by structure
	lists      map[string]string        // by name, the shape of the members
	maps       map[string]string
	shapes     map[string]shape // texts and numbers
	simple     map[string]string
	errors     map[string]Failure
}

type modelOperation struct{ input, output string }

type modelMember struct {
	name, shape string
	required    bool
}

func loadModel(t testing.TB, name string) model {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	m := model{map[string]modelOperation{}, map[string][]modelMember{}, map[string]string{}, map[string]string{},
		map[string]shape{}, map[string]string{}, map[string]Failure{}}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		switch f[0] {
		case "operation":
			m.operations[f[1]] = modelOperation{f[2], f[3]}
		case "member":
			m.members[f[1]] = append(m.members[f[1]], modelMember{f[2], f[3], f[4] == "required"})
		case "error":
			m.errors[f[2]] = Failure{boundOr0(f[3]), f[2]}
		case "list":
			m.lists[f[1]] = f[2]
		case "map":
			m.maps[f[1]] = f[3]
		case "string":
			s := shape{min: boundOr0(f[2]), max: boundOr0(f[3])}
			if f[4] != "-" {
				s.enum = strings.Split(f[4], ",")
			}
			if pattern := strings.Join(f[5:], " "); pattern != "-" {
				s.pattern = pattern
			}
			m.shapes[f[1]] = s
		case "number":
			m.shapes[f[1]] = shape{min: boundOr0(f[2]), max: boundOr0(f[3])}
		case "simple":
			m.simple[f[1]] = f[2]
		}
	}
	return m
}

// boundOr0 is 0 for none.
func boundOr0(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

func TestTheModelsOfTheQueryProtocolAreBotocores(t *testing.T) {
	for _, row := range modelled {
		made, err := exec.Command("python3", "testdata/querymodel.py", row.name, row.version).Output()
		if err != nil {
			t.Skipf("python3 with botocore is not installed: %v", err)
		}
		kept, err := os.ReadFile("testdata/" + row.name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(kept), string(made)); d != "" {
			t.Errorf("testdata/%s.txt and botocore's model (-kept +botocore):\n%s", row.name, d)
		}
	}
}

func TestEveryActionHasTheMembersOfTheModel(t *testing.T) {
	for _, row := range modelled {
		m := loadModel(t, row.name)
		for name, action := range row.service.Actions {
			t.Run(row.name+"/"+name, func(t *testing.T) {
				operation, known := m.operations[name]
				if !known {
					t.Fatal("the service has no such action")
				}
				compareInput(t, m, operation.input, planOf(action.in, "query", row.grammar))
				if operation.output == "-" {
					if action.out != reflect.TypeFor[nothing]() {
						t.Errorf("got the output %v, want none", action.out)
					}
					return
				}
				compareOutput(t, m, operation.output, action.out)
			})
		}
	}
}

// looser are shapes of which a looser one may stand: some actions of the model look for names that no entity can have.
var looser = map[string]string{"userNameType": "existingUserNameType"}

// compareInput wants the parameters of a plan to be those of a structure: the same names, shapes and duties.
func compareInput(t *testing.T, m model, structure string, p *plan) {
	t.Helper()
	var got []modelMember
	var gather func(*plan)
	gather = func(p *plan) {
		for _, f := range p.fields {
			switch {
			case f.name == "":
				gather(f.inner)
			case f.inner != nil:
				i := slices.IndexFunc(m.members[structure], func(member modelMember) bool { return member.name == f.name })
				if i < 0 {
					t.Errorf("%s has no %s", structure, f.name)
					continue
				}
				list := m.members[structure][i].shape
				compareInput(t, m, m.lists[list], f.inner)
				got = append(got, modelMember{f.name, list, f.required})
			default:
				got = append(got, modelMember{f.name, f.shape, f.required})
			}
		}
	}
	gather(p)
	var want []modelMember
	for _, member := range m.members[structure] {
		if unread[structure+" "+member.name] != "" {
			continue
		}
		if of, list := m.lists[member.shape]; list && m.members[of] == nil {
			member.shape = of // a list has the shape of its members
		}
		if slices.Contains(got, modelMember{member.name, looser[member.shape], member.required}) {
			member.shape = looser[member.shape]
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
func compareOutput(t *testing.T, m model, structure string, typ reflect.Type) {
	t.Helper()
	elements := map[string]reflect.Type{}
	elementsOf(typ, elements)
	for _, member := range m.members[structure] {
		of, there := elements[member.name]
		delete(elements, member.name)
		if !there {
			if leftOut[structure+" "+member.name] == "" {
				t.Errorf("%s: the struct lacks %s", structure, member.name)
			}
			continue
		}
		shape := member.shape
		if each, list := m.lists[shape]; list {
			shape, of = each, structIn(of).Elem()
		}
		if inner := structIn(of); m.members[shape] != nil && inner.NumField() > 0 { // a list that is always empty has none
			compareOutput(t, m, shape, inner)
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
		m := loadModel(t, row.name)
		for name, got := range row.grammar {
			if looserShapes[row.name+" "+name] != "" {
				continue
			}
			want, known := m.shapes[name]
			if simple := m.simple[name]; !known && simple != "boolean" {
				t.Errorf("%s: the model has no text or number %s", row.name, name)
				continue
			}
			if got.min != want.min || got.max != want.max || got.pattern != want.pattern || !slices.Equal(got.enum, want.enum) {
				t.Errorf("%s, %s: got %+v, want %+v", row.name, name, got, want)
			}
		}
	}
}

func TestErrorsHaveTheCodesAndStatusesOfTheModel(t *testing.T) {
	for _, row := range modelled {
		m := loadModel(t, row.name)
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
			if want, known := m.errors[got.Code]; !known || got != want {
				t.Errorf("%s: got %+v, want %+v", row.name, got, want)
			}
		}
	}
}
