package awsapi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"entrepot/artifact"
)

// shape is the grammar of a value as the service model gives it. Clients check hardly any of it, so the server does.
type shape struct {
	min, max int    // characters of a string, items of a list; for numbers the value itself
	pattern  string // of the whole string; empty for any
	enum     []string
	each     string                        // shape of a list's items or a map's values
	key      string                        // shape of a map's keys
	also     func(string) bool             // stricter than the pattern, for reasons given where it is defined
	compiled func(s string) (matches bool) // pattern, made by init
}

const (
	coordinate = `[^#/\s]+`
	word       = `\S+`
	printable  = `\P{C}+`
	anyLine    = `\P{C}*`
)

// grammar holds the shapes of all inputs under their names in the service model. Three differ from it: a page token may
// be longer, because it can hold two package coordinates of 255 characters outside ASCII; maps of versions end at the
// 100 entries that lists of versions end at; a list that the model leaves open ends at maxList.
var grammar = map[string]shape{
	"AccountId":                         {min: 12, max: 12, pattern: `[0-9]{12}`},
	"AllowPublish":                      {enum: []string{"ALLOW", "BLOCK"}},
	"AllowUpstream":                     {enum: []string{"ALLOW", "BLOCK"}},
	"Arn":                               {min: 1, max: 1011, pattern: word},
	"AssetName":                         {min: 1, max: 255, pattern: printable},
	"AuthorizationTokenDurationSeconds": {min: 0, max: 43200},
	"BooleanOptional":                   {},
	"Description":                       {max: 1000, pattern: anyLine},
	"DomainName":                        {min: 2, max: 50, pattern: `[a-z][a-z0-9\-]{0,48}[a-z0-9]`},
	"EndpointType":                      {enum: []string{"dualstack", "ipv4"}},
	"ExternalConnectionName":            {min: 2, max: 100, pattern: `[A-Za-z0-9][A-Za-z0-9._\-:]{1,99}`},
	"MaxResults":                        {min: 1, max: 1000},
	"OriginRestrictions": {max: maxList, key: "PackageGroupOriginRestrictionType",
		each: "PackageGroupOriginRestrictionMode"},
	"PackageFormat":                     {enum: spelled(artifact.Formats())},
	"PackageGroupAllowedRepositoryList": {max: maxList},
	"PackageGroupContactInfo":           {max: 1000, pattern: anyLine},
	"PackageGroupOriginRestrictionMode": {enum: []string{"ALLOW", "ALLOW_SPECIFIC_REPOSITORIES", "BLOCK", "INHERIT"}},
	"PackageGroupOriginRestrictionType": {enum: []string{"EXTERNAL_UPSTREAM", "INTERNAL_UPSTREAM", "PUBLISH"}},
	"PackageGroupPattern":               {min: 2, max: 520, pattern: `[^\p{C}\p{IsWhitespace}]+`},
	"PackageGroupPatternPrefix":         {max: 520, pattern: anyLine},
	"PackageName":                       {min: 1, max: 255, pattern: coordinate, also: artifact.ValidCoordinate},
	"PackageNamespace":                  {min: 1, max: 255, pattern: coordinate, also: artifact.ValidCoordinate},
	"PackageVersion":                    {min: 1, max: 255, pattern: coordinate, also: artifact.ValidCoordinate},
	"PackageVersionList":                {max: 100, each: "PackageVersion"},
	"PackageVersionOriginType":          {enum: []string{"INTERNAL", "EXTERNAL", "UNKNOWN"}},
	"PackageVersionRevision":            {min: 1, max: 50, pattern: word},
	"PackageVersionRevisionMap":         {max: 100, key: "PackageVersion", each: "PackageVersionRevision"},
	"PackageVersionSortType":            {enum: []string{"PUBLISHED_TIME"}},
	"PackageVersionStatus":              {enum: spelled(artifact.Statuses())},
	"PaginationToken":                   {min: 1, max: 8000, pattern: word},
	"PolicyDocument":                    {min: 1, max: 7168, pattern: `[\P{C}\s]+`},
	"PolicyRevision":                    {min: 1, max: 100, pattern: word},
	"RepositoryName":                    {min: 2, max: 100, pattern: `[A-Za-z0-9][A-Za-z0-9._\-]{1,99}`},
	"SHA256":                            {min: 64, max: 64, pattern: `[0-9a-f]+`},
	"TagKey":                            {min: 1, max: 128, pattern: printable},
	"TagKeyList":                        {max: 200, each: "TagKey"},
	"TagList":                           {max: 200},
	"TagValue":                          {max: 256, pattern: anyLine},
	"UpstreamRepositoryList":            {max: maxList},

	// Of operations of our own alone:
	"OwnActionName":   {min: 1, max: 128, pattern: `[A-Za-z0-9:]+`},
	"OwnAddress":      {min: 1, max: 2000, pattern: word},
	"OwnMonth":        {min: 7, max: 7, pattern: `[0-9]{4}-[0-9]{2}`},
	"OwnUsageBy":      {min: 1, max: 140, pattern: anyLine},
	"OwnCredentialId": {min: 1, max: 128, pattern: `[A-Za-z0-9]+`},
	"OwnHostList":     {max: maxList, each: "OwnAddress"},
	"OwnSequence":     {min: 1, max: 18, pattern: `[0-9]+`},
	"OwnTargetName":   {min: 1, max: 150, pattern: `[A-Za-z0-9._/\-]+`},
	"OwnRegion":       {min: 1, max: 50, pattern: `[a-z0-9\-]+`},
	"OwnRemoteName":   {min: 1, max: 63, pattern: `[A-Za-z0-9][A-Za-z0-9._\-]*`},
	"OwnSeconds":      {min: 1, max: 86400},
	// A secret is never too long for a body that is not, so no complaint about its form repeats it. Somebody may give a key for a
	// certificate.
	"OwnSecret":       {max: maxBody},
	"OwnCertificates": {max: maxBody},
}

// maxList ends lists for which the model has no end. No quota reaches it.
const maxList = 1000

// java rewrites the model's patterns, which are Java's, for RE2: white space has the vertical tab as well there, and
// IsWhitespace is the Unicode property, of whose categories RE2 knows.
var java = strings.NewReplacer(`\S`, `[^\s\v]`, `\s`, `\s\v`, `\p{IsWhitespace}`, `\s\v\x{85}\pZ`)

func init() {
	for name, s := range grammar {
		if s.pattern == "" {
			continue
		}
		re := regexp.MustCompile(`^(?:` + java.Replace(s.pattern) + `)$`)
		s.compiled = re.MatchString
		grammar[name] = s
	}
}

func spelled[T ~string](values []T) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return texts
}

// violations collects what is wrong with a request's members, in AWS's words.
type violations []string

func (v *violations) add(value, member, constraint string) {
	*v = append(*v, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, member, constraint))
}

func (v *violations) missing(member string) { v.add("null", member, "Member must not be null") }

// maxTold ends the list of violations in a message, so that a request cannot make an answer of any size.
const maxTold = 10

// err returns nil when nothing is wrong.
func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	count := "1 validation error"
	if len(v) > 1 {
		count = fmt.Sprintf("%d validation errors", len(v))
	}
	return refuse(FieldValidationFailed, "%s detected: %s", count, strings.Join(v[:min(len(v), maxTold)], "; "))
}

// text checks a string.
func (v *violations) text(member, name, value string) {
	s := grammar[name]
	length := utf8.RuneCountInString(value)
	switch {
	case s.enum != nil && !slices.Contains(s.enum, value):
		v.add(quoted(value), member, "Member must satisfy enum value set: ["+strings.Join(s.enum, ", ")+"]")
	case s.enum != nil:
	case length < s.min:
		v.add(quoted(value), member, fmt.Sprintf("Member must have length greater than or equal to %d", s.min))
	case length > s.max:
		v.add(quoted(value), member, fmt.Sprintf("Member must have length less than or equal to %d", s.max))
	case s.compiled != nil && !s.compiled(value):
		v.add(quoted(value), member, "Member must satisfy regular expression pattern: "+s.pattern)
	case s.also != nil && !s.also(value):
		v.add(quoted(value), member, "Member must not be a dot segment nor hold control characters")
	}
}

// number checks an integer.
func (v *violations) number(member, name string, value int64) {
	s := grammar[name]
	if value < int64(s.min) {
		v.add(fmt.Sprintf("'%d'", value), member, fmt.Sprintf("Member must have value greater than or equal to %d", s.min))
	}
	if value > int64(s.max) {
		v.add(fmt.Sprintf("'%d'", value), member, fmt.Sprintf("Member must have value less than or equal to %d", s.max))
	}
}

// items checks the number of entries of a list or map.
func (v *violations) items(member, name string, count int) {
	if s := grammar[name]; count > s.max {
		v.add(fmt.Sprintf("of %d entries", count), member,
			fmt.Sprintf("Member must have length less than or equal to %d", s.max))
	}
}

// quoted shows at most a hundred characters of what a caller sent.
func quoted(value string) string {
	const most = 100
	if runes := []rune(value); len(runes) > most {
		value = string(runes[:most]) + "…"
	}
	return "'" + value + "'"
}
