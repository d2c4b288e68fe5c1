// Package usage is the words of metering and what follows from them: what is counted, hours and months, how long how many
// bytes lay, what all that costs, by whom and by what. It is pure: no I/O and no clock.
//
// From the inside out:
//
//	money.go    amounts of dollars, in whole billionths
//	amount.go   quantities of any size
//	time.go     hours and months
//	network.go  to which region an address belongs
//	subject.go  what quantities are told of; requests that were counted, packages and principals that drive them
//	note.go     what is known of a request while it is answered
//	stored.go   the bytes that lie somewhere, as hours in which they changed
//	prices.go   the table of prices, and what it makes of quantities
//	report.go   the report of an account and a month: bill, groups, forecast, drivers
package usage
