package queryapi

import (
	"context"
	"strings"
	"time"

	"entrepot/accounts"
	"entrepot/catalog"
	"entrepot/iam"
)

// identityProviders are the actions on OpenID Connect providers.
func (a *iamAPI) identityProviders() map[string]Action {
	return map[string]Action{
		"CreateOpenIDConnectProvider":             do(iamGrammar, a.createProvider),
		"GetOpenIDConnectProvider":                do(iamGrammar, a.getProvider),
		"ListOpenIDConnectProviders":              do(iamGrammar, a.listProviders),
		"DeleteOpenIDConnectProvider":             do(iamGrammar, done(a.deleteProvider)),
		"AddClientIDToOpenIDConnectProvider":      do(iamGrammar, done(a.addClientID)),
		"RemoveClientIDFromOpenIDConnectProvider": do(iamGrammar, done(a.removeClientID)),
		"UpdateOpenIDConnectProviderThumbprint":   do(iamGrammar, done(a.updateThumbprint)),
		"TagOpenIDConnectProvider":                do(iamGrammar, done(a.tagProvider)),
		"UntagOpenIDConnectProvider":              do(iamGrammar, done(a.untagProvider)),
		"ListOpenIDConnectProviderTags":           do(iamGrammar, a.listProviderTags),
	}
}

type createProviderIn struct {
	URL         string     `query:"Url,OpenIDConnectProviderUrlType,required"`
	ClientIDs   []string   `query:"ClientIDList,clientIDType"`
	Thumbprints []string   `query:"ThumbprintList,thumbprintType"`
	Tags        []tagShape `query:"Tags,"`
}

type createProviderOut struct {
	ARN  string             `xml:"OpenIDConnectProviderArn"`
	Tags *members[tagShape] `xml:"Tags"`
}

func (a *iamAPI) createProvider(ctx context.Context, c iam.Caller, in createProviderIn) (createProviderOut, error) {
	p, err := a.rules.CreateIdentityProvider(ctx, c, accounts.NewIdentityProvider{URL: in.URL, ClientIDs: in.ClientIDs,
		Thumbprints: in.Thumbprints, Tags: tagsOf(in.Tags)})
	return createProviderOut{p.ARN, tagsIfAny(p.Tags)}, err
}

// ofProviderIn is the input of actions that need nothing but the provider.
type ofProviderIn struct {
	ARN string `query:"OpenIDConnectProviderArn,arnType,required"`
}

type providerOut struct {
	URL         string             `xml:"Url"`
	ClientIDs   members[string]    `xml:"ClientIDList"`
	Thumbprints members[string]    `xml:"ThumbprintList"`
	CreateDate  *time.Time         `xml:"CreateDate"`
	Tags        *members[tagShape] `xml:"Tags"`
}

// getProvider tells the URL without its scheme, as AWS does.
func (a *iamAPI) getProvider(ctx context.Context, c iam.Caller, in ofProviderIn) (providerOut, error) {
	p, err := a.rules.GetIdentityProvider(ctx, c, in.ARN)
	_, issuer, _ := strings.Cut(p.URL, "://")
	return providerOut{issuer, p.ClientIDs, p.Thumbprints, when(p.CreatedAt), tagsIfAny(p.Tags)}, err
}

type listedProvider struct {
	ARN string `xml:"Arn"`
}

type providersOut struct {
	Providers members[listedProvider] `xml:"OpenIDConnectProviderList"`
}

func (a *iamAPI) listProviders(ctx context.Context, c iam.Caller, _ struct{}) (providersOut, error) {
	list, err := a.rules.ListIdentityProviders(ctx, c)
	return providersOut{each(list, func(p catalog.IdentityProvider) listedProvider { return listedProvider{p.ARN} })}, err
}

func (a *iamAPI) deleteProvider(ctx context.Context, c iam.Caller, in ofProviderIn) error {
	return a.rules.DeleteIdentityProvider(ctx, c, in.ARN)
}

type clientIDIn struct {
	ARN      string `query:"OpenIDConnectProviderArn,arnType,required"`
	ClientID string `query:"ClientID,clientIDType,required"`
}

func (a *iamAPI) addClientID(ctx context.Context, c iam.Caller, in clientIDIn) error {
	return a.rules.AddClientID(ctx, c, in.ARN, in.ClientID)
}

func (a *iamAPI) removeClientID(ctx context.Context, c iam.Caller, in clientIDIn) error {
	return a.rules.RemoveClientID(ctx, c, in.ARN, in.ClientID)
}

type thumbprintsIn struct {
	ARN         string   `query:"OpenIDConnectProviderArn,arnType,required"`
	Thumbprints []string `query:"ThumbprintList,thumbprintType,required"`
}

func (a *iamAPI) updateThumbprint(ctx context.Context, c iam.Caller, in thumbprintsIn) error {
	return a.rules.SetThumbprints(ctx, c, in.ARN, in.Thumbprints)
}

type tagProviderIn struct {
	ARN  string     `query:"OpenIDConnectProviderArn,arnType,required"`
	Tags []tagShape `query:"Tags,,required"`
}

func (a *iamAPI) tagProvider(ctx context.Context, c iam.Caller, in tagProviderIn) error {
	return a.rules.TagIdentityProvider(ctx, c, in.ARN, tagsOf(in.Tags))
}

type untagProviderIn struct {
	ARN     string   `query:"OpenIDConnectProviderArn,arnType,required"`
	TagKeys []string `query:"TagKeys,tagKeyType,required"`
}

func (a *iamAPI) untagProvider(ctx context.Context, c iam.Caller, in untagProviderIn) error {
	return a.rules.UntagIdentityProvider(ctx, c, in.ARN, in.TagKeys)
}

type listOfProviderIn struct {
	ARN      string `query:"OpenIDConnectProviderArn,arnType,required"`
	Marker   string `query:"Marker,markerType"`
	MaxItems int    `query:"MaxItems,maxItemsType"`
}

func (a *iamAPI) listProviderTags(ctx context.Context, c iam.Caller, in listOfProviderIn) (tagsOut, error) {
	l, err := a.rules.IdentityProviderTags(ctx, c, in.ARN, pageOf(in.Marker, in.MaxItems))
	return tagsOut{shapesOf(l.Items), moreOf(l.Next)}, err
}
