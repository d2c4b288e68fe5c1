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

// jsonModel is what botocore's model says of a service; testdata/model.py tells its lines.
type jsonModel struct {
	operations map[string][2]string // input and output
	members    map[string]map[string]jsonMember
	lists      map[string]string
	shapes     map[string]modelShape
}

type jsonMember struct {
	shape    string
	required bool
}

type modelShape struct {
	min, max int
	pattern  string
}

// jsonServices are the services that speak JSON, by botocore's names and versions of them.
func jsonServices() map[string]struct {
	version string
	*JSONService
} {
	return map[string]struct {
		version string
		*JSONService
	}{"kms": {"2014-11-01", KMS(nil)}, "organizations": {"2016-11-28", Organizations(nil)}}
}

func loadJSONModel(t *testing.T, service string) jsonModel {
	t.Helper()
	text, err := os.ReadFile("testdata/" + service + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	m := jsonModel{map[string][2]string{}, map[string]map[string]jsonMember{}, map[string]string{}, map[string]modelShape{}}
	number := func(text string) int { n, _ := strconv.Atoi(text); return n }
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		switch f[0] {
		case "operation":
			m.operations[f[1]] = [2]string{f[2], f[3]}
		case "member":
			if m.members[f[1]] == nil {
				m.members[f[1]] = map[string]jsonMember{}
			}
			m.members[f[1]][f[2]] = jsonMember{f[3], f[4] == "required"}
		case "list":
			m.lists[f[1]] = f[2]
		case "string":
			m.shapes[f[1]] = modelShape{number(f[2]), number(f[3]), strings.Join(f[4:], " ")}
		case "number":
			m.shapes[f[1]] = modelShape{number(f[2]), number(f[3]), "-"}
		case "simple":
			m.shapes[f[1]] = modelShape{pattern: "-"}
		}
	}
	return m
}

// TestTheModelsAreBotocores makes the models anew where Python's botocore is installed.
func TestTheModelsAreBotocores(t *testing.T) {
	for name, service := range jsonServices() {
		made, err := exec.Command("python3", "testdata/model.py", name, service.version).Output()
		if err != nil {
			t.Skipf("python3 with botocore is not installed: %v", err)
		}
		kept, err := os.ReadFile("testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(kept), string(made)); d != "" {
			t.Errorf("testdata/%s.txt and botocore's model (-kept +botocore):\n%s", name, d)
		}
	}
}

// passedOver are members of inputs that change nothing here.
var passedOver = []string{"DescribeKeyRequest.GrantTokens"}

func TestInputsAreTheModels(t *testing.T) {
	for name, service := range jsonServices() {
		m := loadJSONModel(t, name)
		for operation, has := range service.Operations {
			shapes, known := m.operations[operation]
			if !known {
				t.Errorf("%s has no operation %s", name, operation)
				continue
			}
			t.Run(name+"/"+operation, func(t *testing.T) { m.wantInput(t, has.in, shapes[0]) })
		}
	}
}

// wantInput wants a struct to have the members of a structure, with their shapes, and nothing else.
func (m jsonModel) wantInput(t *testing.T, of reflect.Type, structure string) {
	t.Helper()
	seen := map[string]bool{}
	for i := range of.NumField() {
		tag := strings.Split(of.Field(i).Tag.Get("member"), ",")
		member, known := m.members[structure][tag[0]]
		if !known {
			t.Errorf("%s has no member %s", structure, tag[0])
			continue
		}
		seen[tag[0]] = true
		if required := slices.Contains(tag[2:], "required"); required != member.required {
			t.Errorf("%s.%s: required is %v in the model", structure, tag[0], member.required)
		}
		shape, inner := member.shape, of.Field(i).Type
		if each, list := m.lists[shape]; list {
			shape, inner = each, inner.Elem()
		}
		if inner.Kind() == reflect.Struct && m.members[shape] != nil {
			m.wantInput(t, inner, shape)
		} else if tag[1] != shape {
			t.Errorf("%s.%s has the shape %s, not %s", structure, tag[0], shape, tag[1])
		}
	}
	for member := range m.members[structure] {
		if !seen[member] && !slices.Contains(passedOver, structure+"."+member) {
			t.Errorf("%s.%s is neither read nor passed over", structure, member)
		}
	}
}

func TestOutputsHaveMembersOfTheModel(t *testing.T) {
	for name, service := range jsonServices() {
		m := loadJSONModel(t, name)
		for operation, has := range service.Operations {
			t.Run(name+"/"+operation, func(t *testing.T) {
				structure := m.operations[operation][1]
				if structure == "-" {
					if has.out != reflect.TypeFor[nothing]() {
						t.Errorf("it answers %v, in the model nothing", has.out)
					}
					return
				}
				m.wantOutput(t, has.out, structure)
			})
		}
	}
}

func (m jsonModel) wantOutput(t *testing.T, of reflect.Type, structure string) {
	t.Helper()
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	told := map[string]bool{}
	for i := range of.NumField() {
		tag, options, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		member, known := m.members[structure][tag]
		if !known {
			t.Errorf("%s has no member %s", structure, tag)
			continue
		}
		told[tag] = options == ""
		shape, inner := member.shape, of.Field(i).Type
		if each, list := m.lists[shape]; list {
			shape, inner = each, inner.Elem()
		}
		if m.members[shape] != nil && inner != reflect.TypeFor[struct{}]() {
			m.wantOutput(t, inner, shape)
		}
	}
	for name, member := range m.members[structure] {
		if member.required && !told[name] {
			t.Errorf("%s.%s is required in the model and may be missing", structure, name)
		}
	}
}

// otherBounds are shapes whose bounds the model does not tell.
var otherBounds = []string{"CustomerMasterKeySpec", "KeySpec", "KeyUsageType", "OriginType"}

func TestTheGrammarsAreTheModels(t *testing.T) {
	for name, g := range map[string]grammar{"kms": kmsGrammar, "organizations": organizationsGrammar} {
		m := loadJSONModel(t, name)
		for shapeName, s := range g {
			model, known := m.shapes[shapeName]
			if !known {
				t.Errorf("%s has no shape %s", name, shapeName)
				continue
			}
			if slices.Contains(otherBounds, shapeName) {
				continue
			}
			pattern := strings.TrimSuffix(strings.TrimPrefix(model.pattern, "^"), "$")
			if s.pattern != strings.TrimPrefix(pattern, "-") || s.min != model.min || s.max != model.max {
				t.Errorf("%s.%s: got %d to %d %q, want %d to %d %q", name, shapeName, s.min, s.max, s.pattern, model.min, model.max, pattern)
			}
		}
	}
}
