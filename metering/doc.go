// Package metering counts what is used, and tells what it costs.
//
//	meter.go     requests, counted in memory while they are answered
//	flush.go     what was counted is written down, an interval at a time
//	storage.go   what lies in the domains is measured when something has changed
//	run.go       when all that is done, and what is forgotten
//	report.go    reports, for those who may see them
//	metrics.go   the same figures for Prometheus
//
// Nothing here does I/O while somebody waits for an answer. What was counted since the last interval was written is lost when the
// process is killed, and nothing is counted twice.
package metering
