package suite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// awsCLI has the aws command line make each call. It shows code and words of an error only; the status it got
// is in what it logs.
type awsCLI struct {
	folder string
	runner runner
	keys   map[string]Key
}

// NewAWSCLI makes a client of the aws command line: the one that the Python interpreter finds, else the program. Close removes the folder
// in which it works.
func NewAWSCLI(e Endpoint, python string) (Client, error) {
	folder, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return nil, err
	}
	environment := append(e.environment(), "AWS_ENDPOINT_URL_CODEARTIFACT="+e.address(), "AWS_REGION="+e.Region,
		"AWS_DEFAULT_REGION="+e.Region)
	c := &awsCLI{folder: folder, runner: started{environment}, keys: e.Keys}
	if loaded, err := fork(python, folder, environment); err == nil {
		c.runner = loaded
	}
	return c, nil
}

// Name follows Client.
func (*awsCLI) Name() string { return "cli" }

// Sends follows Client.
func (*awsCLI) Sends(r Request) bool { return !r.Wire.any() }

// Close follows Client.
func (c *awsCLI) Close() error { return errors.Join(c.runner.close(), os.RemoveAll(c.folder)) }

var (
	upper    = regexp.MustCompile(`[A-Z]`)
	cliError = regexp.MustCompile(`(?s)An error occurred \((\w+)\) when calling the \w+ operation` +
		`(?: \(reached max retries: \d+\))?: (.*)$`)
	cliHTTP = regexp.MustCompile(`"[A-Z]+ /v1/\S* HTTP/1\.1" ([0-9]{3}) `)
)

// Do follows Client.
func (c *awsCLI) Do(ctx context.Context, r Request) (Answer, error) {
	folder, err := os.MkdirTemp(c.folder, "")
	if err != nil {
		return Answer{}, err
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
				return Answer{}, err
			}
			args = append(args, "--asset-content", file)
		}
	}
	// Whoever types writes flags; lists and numbers are left to JSON.
	if asText {
		text, err := json.Marshal(input)
		if err != nil {
			return Answer{}, err
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
	key := c.keys[r.As]
	environment := map[string]string{"AWS_ACCESS_KEY_ID": key.ID, "AWS_SECRET_ACCESS_KEY": key.Secret}
	if key.Session != "" {
		environment["AWS_SESSION_TOKEN"] = key.Session
	}
	out, log, err := c.runner.run(ctx, environment, args...)
	if err != nil {
		return refusedByCLI(log, err)
	}
	output := map[string]any{}
	if out != "" { // it prints nothing for an empty answer
		if err := json.Unmarshal([]byte(out), &output); err != nil {
			return Answer{}, fmt.Errorf("aws printed %.300s: %w", out, err)
		}
	}
	if content, err := os.ReadFile(download); err == nil {
		sum := sha256.Sum256(content)
		output["asset"] = hex.EncodeToString(sum[:])
	}
	return Answer{Status: http.StatusOK, Output: output}, nil
}

// kebab writes a name of the service model as the command line does.
func kebab(name string) string {
	dashed := upper.ReplaceAllStringFunc(name, func(letter string) string { return "-" + strings.ToLower(letter) })
	return strings.TrimPrefix(dashed, "-")
}

func refusedByCLI(log string, err error) (Answer, error) {
	last := log[max(strings.LastIndex(log, "An error occurred ("), 0):]
	found := cliError.FindStringSubmatch(strings.TrimSpace(last))
	statuses := cliHTTP.FindAllStringSubmatch(log, -1)
	if found == nil || len(statuses) == 0 {
		return Answer{}, fmt.Errorf("aws: %w: %s", err, log[max(0, len(log)-2000):])
	}
	status, err := strconv.Atoi(statuses[len(statuses)-1][1])
	return Answer{Status: status, Refusal: &Refusal{Code: found[1], Message: found[2]}}, err
}
