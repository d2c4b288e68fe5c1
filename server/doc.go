// Package server is the front of Entrepot: it listens, decides whether a request is clean enough to be looked at,
// finds the door it is meant for, and answers for everything that all doors have in common: request ids, deadlines,
// logging, metrics, health, limits and a graceful end.
//
// The order is always the same. The wire (wire.go, head.go) lets through only HTTP that every reader frames alike. The
// gate (gate.go, target.go) makes the one decision about host, path and size, before any routing; what it refuses is
// answered 4xx, in the words of the format it meant if its path was clean, and never redirected. Then the host and the
// first segments of the path choose a door, the door's authenticator says who calls, and the door answers.
package server
