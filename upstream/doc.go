// Package upstream fetches from elsewhere. It is the only room that talks to public registries.
//
// A Client answers two questions. Document: what does an upstream say now about a package? The answer is kept in the
// asking format's own form, revalidated, and served on when the upstream fails. Asset: give me this file; one request
// upstream however many ask, every caller reading along while the bytes arrive, and nobody getting the last of them
// before they are known to be right.
//
// A format that needs several documents of a connection asks for each: a service index or config.json is Essential,
// what it says goes into the next request's URL, and every document is kept, revalidated and missed on its own. A
// document beside each file, such as a digest, has a Max. What is parsed out of one may be remembered under its ID. A
// registry that lists no files is asked with Exists. steps_test.go has a source of each kind in small.
//
// Nothing of an upstream is trusted: every answer has a ceiling in bytes and in time, documents are parsed and written
// anew by the caller's Regenerate, assets are hashed before they are kept, credentials go to the configured origin
// only, and what an upstream points to is fetched from a public address or not at all.
package upstream
