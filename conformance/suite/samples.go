package suite

import (
	"strings"

	"entrepot/conformance/servicemodel"
)

// samples hold one good value of each shape of an input, as text. They name nothing that exists.
var samples = map[string]string{
	"AccountId":                         "444455556666",
	"AllowPublish":                      "ALLOW",
	"AllowUpstream":                     "BLOCK",
	"Arn":                               "arn:aws:codeartifact:us-east-1:444455556666:repository/nowhere-at-all/team",
	"Asset":                             "the bytes",
	"AssetName":                         "widget 1.0+a.tgz",
	"Description":                       "what it is for",
	"DomainName":                        "nowhere-at-all",
	"EndpointType":                      "dualstack",
	"ExternalConnectionName":            "public:npmjs",
	"PackageFormat":                     "npm", // whose packages may have a namespace and need none
	"PackageGroupContactInfo":           "team@example.test",
	"PackageGroupOriginRestrictionMode": "ALLOW_SPECIFIC_REPOSITORIES",
	"PackageGroupOriginRestrictionType": "INTERNAL_UPSTREAM",
	"PackageGroupPattern":               "/npm/space/*",
	"PackageGroupPatternPrefix":         "/npm",
	"PackageName":                       "widget",
	"PackageNamespace":                  "parity",
	"PackageVersion":                    "1.0+b~1",
	"PackageVersionOriginType":          "EXTERNAL",
	"PackageVersionRevision":            "rev/A==",
	"PackageVersionSortType":            "PUBLISHED_TIME",
	"PackageVersionStatus":              "Archived",
	"PolicyDocument":                    "{\"Version\":\"2012-10-17\",\n\"Statement\":[]}",
	"PolicyRevision":                    "MQlyy+A/=",
	"RepositoryName":                    "team",
	"SHA256":                            "ed589341c9fd5da96aaff4c5efa008226282a716186608d5a032ac75895a9c2f",
	"String":                            "/npm/space/*", // the pattern of DeletePackageGroup
	"TagKey":                            "cost center",
	"TagValue":                          "R&D",
}

// sampleInts hold the numbers.
var sampleInts = map[string]int{"MaxResults": 7, "AuthorizationTokenDurationSeconds": 3600}

// numberShape folds the eight shapes of page sizes, which are equal, into one.
func numberShape(name string) string {
	if strings.HasSuffix(name, "MaxResults") {
		return "MaxResults"
	}
	return name
}

// Sample is a good value of a member of any operation.
func Sample(m servicemodel.Member) any {
	if m.Name == "destinationRepository" {
		return "production" // which must differ from the source
	}
	return sampleOf(m.Shape)
}

func sampleOf(name string) any {
	switch s := model.Shapes[name]; s.Kind {
	case servicemodel.Structure:
		object := map[string]any{}
		for _, m := range s.Members {
			object[m.Wire] = sampleOf(m.Shape)
		}
		return object
	case servicemodel.List:
		return []any{sampleOf(s.Each)}
	case servicemodel.Map:
		return map[string]any{samples[s.Key]: sampleOf(s.Each)}
	case servicemodel.Boolean:
		return true
	case servicemodel.Number:
		return sampleInts[numberShape(name)]
	}
	return samples[name]
}

// Good is a request of the operation that has all required members.
func Good(operation string) Request {
	r := Request{Operation: operation, Input: map[string]any{}}
	for _, m := range model.Input(operation).Members {
		if m.Required || operation == "CopyPackageVersions" && m.Name == "versions" {
			r.Input[m.Name] = Sample(m)
		}
	}
	return r
}
