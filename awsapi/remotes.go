package awsapi

import (
	"context"
	"time"

	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
	"entrepot/repository"
)

type putRemoteInput struct {
	ofDomain
	Name             string                `query:"name" is:"OwnRemoteName,required"`
	Address          string                `json:"url" is:"OwnAddress,blank"`
	Format           artifact.Format       `json:"format" is:"PackageFormat,blank"`
	Region           string                `json:"region" is:"OwnRegion,blank"`
	API              string                `json:"api" is:"OwnAddress,blank"`
	Internal         bool                  `json:"internal" is:"BooleanOptional"`
	FreshnessSeconds int                   `json:"freshnessSeconds" is:"OwnSeconds"`
	DownloadHosts    []string              `json:"downloadHosts" is:"OwnHostList"`
	Certificates     string                `json:"certificates" is:"OwnCertificates,blank"`
	Credential       RemoteCredentialInput `json:"credential"`
}

// RemoteCredentialInput is what the other side of a remote wants to see. Members that are empty are not there.
type RemoteCredentialInput struct {
	AccessKeyID     string `json:"accessKeyId" is:"OwnSecret,blank"`
	SecretAccessKey string `json:"secretAccessKey" is:"OwnSecret,blank"`
	SessionToken    string `json:"sessionToken" is:"OwnSecret,blank"`
	Role            string `json:"role" is:"Arn,blank"`
	ExternalID      string `json:"externalId" is:"OwnSecret,blank"`
	Username        string `json:"username" is:"OwnSecret,blank"`
	Password        string `json:"password" is:"OwnSecret,blank"`
	Token           string `json:"token" is:"OwnSecret,blank"`
}

func (c RemoteCredentialInput) credential() repository.RemoteCredential {
	secret := artifact.NewSecret
	return repository.RemoteCredential{AccessKeyID: c.AccessKeyID, SecretAccessKey: secret(c.SecretAccessKey),
		SessionToken: secret(c.SessionToken), Role: c.Role, ExternalID: c.ExternalID, Username: c.Username,
		Password: secret(c.Password), Token: secret(c.Token)}
}

// RemoteDescription describes a remote. What it wants to see is not told.
type RemoteDescription struct {
	Name             string             `json:"name"`
	Connection       string             `json:"externalConnectionName"`
	Kind             catalog.RemoteKind `json:"kind"`
	URL              string             `json:"url"`
	Format           artifact.Format    `json:"format,omitempty"`
	Region           string             `json:"region,omitempty"`
	API              string             `json:"api,omitempty"`
	Internal         bool               `json:"internal"`
	FreshnessSeconds int                `json:"freshnessSeconds"`
	DownloadHosts    []string           `json:"downloadHosts,omitempty"`
	Certificates     string             `json:"certificates,omitempty"`
	HasCredential    bool               `json:"hasCredential"`
	Configured       bool               `json:"configured,omitempty"` // it is in the server's configuration, which alone changes it
	CreatedAt        time.Time          `json:"createdAt"`
	UpdatedAt        time.Time          `json:"updatedAt"`
}

func describeRemote(r repository.Remote) RemoteDescription {
	return RemoteDescription{Name: r.Name, Connection: repository.RemoteConnection(r.Remote), Kind: r.Kind, URL: r.URL, Format: r.Format,
		Region: r.Region, API: r.API, Internal: r.Internal, FreshnessSeconds: int(r.Freshness / time.Second),
		DownloadHosts: r.DownloadHosts, Certificates: r.Certificates, HasCredential: r.HasCredential(), Configured: r.Configured != nil, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}
}

// RemoteOutput is what PutRemote answers.
type RemoteOutput struct {
	Remote RemoteDescription `json:"remote"`
}

func (a *API) putRemote(ctx context.Context, c iam.Caller, in *putRemoteInput) (*RemoteOutput, error) {
	remote, err := a.rules.PutRemote(ctx, c, repository.RemoteSpec{Domain: in.key(), Name: in.Name, URL: in.Address, Format: in.Format,
		Region: in.Region, API: in.API, Internal: in.Internal, Freshness: time.Duration(in.FreshnessSeconds) * time.Second,
		DownloadHosts: in.DownloadHosts, Certificates: in.Certificates, Credential: in.Credential.credential()})
	if err != nil {
		return nil, err
	}
	return &RemoteOutput{describeRemote(repository.Remote{Remote: remote})}, nil
}

type listRemotesInput struct{ ofDomain }

// RemoteList is what ListRemotes answers: all of a domain, of which there are a hundred at most.
type RemoteList struct {
	Remotes []RemoteDescription `json:"remotes"`
}

func (a *API) listRemotes(ctx context.Context, c iam.Caller, in *listRemotesInput) (*RemoteList, error) {
	all, err := a.rules.RemotesOf(ctx, c, in.key())
	if err != nil {
		return nil, err
	}
	return &RemoteList{each(all, describeRemote)}, nil
}

type remoteInput struct {
	ofDomain
	Name string `query:"name" is:"OwnRemoteName,required"`
}

// RemoteDeleted is what DeleteRemote answers.
type RemoteDeleted struct{}

func (a *API) deleteRemote(ctx context.Context, c iam.Caller, in *remoteInput) (*RemoteDeleted, error) {
	return &RemoteDeleted{}, a.rules.DeleteRemote(ctx, c, in.key(), in.Name)
}

// RemoteChecked is what CheckRemote answers: what the other side lets the remote's credential do.
type RemoteChecked struct {
	Says string `json:"says"`
}

func (a *API) checkRemote(ctx context.Context, c iam.Caller, in *remoteInput) (*RemoteChecked, error) {
	says, err := a.rules.CheckRemote(ctx, c, in.key(), in.Name)
	return &RemoteChecked{says}, err
}
