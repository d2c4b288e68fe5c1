// Package archtest holds the shape of the project: which room may import which, what every room must have, and what no
// file may say. It has tests only.
package archtest
