package awsapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/google/go-cmp/cmp"

	"entrepot/iam"
	"entrepot/repository"
	"entrepot/repository/repositorytest"
)

// serve runs an API for one caller and returns the real SDK pointed at it, and the address for raw requests. Nothing
// checks signatures: that is another room's.
func serve(t *testing.T, a *API, caller iam.Caller) (*codeartifact.Client, string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.Serve(w, r, caller) }))
	t.Cleanup(s.Close)
	return codeartifact.New(codeartifact.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(s.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "for-signing-only"}, nil
		}),
		RetryMaxAttempts: 1,
	}), s.URL
}

// recorder is an API whose rows note their input and answer with an output in which every member is set.
type recorder struct {
	*API
	input  input
	output any
}

func recording(rules *repository.Service) *recorder {
	rec := &recorder{API: New(rules, nil, Options{Region: "us-east-1"})}
	table := slices.Clone(operations)
	for i := range table {
		op := &table[i]
		op.run = func(_ *API, _ context.Context, _ iam.Caller, in input) (any, error) {
			rec.input = in
			rec.output = filledOutput(reflect.TypeOf(op.output).Elem())
			return rec.output, nil
		}
	}
	rec.routes = routesOf(table)
	return rec
}

// filledOutput sets every member to a value of its own.
func filledOutput(typ reflect.Type) any {
	out := reflect.New(typ)
	counter := 0
	fillOutput(out.Elem(), &counter)
	if d, ok := out.Interface().(*download); ok {
		d.size = int64(len(samples["Asset"]))
	}
	return out.Interface()
}

func fillOutput(v reflect.Value, counter *int) {
	*counter++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillOutput(v.Elem(), counter)
	case reflect.String:
		v.SetString(fmt.Sprintf("text-%d", *counter))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*counter))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillOutput(v.Index(0), counter)
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fillOutput(value, counter)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf(fmt.Sprintf("key-%d", *counter)).Convert(v.Type().Key()), value)
	case reflect.Interface:
		v.Set(reflect.ValueOf(io.NopCloser(strings.NewReader(samples["Asset"]))))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[timestamp]() {
			v.Set(reflect.ValueOf(timestamp{time.UnixMilli(1602535878039 + int64(*counter)*1001)}))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() || v.Type().Field(i).Anonymous {
				fillOutput(v.Field(i), counter)
			}
		}
	}
}

// plain turns the SDK's structs and ours into maps by member name, so that they compare.
func plain(t *testing.T, v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		if r, ok := v.Interface().(io.Reader); ok {
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		return plain(t, v.Elem())
	case reflect.String:
		return v.String()
	case reflect.Int, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Bool:
		return v.Bool()
	case reflect.Slice:
		var items []any
		for i := range v.Len() {
			items = append(items, plain(t, v.Index(i)))
		}
		return items
	case reflect.Map:
		entries := map[string]any{}
		for _, key := range v.MapKeys() {
			entries[key.String()] = plain(t, v.MapIndex(key))
		}
		return entries
	case reflect.Struct:
		if moment, ok := v.Interface().(time.Time); ok {
			return moment.UnixMilli()
		}
		if moment, ok := v.Interface().(timestamp); ok {
			return moment.UnixMilli()
		}
		members := map[string]any{}
		plainMembers(t, v, members)
		return members
	}
	t.Fatalf("no plain form for %v", v.Type())
	return nil
}

func plainMembers(t *testing.T, v reflect.Value, into map[string]any) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case f.Name == "ResultMetadata" || f.Name == "noSmithyDocumentSerde":
		case f.Anonymous && f.Tag == "":
			plainMembers(t, v.Field(i), into)
		case f.IsExported():
			name := f.Name
			if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag != "" {
				name = titled(tag)
			}
			into[name] = plain(t, v.Field(i))
		}
	}
}

// call sends a request for op through the SDK with every member of the plan set, and returns the SDK's input and
// output.
func call(t *testing.T, client *codeartifact.Client, op operation, plan []binding,
	token string) (in, out reflect.Value, err error) {
	t.Helper()
	method := reflect.ValueOf(client).MethodByName(op.Name)
	if !method.IsValid() {
		t.Fatalf("the SDK has no operation %s", op.Name)
	}
	in = reflect.New(method.Type().In(1).Elem())
	for _, b := range plan {
		field := in.Elem().FieldByName(titled(b.member))
		if b.shape == "PaginationToken" {
			if token != "" {
				field.Set(reflect.ValueOf(&token))
			}
			continue
		}
		fillSample(field, b)
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
	err, _ = results[1].Interface().(error)
	return in, results[0], err
}

// plansOf is the row's plan; two for a copy, whose members exclude each other.
func plansOf(op operation) [][]binding {
	if op.Name != "CopyPackageVersions" {
		return [][]binding{op.plan}
	}
	without := func(member string) []binding {
		return slices.DeleteFunc(slices.Clone(op.plan), func(b binding) bool { return b.member == member })
	}
	return [][]binding{without("versions"), without("versionRevisions")}
}

func TestTheSDKIsUnderstoodInEveryMemberOfEveryOperation(t *testing.T) {
	rules := repositorytest.Open(t, repository.Options{})
	for _, op := range operations {
		for i, plan := range plansOf(op) {
			t.Run(fmt.Sprintf("%s/%d", op.Name, i), func(t *testing.T) {
				rec := recording(rules.Service)
				client, _ := serve(t, rec.API, callerOf(samples["AccountId"]))
				token := ""
				if _, _, err := call(t, client, op, plan, ""); err != nil {
					t.Fatal(err)
				}
				if c, ok := rec.input.(interface{ next(string) string }); ok {
					token = c.next("the last of the page before")
				}
				in, out, err := call(t, client, op, plan, token)
				if err != nil {
					t.Fatal(err)
				}
				compareInput(t, plan, in, reflect.ValueOf(rec.input))
				if d, ok := rec.output.(*download); ok {
					d.Asset = io.NopCloser(strings.NewReader(samples["Asset"])) // it was read to be sent
				}
				if d := cmp.Diff(plain(t, reflect.ValueOf(rec.output)), plain(t, out)); d != "" {
					t.Errorf("output (-sent +received):\n%s", d)
				}
			})
		}
	}
}

func compareInput(t *testing.T, plan []binding, sent, decoded reflect.Value) {
	t.Helper()
	for _, b := range plan {
		field := sent.Elem().FieldByName(titled(b.member))
		want, got := any(nil), any(nil)
		if b.place == asPayload {
			want, got = "read after the answer", "read after the answer" // see TestAPayloadIsReadByTheOperation
		} else {
			want, got = plain(t, field), plain(t, decoded.Elem().FieldByIndex(b.index))
		}
		if want == nil {
			t.Errorf("the SDK's %s is not set", b.member)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-sent +decoded):\n%s", b.member, d)
		}
	}
}

func TestAPayloadIsReadByTheOperation(t *testing.T) {
	rec := recording(repositorytest.Open(t, repository.Options{}).Service)
	var got []byte
	op := *rec.routes[publishRoute]
	op.run = func(_ *API, _ context.Context, _ iam.Caller, in input) (any, error) {
		var err error
		got, err = io.ReadAll(in.(*publishPackageVersionInput).AssetContent)
		return &empty{}, err
	}
	rec.routes[publishRoute] = &op
	client, _ := serve(t, rec.API, callerOf(samples["AccountId"]))
	if _, _, err := call(t, client, op, op.plan, ""); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, []byte(samples["Asset"])) {
		t.Errorf("got %q", got)
	}
}
