// Package trust knows what the clients on a machine need to believe a certificate authority, and can give it to them and
// take it back.
//
// Clients differ in two ways. Some believe what the system believes and others bring a list of their own; and what they can
// be told is either added to what they believe or put in its place. So there are three files: the authority alone, a bundle
// of it with everything the machine believed before, and a truststore of the same for Java. Nothing that a client believed is
// lost, whichever it is given.
//
// The files, in the order of reading:
//
//	client.go    the clients, a row each
//	machine.go   what is known of the machine that they are on
//	variable.go  what a terminal can tell its clients
//	store.go     what the system believes
//	java.go      a truststore for Java
//	material.go  the files that clients are given
package trust
