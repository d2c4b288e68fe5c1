// Package repository is the rules: what a repository answers, keeps and refuses. It resolves packages through upstreams
// and external connections, retains what it fetched, publishes, copies, disposes, and asks for permission before all of
// it. It knows no protocol and no manifest; formats and the AWS face call it, and it calls the contracts below.
//
// The source of a rule, unless a comment says otherwise, is the CodeArtifact User Guide; where the guide is silent the
// choice is recorded in docs/decisions.
//
// The files, in the order of reading:
//
//	service.go, quotas.go,       what the rules stand on, their limits, and what they know of a format
//	limits.go, traits.go
//	shelf.go, labels.go,         what formats ask and are given; an upload on its way in
//	view.go, upload.go
//
// Administration:
//
//	subject.go, action.go,       on what an action is judged, by whose policies, whether it is allowed, and who may be told
//	level.go, authorize.go,      which statement refused it
//	refusal.go, unusable.go
//	configuration.go, graph.go   a repository with all around it, read once
//	admin.go, domain.go,         domains, repositories, connections, remotes, policies, tags and package groups are made, changed and
//	repositories.go,             told
//	connections.go, remotes.go,
//	configuredremotes.go,
//	policies.go, tags.go,
//	groupadmin.go,
//	grouporigin.go,
//	association.go
//
// Resolution:
//
//	groups.go                    the package groups of a domain, which of them a package belongs to, and what they allow
//	controls.go, plan.go         which ways are open to a package, and the order in which they are searched
//	source.go, registry.go       an external registry, and what it answers
//	locate.go, open.go,          where a version is, where an asset is, how it is brought in
//	absence.go, ingest.go
//	complete.go, background.go   what else a registry that lists no files has of a version, looked for while nobody waits
//	follow.go                    what retained versions take over from their registry later
//	merge.go, defaultlabel.go,   a package as package managers see it, and the version that is shown where none is named;
//	documents.go, spool.go,      documents about one, and about all
//	index.go,
//	attachment.go
//	trace.go, explain.go         what a search has found, place by place; why a request ends as it does
//	prefetch.go                  what there is of a version, and an asset of it brought in, for whoever wants it kept before it is asked for
//
// A version's life:
//
//	publish.go, publishasset.go, how it begins and grows, also where it is spelled otherwise
//	spelling.go
//	keep.go, heal.go, damage.go  that its bytes are there for as long as it refers to them, and come again if they are lost
//	packages.go, readme.go,      what the API tells of it and does to it, copies among it
//	versions.go, copy.go,
//	deletepackage.go
//	revision.go, record.go,      what names its content, what goes on record, how absence is worded
//	missing.go
package repository
