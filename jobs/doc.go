// Package jobs is the work nobody waits for: it deletes bytes that no package refers to and tokens that have expired,
// at intervals, and stops when it is told to.
package jobs
