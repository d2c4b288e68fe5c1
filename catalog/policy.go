package catalog

import "time"

// Holder is what can hold a resource policy or tags: a domain, or a repository of it when Repository is not zero. Tags can
// be held by a package group of it as well, when Group is not zero and Repository is.
type Holder struct {
	Domain     DomainID
	Repository RepositoryID
	Group      PackageGroupID
}

// Policy is a resource policy as it is kept: its principals stand in it by unique identifiers, see iam.Bind.
type Policy struct {
	Document string
	Revision string // opaque; new on each put
	PutAt    time.Time
}

// PolicyReader finds resource policies.
type PolicyReader interface {
	// Policy returns the policy of h, or NotFound.
	Policy(h Holder) (Policy, error)
}

// PolicyWriter changes resource policies. Touches DomainTopic.
type PolicyWriter interface {
	PutPolicy(h Holder, p Policy) error
	// DeletePolicy removes the policy of h; NotFound if it has none.
	DeletePolicy(h Holder) error
}

// TagReader finds tags.
type TagReader interface {
	// Tags returns the tags of h; an empty map when it has none.
	Tags(h Holder) (map[string]string, error)
}

// TagWriter changes tags. Touches DomainTopic.
type TagWriter interface {
	// PutTags adds tags or overwrites their values.
	PutTags(h Holder, tags map[string]string) error
	// DeleteTags removes tags; unknown keys are ignored.
	DeleteTags(h Holder, keys []string) error
}
