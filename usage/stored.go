package usage

import (
	"iter"
	"sort"
	"time"
)

// Level is how many bytes lie somewhere. What a repository refers to alone is its own; what others of its domain refer to as
// well is shared, and lies once. A domain's level has what is shared in it, each content once, as its own: no repository
// pays for that.
type Level struct {
	Own, Shared int64
}

// Stored is the level of a subject: of a repository and a format, or of a domain and a format.
type Stored struct {
	Subject
	Level
}

// StoredHour is an hour in which the level of a subject changed, or in which it was first known. In the hours until the next
// such one it stays as it was at the end.
type StoredHour struct {
	Hour Hour
	Stored
	At time.Time // the last change, to the second
	// Before are bytes times seconds, from the beginning of the hour to At.
	Before Level
}

// seconds returns how many seconds there are between, or none if they are in the other order.
func seconds(from, to time.Time) int64 { return max(0, to.Unix()-from.Unix()) }

func (l Level) times(n int64) Level { return Level{l.Own * n, l.Shared * n} }

func (l Level) plus(m Level) Level { return Level{l.Own + m.Own, l.Shared + m.Shared} }

// First returns the hour in which a level is first known.
func First(s Stored, at time.Time) StoredHour {
	at = at.Truncate(time.Second).UTC()
	return StoredHour{Hour: HourOf(at), Stored: s, At: at}
}

// Change returns the hour in which the level becomes another one, if h is the last that there was. A clock that went back
// is taken for one that stood still.
func (h StoredHour) Change(to Level, at time.Time) StoredHour {
	at = at.Truncate(time.Second).UTC()
	if at.Before(h.At) {
		at = h.At
	}
	next := StoredHour{Hour: HourOf(at), Stored: Stored{h.Subject, to}, At: at}
	if next.Hour == h.Hour {
		next.Before = h.Before.plus(h.Level.times(seconds(h.At, at)))
	} else {
		next.Before = h.Level.times(seconds(next.Hour.Begins(), at))
	}
	return next
}

// Lay is how long how many bytes lay, in bytes times seconds.
type Lay struct {
	Own, Shared Amount
}

// Plus returns the sum.
func (l Lay) Plus(m Lay) Lay { return Lay{l.Own.Plus(m.Own), l.Shared.Plus(m.Shared)} }

// IsZero reports whether nothing lay.
func (l Lay) IsZero() bool { return l.Own.IsZero() && l.Shared.IsZero() }

func (l Level) lay(seconds int64) Lay {
	return Lay{Of(l.Own).Times(seconds), Of(l.Shared).Times(seconds)}
}

// Between adds up what lay from one time to another, of the hours of one subject in their order.
func Between(hours []StoredHour, from, to time.Time) Lay {
	var sum Lay
	at := sort.Search(len(hours), func(i int) bool { return hours[i].Hour.Begins().After(from) })
	for i := max(0, at-1); i < len(hours); i++ {
		begins, ends := hours[i].Hour.Begins(), to
		if i+1 < len(hours) {
			ends = earlier(ends, hours[i+1].Hour.Begins())
		}
		if from.After(begins) {
			begins = from
		}
		if !begins.Before(to) {
			break
		}
		sum = sum.Plus(hours[i].until(ends).minus(hours[i].until(begins)))
	}
	return sum
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// until adds up what lay from the beginning of the hour to a time in it or behind. What the level was before the last
// change is not known any more: of a part of that it is as much as of the time.
func (h StoredHour) until(t time.Time) Lay {
	before := Lay{Of(h.Before.Own), Of(h.Before.Shared)}
	if !t.Before(h.At) {
		return before.Plus(h.Level.lay(seconds(h.At, t)))
	}
	part, whole := seconds(h.Hour.Begins(), t), seconds(h.Hour.Begins(), h.At)
	return Lay{before.Own.Scaled(part, whole), before.Shared.Scaled(part, whole)}
}

func (l Lay) minus(m Lay) Lay { return Lay{l.Own.Minus(m.Own), l.Shared.Minus(m.Shared)} }

// hourly adds up by the hour what lay in many subjects. Hours in which the level of one stayed as it was cost no step each.
type hourly struct {
	first   Hour
	until   time.Time
	changes []Level // by how much the level of whole hours changes with each; it holds for an hour in which nothing did
	rest    []Lay   // what lay in other hours
}

func newHourly(from, until time.Time) *hourly {
	n := max(0, HourOf(until)-HourOf(from)) + 1
	return &hourly{HourOf(from), until, make([]Level, n+1), make([]Lay, n)}
}

// add adds the hours of one subject, in their order.
func (s *hourly) add(hours []StoredHour) {
	last := s.first + Hour(len(s.rest)) - 1 // it may not be over
	for i, h := range hours {
		next := last
		if i+1 < len(hours) {
			next = min(next, hours[i+1].Hour)
		}
		if h.Hour >= s.first && h.Hour < last {
			s.part(hours, h.Hour)
		}
		if from := max(h.Hour+1, s.first); from < next {
			s.change(from, h.Level)
			s.change(next, Level{-h.Own, -h.Shared})
		}
	}
	s.part(hours, last)
}

func (s *hourly) change(at Hour, by Level) {
	s.changes[at-s.first] = s.changes[at-s.first].plus(by)
}

// part adds what lay in an hour.
func (s *hourly) part(hours []StoredHour, h Hour) {
	s.rest[h-s.first] = s.rest[h-s.first].Plus(Between(hours, h.Begins(), earlier((h+1).Begins(), s.until)))
}

// each yields the hours in which something lay, and how much.
func (s *hourly) each() iter.Seq2[Hour, Lay] {
	return func(yield func(Hour, Lay) bool) {
		var level Level
		for i, rest := range s.rest {
			level = level.plus(s.changes[i])
			lay := rest.Plus(level.lay(secondsOfHour))
			if !lay.IsZero() && !yield(s.first+Hour(i), lay) {
				return
			}
		}
	}
}
