package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/aws/smithy-go"
)

// request is a call as every client can make it: members are named as in the service model, and values are JSON.
type request struct {
	Operation string         `json:"operation"`
	As        string         `json:"as"` // whose key signs it
	Input     map[string]any `json:"input"`
	refused   bool           // what the caller of the client expects
}

// answer is what a client made of it: either of two.
type answer struct {
	Output     any      `json:"output"`
	Refusal    *refusal `json:"refusal"`
	Documented []string `json:"documented"` // the operation's errors in the service model, from the one client that knows
}

// refusal is an error as a client gives it to its program.
type refusal struct {
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Status  int               `json:"status"`
	Members map[string]string `json:"members"` // typed ones; nil from a client that has no way to show them
}

// agent is a client. An error is of the client itself, or of an answer that it could not read.
type agent interface {
	do(ctx context.Context, r request) (answer, error)
}

// goSDK calls the AWS SDK for Go by the names of its methods and members.
type goSDK map[string]*codeartifact.Client

func newGoSDK(url string, keys map[string][2]string) goSDK {
	clients := goSDK{}
	for who, key := range keys {
		clients[who] = codeartifact.New(codeartifact.Options{
			Region: "us-east-1", BaseEndpoint: aws.String(url), Retryer: aws.NopRetryer{},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: key[0], SecretAccessKey: key[1]}, nil
			}),
		})
	}
	return clients
}

func (g goSDK) do(ctx context.Context, r request) (answer, error) {
	method := reflect.ValueOf(g[r.As]).MethodByName(r.Operation)
	if !method.IsValid() {
		return answer{}, fmt.Errorf("the Go SDK has no operation %s", r.Operation)
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
		return answer{}, err
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(input.Interface()); err != nil {
		return answer{}, fmt.Errorf("the Go SDK's input of %s: %w", r.Operation, err)
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), input})
	if err, _ := results[1].Interface().(error); err != nil {
		return refusedByGo(err)
	}
	output, err := plain(results[0])
	return answer{Output: output}, err
}

func refusedByGo(err error) (answer, error) {
	var coded smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &coded) || !errors.As(err, &response) || response.ServiceRequestID() == "" {
		return answer{}, err
	}
	said := &refusal{coded.ErrorCode(), coded.ErrorMessage(), response.HTTPStatusCode(), map[string]string{}}
	members, err := plain(reflect.ValueOf(coded))
	for name, value := range members.(map[string]any) {
		// What all errors have is above, and what an error without a type of its own has too.
		if text, ok := value.(string); ok && name != "message" && name != "code" {
			said.Members[name] = text
		}
	}
	return answer{Refusal: said}, err
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

// boto3 is one Python process that makes one call after the other.
type boto3 struct {
	mu  sync.Mutex
	in  *json.Encoder
	out *bufio.Reader
	log *tail
}

func newBoto3(t *testing.T, env []string, keys map[string][2]string) *boto3 {
	t.Helper()
	b := &boto3{log: &tail{}}
	python := exec.Command("python3", filepath.Join("testdata", "agree.py"))
	python.Env, python.Stderr = env, b.log
	in, err := python.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := python.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := python.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := python.Wait(); err != nil {
			t.Errorf("python ended with %v: %s", err, b.log)
		}
	})
	b.in, b.out = json.NewEncoder(in), bufio.NewReader(out)
	if err := b.in.Encode(keys); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *boto3) do(_ context.Context, r request) (answer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.in.Encode(r); err != nil {
		return answer{}, err
	}
	line, err := b.out.ReadBytes('\n')
	if err != nil {
		return answer{}, fmt.Errorf("%w: %s", err, b.log)
	}
	var a answer
	return a, json.Unmarshal(line, &a)
}

// awsCLI starts the aws command line for each call. It shows code and words of an error only; the status it got
// is in what it logs.
type awsCLI struct {
	folder string
	env    []string
	keys   map[string][2]string
}

var (
	upper    = regexp.MustCompile(`[A-Z]`)
	cliError = regexp.MustCompile(`(?s)An error occurred \((\w+)\) when calling the \w+ operation` +
		`(?: \(reached max retries: \d+\))?: (.*)$`)
	cliHTTP = regexp.MustCompile(`"[A-Z]+ /v1/\S* HTTP/1\.1" ([0-9]{3}) `)
)

func (c *awsCLI) do(ctx context.Context, r request) (answer, error) {
	folder, err := os.MkdirTemp(c.folder, "")
	if err != nil {
		return answer{}, err
	}
	args := []string{"codeartifact", kebab(r.Operation), "--output", "json", "--no-paginate"}
	input, asText := map[string]any{}, false
	for member, value := range r.Input {
		text, ok := value.(string)
		asText = asText || !ok || member == "assetContent"
		input[member] = value
		if member == "assetContent" {
			delete(input, member)
			file := filepath.Join(folder, "content")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				return answer{}, err
			}
			args = append(args, "--asset-content", file)
		}
	}
	// Whoever types writes flags; lists and numbers are left to JSON.
	if asText {
		text, err := json.Marshal(input)
		if err != nil {
			return answer{}, err
		}
		args = append(args, "--cli-input-json", string(text))
	} else {
		for member, value := range input {
			args = append(args, "--"+kebab(member)+"="+value.(string))
		}
	}
	if r.refused {
		args = append(args, "--debug")
	}
	download := filepath.Join(folder, "asset")
	if r.Operation == "GetPackageVersionAsset" {
		args = append(args, download)
	}
	command := exec.CommandContext(ctx, "aws", args...)
	var out, log bytes.Buffer
	command.Stdout, command.Stderr = &out, &log
	command.Env = append(c.env, "AWS_ACCESS_KEY_ID="+c.keys[r.As][0], "AWS_SECRET_ACCESS_KEY="+c.keys[r.As][1])
	if err := command.Run(); err != nil {
		return refusedByCLI(log.String(), err)
	}
	output := map[string]any{}
	if out.Len() > 0 { // it prints nothing for an empty answer
		if err := json.Unmarshal(out.Bytes(), &output); err != nil {
			return answer{}, fmt.Errorf("aws printed %.300s: %w", out.String(), err)
		}
	}
	if content, err := os.ReadFile(download); err == nil {
		sum := sha256.Sum256(content)
		output["asset"] = hex.EncodeToString(sum[:])
	}
	return answer{Output: output}, nil
}

// kebab writes a name of the service model as the command line does.
func kebab(name string) string {
	dashed := upper.ReplaceAllStringFunc(name, func(letter string) string { return "-" + strings.ToLower(letter) })
	return strings.TrimPrefix(dashed, "-")
}

func refusedByCLI(log string, err error) (answer, error) {
	last := log[max(strings.LastIndex(log, "An error occurred ("), 0):]
	found := cliError.FindStringSubmatch(strings.TrimSpace(last))
	if found == nil {
		return answer{}, fmt.Errorf("aws: %w: %s", err, log[max(0, len(log)-2000):])
	}
	said := &refusal{Code: found[1], Message: found[2]}
	if statuses := cliHTTP.FindAllStringSubmatch(log, -1); len(statuses) > 0 {
		said.Status, err = strconv.Atoi(statuses[len(statuses)-1][1])
		return answer{Refusal: said}, err
	}
	return answer{Refusal: said}, nil
}
