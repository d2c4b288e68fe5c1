package queryapi

import (
	"context"

	"entrepot/iam"
)

// STS returns the Security Token Service, as far as it is offered: GetCallerIdentity.
func STS() *Service {
	return &Service{
		Version:   "2011-06-15",
		Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		Actions:   map[string]Action{"GetCallerIdentity": do(nil, getCallerIdentity)},
	}
}

type callerIdentity struct {
	ARN     string `xml:"Arn"`
	UserID  string `xml:"UserId"`
	Account string `xml:"Account"`
}

// getCallerIdentity asks for no permission: it cannot be denied (STS API reference).
func getCallerIdentity(_ context.Context, c iam.Caller, _ struct{}) (callerIdentity, error) {
	return callerIdentity{c.Principal.ARN, c.Principal.ID, c.Principal.Account}, nil
}
