package queryapi

import (
	"context"
	"time"

	"entrepot/accounts"
	"entrepot/catalog"
	"entrepot/iam"
)

type detailsIn struct {
	Filter   []string `query:"Filter,EntityType"`
	Marker   string   `query:"Marker,markerType"`
	MaxItems int      `query:"MaxItems,maxItemsType"`
}

// wanted are what the kinds of entities that Filter names want of an account.
var wanted = map[string]func(*accounts.DetailFilter){
	"User":               func(f *accounts.DetailFilter) { f.Users = true },
	"Group":              func(f *accounts.DetailFilter) { f.Groups = true },
	"Role":               func(f *accounts.DetailFilter) { f.Roles = true },
	"LocalManagedPolicy": func(f *accounts.DetailFilter) { f.Own = true },
	"AWSManagedPolicy":   func(f *accounts.DetailFilter) { f.AWS = true },
}

type detailsOut struct {
	Users    members[userDetail]   `xml:"UserDetailList"`
	Groups   members[groupDetail]  `xml:"GroupDetailList"`
	Roles    members[roleDetail]   `xml:"RoleDetailList"`
	Policies members[policyDetail] `xml:"Policies"`
	more
}

type userDetail struct {
	userShape
	Policies members[policyText]    `xml:"UserPolicyList"`
	Groups   members[string]        `xml:"GroupList"`
	Attached members[attachedShape] `xml:"AttachedManagedPolicies"`
}

type groupDetail struct {
	groupShape
	Policies members[policyText]    `xml:"GroupPolicyList"`
	Attached members[attachedShape] `xml:"AttachedManagedPolicies"`
}

// roleDetail has neither description nor longest session (API reference, RoleDetail).
type roleDetail struct {
	Path       string                   `xml:"Path"`
	RoleName   string                   `xml:"RoleName"`
	RoleID     string                   `xml:"RoleId"`
	ARN        string                   `xml:"Arn"`
	CreateDate *time.Time               `xml:"CreateDate"`
	Trust      string                   `xml:"AssumeRolePolicyDocument"`
	Profiles   members[instanceProfile] `xml:"InstanceProfileList"`
	Policies   members[policyText]      `xml:"RolePolicyList"`
	Attached   members[attachedShape]   `xml:"AttachedManagedPolicies"`
	Boundary   *boundaryShape           `xml:"PermissionsBoundary"`
	Tags       *members[tagShape]       `xml:"Tags"`
	LastUsed   *roleLastUsed            `xml:"RoleLastUsed"`
}

// policyDetail has no tags (API reference, ManagedPolicyDetail).
type policyDetail struct {
	policyCore
	Versions members[versionShape] `xml:"PolicyVersionList"`
}

func (a *iamAPI) accountAuthorizationDetails(ctx context.Context, c iam.Caller, in detailsIn) (detailsOut, error) {
	var f accounts.DetailFilter
	for _, kind := range in.Filter {
		wanted[kind](&f)
	}
	d, err := a.rules.GetAccountAuthorizationDetails(ctx, c, f, pageOf(in.Marker, in.MaxItems))
	return detailsOut{each(d.Users, userDetailOf), each(d.Groups, groupDetailOf), each(d.Roles, a.roleDetailOf),
		each(d.Policies, policyDetailOf), moreOf(d.Next)}, err
}

func textOf(p catalog.IdentityPolicy) policyText { return policyText{p.Name, escaped(p.Document)} }

func userDetailOf(u accounts.UserDetail) userDetail {
	return userDetail{wholeUser(u.Principal), each(u.Embedded, textOf), u.Groups, each(u.Attached, attachedOf)}
}

func groupDetailOf(g accounts.GroupDetail) groupDetail {
	return groupDetail{groupOf(g.Principal), each(g.Embedded, textOf), each(g.Attached, attachedOf)}
}

func (a *iamAPI) roleDetailOf(r accounts.RoleDetail) roleDetail {
	role := a.wholeRole(r.RoleAbout)
	return roleDetail{Path: role.Path, RoleName: role.RoleName, RoleID: role.RoleID, ARN: role.ARN, CreateDate: role.CreateDate,
		Trust: role.Trust, Policies: each(r.Embedded, textOf), Attached: each(r.Attached, attachedOf), Boundary: role.Boundary,
		Tags: role.Tags, LastUsed: role.LastUsed}
}

func policyDetailOf(p accounts.PolicyDetail) policyDetail {
	return policyDetail{wholePolicy(p.Policy).policyCore, each(p.Versions, func(v catalog.ManagedVersion) versionShape {
		version := listedVersion(v, v.Number == p.Default)
		version.Document = escaped(v.Document)
		return version
	})}
}
