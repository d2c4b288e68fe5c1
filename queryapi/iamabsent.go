package queryapi

import (
	"context"

	"entrepot/iam"
)

// absent are the actions that ask for what nobody has here: passwords, devices for a second factor, certificates, instances. Terraform
// asks before it deletes a user with all that is the user's, and tools that look through an account ask for all of it.
func (a *iamAPI) absent() map[string]Action {
	return map[string]Action{
		"ListMFADevices":                 noneOf[noMFADevices](a, "ListMFADevices"),
		"ListSSHPublicKeys":              noneOf[noSSHKeys](a, "ListSSHPublicKeys"),
		"ListSigningCertificates":        noneOf[noCertificates](a, "ListSigningCertificates"),
		"ListServiceSpecificCredentials": noneOf[noServiceCredentials](a, "ListServiceSpecificCredentials"),
		"ListInstanceProfiles":           noneAtAll[noInstanceProfiles, listByPathIn](a, "ListInstanceProfiles"),
		"ListServerCertificates":         noneAtAll[noServerCertificates, listByPathIn](a, "ListServerCertificates"),
		"ListVirtualMFADevices":          noneAtAll[noVirtualMFADevices, virtualMFADevicesIn](a, "ListVirtualMFADevices"),
		"GetLoginProfile":                noLoginProfile[struct{}](a, "GetLoginProfile"),
		"DeleteLoginProfile":             noLoginProfile[nothing](a, "DeleteLoginProfile"),
		"GetAccountPasswordPolicy": do(iamGrammar, func(ctx context.Context, c iam.Caller, _ struct{}) (struct{}, error) {
			return struct{}{}, a.rules.NoPasswordPolicy(ctx, c)
		}),
	}
}

type noMFADevices struct {
	Devices members[struct{}] `xml:"MFADevices"`
	more
}

type noSSHKeys struct {
	Keys members[struct{}] `xml:"SSHPublicKeys"`
	more
}

type noCertificates struct {
	Certificates members[struct{}] `xml:"Certificates"`
	more
}

type noServiceCredentials struct {
	Credentials members[struct{}] `xml:"ServiceSpecificCredentials"`
	more
}

type noInstanceProfiles struct {
	Profiles members[struct{}] `xml:"InstanceProfiles"`
	more
}

type noServerCertificates struct {
	Certificates members[struct{}] `xml:"ServerCertificateMetadataList"`
	more
}

type noVirtualMFADevices struct {
	Devices members[struct{}] `xml:"VirtualMFADevices"`
	more
}

type ofAnyUserIn struct {
	UserName string `query:"UserName,existingUserNameType"`
	Marker   string `query:"Marker,markerType"`
	MaxItems int    `query:"MaxItems,maxItemsType"`
}

type virtualMFADevicesIn struct {
	AssignmentStatus string `query:"AssignmentStatus,assignmentStatusType"`
	Marker           string `query:"Marker,markerType"`
	MaxItems         int    `query:"MaxItems,maxItemsType"`
}

type loginProfileIn struct {
	UserName string `query:"UserName,existingUserNameType"`
}

// noneOf lists what no user has.
func noneOf[Out any](a *iamAPI, action string) Action {
	return do(iamGrammar, func(ctx context.Context, c iam.Caller, in ofAnyUserIn) (none Out, err error) {
		return none, a.rules.NothingOf(ctx, c, "iam:"+action, in.UserName)
	})
}

// noneAtAll lists what no account has.
func noneAtAll[Out, In any](a *iamAPI, action string) Action {
	return do(iamGrammar, func(ctx context.Context, c iam.Caller, _ In) (none Out, err error) {
		return none, a.rules.NothingAtAll(ctx, c, "iam:"+action)
	})
}

// noLoginProfile says that a user has no password.
func noLoginProfile[Out any](a *iamAPI, action string) Action {
	return do(iamGrammar, func(ctx context.Context, c iam.Caller, in loginProfileIn) (none Out, err error) {
		return none, a.rules.NoLoginProfile(ctx, c, "iam:"+action, in.UserName)
	})
}
