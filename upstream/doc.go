// Package upstream fetches from elsewhere. It is the only room that talks to public registries.
//
// A Client answers three questions. Document: what does an upstream say now about a package? The answer is kept in the
// asking format's own form, revalidated, and served on when the upstream fails. Asset: give me this file; one request
// upstream however many ask, every caller reading along while the bytes arrive, and nobody getting the last of them
// before they are known to be right. Exists: is this file there? What an upstream does not have is remembered for a
// while, documents and files alike.
//
// A format that needs several documents of a connection asks for each: a service index or config.json is Essential,
// what it says goes into the next request's URL, and every document is kept, revalidated and missed on its own. A
// document beside each file, such as a digest, has a Max. What is parsed out of one may be remembered under its ID. A
// registry that lists no files is asked with Exists. steps_test.go has a source of each kind in small.
//
// Nothing of an upstream is trusted: every answer has a ceiling in bytes and in time, documents are parsed and written
// anew by the caller's Regenerate, assets are hashed before they are kept, credentials go to the configured origin
// only, and what an upstream points to is fetched from a public address or not at all.
//
// The files, in the order of reading:
//
//	connection.go, origin.go     which connections there are, and where each leads
//	remote.go, endpoint.go,      those that domains have given themselves; and through whom a request has come to us that
//	hops.go                      another server makes
//	options.go, client.go        how a Client works, and what it remembers
//	document.go, freshness.go,   a document: how old it may be, how it is revalidated, how an answer becomes one that
//	revalidate.go, take.go       is kept
//	cache.go                     where documents are kept; doccache and upstreamtest implement it
//	asset.go, flight.go,         a file: who joins whose fetch, what they read while it arrives, and what it must be
//	transfer.go, want.go,
//	promise.go
//	existence.go                 whether a file is there, and what is known of that
//	target.go, fetch.go,         one request: where it goes, redirects, what becomes of it, whether it is made again
//	outcome.go, retry.go
//	guard.go, transports.go      which addresses may be reached, and the ways there
//	certificates.go              whose certificates are believed besides, for one remote
//	breaker.go, pace.go,         what a request may cost: failing hosts, slow bodies, large or odd content
//	content.go
//	metrics.go                   what is counted
//	getter.go                    small documents beside all this, such as an identity provider's keys
package upstream
