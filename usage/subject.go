package usage

import (
	"encoding/json"

	"entrepot/artifact"
)

// Subject is what a quantity is told of.
type Subject struct {
	Domain     artifact.DomainKey // zero for calls that are about no domain
	Repository string             // empty for the domain itself
	Format     artifact.Format    // empty where none is meant
	Tags       Tags               // of the repository, or of the domain, as they were then
}

// Tags are cost allocation tags: a JSON object with sorted members, or nothing.
type Tags string

// TagsOf makes them of a resource's tags.
func TagsOf(tags map[string]string) Tags {
	if len(tags) == 0 {
		return ""
	}
	text, err := json.Marshal(tags)
	if err != nil {
		return "" // maps of texts can be written
	}
	return Tags(text)
}

// Map returns them by key.
func (t Tags) Map() map[string]string {
	var tags map[string]string
	if t == "" || json.Unmarshal([]byte(t), &tags) != nil {
		return nil
	}
	return tags
}

// Counters are requests, and bytes that went out in answer to them.
type Counters struct {
	Reads, Writes int64
	Sent          int64
}

// Plus returns the sum.
func (c Counters) Plus(d Counters) Counters {
	return Counters{c.Reads + d.Reads, c.Writes + d.Writes, c.Sent + d.Sent}
}

// Add adds to the counters.
func (c *Counters) Add(more Counters) { *c = c.Plus(more) }

// Counted are the requests of an account about a subject, from one network, in an hour.
type Counted struct {
	Hour Hour
	Subject
	Account artifact.AccountID // who called; of a caller without credentials, the domain's owner
	Network string             // a region, or Internet
	Counters
}

// Kind sorts what drives a domain's usage.
type Kind string

// The kinds.
const (
	OfPackage   Kind = "package"   // format/namespace/name
	OfPrincipal Kind = "principal" // an ARN
)

// Rest is the name of all drivers that there was no room to tell apart.
const Rest = "(other)"

// Driver is a package or a principal that requests were about, on a day.
type Driver struct {
	Hour   Hour // the first of the day
	Domain artifact.DomainKey
	Kind   Kind
	Name   string
	Counters
}

// DayOf returns the first hour of the day in which an hour is.
func DayOf(h Hour) Hour { return h - h%24 }

// MaxDrivers is how many names of a kind are told apart in a domain on a day.
const MaxDrivers = 500

// Interval is what one meter counted in a short time. Its number tells it from those before, so that it is counted once
// however often it is told.
type Interval struct {
	Meter   string // unique to one meter
	Number  int64  // from 1 on, rising
	Counted []Counted
	Drivers []Driver
}
