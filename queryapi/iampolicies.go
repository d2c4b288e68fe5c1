package queryapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// policies are the actions on managed policies.
func (a *iamAPI) policies() map[string]Action {
	return map[string]Action{
		"CreatePolicy":            do(iamGrammar, a.createPolicy),
		"GetPolicy":               do(iamGrammar, a.getPolicy),
		"ListPolicies":            do(iamGrammar, a.listPolicies),
		"DeletePolicy":            do(iamGrammar, done(a.deletePolicy)),
		"CreatePolicyVersion":     do(iamGrammar, a.createPolicyVersion),
		"GetPolicyVersion":        do(iamGrammar, a.getPolicyVersion),
		"ListPolicyVersions":      do(iamGrammar, a.listPolicyVersions),
		"SetDefaultPolicyVersion": do(iamGrammar, done(a.setDefaultPolicyVersion)),
		"DeletePolicyVersion":     do(iamGrammar, done(a.deletePolicyVersion)),
		"ListEntitiesForPolicy":   do(iamGrammar, a.listEntitiesForPolicy),
		"TagPolicy":               do(iamGrammar, done(a.tagPolicy)),
		"UntagPolicy":             do(iamGrammar, done(a.untagPolicy)),
		"ListPolicyTags":          do(iamGrammar, a.listPolicyTags),
	}
}

type policyShape struct {
	policyCore
	Tags *members[tagShape] `xml:"Tags"`
}

// policyCore is a policy without its tags.
type policyCore struct {
	PolicyName       string     `xml:"PolicyName"`
	PolicyID         string     `xml:"PolicyId"`
	ARN              string     `xml:"Arn"`
	Path             string     `xml:"Path"`
	DefaultVersionID string     `xml:"DefaultVersionId"`
	AttachmentCount  int        `xml:"AttachmentCount"`
	BoundaryCount    int        `xml:"PermissionsBoundaryUsageCount"`
	IsAttachable     bool       `xml:"IsAttachable"`
	Description      string     `xml:"Description,omitempty"`
	CreateDate       *time.Time `xml:"CreateDate"`
	UpdateDate       *time.Time `xml:"UpdateDate"`
}

// listedPolicy is a policy in lists, which tell neither description nor tags (API reference, Policy).
func listedPolicy(p accounts.Policy) policyShape {
	return policyShape{policyCore: policyCore{PolicyName: p.Name, PolicyID: p.ID, ARN: p.ARN, Path: p.Path,
		DefaultVersionID: versionID(p.Default), AttachmentCount: p.Attached, BoundaryCount: p.Bounding, IsAttachable: true,
		CreateDate: when(p.CreatedAt), UpdateDate: when(p.UpdatedAt)}}
}

func wholePolicy(p accounts.Policy) policyShape {
	shape := listedPolicy(p)
	shape.Description, shape.Tags = p.Description, tagsIfAny(p.Tags)
	return shape
}

type versionShape struct {
	Document         string     `xml:"Document,omitempty"`
	VersionID        string     `xml:"VersionId"`
	IsDefaultVersion bool       `xml:"IsDefaultVersion"`
	CreateDate       *time.Time `xml:"CreateDate"`
}

// listedVersion is a version in lists, which do not tell the document.
func listedVersion(v catalog.ManagedVersion, inForce bool) versionShape {
	return versionShape{VersionID: versionID(v.Number), IsDefaultVersion: inForce, CreateDate: when(v.CreatedAt)}
}

func versionID(number int) string { return "v" + strconv.Itoa(number) }

// versionNumber reads the name of a version, whose form the grammar has checked; 0, which no version has, for one that is
// none of ours.
func versionNumber(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "v"))
	if err != nil {
		return 0
	}
	return n
}

type createPolicyIn struct {
	PolicyName     string     `query:"PolicyName,policyNameType,required"`
	Path           string     `query:"Path,policyPathType"`
	PolicyDocument string     `query:"PolicyDocument,policyDocumentType,required"`
	Description    string     `query:"Description,policyDescriptionType"`
	Tags           []tagShape `query:"Tags,"`
}

type policyOut struct {
	Policy policyShape `xml:"Policy"`
}

func (a *iamAPI) createPolicy(ctx context.Context, c iam.Caller, in createPolicyIn) (policyOut, error) {
	p, err := a.rules.CreatePolicy(ctx, c, accounts.NewPolicy{Name: in.PolicyName, Path: in.Path, Description: in.Description,
		Document: in.PolicyDocument, Tags: tagsOf(in.Tags)})
	return policyOut{wholePolicy(p)}, err
}

type ofPolicyIn struct {
	PolicyARN string `query:"PolicyArn,arnType,required"`
}

func (a *iamAPI) getPolicy(ctx context.Context, c iam.Caller, in ofPolicyIn) (policyOut, error) {
	p, err := a.rules.GetPolicy(ctx, c, in.PolicyARN)
	return policyOut{wholePolicy(p)}, err
}

type listPoliciesIn struct {
	Scope             string `query:"Scope,policyScopeType"`
	OnlyAttached      bool   `query:"OnlyAttached,booleanType"`
	PathPrefix        string `query:"PathPrefix,policyPathType"`
	PolicyUsageFilter string `query:"PolicyUsageFilter,PolicyUsageType"`
	Marker            string `query:"Marker,markerType"`
	MaxItems          int    `query:"MaxItems,maxItemsType"`
}

type policiesOut struct {
	Policies members[policyShape] `xml:"Policies"`
	more
}

// policyUses are the uses that PolicyUsageFilter names.
var policyUses = map[string]catalog.PolicyUse{"": catalog.EitherUse, "PermissionsPolicy": catalog.AttachedPolicy,
	"PermissionsBoundary": catalog.BoundaryPolicy}

func (a *iamAPI) listPolicies(ctx context.Context, c iam.Caller, in listPoliciesIn) (policiesOut, error) {
	f := accounts.PolicyFilter{Own: in.Scope != "AWS", AWS: in.Scope != "Local", PathPrefix: in.PathPrefix,
		Used: in.OnlyAttached || in.PolicyUsageFilter != "", Use: policyUses[in.PolicyUsageFilter]}
	l, err := a.rules.ListPolicies(ctx, c, f, pageOf(in.Marker, in.MaxItems))
	return policiesOut{each(l.Items, listedPolicy), moreOf(l.Next)}, err
}

func (a *iamAPI) deletePolicy(ctx context.Context, c iam.Caller, in ofPolicyIn) error {
	return a.rules.DeletePolicy(ctx, c, in.PolicyARN)
}

type createPolicyVersionIn struct {
	PolicyARN      string `query:"PolicyArn,arnType,required"`
	PolicyDocument string `query:"PolicyDocument,policyDocumentType,required"`
	SetAsDefault   bool   `query:"SetAsDefault,booleanType"`
}

type versionOut struct {
	PolicyVersion versionShape `xml:"PolicyVersion"`
}

func (a *iamAPI) createPolicyVersion(ctx context.Context, c iam.Caller, in createPolicyVersionIn) (versionOut, error) {
	v, err := a.rules.CreatePolicyVersion(ctx, c, in.PolicyARN, in.PolicyDocument, in.SetAsDefault)
	return versionOut{listedVersion(v, in.SetAsDefault)}, err
}

type ofVersionIn struct {
	PolicyARN string `query:"PolicyArn,arnType,required"`
	VersionID string `query:"VersionId,policyVersionIdType,required"`
}

func (a *iamAPI) getPolicyVersion(ctx context.Context, c iam.Caller, in ofVersionIn) (versionOut, error) {
	v, inForce, err := a.rules.GetPolicyVersion(ctx, c, in.PolicyARN, versionNumber(in.VersionID))
	shape := listedVersion(v, inForce)
	shape.Document = escaped(v.Document)
	return versionOut{shape}, err
}

type listOfPolicyIn struct {
	PolicyARN string `query:"PolicyArn,arnType,required"`
	Marker    string `query:"Marker,markerType"`
	MaxItems  int    `query:"MaxItems,maxItemsType"`
}

type versionsOut struct {
	Versions members[versionShape] `xml:"Versions"`
	more
}

// listPolicyVersions has all versions on its only page: there are five at most.
func (a *iamAPI) listPolicyVersions(ctx context.Context, c iam.Caller, in listOfPolicyIn) (versionsOut, error) {
	if in.Marker != "" {
		return versionsOut{}, artifact.Errorf(artifact.Invalid, "The page marker was not given out by this list.")
	}
	all, inForce, err := a.rules.ListPolicyVersions(ctx, c, in.PolicyARN)
	versions := each(all, func(v catalog.ManagedVersion) versionShape { return listedVersion(v, v.Number == inForce) })
	return versionsOut{versions, more{}}, err
}

func (a *iamAPI) setDefaultPolicyVersion(ctx context.Context, c iam.Caller, in ofVersionIn) error {
	return a.rules.SetDefaultPolicyVersion(ctx, c, in.PolicyARN, versionNumber(in.VersionID))
}

func (a *iamAPI) deletePolicyVersion(ctx context.Context, c iam.Caller, in ofVersionIn) error {
	return a.rules.DeletePolicyVersion(ctx, c, in.PolicyARN, versionNumber(in.VersionID))
}

type listEntitiesIn struct {
	PolicyARN         string `query:"PolicyArn,arnType,required"`
	EntityFilter      string `query:"EntityFilter,EntityType"`
	PathPrefix        string `query:"PathPrefix,pathType"`
	PolicyUsageFilter string `query:"PolicyUsageFilter,PolicyUsageType"`
	Marker            string `query:"Marker,markerType"`
	MaxItems          int    `query:"MaxItems,maxItemsType"`
}

type entitiesOut struct {
	PolicyGroups members[policyGroup] `xml:"PolicyGroups"`
	PolicyUsers  members[policyUser]  `xml:"PolicyUsers"`
	PolicyRoles  members[policyRole]  `xml:"PolicyRoles"`
	more
}

type policyGroup struct {
	GroupName string `xml:"GroupName"`
	GroupID   string `xml:"GroupId"`
}

type policyUser struct {
	UserName string `xml:"UserName"`
	UserID   string `xml:"UserId"`
}

type policyRole struct {
	RoleName string `xml:"RoleName"`
	RoleID   string `xml:"RoleId"`
}

// entityKinds are the kinds of principals that EntityFilter names.
var entityKinds = map[string]catalog.PrincipalKind{"User": catalog.UserPrincipal, "Group": catalog.GroupPrincipal,
	"Role": catalog.RolePrincipal}

func (a *iamAPI) listEntitiesForPolicy(ctx context.Context, c iam.Caller, in listEntitiesIn) (out entitiesOut, err error) {
	f := catalog.PolicyUserFilter{Use: policyUses[in.PolicyUsageFilter],
		PrincipalFilter: catalog.PrincipalFilter{Kind: entityKinds[in.EntityFilter], PathPrefix: in.PathPrefix}}
	l, err := a.rules.ListEntitiesForPolicy(ctx, c, in.PolicyARN, f, pageOf(in.Marker, in.MaxItems))
	for _, p := range l.Items {
		switch p.Kind {
		case catalog.GroupPrincipal:
			out.PolicyGroups = append(out.PolicyGroups, policyGroup{p.Name, p.ID})
		case catalog.RolePrincipal:
			out.PolicyRoles = append(out.PolicyRoles, policyRole{p.Name, p.ID})
		default:
			out.PolicyUsers = append(out.PolicyUsers, policyUser{p.Name, p.ID})
		}
	}
	out.more = moreOf(l.Next)
	return out, err
}

type tagPolicyIn struct {
	PolicyARN string     `query:"PolicyArn,arnType,required"`
	Tags      []tagShape `query:"Tags,,required"`
}

func (a *iamAPI) tagPolicy(ctx context.Context, c iam.Caller, in tagPolicyIn) error {
	return a.rules.TagPolicy(ctx, c, in.PolicyARN, tagsOf(in.Tags))
}

type untagPolicyIn struct {
	PolicyARN string   `query:"PolicyArn,arnType,required"`
	TagKeys   []string `query:"TagKeys,tagKeyType,required"`
}

func (a *iamAPI) untagPolicy(ctx context.Context, c iam.Caller, in untagPolicyIn) error {
	return a.rules.UntagPolicy(ctx, c, in.PolicyARN, in.TagKeys)
}

func (a *iamAPI) listPolicyTags(ctx context.Context, c iam.Caller, in listOfPolicyIn) (tagsOut, error) {
	l, err := a.rules.ListPolicyTags(ctx, c, in.PolicyARN, pageOf(in.Marker, in.MaxItems))
	return tagsOut{shapesOf(l.Items), moreOf(l.Next)}, err
}
