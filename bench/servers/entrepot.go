package servers

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact/types"
)

const (
	domain = "bench"
	region = "us-east-1"
)

// Entrepot is a running server, and a domain of it with its administrator's key and a token.
type Entrepot struct {
	*Process
	Address string
	Token   string
	client  *codeartifact.Client
}

// Entrepot starts a built server as its users do, with registries behind its external connections, each NAME=URL, and makes
// a domain through the API.
func (s *Set) Entrepot(ctx context.Context, program string, registries []string) (*Entrepot, error) {
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(s.Dir, "data")
	argv := []string{program, "serve", "--data", data, "--listen", address, "--public-url", "http://" + address}
	for _, registry := range registries {
		argv = append(argv, "--upstream", registry)
	}
	p, err := s.Start("entrepot", ServerCore, nil, argv...)
	if err != nil {
		return nil, err
	}
	if err := p.AwaitReady(ctx, func() error { return answers("http://" + address + "/readyz") }); err != nil {
		return nil, err
	}
	e := &Entrepot{Process: p, Address: address}
	return e, e.begin(ctx, filepath.Join(data, "aws", "credentials"))
}

// answers returns an error unless a GET is answered with 200.
func answers(url string) error {
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", url, answer.StatusCode)
	}
	return nil
}

// begin makes the domain and gets a token for it.
func (e *Entrepot) begin(ctx context.Context, credentials string) error {
	id, secret, err := readCredentials(credentials)
	if err != nil {
		return err
	}
	e.client = codeartifact.New(codeartifact.Options{
		Region:       region,
		BaseEndpoint: aws.String("http://" + e.Address),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
		}),
		RetryMaxAttempts: 1,
	})
	if _, err := e.client.CreateDomain(ctx, &codeartifact.CreateDomainInput{Domain: aws.String(domain)}); err != nil {
		return err
	}
	answer, err := e.client.GetAuthorizationToken(ctx, &codeartifact.GetAuthorizationTokenInput{Domain: aws.String(domain)})
	if err != nil {
		return err
	}
	e.Token = aws.ToString(answer.AuthorizationToken)
	if strings.ContainsAny(e.Token, "\"\\${};\n ") {
		return errors.New("the token has characters that cannot stand in nginx's configuration")
	}
	return nil
}

// Basic is the Authorization header with a token as the password, as most clients send it.
func Basic(token string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte("aws:"+token))
}

// Repository makes a repository and returns the path of its endpoint of a format, with both slashes. connection is the
// external connection that it gets, or empty.
func (e *Entrepot) Repository(ctx context.Context, name, format, connection string) (string, error) {
	_, err := e.client.CreateRepository(ctx, &codeartifact.CreateRepositoryInput{
		Domain: aws.String(domain), Repository: aws.String(name)})
	if err != nil {
		return "", err
	}
	if connection != "" {
		_, err := e.client.AssociateExternalConnection(ctx, &codeartifact.AssociateExternalConnectionInput{
			Domain: aws.String(domain), Repository: aws.String(name), ExternalConnection: aws.String(connection)})
		if err != nil {
			return "", err
		}
	}
	answer, err := e.client.GetRepositoryEndpoint(ctx, &codeartifact.GetRepositoryEndpointInput{
		Domain: aws.String(domain), Repository: aws.String(name), Format: types.PackageFormat(format)})
	if err != nil {
		return "", err
	}
	endpoint, err := url.Parse(aws.ToString(answer.RepositoryEndpoint))
	if err != nil || !strings.HasSuffix(endpoint.Path, "/") {
		return "", fmt.Errorf("the endpoint of %s is %q", name, aws.ToString(answer.RepositoryEndpoint))
	}
	return endpoint.EscapedPath(), nil
}

// readCredentials reads the access key that the server's first start leaves. Errors never quote what stands there.
func readCredentials(path string) (id, secret string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 4<<10))
	if err != nil {
		return "", "", err
	}
	return parseCredentials(string(text))
}

func parseCredentials(text string) (id, secret string, err error) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, "=")
		switch strings.TrimSpace(name) {
		case "aws_access_key_id":
			id = strings.TrimSpace(value)
		case "aws_secret_access_key":
			secret = strings.TrimSpace(value)
		}
	}
	if id == "" || secret == "" {
		return "", "", errors.New("the credentials file holds no access key")
	}
	return id, secret, nil
}
