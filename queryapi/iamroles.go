package queryapi

import (
	"context"
	"net/url"
	"strings"
	"time"

	"entrepot/accounts"
	"entrepot/iam"
)

// roles are the actions on roles themselves.
func (a *iamAPI) roles() map[string]Action {
	return map[string]Action{
		"CreateRole":                  do(iamGrammar, a.createRole),
		"GetRole":                     do(iamGrammar, a.getRole),
		"ListRoles":                   do(iamGrammar, a.listRoles),
		"UpdateRole":                  do(iamGrammar, a.updateRole),
		"UpdateRoleDescription":       do(iamGrammar, a.updateRoleDescription),
		"UpdateAssumeRolePolicy":      do(iamGrammar, done(a.updateAssumeRolePolicy)),
		"DeleteRole":                  do(iamGrammar, done(a.deleteRole)),
		"TagRole":                     do(iamGrammar, done(a.tagRole)),
		"UntagRole":                   do(iamGrammar, done(a.untagRole)),
		"ListRoleTags":                do(iamGrammar, a.listRoleTags),
		"ListInstanceProfilesForRole": do(iamGrammar, a.listInstanceProfilesForRole),
	}
}

// roleShape is a role as answers have it.
type roleShape struct {
	Path        string             `xml:"Path"`
	RoleName    string             `xml:"RoleName"`
	RoleID      string             `xml:"RoleId"`
	ARN         string             `xml:"Arn"`
	CreateDate  *time.Time         `xml:"CreateDate"`
	Trust       string             `xml:"AssumeRolePolicyDocument"`
	Description string             `xml:"Description,omitempty"`
	MaxSession  int                `xml:"MaxSessionDuration"`
	Boundary    *boundaryShape     `xml:"PermissionsBoundary"`
	Tags        *members[tagShape] `xml:"Tags"`
	LastUsed    *roleLastUsed      `xml:"RoleLastUsed"`
}

type roleLastUsed struct {
	Date   *time.Time `xml:"LastUsedDate"`
	Region string     `xml:"Region,omitempty"`
}

// listedRole is a role in lists, which tell neither boundary, tags nor last use (API reference, ListRoles).
func listedRole(r accounts.RoleAbout) roleShape {
	return roleShape{Path: r.Path, RoleName: r.Name, RoleID: r.ID, ARN: r.ARN, CreateDate: when(r.CreatedAt),
		Trust: escaped(r.Trust), Description: r.Description, MaxSession: int(r.MaxSession.Seconds())}
}

func (a *iamAPI) wholeRole(r accounts.RoleAbout) roleShape {
	shape := listedRole(r)
	shape.Boundary, shape.Tags = boundaryOf(r.Principal), tagsIfAny(r.Tags)
	shape.LastUsed = &roleLastUsed{Date: when(r.LastUsed)}
	if !r.LastUsed.IsZero() {
		shape.LastUsed.Region = a.rules.Region
	}
	return shape
}

// escaped is a policy document as answers have it: percent-encoded (RFC 3986).
func escaped(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

type createRoleIn struct {
	Path        string     `query:"Path,pathType"`
	RoleName    string     `query:"RoleName,roleNameType,required"`
	Trust       string     `query:"AssumeRolePolicyDocument,policyDocumentType,required"`
	Description string     `query:"Description,roleDescriptionType"`
	MaxSession  int        `query:"MaxSessionDuration,roleMaxSessionDurationType"`
	Boundary    string     `query:"PermissionsBoundary,arnType"`
	Tags        []tagShape `query:"Tags,"`
}

type roleOut struct {
	Role roleShape `xml:"Role"`
}

func (a *iamAPI) createRole(ctx context.Context, c iam.Caller, in createRoleIn) (roleOut, error) {
	role, err := a.rules.CreateRole(ctx, c, accounts.NewRole{
		NewPrincipal: accounts.NewPrincipal{Name: in.RoleName, Path: in.Path, Boundary: in.Boundary, Tags: tagsOf(in.Tags)},
		Trust:        in.Trust, Description: in.Description, MaxSession: seconds(in.MaxSession)})
	return roleOut{a.wholeRole(role)}, err
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// ofRoleIn is the input of actions that need nothing but the role.
type ofRoleIn struct {
	RoleName string `query:"RoleName,roleNameType,required"`
}

func (a *iamAPI) getRole(ctx context.Context, c iam.Caller, in ofRoleIn) (roleOut, error) {
	role, err := a.rules.GetRole(ctx, c, in.RoleName)
	return roleOut{a.wholeRole(role)}, err
}

type rolesOut struct {
	Roles members[roleShape] `xml:"Roles"`
	more
}

func (a *iamAPI) listRoles(ctx context.Context, c iam.Caller, in listByPathIn) (rolesOut, error) {
	l, err := a.rules.ListRoles(ctx, c, in.PathPrefix, pageOf(in.Marker, in.MaxItems))
	return rolesOut{each(l.Items, listedRole), moreOf(l.Next)}, err
}

type updateRoleIn struct {
	RoleName    string  `query:"RoleName,roleNameType,required"`
	Description *string `query:"Description,roleDescriptionType"`
	MaxSession  *int    `query:"MaxSessionDuration,roleMaxSessionDurationType"`
}

func (a *iamAPI) updateRole(ctx context.Context, c iam.Caller, in updateRoleIn) (struct{}, error) {
	change := accounts.RoleChange{Description: in.Description}
	if in.MaxSession != nil {
		most := seconds(*in.MaxSession)
		change.MaxSession = &most
	}
	return struct{}{}, a.rules.UpdateRole(ctx, c, in.RoleName, change)
}

type updateRoleDescriptionIn struct {
	RoleName    string `query:"RoleName,roleNameType,required"`
	Description string `query:"Description,roleDescriptionType,required"`
}

func (a *iamAPI) updateRoleDescription(ctx context.Context, c iam.Caller, in updateRoleDescriptionIn) (roleOut, error) {
	role, err := a.rules.UpdateRoleDescription(ctx, c, in.RoleName, in.Description)
	return roleOut{a.wholeRole(role)}, err
}

type updateAssumeRolePolicyIn struct {
	RoleName string `query:"RoleName,roleNameType,required"`
	Document string `query:"PolicyDocument,policyDocumentType,required"`
}

func (a *iamAPI) updateAssumeRolePolicy(ctx context.Context, c iam.Caller, in updateAssumeRolePolicyIn) error {
	return a.rules.UpdateTrust(ctx, c, in.RoleName, in.Document)
}

func (a *iamAPI) deleteRole(ctx context.Context, c iam.Caller, in ofRoleIn) error {
	return a.rules.DeleteRole(ctx, c, in.RoleName)
}

type tagRoleIn struct {
	RoleName string     `query:"RoleName,roleNameType,required"`
	Tags     []tagShape `query:"Tags,,required"`
}

func (a *iamAPI) tagRole(ctx context.Context, c iam.Caller, in tagRoleIn) error {
	return a.rules.Tag(ctx, c, accounts.Role(in.RoleName), tagsOf(in.Tags))
}

type untagRoleIn struct {
	RoleName string   `query:"RoleName,roleNameType,required"`
	TagKeys  []string `query:"TagKeys,tagKeyType,required"`
}

func (a *iamAPI) untagRole(ctx context.Context, c iam.Caller, in untagRoleIn) error {
	return a.rules.Untag(ctx, c, accounts.Role(in.RoleName), in.TagKeys)
}

type listOfRoleIn struct {
	RoleName string `query:"RoleName,roleNameType,required"`
	Marker   string `query:"Marker,markerType"`
	MaxItems int    `query:"MaxItems,maxItemsType"`
}

func (a *iamAPI) listRoleTags(ctx context.Context, c iam.Caller, in listOfRoleIn) (tagsOut, error) {
	l, err := a.rules.Tags(ctx, c, accounts.Role(in.RoleName), pageOf(in.Marker, in.MaxItems))
	return tagsOut{shapesOf(l.Items), moreOf(l.Next)}, err
}

// instanceProfile is what there is none of.
type instanceProfile struct {
	Path       string             `xml:"Path"`
	Name       string             `xml:"InstanceProfileName"`
	ID         string             `xml:"InstanceProfileId"`
	ARN        string             `xml:"Arn"`
	CreateDate *time.Time         `xml:"CreateDate"`
	Roles      members[roleShape] `xml:"Roles"`
	Tags       *members[tagShape] `xml:"Tags"`
}

type instanceProfilesOut struct {
	InstanceProfiles members[instanceProfile] `xml:"InstanceProfiles"`
	more
}

// listInstanceProfilesForRole is what Terraform asks before it deletes a role.
func (a *iamAPI) listInstanceProfilesForRole(ctx context.Context, c iam.Caller, in listOfRoleIn) (instanceProfilesOut, error) {
	return instanceProfilesOut{}, a.rules.InstanceProfiles(ctx, c, in.RoleName)
}
