// Package artifact holds the words of the project: what a domain, a repository, a package, a version and an asset are
// called, which states they have, and how a failure about one of them is told.
//
// It imports the standard library only and does no I/O, so every other room may speak it.
package artifact
