// Package repository is the rules: what a repository answers, keeps and refuses. It resolves packages through upstreams
// and external connections, retains what it fetched, publishes, copies, disposes, and asks for permission before all of
// it. It knows no protocol and no manifest; formats and the AWS face call it, and it calls the contracts below.
//
// The source of a rule, unless a comment says otherwise, is the CodeArtifact User Guide; where the guide is silent the
// choice is recorded in docs/decisions.
package repository
