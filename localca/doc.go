// Package localca makes a certificate authority of an installation's own and, with it, the certificates of its server:
// HTTPS without buying or asking for anything. Clients believe it once they are told to; they are told with the files that
// it keeps.
//
// An authority may certify the host names it was made for, those below them, and no others: its certificate says so (name
// constraints, RFC 5280 §4.2.1.10), so whoever steals its key deceives the clients about this server only. When the
// server gets a name that no authority may certify, or the newest one comes near its end, another one is made beside those
// that are there. A handshake for a name is answered from the oldest one that may certify it: clients that believe that
// one notice nothing.
//
// The certificates of the server live in memory only. They last a month, and a new one is made at the first handshake of
// the last third.
//
// The files, in the order of reading:
//
//	authority.go  one authority: what it may certify, and the certificates it signs
//	files.go      where authorities are kept
//	issuer.go     the certificate that a handshake is answered with
//	bundle.go     what the system believes and the authorities in one file, for clients that take one list only
package localca
