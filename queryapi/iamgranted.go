package queryapi

import (
	"context"

	"entrepot/accounts"
	"entrepot/catalog"
	"entrepot/iam"
)

// granted are the actions on what is granted to entities of one kind: policies embedded in them, policies attached to
// them. They are the same for all kinds, but for the name of the parameter that says which entity is meant: Of has it, entity
// makes the entity of it, and text the answer with an embedded policy.
func granted[Of, Text any](a *iamAPI, kind string, entity func(Of) accounts.Entity,
	text func(Of, policyText) Text) map[string]Action {
	type named struct {
		Of         Of
		PolicyName string `query:"PolicyName,policyNameType,required"`
	}
	type put struct {
		Of             Of
		PolicyName     string `query:"PolicyName,policyNameType,required"`
		PolicyDocument string `query:"PolicyDocument,policyDocumentType,required"`
	}
	type list struct {
		Of       Of
		Marker   string `query:"Marker,markerType"`
		MaxItems int    `query:"MaxItems,maxItemsType"`
	}
	type listAttached struct {
		Of         Of
		PathPrefix string `query:"PathPrefix,policyPathType"`
		Marker     string `query:"Marker,markerType"`
		MaxItems   int    `query:"MaxItems,maxItemsType"`
	}
	type managed struct {
		Of        Of
		PolicyARN string `query:"PolicyArn,arnType,required"`
	}
	rules := a.rules
	return map[string]Action{
		"Put" + kind + "Policy": do(iamGrammar, done(func(ctx context.Context, c iam.Caller, in put) error {
			return rules.PutEntityPolicy(ctx, c, entity(in.Of), catalog.IdentityPolicy{Name: in.PolicyName, Document: in.PolicyDocument})
		})),
		"Get" + kind + "Policy": do(iamGrammar, func(ctx context.Context, c iam.Caller, in named) (Text, error) {
			p, err := rules.GetEntityPolicy(ctx, c, entity(in.Of), in.PolicyName)
			return text(in.Of, policyText{p.Name, escaped(p.Document)}), err
		}),
		"List" + kind + "Policies": do(iamGrammar, func(ctx context.Context, c iam.Caller, in list) (policyNamesOut, error) {
			l, err := rules.ListEntityPolicies(ctx, c, entity(in.Of), pageOf(in.Marker, in.MaxItems))
			return policyNamesOut{l.Items, moreOf(l.Next)}, err
		}),
		"Delete" + kind + "Policy": do(iamGrammar, done(func(ctx context.Context, c iam.Caller, in named) error {
			return rules.DeleteEntityPolicy(ctx, c, entity(in.Of), in.PolicyName)
		})),
		"Attach" + kind + "Policy": do(iamGrammar, done(func(ctx context.Context, c iam.Caller, in managed) error {
			return rules.AttachPolicy(ctx, c, entity(in.Of), in.PolicyARN)
		})),
		"Detach" + kind + "Policy": do(iamGrammar, done(func(ctx context.Context, c iam.Caller, in managed) error {
			return rules.DetachPolicy(ctx, c, entity(in.Of), in.PolicyARN)
		})),
		"ListAttached" + kind + "Policies": do(iamGrammar,
			func(ctx context.Context, c iam.Caller, in listAttached) (attachedOut, error) {
				l, err := rules.ListAttachedPolicies(ctx, c, entity(in.Of), in.PathPrefix, pageOf(in.Marker, in.MaxItems))
				return attachedOut{each(l.Items, attachedOf), moreOf(l.Next)}, err
			}),
	}
}

// policyText is an embedded policy as answers have it.
type policyText struct {
	PolicyName     string `xml:"PolicyName"`
	PolicyDocument string `xml:"PolicyDocument"`
}

// ofUser is the parameter by which inputs name a user, and answers say whose a policy is.
type ofUser struct {
	UserName string `query:"UserName,existingUserNameType,required" xml:"UserName"`
}

type userPolicyOut struct {
	ofUser
	policyText
}

func (in ofUser) entity() accounts.Entity              { return accounts.User(in.UserName) }
func (in ofUser) policy(text policyText) userPolicyOut { return userPolicyOut{in, text} }

// ofGroup is the same for a group.
type ofGroup struct {
	GroupName string `query:"GroupName,groupNameType,required" xml:"GroupName"`
}

type groupPolicyOut struct {
	ofGroup
	policyText
}

func (in ofGroup) entity() accounts.Entity               { return accounts.Group(in.GroupName) }
func (in ofGroup) policy(text policyText) groupPolicyOut { return groupPolicyOut{in, text} }

// ofRole is the same for a role.
type ofRole struct {
	RoleName string `query:"RoleName,roleNameType,required" xml:"RoleName"`
}

type rolePolicyOut struct {
	ofRole
	policyText
}

func (in ofRole) entity() accounts.Entity              { return accounts.Role(in.RoleName) }
func (in ofRole) policy(text policyText) rolePolicyOut { return rolePolicyOut{in, text} }

// bounded are the actions on the boundaries of entities of one kind.
func bounded[Of any](a *iamAPI, kind string, entity func(Of) accounts.Entity) map[string]Action {
	type put struct {
		Of       Of
		Boundary string `query:"PermissionsBoundary,arnType,required"`
	}
	type of struct{ Of Of }
	return map[string]Action{
		"Put" + kind + "PermissionsBoundary": do(iamGrammar, done(func(ctx context.Context, c iam.Caller, in put) error {
			return a.rules.PutBoundary(ctx, c, entity(in.Of), in.Boundary)
		})),
		"Delete" + kind + "PermissionsBoundary": do(iamGrammar, done(func(ctx context.Context, c iam.Caller, in of) error {
			return a.rules.DeleteBoundary(ctx, c, entity(in.Of))
		})),
	}
}

type policyNamesOut struct {
	PolicyNames members[string] `xml:"PolicyNames"`
	more
}

type attachedShape struct {
	PolicyName string `xml:"PolicyName"`
	PolicyARN  string `xml:"PolicyArn"`
}

func attachedOf(m catalog.ManagedPolicy) attachedShape { return attachedShape{m.Name, m.ARN} }

type attachedOut struct {
	AttachedPolicies members[attachedShape] `xml:"AttachedPolicies"`
	more
}
