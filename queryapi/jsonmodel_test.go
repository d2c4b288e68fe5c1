package queryapi

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"entrepot/conformance/servicemodel"
)

// jsonServices are the services that speak JSON, by the names of their models.
func jsonServices() map[string]*JSONService {
	return map[string]*JSONService{"kms": KMS(nil), "organizations": Organizations(nil), "cloudtrail": CloudTrail(nil),
		"events": EventBridge(nil)}
}

// passedOver are members of inputs that change nothing here.
var passedOver = []string{"DescribeKeyRequest.GrantTokens"}

func TestInputsAreTheModels(t *testing.T) {
	for name, service := range jsonServices() {
		m := modelOf(t, name)
		for operation, has := range service.Operations {
			said, known := m.Operations[operation]
			if !known {
				t.Errorf("%s has no operation %s", name, operation)
				continue
			}
			t.Run(name+"/"+operation, func(t *testing.T) { wantInput(t, m, has.in, m.Shapes[said.Input]) })
		}
	}
}

// wantInput wants a struct to have the members of a structure, with their shapes, and nothing else.
func wantInput(t *testing.T, m servicemodel.Model, of reflect.Type, structure servicemodel.Shape) {
	t.Helper()
	seen := map[string]bool{}
	for i := range of.NumField() {
		tag := strings.Split(of.Field(i).Tag.Get("member"), ",")
		member, known := structure.Member(tag[0])
		if !known {
			t.Errorf("%s has no member %s", structure.Name, tag[0])
			continue
		}
		seen[tag[0]] = true
		if required := slices.Contains(tag[2:], "required"); required != member.Required {
			t.Errorf("%s.%s: required is %v in the model", structure.Name, tag[0], member.Required)
		}
		shape, inner := m.Shapes[member.Shape], of.Field(i).Type
		if shape.Kind == servicemodel.List {
			shape, inner = m.Shapes[shape.Each], inner.Elem()
		}
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && shape.Kind == servicemodel.Structure {
			wantInput(t, m, inner, shape)
		} else if tag[1] != shape.Name {
			t.Errorf("%s.%s has the shape %s, not %s", structure.Name, tag[0], shape.Name, tag[1])
		}
	}
	for _, member := range structure.Members {
		if !seen[member.Name] && !slices.Contains(passedOver, structure.Name+"."+member.Name) {
			t.Errorf("%s.%s is neither read nor passed over", structure.Name, member.Name)
		}
	}
}

func TestOutputsHaveMembersOfTheModel(t *testing.T) {
	for name, service := range jsonServices() {
		m := modelOf(t, name)
		for operation, has := range service.Operations {
			t.Run(name+"/"+operation, func(t *testing.T) {
				structure, answers := m.Shapes[m.Operations[operation].Output]
				if !answers {
					if has.out != reflect.TypeFor[nothing]() {
						t.Errorf("it answers %v, in the model nothing", has.out)
					}
					return
				}
				wantOutput(t, m, has.out, structure)
			})
		}
	}
}

func wantOutput(t *testing.T, m servicemodel.Model, of reflect.Type, structure servicemodel.Shape) {
	t.Helper()
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	told := map[string]bool{}
	for i := range of.NumField() {
		tag, options, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		member, known := structure.Member(tag)
		if !known {
			t.Errorf("%s has no member %s", structure.Name, tag)
			continue
		}
		told[tag] = options == ""
		shape, inner := m.Shapes[member.Shape], of.Field(i).Type
		if shape.Kind == servicemodel.List {
			shape, inner = m.Shapes[shape.Each], inner.Elem()
		}
		if shape.Kind == servicemodel.Structure && inner != reflect.TypeFor[struct{}]() {
			wantOutput(t, m, inner, shape)
		}
	}
	for _, member := range structure.Members {
		if member.Required && !told[member.Name] {
			t.Errorf("%s.%s is required in the model and may be missing", structure.Name, member.Name)
		}
	}
}

// otherBounds are shapes whose bounds the model does not tell.
var otherBounds = []string{"CustomerMasterKeySpec", "KeySpec", "KeyUsageType", "OriginType", "MaxResults"}

func TestTheGrammarsAreTheModels(t *testing.T) {
	for name, g := range map[string]grammar{"kms": kmsGrammar, "organizations": organizationsGrammar, "cloudtrail": cloudTrailGrammar,
		"events": eventsGrammar} {
		m := modelOf(t, name)
		for shapeName, s := range g {
			said, known := m.Shapes[shapeName]
			if !known {
				t.Errorf("%s has no shape %s", name, shapeName)
				continue
			}
			if slices.Contains(otherBounds, shapeName) {
				continue
			}
			want := shapeOf(said)
			want.pattern = strings.TrimSuffix(strings.TrimPrefix(want.pattern, "^"), "$")
			if s.key != said.Key || s.key != "" && s.each != said.Each {
				t.Errorf("%s.%s: got %+v, want keys %s and values %s", name, shapeName, s, said.Key, said.Each)
			}
			if s.pattern != want.pattern || s.min != want.min || s.max != want.max {
				t.Errorf("%s.%s: got %+v, want %+v", name, shapeName, s, want)
			}
		}
	}
}
