// Package awsapi is the AWS face: the 48 operations of the CodeArtifact API (version 2018-09-22), rest-json, as the
// unmodified aws CLI, SDKs and Terraform speak it.
//
// One table (operations.go) lists the operations. A request goes through it in one order: syntax and field grammar,
// then permission, then existence and state, the last two in the rules. A handler gets its typed input and returns its
// typed output; decoding, checks that need no look-up, permission and encoding happen once, in serve, for all of them.
// The struct tags of inputs and outputs are the wire format; model_test.go holds them against conformance/servicemodel.
package awsapi
