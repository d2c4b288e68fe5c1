package queryapi

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"entrepot/artifact"
	"entrepot/iam"
)

// do makes an action of a function whose input is a struct. A field of it is a parameter of the call:
//
//	UserName string   `query:"UserName,userNameType,required"`
//
// The tag has the parameter's name, the name of its shape in the service's model, which the grammar looks up, and whether
// it must be there. A list has the shape of its members, one of structures none. Fields are string, int, bool,
// artifact.Secret, []string, lists of structs of these and pointers to them; what is absent stays zero. A struct without a
// tag stands for its fields.
func do[In, Out any](g grammar, fn func(ctx context.Context, c iam.Caller, in In) (Out, error)) Action {
	plan := planOf(reflect.TypeFor[In](), "query", g)
	act := func(ctx context.Context, c iam.Caller, form Form) (any, error) {
		var in In
		d := decoder{form: form}
		d.structure(reflect.ValueOf(&in).Elem(), plan, "", "")
		if err := d.verdict(); err != nil {
			return nil, err
		}
		return fn(ctx, c, in)
	}
	return Action{Do: act, in: reflect.TypeFor[In](), out: reflect.TypeFor[Out]()}
}

// nothing is the output of actions that have none.
type nothing = *struct{}

// done makes the function of an action without a result of one that only fails or not.
func done[In any](fn func(ctx context.Context, c iam.Caller, in In) error) func(context.Context, iam.Caller, In) (nothing, error) {
	return func(ctx context.Context, c iam.Caller, in In) (nothing, error) { return nil, fn(ctx, c, in) }
}

// plan is how a struct is decoded.
type plan struct{ fields []field }

type field struct {
	index     int
	name      string // of the parameter
	shape     string // name of the shape in the service's model
	rule      shape
	key, each shape // of a map's keys and values
	required  bool
	list      bool
	inner     *plan // of the structures in a list, or of a struct whose fields are parameters of the call itself
}

var secretType = reflect.TypeFor[artifact.Secret]()

// planOf reads how a struct is decoded from the tags of its fields that have the key.
func planOf(t reflect.Type, key string, g grammar) *plan {
	p := &plan{}
	for i := range t.NumField() {
		if t.Field(i).Tag == "" {
			p.fields = append(p.fields, field{index: i, inner: planOf(t.Field(i).Type, key, g)})
			continue
		}
		parts := strings.Split(t.Field(i).Tag.Get(key), ",")
		f := field{index: i, name: parts[0], shape: parts[1], required: slices.Contains(parts[2:], "required")}
		of := t.Field(i).Type
		if f.list = of.Kind() == reflect.Slice; f.list || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() == reflect.Struct && of != secretType && of != timeType {
			f.inner = planOf(of, key, g)
		} else if f.shape != "" && of != unofferedType {
			rule, known := g[f.shape]
			if !known {
				panic(fmt.Sprintf("%v.%s has the shape %s, which the grammar lacks", t, f.name, f.shape))
			}
			f.rule, f.key, f.each = rule, g[rule.key], g[rule.each]
		}
		p.fields = append(p.fields, f)
	}
	return p
}

// maxMembers bounds the lists of a call.
const maxMembers = 1000

// decoder fills a struct from a form and gathers what is wrong with it.
type decoder struct {
	form   Form
	faults []string
}

// maxFaults is how many faults of a call are told.
const maxFaults = 10

// verdict is the error of what is wrong, in the words of AWS's services, or nil.
func (d *decoder) verdict() error {
	switch n := len(d.faults); {
	case n == 0:
		return nil
	case n == 1:
		return artifact.Errorf(artifact.Invalid, "1 validation error detected: %s", d.faults[0])
	default:
		return artifact.Errorf(artifact.Invalid, "%d validation errors detected: %s", n,
			strings.Join(d.faults[:min(n, maxFaults)], "; "))
	}
}

func (d *decoder) fault(value fmt.Stringer, at, constraint string, args ...any) {
	shown := ""
	if value != nil {
		shown = " '" + shorten(value.String()) + "'"
	}
	d.faults = append(d.faults, fmt.Sprintf("Value%s at '%s' failed to satisfy constraint: %s", shown, at,
		fmt.Sprintf(constraint, args...)))
}

// structure fills a struct. prefix is what the names of its parameters begin with, and at where errors say that it is.
func (d *decoder) structure(into reflect.Value, p *plan, prefix, at string) {
	for _, f := range p.fields {
		target := into.Field(f.index)
		if f.name == "" {
			d.structure(target, f.inner, prefix, at)
			continue
		}
		place := at + strings.ToLower(f.name[:1]) + f.name[1:]
		if f.list {
			d.list(target, f, prefix+f.name, place)
			continue
		}
		text, present := d.form.lookup(prefix + f.name)
		if !present && f.required {
			d.fault(nil, place, "Member must not be null")
		}
		if present {
			d.scalar(valueOf(target), f.rule, text, place)
		}
	}
}

// valueOf is the value itself, or a new one that the pointer then points to.
func valueOf(target reflect.Value) reflect.Value {
	if target.Kind() != reflect.Pointer {
		return target
	}
	target.Set(reflect.New(target.Type().Elem()))
	return target.Elem()
}

// list fills a list: NAME.member.1, NAME.member.2 …, as far as they are there, in the order of their numbers.
func (d *decoder) list(into reflect.Value, f field, name, at string) {
	numbers := d.form.members(name + ".member.")
	if _, empty := d.form.lookup(name); len(numbers) == 0 && !empty && f.required {
		d.fault(nil, at, "Member must not be null")
	}
	if len(numbers) > maxMembers {
		d.fault(nil, at, "Member must have length less than or equal to %d", maxMembers)
		return
	}
	for i, number := range numbers {
		each := name + ".member." + strconv.Itoa(number)
		place := fmt.Sprintf("%s.%d.member", at, i+1)
		item := reflect.New(into.Type().Elem()).Elem()
		if f.inner != nil {
			d.structure(item, f.inner, each+".", place+".")
		} else {
			text, _ := d.form.lookup(each)
			d.scalar(item, f.rule, text, place)
		}
		into.Set(reflect.Append(into, item))
	}
}

// scalar sets a value that is there, if it is as its shape wants it.
func (d *decoder) scalar(into reflect.Value, rule shape, text, at string) {
	if into.Type() == secretType {
		secret := artifact.NewSecret(text)
		d.check(nil, text, rule, at)
		into.Set(reflect.ValueOf(secret))
		return
	}
	switch into.Kind() {
	case reflect.String:
		d.check(quoted(text), text, rule, at)
		into.SetString(text)
	case reflect.Int:
		n, err := strconv.ParseInt(text, 10, 32)
		switch {
		case err != nil:
			d.fault(quoted(text), at, "Member must be an integer")
		case int(n) < rule.min:
			d.fault(quoted(text), at, "Member must have value greater than or equal to %d", rule.min)
		case rule.max > 0 && int(n) > rule.max:
			d.fault(quoted(text), at, "Member must have value less than or equal to %d", rule.max)
		}
		into.SetInt(n)
	case reflect.Bool:
		if text != "true" && text != "false" {
			d.fault(quoted(text), at, "Member must be true or false")
		}
		into.SetBool(text == "true")
	}
}

// quoted is a value that may be shown.
type quoted string

func (q quoted) String() string { return string(q) }
