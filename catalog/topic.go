package catalog

import "entrepot/artifact"

// Topic is a part of the catalog about whose changes a reader can ask with Store.Stamp. Writers touch topics by
// themselves: every write verb names the topics it touches.
//
// A topic is a number that is the same in every process and in every release, so one process can tell another what it
// has touched: eight bits for the kind, and 56 of a hash (FNV-1a, without a seed) of what it stands for. Two topics of
// one number make each other's answers stale and do nothing worse, so nobody gains by choosing names that collide.
type Topic uint64

// The kinds. A number is never given to another kind, for other processes may know it.
const (
	topicDomains uint64 = iota + 1
	topicDomain
	topicPackage
	topicRepository
	topicPrincipals
	topicPrincipal
	topicAccessKey
	topicTokens
	topicToken
	topicFolded
	topicSession
	topicEncryptionKey
	topicVersionEvents
	topicEventTargets
)

// DomainsTopic changes when a domain is created or deleted.
func DomainsTopic() Topic { return topic(topicDomains, empty) }

// DomainTopic changes with the domain's configuration: its repositories, their upstreams and connections, policies, tags,
// package groups and remotes. Packages and versions do not touch it.
func DomainTopic(id DomainID) Topic { return topic(topicDomain, empty.number(int64(id))) }

// PackageTopic changes with the package in any repository of the domain: its versions, controls and labels.
func PackageTopic(id DomainID, p artifact.PackageKey) Topic {
	return topic(topicPackage,
		empty.number(int64(id)).text(string(p.Format)).text(p.Namespace).text(p.Name))
}

// RepositoryTopic changes with every package of the format in the repository, as PackageTopic does, and when the
// repository is deleted.
func RepositoryTopic(id RepositoryID, f artifact.Format) Topic {
	return topic(topicRepository, empty.number(int64(id)).text(string(f)))
}

// FoldedTopic changes when a package with this Folded comes into any repository of the domain, goes, or has its controls
// put.
func FoldedTopic(id DomainID, f artifact.Format, folded string) Topic {
	return topic(topicFolded, empty.number(int64(id)).text(string(f)).text(folded))
}

// PrincipalsTopic changes when principals go with all that is theirs, and by whatever else changes several at once.
func PrincipalsTopic() Topic { return topic(topicPrincipals, empty) }

// PrincipalTopic changes with one principal: its record, its policies and its access keys. What changes several
// principals at once may touch PrincipalsTopic alone, so rest on both.
func PrincipalTopic(id string) Topic { return topic(topicPrincipal, empty.text(id)) }

// AccessKeyTopic changes with one access key, by its ID. It is there for those who know the key and not yet whose it is.
// Keys that go with their principal may touch PrincipalsTopic alone, so rest on both.
func AccessKeyTopic(id string) Topic { return topic(topicAccessKey, empty.text(id)) }

// TokensTopic changes when tokens go with their domain or principal.
func TokensTopic() Topic { return topic(topicTokens, empty) }

// TokenTopic changes when one token is revoked or removed; issuing it does not touch it. Where several tokens go at once
// TokensTopic may be all that is touched, so rest on both.
func TokenTopic(h TokenHash) Topic { return topic(topicToken, empty.text(string(h[:]))) }

// SessionTopic changes when one session is begun or ended, by its ID. Those that go with their principal may touch
// PrincipalsTopic alone, so rest on both.
func SessionTopic(id string) Topic { return topic(topicSession, empty.text(id)) }

// EncryptionKeyTopic changes with one encryption key, by its ID; its aliases do not touch it.
func EncryptionKeyTopic(id string) Topic { return topic(topicEncryptionKey, empty.text(id)) }

// VersionEventsTopic changes when a VersionEvent is recorded: as often as packages are written. Its number is not made of
// nothing as those of other topics that stand alone, for what shares its lower bits may share a stamp.
func VersionEventsTopic() Topic { return topic(topicVersionEvents, empty.text("version events")) }

// EventTargetsTopic changes with the rules that say who is told of events, and when a target comes or goes.
func EventTargetsTopic() Topic { return topic(topicEventTargets, empty.text("event targets")) }

// OfPackages reports whether the topic is about packages, which are written far more often than all else, and under
// names that any publisher chooses.
func (t Topic) OfPackages() bool {
	kind := uint64(t) >> hashBits
	return kind == topicPackage || kind == topicRepository || kind == topicFolded
}

const hashBits = 56

func topic(kind uint64, h hash) Topic {
	folded := uint64(h ^ h>>hashBits) // the highest bits are not lost
	return Topic(kind<<hashBits | folded&(1<<hashBits-1))
}

// hash is an unfinished FNV-1a of 64 bits.
type hash uint64

const (
	empty hash = 14695981039346656037
	prime hash = 1099511628211
)

func (h hash) octet(b byte) hash { return (h ^ hash(b)) * prime }

// number adds eight octets, the lowest first.
func (h hash) number(n int64) hash {
	for shift := 0; shift < 64; shift += 8 {
		h = h.octet(byte(n >> shift))
	}
	return h
}

// text adds the length and the octets, so that what one text ends with another cannot begin with.
func (h hash) text(s string) hash {
	h = h.number(int64(len(s)))
	for i := range len(s) {
		h = h.octet(s[i])
	}
	return h
}
