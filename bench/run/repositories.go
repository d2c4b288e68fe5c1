package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// makeRepositories makes a domain through the API, as its users do, and for each format a repository to publish to, and one
// with an external connection. Then it gets a token.
func (l *lab) makeRepositories(ctx context.Context) error {
	id, secret, err := readCredentials(filepath.Join(l.data(), "aws", "credentials"))
	if err != nil {
		return err
	}
	client := codeartifact.New(codeartifact.Options{
		Region:       region,
		BaseEndpoint: aws.String("http://" + l.contenders[ours].address),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
		}),
		RetryMaxAttempts: 1,
	})
	if _, err := client.CreateDomain(ctx, &codeartifact.CreateDomainInput{Domain: aws.String(domain)}); err != nil {
		return err
	}
	for _, s := range l.sections {
		if err := s.makeRepositories(ctx, client); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	answer, err := client.GetAuthorizationToken(ctx, &codeartifact.GetAuthorizationTokenInput{Domain: aws.String(domain)})
	if err != nil {
		return err
	}
	l.token = aws.ToString(answer.AuthorizationToken)
	if strings.ContainsAny(l.token, "\"\\${};\n ") {
		return errors.New("the token has characters that cannot stand in nginx's configuration")
	}
	return nil
}

func (s *section) makeRepositories(ctx context.Context, client *codeartifact.Client) (err error) {
	if s.team, err = s.makeRepository(ctx, client, s.name+"-team"); err != nil {
		return err
	}
	mirror := s.name + "-mirror"
	if s.mirror, err = s.makeRepository(ctx, client, mirror); err != nil {
		return err
	}
	_, err = client.AssociateExternalConnection(ctx, &codeartifact.AssociateExternalConnectionInput{
		Domain: aws.String(domain), Repository: aws.String(mirror), ExternalConnection: aws.String("public:" + s.connection)})
	return err
}

// makeRepository returns the path of the format's endpoint of the new repository.
func (s *section) makeRepository(ctx context.Context, client *codeartifact.Client, name string) (string, error) {
	_, err := client.CreateRepository(ctx, &codeartifact.CreateRepositoryInput{
		Domain: aws.String(domain), Repository: aws.String(name)})
	if err != nil {
		return "", err
	}
	answer, err := client.GetRepositoryEndpoint(ctx, &codeartifact.GetRepositoryEndpointInput{
		Domain: aws.String(domain), Repository: aws.String(name), Format: types.PackageFormat(s.name)})
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
