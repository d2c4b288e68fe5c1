// Package packagegroup has the patterns by which package groups say whose they are: their grammar, which packages they
// match and how well, and which of several is the more specific one (user guide, "Package group definition syntax and
// matching behavior"). It is pure: what a group allows is for the rules to say.
package packagegroup
