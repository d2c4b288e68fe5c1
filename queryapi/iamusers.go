package queryapi

import (
	"context"
	"time"

	"entrepot/accounts"
	"entrepot/catalog"
	"entrepot/iam"
)

// users are the actions on users themselves.
func (a *iamAPI) users() map[string]Action {
	return map[string]Action{
		"CreateUser":   do(iamGrammar, a.createUser),
		"GetUser":      do(iamGrammar, a.getUser),
		"ListUsers":    do(iamGrammar, a.listUsers),
		"UpdateUser":   do(iamGrammar, done(a.updateUser)),
		"DeleteUser":   do(iamGrammar, done(a.deleteUser)),
		"TagUser":      do(iamGrammar, done(a.tagUser)),
		"UntagUser":    do(iamGrammar, done(a.untagUser)),
		"ListUserTags": do(iamGrammar, a.listUserTags),
	}
}

// userShape is a user as answers have it.
type userShape struct {
	Path       string             `xml:"Path"`
	UserName   string             `xml:"UserName,omitempty"` // the account itself has none
	UserID     string             `xml:"UserId"`
	ARN        string             `xml:"Arn"`
	CreateDate *time.Time         `xml:"CreateDate"`
	Boundary   *boundaryShape     `xml:"PermissionsBoundary"`
	Tags       *members[tagShape] `xml:"Tags"`
}

type boundaryShape struct {
	Type string `xml:"PermissionsBoundaryType"`
	ARN  string `xml:"PermissionsBoundaryArn"`
}

// listedUser is a user in lists, which tell neither boundary nor tags (API reference, ListUsers).
func listedUser(p catalog.Principal) userShape {
	u := userShape{Path: p.Path, UserName: p.Name, UserID: p.ID, ARN: p.ARN, CreateDate: when(p.CreatedAt)}
	if p.Kind == catalog.RootPrincipal {
		u.UserName = ""
	}
	return u
}

func wholeUser(p catalog.Principal) userShape {
	u := listedUser(p)
	u.Boundary, u.Tags = boundaryOf(p), tagsIfAny(p.Tags)
	return u
}

func boundaryOf(p catalog.Principal) *boundaryShape {
	if p.Boundary == "" {
		return nil
	}
	return &boundaryShape{"Policy", p.Boundary}
}

// tagsIfAny is nothing where there are none.
func tagsIfAny(tags map[string]string) *members[tagShape] {
	if len(tags) == 0 {
		return nil
	}
	shapes := shapesOf(accounts.TagsOf(tags))
	return &shapes
}

func shapesOf(tags []accounts.Tag) members[tagShape] {
	shapes := make(members[tagShape], len(tags))
	for i, t := range tags {
		shapes[i] = tagShape(t)
	}
	return shapes
}

// each makes a list of answers of a list of the rules.
func each[T, S any](items []T, shape func(T) S) members[S] {
	shapes := make(members[S], len(items))
	for i, item := range items {
		shapes[i] = shape(item)
	}
	return shapes
}

type createUserIn struct {
	Path     string     `query:"Path,pathType"`
	UserName string     `query:"UserName,userNameType,required"`
	Boundary string     `query:"PermissionsBoundary,arnType"`
	Tags     []tagShape `query:"Tags,"`
}

type userOut struct {
	User userShape `xml:"User"`
}

func (a *iamAPI) createUser(ctx context.Context, c iam.Caller, in createUserIn) (userOut, error) {
	user, err := a.rules.CreateUser(ctx, c, accounts.NewPrincipal{Name: in.UserName, Path: in.Path, Boundary: in.Boundary,
		Tags: tagsOf(in.Tags)})
	return userOut{wholeUser(user)}, err
}

type getUserIn struct {
	UserName string `query:"UserName,existingUserNameType"`
}

func (a *iamAPI) getUser(ctx context.Context, c iam.Caller, in getUserIn) (userOut, error) {
	user, err := a.rules.GetUser(ctx, c, in.UserName)
	return userOut{wholeUser(user)}, err
}

type listByPathIn struct {
	PathPrefix string `query:"PathPrefix,pathPrefixType"`
	Marker     string `query:"Marker,markerType"`
	MaxItems   int    `query:"MaxItems,maxItemsType"`
}

type usersOut struct {
	Users members[userShape] `xml:"Users"`
	more
}

func (a *iamAPI) listUsers(ctx context.Context, c iam.Caller, in listByPathIn) (usersOut, error) {
	l, err := a.rules.ListUsers(ctx, c, in.PathPrefix, pageOf(in.Marker, in.MaxItems))
	return usersOut{each(l.Items, listedUser), moreOf(l.Next)}, err
}

type updateUserIn struct {
	UserName    string `query:"UserName,existingUserNameType,required"`
	NewPath     string `query:"NewPath,pathType"`
	NewUserName string `query:"NewUserName,userNameType"`
}

func (a *iamAPI) updateUser(ctx context.Context, c iam.Caller, in updateUserIn) error {
	return a.rules.UpdateUser(ctx, c, in.UserName, in.NewPath, in.NewUserName)
}

func (a *iamAPI) deleteUser(ctx context.Context, c iam.Caller, in ofUser) error {
	return a.rules.DeleteUser(ctx, c, in.UserName)
}

type tagUserIn struct {
	UserName string     `query:"UserName,existingUserNameType,required"`
	Tags     []tagShape `query:"Tags,,required"`
}

func (a *iamAPI) tagUser(ctx context.Context, c iam.Caller, in tagUserIn) error {
	return a.rules.Tag(ctx, c, accounts.User(in.UserName), tagsOf(in.Tags))
}

type untagUserIn struct {
	UserName string   `query:"UserName,existingUserNameType,required"`
	TagKeys  []string `query:"TagKeys,tagKeyType,required"`
}

func (a *iamAPI) untagUser(ctx context.Context, c iam.Caller, in untagUserIn) error {
	return a.rules.Untag(ctx, c, accounts.User(in.UserName), in.TagKeys)
}

type listOfUserIn struct {
	UserName string `query:"UserName,existingUserNameType,required"`
	Marker   string `query:"Marker,markerType"`
	MaxItems int    `query:"MaxItems,maxItemsType"`
}

type tagsOut struct {
	Tags members[tagShape] `xml:"Tags"`
	more
}

func (a *iamAPI) listUserTags(ctx context.Context, c iam.Caller, in listOfUserIn) (tagsOut, error) {
	l, err := a.rules.Tags(ctx, c, accounts.User(in.UserName), pageOf(in.Marker, in.MaxItems))
	return tagsOut{shapesOf(l.Items), moreOf(l.Next)}, err
}
