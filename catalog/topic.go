package catalog

import "entrepot/artifact"

// Topic is a part of the catalog about whose changes a reader can ask with Store.Stamp. Writers touch topics by
// themselves: every write verb names the topics it touches.
type Topic struct {
	kind   topicKind
	domain DomainID
	pkg    artifact.PackageKey
}

type topicKind uint8

const (
	topicDomains topicKind = iota
	topicDomain
	topicPackage
	topicPrincipals
	topicTokens
)

// DomainsTopic changes when a domain is created or deleted.
func DomainsTopic() Topic { return Topic{kind: topicDomains} }

// DomainTopic changes with the domain's configuration: its repositories, their upstreams and connections, policies and
// tags. Packages and versions do not touch it.
func DomainTopic(id DomainID) Topic { return Topic{kind: topicDomain, domain: id} }

// PackageTopic changes with the package in any repository of the domain: its versions, controls and labels.
func PackageTopic(id DomainID, p artifact.PackageKey) Topic {
	return Topic{kind: topicPackage, domain: id, pkg: p}
}

// PrincipalsTopic changes with principals, their policies and access keys.
func PrincipalsTopic() Topic { return Topic{kind: topicPrincipals} }

// TokensTopic changes when a token is revoked or deleted; issuing one does not touch it.
func TokensTopic() Topic { return Topic{kind: topicTokens} }
