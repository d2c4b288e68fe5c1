package suite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// goSDK calls the AWS SDK for Go by the names of its methods and members. What the SDK checks itself is left to the server.
type goSDK map[string]*codeartifact.Client

// NewGoSDK makes a client of the AWS SDK for Go.
func NewGoSDK(e Endpoint) Client {
	clients := goSDK{}
	for who, key := range e.Keys {
		clients[who] = codeartifact.New(codeartifact.Options{
			Region: e.Region, BaseEndpoint: aws.String(e.address()), Retryer: aws.NopRetryer{}, HTTPClient: newNoter(e.roots),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret, SessionToken: key.Session}, nil
			}),
			APIOptions: []func(*middleware.Stack) error{unchecked},
		})
	}
	return clients
}

// unchecked takes the SDK's own check of required members away.
func unchecked(stack *middleware.Stack) error {
	const check = "OperationInputValidation"
	if _, there := stack.Initialize.Get(check); !there {
		return nil
	}
	_, err := stack.Initialize.Remove(check)
	return err
}

// Name follows Client.
func (goSDK) Name() string { return "sdk" }

// Close follows Client.
func (goSDK) Close() error { return nil }

// Sends follows Client. With a hash that is not the content's the SDK signs what nobody can verify.
func (goSDK) Sends(r Request) bool {
	hash, hashed := r.Input["assetSHA256"]
	content, _ := r.Input["assetContent"].(string)
	return !r.Wire.any() && (!hashed || hash == sha256Of(content))
}

// Do follows Client.
func (g goSDK) Do(ctx context.Context, r Request) (Answer, error) {
	method := reflect.ValueOf(g[r.As]).MethodByName(r.Operation)
	if !method.IsValid() {
		return Answer{}, fmt.Errorf("the Go SDK has no operation %s", r.Operation)
	}
	input := reflect.New(method.Type().In(1).Elem())
	members := map[string]any{}
	for name, value := range r.Input {
		field := input.Elem().FieldByNameFunc(func(f string) bool { return strings.EqualFold(f, name) })
		if field.IsValid() && field.Kind() == reflect.Interface { // the bytes of an asset
			field.Set(reflect.ValueOf(strings.NewReader(value.(string))))
			continue
		}
		members[name] = value
	}
	text, err := json.Marshal(members)
	if err != nil {
		return Answer{}, err
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(input.Interface()); err != nil {
		return Answer{}, fmt.Errorf("the Go SDK's input of %s: %w", r.Operation, err)
	}
	var a Answer
	results := method.Call([]reflect.Value{reflect.ValueOf(context.WithValue(ctx, noted{}, &a)), input})
	if err, _ := results[1].Interface().(error); err != nil {
		a.Refusal, err = refusedByGo(err)
		return a, err
	}
	a.Output, err = plain(results[0])
	return a, err
}

func refusedByGo(err error) (*Refusal, error) {
	coded, typed := errors.AsType[smithy.APIError](err)
	if !typed {
		return nil, err
	}
	said := &Refusal{coded.ErrorCode(), coded.ErrorMessage(), map[string]string{}}
	members, err := plain(reflect.ValueOf(coded))
	if err != nil {
		return nil, err
	}
	for name, value := range members.(map[string]any) {
		// What all errors have is above, and what an error without a type of its own has too.
		if name != "message" && name != "code" {
			said.Members[name] = fmt.Sprint(value)
		}
	}
	return said, nil
}

// plain turns a value of the SDK into what its JSON was: absent members are left out, bodies become their digest.
func plain(v reflect.Value) (any, error) {
	switch value := v.Interface().(type) {
	case time.Time:
		return value.Format(time.RFC3339Nano), nil
	case io.ReadCloser:
		defer value.Close()
		sum := sha256.New()
		_, err := io.Copy(sum, value)
		return hex.EncodeToString(sum.Sum(nil)), err
	}
	switch v.Kind() {
	case reflect.Pointer:
		return plain(v.Elem())
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int32, reflect.Int64:
		return float64(v.Int()), nil
	case reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			item, err := plain(v.Index(i))
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, nil
	case reflect.Map:
		object := map[string]any{}
		for _, key := range v.MapKeys() {
			value, err := plain(v.MapIndex(key))
			if err != nil {
				return nil, err
			}
			object[key.String()] = value
		}
		return object, nil
	case reflect.Struct:
		return plainStruct(v)
	}
	return nil, fmt.Errorf("the Go SDK answers with a %s", v.Type())
}

func plainStruct(v reflect.Value) (any, error) {
	object := map[string]any{}
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case !v.Type().Field(i).IsExported() || name == "ResultMetadata" || name == "ErrorCodeOverride":
			continue
		case field.Kind() == reflect.Int && field.IsZero(): // the fault of an error without a type
			continue
		case field.Kind() == reflect.String && field.Len() == 0: // an enum that was not in the answer
			continue
		case slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map}, field.Kind()) && field.IsNil():
			continue
		}
		value, err := plain(field)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		object[strings.ToLower(name[:1])+name[1:]] = value
	}
	return object, nil
}
