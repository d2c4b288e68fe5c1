package sqlcatalog

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/usage"
)

// heldContents are the contents that a repository refers to, each once; shares say besides how many repositories of the
// domain refer to it, and which is the first.
const (
	heldContents = `SELECT r.domain AS domain, p.repository AS repository, a.sha256 AS sha256, min(p.format) AS format
		FROM assets a JOIN versions v ON v.id = a.version JOIN packages p ON p.id = v.package
		JOIN repositories r ON r.id = p.repository WHERE NOT a.promised GROUP BY r.domain, a.sha256, p.repository`
	shares = `SELECT h.domain AS domain, h.repository AS repository, h.format AS format, b.size AS size,
		count(*) OVER content AS holders, min(h.repository) OVER content = h.repository AS first
		FROM (` + heldContents + `) AS h JOIN blobs b ON b.domain = h.domain AND b.sha256 = h.sha256
		WINDOW content AS (PARTITION BY h.domain, h.sha256)`
	storedLevels = `SELECT d.owner, d.name, r.name, s.format, d.id, r.id,
		sum(CASE WHEN s.holders = 1 THEN s.size ELSE 0 END), sum(CASE WHEN s.holders > 1 THEN s.size ELSE 0 END),
		sum(CASE WHEN s.holders > 1 AND s.first THEN s.size ELSE 0 END)
		FROM (` + shares + `) AS s JOIN repositories r ON r.id = s.repository JOIN domains d ON d.id = s.domain
		GROUP BY d.owner, d.name, r.name, s.format, d.id, r.id ORDER BY d.owner, d.name, r.name, s.format`
)

// MeasureStored implements catalog.MeterReader.
func (s *session) MeasureStored() ([]usage.Stored, error) {
	const verb = "measure what is stored"
	type row struct {
		usage.Stored
		domain, repository int64
		once               int64 // of what is shared, as much as no repository before has
	}
	rows, err := all(s, verb, func(from scanner, r *row) error {
		return from.Scan(&r.Domain.Owner, &r.Domain.Name, &r.Repository, &r.Format, &r.domain, &r.repository, &r.Own, &r.Shared, &r.once)
	}, storedLevels)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	tags, err := s.allTags(verb)
	if err != nil {
		return nil, err
	}
	var stored, together []usage.Stored // together: of the domain at hand
	for i, r := range rows {
		if i > 0 && r.domain != rows[i-1].domain {
			stored, together = append(stored, together...), nil
		}
		if r.once > 0 {
			together = addTogether(together, usage.Subject{Domain: r.Domain, Format: r.Format, Tags: usage.TagsOf(tags[holding{r.domain, 0}])}, r.once)
		}
		if r.Own > 0 || r.Shared > 0 {
			r.Tags = usage.TagsOf(tags[holding{r.domain, r.repository}])
			stored = append(stored, r.Stored)
		}
	}
	stored = append(stored, together...)
	slices.SortFunc(stored, func(a, b usage.Stored) int {
		return cmp.Or(strings.Compare(string(a.Domain.Owner), string(b.Domain.Owner)), strings.Compare(a.Domain.Name, b.Domain.Name),
			strings.Compare(a.Repository, b.Repository), strings.Compare(string(a.Format), string(b.Format)))
	})
	return stored, nil
}

// addTogether adds to the level of a domain and a format.
func addTogether(to []usage.Stored, of usage.Subject, bytes int64) []usage.Stored {
	for i := range to {
		if to[i].Subject == of {
			to[i].Own += bytes
			return to
		}
	}
	return append(to, usage.Stored{Subject: of, Level: usage.Level{Own: bytes}})
}

// holding is whose tags they are: a domain's, or a repository's.
type holding struct{ domain, repository int64 }

// allTags returns the tags of every domain and repository.
func (s *session) allTags(verb string) (map[holding]map[string]string, error) {
	type tag struct {
		holding
		key, value string
	}
	rows, err := all(s, verb, func(row scanner, t *tag) error { return row.Scan(&t.domain, &t.repository, &t.key, &t.value) },
		"SELECT domain, coalesce(repository, 0), key, value FROM tags")
	tags := map[holding]map[string]string{}
	for _, t := range rows {
		if tags[t.holding] == nil {
			tags[t.holding] = map[string]string{}
		}
		tags[t.holding][t.key] = t.value
	}
	return tags, err
}

const (
	subjectColumns = "u.owner, u.domain, u.repository, u.format, u.tags"
	hourColumns    = "h.hour, h.at, h.own_before, h.shared_before, h.own, h.shared"
	whatLies       = "u.account = '' AND u.network = ''"
)

// storedRow is an hour of a subject, with the subject's number.
type storedRow struct {
	subject int64
	usage.StoredHour
}

func scanStored(row scanner, h *storedRow) error {
	var at int64
	err := row.Scan(&h.subject, &h.Domain.Owner, &h.Domain.Name, &h.Repository, &h.Format, &h.Tags, &h.Hour, &at, &h.Before.Own,
		&h.Before.Shared, &h.Own, &h.Shared)
	h.At = time.Unix(at, 0).UTC()
	return err
}

// StoredHours implements catalog.MeterReader.
func (s *session) StoredHours(owner artifact.AccountID, from, until usage.Hour) ([]usage.StoredHour, error) {
	rows, err := all(s, "read what was stored", scanStored, "SELECT u.id, "+subjectColumns+", "+hourColumns+` FROM usage_subjects u
		JOIN usage_stored h ON h.subject = u.id AND h.hour < ? AND h.hour >=
		coalesce((SELECT max(hour) FROM usage_stored WHERE subject = u.id AND hour <= ?), 0)
		WHERE u.owner = ? AND `+whatLies+" ORDER BY u.domain, u.repository, u.format, u.tags, h.hour", until, from, owner)
	hours := make([]usage.StoredHour, 0, len(rows))
	for _, r := range rows {
		hours = append(hours, r.StoredHour)
	}
	return hours, err
}

// SetStored implements catalog.MeterWriter.
func (s *session) SetStored(stored []usage.Stored, at time.Time) error {
	const verb = "write down what is stored"
	rows, err := all(s, verb, scanStored, "SELECT u.id, "+subjectColumns+", "+hourColumns+` FROM usage_subjects u
		JOIN usage_stored h ON h.subject = u.id AND h.hour = (SELECT max(hour) FROM usage_stored WHERE subject = u.id)
		WHERE `+whatLies+" ORDER BY u.id")
	if err != nil {
		return err
	}
	levels := make(map[usage.Subject]usage.Level, len(stored))
	for _, now := range stored {
		levels[now.Subject] = now.Level
	}
	for _, last := range rows {
		level := levels[last.Subject]
		delete(levels, last.Subject)
		if level == last.Level {
			continue
		}
		if err := s.putStored(verb, last.subject, last.Change(level, at)); err != nil {
			return err
		}
	}
	for _, now := range stored {
		level, first := levels[now.Subject]
		if !first {
			continue
		}
		id, err := s.usageSubject(verb, now.Subject, "", "")
		if err != nil {
			return err
		}
		if err := s.putStored(verb, id, usage.First(usage.Stored{Subject: now.Subject, Level: level}, at)); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) putStored(verb string, subject int64, h usage.StoredHour) error {
	_, err := s.exec(verb, `INSERT INTO usage_stored (subject, hour, at, own_before, shared_before, own, shared)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (subject, hour) DO UPDATE SET at = excluded.at, own_before = excluded.own_before,
		shared_before = excluded.shared_before, own = excluded.own, shared = excluded.shared`,
		subject, h.Hour, h.At.Unix(), h.Before.Own, h.Before.Shared, h.Own, h.Shared)
	return err
}

// usageSubject returns the number of a subject, which it gets if it has none.
func (s *session) usageSubject(verb string, of usage.Subject, account artifact.AccountID, network string) (int64, error) {
	what := []any{of.Domain.Owner, of.Domain.Name, of.Repository, of.Format, of.Tags, account, network}
	id, found, err := one(s, verb, scalar[int64], `SELECT id FROM usage_subjects
		WHERE owner = ? AND domain = ? AND repository = ? AND format = ? AND tags = ? AND account = ? AND network = ?`, what...)
	if err != nil || found {
		return id, err
	}
	id, _, err = one(s, verb, scalar[int64], `INSERT INTO usage_subjects (owner, domain, repository, format, tags, account, network)
		VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`, what...)
	return id, err
}

// CountedRequests implements catalog.MeterReader.
func (s *session) CountedRequests(account artifact.AccountID, from, until, step usage.Hour) ([]usage.Counted, error) {
	if step <= 0 {
		step = max(1, until-from)
	}
	return all(s, "read what was requested", func(row scanner, c *usage.Counted) error {
		return row.Scan(&c.Hour, &c.Domain.Owner, &c.Domain.Name, &c.Repository, &c.Format, &c.Tags, &c.Account, &c.Network,
			&c.Reads, &c.Writes, &c.Sent)
	}, "SELECT q.hour - (q.hour - ?) % ? AS step, "+subjectColumns+`, u.account, u.network, sum(q.reads), sum(q.writes), sum(q.sent)
		FROM usage_subjects u JOIN usage_requests q ON q.subject = u.id AND q.hour >= ? AND q.hour < ?
		WHERE (u.account = ? OR u.owner = ? AND u.account <> '') GROUP BY u.id, step
		ORDER BY u.owner, u.domain, u.repository, u.format, u.tags, u.account, u.network, step`, from, step, from, until, account, account)
}

// UsageDrivers implements catalog.MeterReader.
func (s *session) UsageDrivers(owner artifact.AccountID, from, until usage.Hour) ([]usage.Driver, error) {
	return all(s, "read what drives usage", func(row scanner, d *usage.Driver) error {
		d.Hour, d.Domain.Owner = from, owner
		return row.Scan(&d.Domain.Name, &d.Kind, &d.Name, &d.Reads, &d.Writes, &d.Sent)
	}, `SELECT domain, kind, name, sum(reads), sum(writes), sum(sent) FROM usage_drivers WHERE owner = ? AND hour >= ? AND hour < ?
		GROUP BY domain, kind, name ORDER BY domain, kind, name`, owner, from, until)
}

// CountRequests implements catalog.MeterWriter.
func (s *session) CountRequests(i usage.Interval, now time.Time) error {
	const verb = "write down what was requested"
	n, err := s.exec(verb, `INSERT INTO usage_meters (meter, number, at) VALUES (?, ?, ?)
		ON CONFLICT (meter) DO UPDATE SET number = excluded.number, at = excluded.at WHERE usage_meters.number < excluded.number`,
		i.Meter, i.Number, now.UnixMicro())
	if err != nil || n == 0 {
		return err
	}
	for _, c := range i.Counted {
		id, err := s.usageSubject(verb, c.Subject, c.Account, c.Network)
		if err != nil {
			return err
		}
		if _, err := s.exec(verb, `INSERT INTO usage_requests (hour, subject, reads, writes, sent) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (hour, subject) DO UPDATE SET reads = usage_requests.reads + excluded.reads,
			writes = usage_requests.writes + excluded.writes, sent = usage_requests.sent + excluded.sent`,
			c.Hour, id, c.Reads, c.Writes, c.Sent); err != nil {
			return err
		}
	}
	for _, d := range i.Drivers {
		if err := s.countDriver(verb, d); err != nil {
			return err
		}
	}
	return nil
}

// countDriver adds to a driver, or to the rest of them if there is no room for its name.
func (s *session) countDriver(verb string, d usage.Driver) error {
	d.Hour = usage.DayOf(d.Hour)
	of := []any{d.Domain.Owner, d.Domain.Name, d.Kind, d.Hour}
	known, err := s.exists(verb, "SELECT 1 FROM usage_drivers WHERE owner = ? AND domain = ? AND kind = ? AND hour = ? AND name = ?",
		append(of, d.Name)...)
	if err != nil {
		return err
	}
	if !known {
		names, _, err := one(s, verb, scalar[int64], `SELECT count(*) FROM usage_drivers WHERE owner = ? AND domain = ? AND kind = ?
			AND hour = ? AND name <> ?`, append(of, usage.Rest)...)
		if err != nil {
			return err
		}
		if names >= usage.MaxDrivers {
			d.Name = usage.Rest
		}
	}
	_, err = s.exec(verb, `INSERT INTO usage_drivers (owner, domain, kind, hour, name, reads, writes, sent)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (owner, domain, kind, hour, name) DO UPDATE SET
		reads = usage_drivers.reads + excluded.reads, writes = usage_drivers.writes + excluded.writes, sent = usage_drivers.sent + excluded.sent`,
		append(of, d.Name, d.Reads, d.Writes, d.Sent)...)
	return err
}

// forgetting are the statements that remove figures. Of what lies, the last hour before is kept, for the level since; one that
// says that nothing lies goes when all before it are gone.
var forgetting = []struct {
	statement string
	before    func(usage.Hour) []any
}{
	{`DELETE FROM usage_requests WHERE (hour, subject) IN (SELECT hour, subject FROM usage_requests WHERE hour < ? ORDER BY hour LIMIT ?)`, theHour},
	{`DELETE FROM usage_drivers WHERE (owner, domain, kind, hour, name) IN
		(SELECT owner, domain, kind, hour, name FROM usage_drivers WHERE hour < ? ORDER BY hour LIMIT ?)`, theHour},
	{`DELETE FROM usage_stored WHERE (subject, hour) IN (SELECT h.subject, h.hour FROM usage_stored h WHERE h.hour < ?
		AND (EXISTS (SELECT 1 FROM usage_stored n WHERE n.subject = h.subject AND n.hour > h.hour AND n.hour <= ?)
		OR h.own = 0 AND h.shared = 0 AND NOT EXISTS (SELECT 1 FROM usage_stored n WHERE n.subject = h.subject AND n.hour < h.hour)) LIMIT ?)`,
		func(h usage.Hour) []any { return []any{h, h} }},
	{`DELETE FROM usage_meters WHERE meter IN (SELECT meter FROM usage_meters WHERE at < ? LIMIT ?)`,
		func(h usage.Hour) []any { return []any{h.Begins().UnixMicro()} }},
}

func theHour(h usage.Hour) []any { return []any{h} }

// ForgetUsage implements catalog.MeterWriter.
func (s *session) ForgetUsage(before usage.Hour, limit int) (int, error) {
	const verb = "forget old figures"
	left := clamp(limit)
	for _, f := range forgetting {
		n, err := s.exec(verb, f.statement, append(f.before(before), left)...)
		if err != nil {
			return 0, err
		}
		if left -= int(n); left == 0 {
			return clamp(limit), nil
		}
	}
	if removed := clamp(limit) - left; removed > 0 {
		_, err := s.exec(verb, `DELETE FROM usage_subjects WHERE NOT EXISTS (SELECT 1 FROM usage_requests WHERE subject = usage_subjects.id)
			AND NOT EXISTS (SELECT 1 FROM usage_stored WHERE subject = usage_subjects.id)`)
		return removed, err
	}
	return 0, nil
}
