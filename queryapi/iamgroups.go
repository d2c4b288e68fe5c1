package queryapi

import (
	"context"
	"time"

	"entrepot/accounts"
	"entrepot/catalog"
	"entrepot/iam"
)

// groups are the actions on groups of users.
func (a *iamAPI) groups() map[string]Action {
	return map[string]Action{
		"CreateGroup":         do(iamGrammar, a.createGroup),
		"GetGroup":            do(iamGrammar, a.getGroup),
		"ListGroups":          do(iamGrammar, a.listGroups),
		"UpdateGroup":         do(iamGrammar, done(a.updateGroup)),
		"DeleteGroup":         do(iamGrammar, done(a.deleteGroup)),
		"AddUserToGroup":      do(iamGrammar, done(a.addUserToGroup)),
		"RemoveUserFromGroup": do(iamGrammar, done(a.removeUserFromGroup)),
		"ListGroupsForUser":   do(iamGrammar, a.listGroupsForUser),
	}
}

type groupShape struct {
	Path       string     `xml:"Path"`
	GroupName  string     `xml:"GroupName"`
	GroupID    string     `xml:"GroupId"`
	ARN        string     `xml:"Arn"`
	CreateDate *time.Time `xml:"CreateDate"`
}

func groupOf(p catalog.Principal) groupShape {
	return groupShape{p.Path, p.Name, p.ID, p.ARN, when(p.CreatedAt)}
}

type createGroupIn struct {
	Path      string `query:"Path,pathType"`
	GroupName string `query:"GroupName,groupNameType,required"`
}

type groupOut struct {
	Group groupShape `xml:"Group"`
}

func (a *iamAPI) createGroup(ctx context.Context, c iam.Caller, in createGroupIn) (groupOut, error) {
	group, err := a.rules.CreateGroup(ctx, c, accounts.NewPrincipal{Name: in.GroupName, Path: in.Path})
	return groupOut{groupOf(group)}, err
}

type listOfGroupIn struct {
	GroupName string `query:"GroupName,groupNameType,required"`
	Marker    string `query:"Marker,markerType"`
	MaxItems  int    `query:"MaxItems,maxItemsType"`
}

type wholeGroupOut struct {
	Group groupShape         `xml:"Group"`
	Users members[userShape] `xml:"Users"`
	more
}

func (a *iamAPI) getGroup(ctx context.Context, c iam.Caller, in listOfGroupIn) (wholeGroupOut, error) {
	group, l, err := a.rules.GetGroup(ctx, c, in.GroupName, pageOf(in.Marker, in.MaxItems))
	return wholeGroupOut{groupOf(group), each(l.Items, listedUser), moreOf(l.Next)}, err
}

type groupsOut struct {
	Groups members[groupShape] `xml:"Groups"`
	more
}

func (a *iamAPI) listGroups(ctx context.Context, c iam.Caller, in listByPathIn) (groupsOut, error) {
	l, err := a.rules.ListGroups(ctx, c, in.PathPrefix, pageOf(in.Marker, in.MaxItems))
	return groupsOut{each(l.Items, groupOf), moreOf(l.Next)}, err
}

type updateGroupIn struct {
	GroupName    string `query:"GroupName,groupNameType,required"`
	NewPath      string `query:"NewPath,pathType"`
	NewGroupName string `query:"NewGroupName,groupNameType"`
}

func (a *iamAPI) updateGroup(ctx context.Context, c iam.Caller, in updateGroupIn) error {
	return a.rules.UpdateGroup(ctx, c, in.GroupName, in.NewPath, in.NewGroupName)
}

func (a *iamAPI) deleteGroup(ctx context.Context, c iam.Caller, in ofGroup) error {
	return a.rules.DeleteGroup(ctx, c, in.GroupName)
}

type membershipIn struct {
	GroupName string `query:"GroupName,groupNameType,required"`
	UserName  string `query:"UserName,existingUserNameType,required"`
}

func (a *iamAPI) addUserToGroup(ctx context.Context, c iam.Caller, in membershipIn) error {
	return a.rules.AddUserToGroup(ctx, c, in.GroupName, in.UserName)
}

func (a *iamAPI) removeUserFromGroup(ctx context.Context, c iam.Caller, in membershipIn) error {
	return a.rules.RemoveUserFromGroup(ctx, c, in.GroupName, in.UserName)
}

func (a *iamAPI) listGroupsForUser(ctx context.Context, c iam.Caller, in listOfUserIn) (groupsOut, error) {
	l, err := a.rules.ListGroupsForUser(ctx, c, in.UserName, pageOf(in.Marker, in.MaxItems))
	return groupsOut{each(l.Items, groupOf), moreOf(l.Next)}, err
}
