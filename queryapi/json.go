package queryapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/iam"
	"entrepot/strictjson"
)

// JSONService answers the calls of one AWS service that speaks the JSON protocol 1.1 and whose callers are known: a header
// names the operation, the body has its input.
type JSONService struct {
	Target     string // what X-Amz-Target has before the operation's name and a dot: TrentService
	Operations map[string]Operation
	// Failures and Problems are as those of a Service.
	Failures map[artifact.Kind]Failure
	Problems map[accounts.Problem]Failure
}

// Operation is one operation of such a service, made by jsonDo of a function over structs.
type Operation struct {
	do      func(ctx context.Context, c iam.Caller, body *strictjson.Value) (any, error)
	in, out reflect.Type
}

// jsonDo makes an operation of a function whose input is a struct. A field of it is a member of the request:
//
//	KeyID string `member:"KeyId,KeyIdType,required"`
//
// The tag is as do has it, with the same types. Members that no field has are ignored, as AWS's services do.
func jsonDo[In, Out any](g grammar, fn func(ctx context.Context, c iam.Caller, in In) (Out, error)) Operation {
	plan := planOf(reflect.TypeFor[In](), "member", g)
	act := func(ctx context.Context, c iam.Caller, body *strictjson.Value) (any, error) {
		var in In
		d := decoder{}
		d.object(reflect.ValueOf(&in).Elem(), plan, body, "")
		if err := d.verdict(); err != nil {
			return nil, err
		}
		return fn(ctx, c, in)
	}
	return Operation{act, reflect.TypeFor[In](), reflect.TypeFor[Out]()}
}

// OperationNames are the names of the operations, in order.
func (s *JSONService) OperationNames() []string { return slices.Sorted(maps.Keys(s.Operations)) }

// jsonType is the media type of the protocol, in and out.
const jsonType = "application/x-amz-json-1.1"

// Serve answers one request.
func (s *JSONService) Serve(w http.ResponseWriter, r *http.Request, c iam.Caller) {
	result, err := s.do(r, c)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	if result == nil || reflect.ValueOf(result).IsZero() && reflect.TypeOf(result).Kind() == reflect.Pointer {
		// Operations without output have no body either.
		w.Header().Set("Content-Type", jsonType)
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
		return
	}
	sendJSON(w, http.StatusOK, result)
}

func (s *JSONService) do(r *http.Request, c iam.Caller) (any, error) {
	target, name := r.Header.Get("X-Amz-Target"), ""
	if dot := strings.LastIndexByte(target, '.'); dot >= 0 {
		target, name = target[:dot], target[dot+1:]
	}
	operation, known := s.Operations[name]
	if target != s.Target || !known {
		return nil, &Error{http.StatusBadRequest, "UnknownOperationException",
			"Could not find operation " + shorten(name) + " of " + shorten(target) + "."}
	}
	body, err := readJSON(r)
	if err != nil {
		return nil, err
	}
	return operation.do(r.Context(), c, body)
}

// jsonRules are far above what the services' models need: a key's policy of 131,072 characters is the largest member.
var jsonRules = strictjson.Rules{Size: 1 << 20, Depth: 16, Keys: 200}

// readJSON reads a body that must be a JSON object; nothing at all is an empty one.
func readJSON(r *http.Request) (*strictjson.Value, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, int64(jsonRules.Size)+1))
	if err != nil {
		return nil, &Error{http.StatusBadRequest, "SerializationException", "The body could not be read."}
	}
	if len(text) == 0 {
		return &strictjson.Value{}, nil
	}
	body, err := strictjson.Parse(text, jsonRules)
	if wrong, ok := errors.AsType[*strictjson.Error](err); ok {
		return nil, &Error{http.StatusBadRequest, "SerializationException", "The body cannot be read: " + wrong.Problem.String() + "."}
	}
	if body.Kind != strictjson.Object {
		return nil, &Error{http.StatusBadRequest, "SerializationException", "The body is not a JSON object."}
	}
	return body, nil
}

// object fills a struct from a JSON object. at is where errors say that it is.
func (d *decoder) object(into reflect.Value, p *plan, from *strictjson.Value, at string) {
	given := map[string]*strictjson.Value{}
	for _, m := range from.Members {
		if m.Kind != strictjson.Null {
			given[m.Name] = m
		}
	}
	for _, f := range p.fields {
		place := at + strings.ToLower(f.name[:1]) + f.name[1:]
		value, present := given[f.name]
		if !present {
			if f.required {
				d.fault(nil, place, "Member must not be null")
			}
			continue
		}
		target := into.Field(f.index)
		switch {
		case f.list:
			d.items(target, f, value, place)
		case target.Type() == unofferedType:
			target.SetBool(true)
		case target.Kind() == reflect.Map:
			d.texts(target, f, value, place)
		case f.inner != nil && value.Kind == strictjson.Object:
			d.object(valueOf(target), f.inner, value, place+".")
		case f.inner != nil:
			d.fault(nil, place, "Member must be a structure")
		default:
			d.value(target, f.rule, value, place)
		}
	}
}

// unoffered is a member that an operation has in the model and not here, whatever it holds: whether it is there.
type unoffered bool

var unofferedType = reflect.TypeFor[unoffered]()

// items fills a list.
func (d *decoder) items(into reflect.Value, f field, from *strictjson.Value, at string) {
	if from.Kind != strictjson.List {
		d.fault(nil, at, "Member must be a list")
		return
	}
	if len(from.Members) > maxMembers {
		d.fault(nil, at, "Member must have length less than or equal to %d", maxMembers)
		return
	}
	for i, member := range from.Members {
		place := at + "." + strconv.Itoa(i+1) + ".member"
		item := reflect.New(into.Type().Elem()).Elem()
		if f.inner == nil {
			d.value(item, f.rule, member, place)
		} else if member.Kind == strictjson.Object {
			d.object(item, f.inner, member, place+".")
		} else {
			d.fault(nil, place, "Member must be a structure")
		}
		into.Set(reflect.Append(into, item))
	}
}

// texts fills a map of texts.
func (d *decoder) texts(into reflect.Value, f field, from *strictjson.Value, at string) {
	if from.Kind != strictjson.Object {
		d.fault(nil, at, "Member must be a map")
		return
	}
	if len(from.Members) > f.rule.most {
		d.fault(nil, at, "Map must have length less than or equal to %d", f.rule.most)
		return
	}
	all := reflect.MakeMap(into.Type())
	for _, m := range from.Members {
		key, value := reflect.New(into.Type().Key()).Elem(), reflect.New(into.Type().Elem()).Elem()
		d.scalar(key, f.key, m.Name, at+".key")
		d.value(value, f.each, m, at+"."+shorten(m.Name)+".value")
		all.SetMapIndex(key, value)
	}
	into.Set(all)
}

// jsonKinds says of which kind of JSON values of a type are written.
var jsonKinds = map[reflect.Kind]strictjson.Kind{
	reflect.String: strictjson.Text, reflect.Int: strictjson.Number, reflect.Bool: strictjson.Bool,
	reflect.Struct:  strictjson.Text,   // artifact.Secret
	reflect.Pointer: strictjson.Number, // to an int
}

// value sets a value that is there, if it is as its shape wants it.
func (d *decoder) value(into reflect.Value, rule shape, from *strictjson.Value, at string) {
	kind := jsonKinds[into.Kind()]
	if into.Type() == timeType {
		kind = strictjson.Number
	}
	if from.Kind != kind {
		d.fault(nil, at, "Member must be %s", kind)
		return
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	if into.Type() == timeType {
		d.moment(into, from.Text, at)
		return
	}
	d.scalar(into, rule, from.Text, at)
}

var timeType = reflect.TypeFor[time.Time]()

// lastMoment is the end of the year 9999, in seconds.
const lastMoment = 253402300799

// moment sets a time that is given in seconds since 1970, to the millisecond.
func (d *decoder) moment(into reflect.Value, text, at string) {
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || seconds < 0 || seconds > lastMoment {
		d.fault(quoted(text), at, "Member must be a time in seconds since 1970")
		return
	}
	into.Set(reflect.ValueOf(time.UnixMilli(int64(seconds * 1000)).UTC()))
}

// named is an error that knows what AWS calls it.
type named interface {
	error
	Name() string
}

// jsonFailures says how an error of the rules is told by kind, where the error does not know itself.
var jsonFailures = map[artifact.Kind]Failure{
	artifact.Invalid:         {http.StatusBadRequest, "ValidationException"},
	artifact.Unauthenticated: {http.StatusBadRequest, "MissingAuthenticationTokenException"},
	artifact.Denied:          {http.StatusBadRequest, "AccessDeniedException"},
	artifact.Throttled:       {http.StatusBadRequest, "ThrottlingException"},
	artifact.Unavailable:     {http.StatusServiceUnavailable, "ServiceUnavailableException"},
}

// errorOf words any error: what is ours with 500 and without its reason.
func (s *JSONService) errorOf(err error) *Error {
	if worded, ok := errors.AsType[*Error](err); ok {
		return worded
	}
	told, _ := errors.AsType[*artifact.Error](err)
	if known, ok := errors.AsType[named](err); ok {
		status := http.StatusBadRequest
		if more, ok := known.(interface{ Status() int }); ok {
			status = more.Status()
		}
		message := known.Error()
		if told != nil {
			message = told.Reason
		}
		return &Error{status, known.Name(), message}
	}
	if told != nil {
		if row, ok := failureOf(told, s.Problems, s.Failures, jsonFailures); ok {
			return &Error{row.Status, row.Code, told.Reason}
		}
	}
	return &Error{http.StatusInternalServerError, "InternalFailure", "The request could not be processed."}
}

// Fail answers an error in the words of the protocol. It is also for errors met before Serve, such as a refused signature.
func (s *JSONService) Fail(w http.ResponseWriter, _ *http.Request, err error) {
	e := s.errorOf(err)
	w.Header().Set("X-Amzn-Errortype", e.Code)
	sendJSON(w, e.Status, struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{e.Code, e.Message})
}

func sendJSON(w http.ResponseWriter, status int, document any) {
	body, err := json.Marshal(document)
	if err != nil {
		panic(err) // the documents are ours, of types that all have a JSON form
	}
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}

// jsonTime is a moment as the protocol carries it: seconds since 1970 as a number, to the millisecond. The zero time is
// left out by omitzero.
type jsonTime time.Time

// IsZero reports whether there is no time.
func (t jsonTime) IsZero() bool { return time.Time(t).IsZero() }

// MarshalJSON writes the number.
func (t jsonTime) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(t).UnixMilli())/1000, 'f', 3, 64), nil
}

// jsonTag is a tag as lists of them have it: the services differ in what they call key and value.
type jsonTag interface{ pair() (key, value string) }

// tagMap makes a map of tags. A key that is there twice is an error of the service by its name.
func tagMap[T jsonTag](tags []T, twiceIs string) (map[string]string, error) {
	all := make(map[string]string, len(tags))
	for _, t := range tags {
		key, value := t.pair()
		if _, twice := all[key]; twice {
			return nil, &Error{http.StatusBadRequest, twiceIs, "Duplicate tag keys found: " + shorten(key) + "."}
		}
		all[key] = value
	}
	return all, nil
}
