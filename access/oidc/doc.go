// Package oidc proves the identity tokens of OpenID Connect providers (OpenID Connect Core 1.0 §2 and §3.1.3.7, over JWT,
// RFC 7519, signed as in RFC 7515 and RFC 7518).
//
// Parse reads a token and believes nothing of it. Verifier.Verify proves it: with the keys that its issuer publishes, by an
// algorithm of a short list, for an audience that the caller names, at this time. Keys that a token brings along or points
// to are not looked at.
//
// Errors are *Error.
package oidc

import (
	"fmt"

	"entrepot/artifact"
)

// Problem is why a token is not believed.
type Problem uint8

// The problems.
const (
	Invalid     Problem = iota // malformed, of a wrong signature, or for somebody else
	Expired                    // once good, and over
	Unreachable                // the issuer's keys could not be had
)

// Error is a token that is not believed. Its message is told to the caller and holds nothing of the token but its issuer.
type Error struct {
	Problem Problem
	Message string
	Cause   error // of Unreachable; may be nil
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives the error as the other rooms know errors, with its cause.
func (e *Error) Unwrap() error {
	kind := artifact.Unauthenticated
	if e.Problem == Unreachable {
		kind = artifact.Unavailable
	}
	return artifact.Errorf(kind, "%s", e.Message).Causing(e.Cause)
}

func invalid(format string, args ...any) *Error {
	return &Error{Problem: Invalid, Message: fmt.Sprintf(format, args...)}
}
