package usage

import (
	"fmt"
	"time"
)

// Hour is an hour: how many there were before it since the beginning of 1970, UTC.
type Hour int64

// HourOf returns the hour in which t is.
func HourOf(t time.Time) Hour {
	s := t.Unix()
	if s < 0 {
		s -= secondsOfHour - 1
	}
	return Hour(s / secondsOfHour)
}

// Begins returns when the hour begins.
func (h Hour) Begins() time.Time { return time.Unix(int64(h)*secondsOfHour, 0).UTC() }

const secondsOfHour = 3600

// Month is a month, UTC.
type Month struct {
	Year  int
	Month time.Month
}

// MonthOf returns the month in which t is.
func MonthOf(t time.Time) Month {
	t = t.UTC()
	return Month{t.Year(), t.Month()}
}

// ParseMonth reads a month such as 2026-11, between the years 1970 and 9999.
func ParseMonth(text string) (Month, error) {
	t, err := time.Parse("2006-01", text)
	if err != nil || len(text) != len("2006-01") || t.Year() < 1970 {
		return Month{}, fmt.Errorf("%.20q is no month such as 2026-11", text)
	}
	return MonthOf(t), nil
}

// Begins returns when the month begins.
func (m Month) Begins() time.Time { return time.Date(m.Year, m.Month, 1, 0, 0, 0, 0, time.UTC) }

// Ends returns when the next one begins.
func (m Month) Ends() time.Time { return m.Begins().AddDate(0, 1, 0) }

// Hours returns how many hours it has.
func (m Month) Hours() int64 { return int64(m.Ends().Sub(m.Begins()) / time.Hour) }

// Before returns the month n months before.
func (m Month) Before(n int) Month { return MonthOf(m.Begins().AddDate(0, -n, 0)) }

func (m Month) String() string { return m.Begins().Format("2006-01") }

// KeptMonths is how many months figures are kept besides the one that runs.
const KeptMonths = 13

// KeptSince returns the first hour whose figures are kept at a time.
func KeptSince(now time.Time) Hour { return HourOf(MonthOf(now).Before(KeptMonths).Begins()) }
