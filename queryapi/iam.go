package queryapi

import (
	"maps"
	"net/http"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
)

// iamAPI answers the calls of IAM over the rules of accounts.
type iamAPI struct{ rules *accounts.Service }

// IAM returns Identity and Access Management, as far as it is offered.
func IAM(rules *accounts.Service) *Service {
	s := &Service{
		Version:   "2010-05-08",
		Namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
		Actions:   map[string]Action{},
		Failures: map[artifact.Kind]Failure{
			artifact.NotFound: {http.StatusNotFound, "NoSuchEntity"},
			artifact.Conflict: {http.StatusConflict, "EntityAlreadyExists"},
			artifact.Quota:    {http.StatusConflict, "LimitExceeded"},
		},
		Problems: map[accounts.Problem]Failure{
			accounts.AlreadyExists:   {http.StatusConflict, "EntityAlreadyExists"},
			accounts.InUse:           {http.StatusConflict, "DeleteConflict"},
			accounts.MalformedPolicy: {http.StatusBadRequest, "MalformedPolicyDocument"},
			accounts.InvalidInput:    {http.StatusBadRequest, "InvalidInput"},
			accounts.NotModifiable:   {http.StatusBadRequest, "UnmodifiableEntity"},
		},
	}
	a := &iamAPI{rules}
	for _, table := range []map[string]Action{a.users(), a.groups(), a.policies(), a.keys(), a.roles(), a.identityProviders(), a.simulations(), a.absent(), a.reports(),
		granted(a, "User", ofUser.entity, ofUser.policy), granted(a, "Group", ofGroup.entity, ofGroup.policy),
		granted(a, "Role", ofRole.entity, ofRole.policy), bounded(a, "User", ofUser.entity), bounded(a, "Role", ofRole.entity)} {
		maps.Copy(s.Actions, table)
	}
	return s
}

// iamGrammar are the shapes of IAM's model.
var iamGrammar = grammar{
	"pathType":              text(1, 512, `(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, `/|/[!-~]+/`),
	"pathPrefixType":        text(1, 512, `\u002F[\u0021-\u007F]*`, `/[!-\x7f]*`),
	"userNameType":          text(1, 64, `[\w+=,.@-]+`),
	"existingUserNameType":  text(1, 128, `[\w+=,.@-]+`),
	"groupNameType":         text(1, 128, `[\w+=,.@-]+`),
	"policyNameType":        text(1, 128, `[\w+=,.@-]+`),
	"policyPathType":        text(1, 512, `((/[A-Za-z0-9\.,\+@=_-]+)*)/`),
	"policyDocumentType":    text(1, 131072, `[\u0009\u000A\u000D\u0020-\u00FF]+`, `[\t\n\r -\xff]+`),
	"policyDescriptionType": text(0, 1000),
	"policyVersionIdType":   text(0, 0, `v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`),
	"policyScopeType":       oneOf("All", "AWS", "Local"),
	"PolicyUsageType":       oneOf("PermissionsPolicy", "PermissionsBoundary"),
	"EntityType":            oneOf("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"),
	"booleanType":           {},
	"accessKeyIdType":       text(16, 128, `[\w]+`),
	"statusType":            oneOf("Active", "Inactive", "Expired"),
	"accountAliasType":      text(3, 63, `^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`, `[a-z0-9]+(-[a-z0-9]+)*`),
	"arnType":               text(20, 2048),
	"markerType":            text(1, 320, `[\u0020-\u00FF]+`, `[ -\xff]+`),
	"maxItemsType":          number(1, 1000),
	"tagKeyType":            text(1, 128, `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`),
	"tagValueType":          text(0, 256, `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`),
	"roleNameType":          text(1, 64, `[\w+=,.@-]+`),
	"roleDescriptionType": text(0, 1000, `[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`,
		`[\x09\x0A\x0D\x20-\x7E\x{A1}-\x{FF}]*`),
	"roleMaxSessionDurationType": number(3600, 43200),
	"assignmentStatusType":       oneOf("Assigned", "Unassigned", "Any"),
	"ActionNameType":             text(3, 128),
	"ResourceNameType":           text(1, 2048),
	"ResourceHandlingOptionType": text(1, 64),
	"ContextKeyNameType":         text(5, 256),
	"ContextKeyValueType":        text(0, 0),
	"ContextKeyTypeEnum": oneOf("string", "stringList", "numeric", "numericList", "boolean", "booleanList", "ip", "ipList",
		"binary", "binaryList", "date", "dateList"),
	"OpenIDConnectProviderUrlType": text(1, 255),
	"clientIDType":                 text(1, 255),
	"thumbprintType":               text(40, 40),
}

// defaultItems is how many items are on a page of which nobody says how long it may be.
const defaultItems = 100

func pageOf(marker string, items int) catalog.Page {
	if items == 0 {
		items = defaultItems
	}
	return catalog.Page{Limit: items, After: marker}
}

// more is what the answers of list calls have beside what they list.
type more struct {
	IsTruncated bool   `xml:"IsTruncated"`
	Marker      string `xml:"Marker,omitempty"`
}

func moreOf(next string) more { return more{next != "", next} }

type tagShape struct {
	Key   string `query:"Key,tagKeyType,required" xml:"Key"`
	Value string `query:"Value,tagValueType,required" xml:"Value"`
}

func tagsOf(shapes []tagShape) []accounts.Tag {
	tags := make([]accounts.Tag, len(shapes))
	for i, s := range shapes {
		tags[i] = accounts.Tag(s)
	}
	return tags
}
