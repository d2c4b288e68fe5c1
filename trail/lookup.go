package trail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"entrepot/accounts"
	"entrepot/artifact"
	"entrepot/catalog"
	"entrepot/iam"
)

// Attribute is what events are looked up by, as CloudTrail names it.
type Attribute string

// The attributes.
const (
	ByEventID      Attribute = "EventId"
	ByEventName    Attribute = "EventName"
	ByReadOnly     Attribute = "ReadOnly"
	ByUsername     Attribute = "Username"
	ByResourceType Attribute = "ResourceType"
	ByResourceName Attribute = "ResourceName"
	ByEventSource  Attribute = "EventSource"
	ByAccessKeyID  Attribute = "AccessKeyId"
)

// attributes say which records an attribute of a value is of. The name of a resource is its ARN, or what stands behind the ARN's last
// slash.
var attributes = map[Attribute]func(r Record, value string) bool{
	ByEventID:     func(r Record, value string) bool { return r.EventID == value },
	ByEventName:   func(r Record, value string) bool { return r.EventName == value },
	ByReadOnly:    func(r Record, value string) bool { return fmt.Sprint(r.ReadOnly) == value },
	ByUsername:    func(r Record, value string) bool { return r.Username() == value },
	ByEventSource: func(r Record, value string) bool { return r.EventSource == value },
	ByAccessKeyID: func(r Record, value string) bool { return r.UserIdentity.AccessKeyID == value },
	ByResourceType: func(r Record, value string) bool {
		return len(r.Resources) > 0 && r.Resources[0].Type == value
	},
	ByResourceName: func(r Record, value string) bool {
		return len(r.Resources) > 0 && (r.Resources[0].ARN == value || strings.HasSuffix(r.Resources[0].ARN, "/"+value))
	},
}

// signs say of an event whether its record can be one of an attribute: they pass over the others without making their records, and
// never over one that is.
var signs = map[Attribute]func(e catalog.Event, value string) bool{
	ByEventName: func(e catalog.Event, value string) bool { return strings.HasSuffix(e.Action, ":"+value) },
	ByEventSource: func(e catalog.Event, value string) bool {
		service, _, _ := strings.Cut(e.Action, ":")
		return sourceOf(service) == value
	},
	ByUsername:     func(e catalog.Event, value string) bool { return strings.HasSuffix(e.Principal, value) },
	ByResourceName: func(e catalog.Event, value string) bool { return strings.HasSuffix(e.Resource, value) },
	ByAccessKeyID:  func(e catalog.Event, value string) bool { return bytes.Contains(e.Call, []byte(value)) },
	ByReadOnly: func(e catalog.Event, value string) bool {
		return bytes.Contains(e.Call, []byte(`"reads":true`)) == (value == "true")
	},
}

// Query is what is looked for.
type Query struct {
	By       Attribute // empty for everything
	Value    string
	From, To time.Time // both inclusive, to the second; zero means no bound
	Limit    int       // 1 to 50
	Token    string    // where the page before ended; empty for the first
}

// Found is a page of records, the newest first.
type Found struct {
	Records []Record
	Next    string // empty if there are no more
}

// Problem is what is wrong with a query, where CloudTrail tells such errors apart. It is the cause of an Invalid error.
type Problem string

// The problems, by the names that CloudTrail's model has for them.
const (
	InvalidAttributes Problem = "InvalidLookupAttributesException"
	InvalidTimeRange  Problem = "InvalidTimeRangeException"
	InvalidMaxResults Problem = "InvalidMaxResultsException"
	InvalidNextToken  Problem = "InvalidNextTokenException"
)

// Error names the problem.
func (p Problem) Error() string { return string(p) }

// Name is the name of the exception.
func (p Problem) Name() string { return string(p) }

func (p Problem) errorf(format string, args ...any) error {
	return artifact.Errorf(artifact.Invalid, format, args...).Causing(p)
}

const (
	maxResults = 50
	// maxLooked bounds how many events one page looks at: it may be empty, and still not the last.
	maxLooked = 5000
	pageRead  = 500
)

const lookupAction = "cloudtrail:LookupEvents"

// Lookup returns the records of the events that concern the caller's account. Denied takes cloudtrail:LookupEvents on everything;
// what is wrong with a query is a Problem.
func (s *Service) Lookup(ctx context.Context, c iam.Caller, q Query) (Found, error) {
	if err := s.mayLookUp(c); err != nil {
		return Found{}, err
	}
	behind, err := q.start()
	if err != nil {
		return Found{}, err
	}
	if q.By == ByEventID {
		return s.byID(ctx, c.Principal.Account, q)
	}
	var found Found
	err = s.Catalog.Read(ctx, func(r catalog.Reader) error {
		found = Found{}
		for looked := 0; looked < maxLooked; {
			page, err := r.EventsOf(c.Principal.Account, q.From, behind, pageRead)
			if err != nil {
				return err
			}
			for _, e := range page {
				looked++
				behind = catalog.EventMark{Time: e.Time, Sequence: e.Sequence}
				if sign := signs[q.By]; sign != nil && !sign(e, q.Value) {
					continue
				}
				record, err := s.record(e, c.Principal.Account)
				if err != nil {
					return err
				}
				if q.wants(record) {
					found.Records = append(found.Records, record)
				}
				if len(found.Records) == q.Limit {
					found.Next = q.token(behind)
					return nil
				}
			}
			if len(page) < pageRead {
				return nil
			}
		}
		found.Next = q.token(behind)
		return nil
	})
	if err != nil {
		return Found{}, fmt.Errorf("look up events: %w", err)
	}
	return found, nil
}

// mayLookUp asks for permission. That it was refused is recorded while nobody waits.
func (s *Service) mayLookUp(c iam.Caller) error {
	ledger := accounts.Ledger{Catalog: s.Catalog, Now: s.Now, Later: s.RecordLater}
	return ledger.Looked(c, lookupAction, accounts.Authorize(c, lookupAction, accounts.Subject{}))
}

func (q Query) wants(r Record) bool { return q.By == "" || attributes[q.By](r, q.Value) }

// start checks a query and returns where its page begins.
func (q Query) start() (catalog.EventMark, error) {
	end := catalog.EventMark{Time: time.UnixMicro(math.MaxInt64), Sequence: math.MaxInt64}
	_, known := attributes[q.By]
	switch {
	case q.By != "" && !known:
		return end, InvalidAttributes.errorf("There is no lookup attribute %.40q.", q.By)
	case q.By == ByReadOnly && q.Value != "true" && q.Value != "false":
		return end, InvalidAttributes.errorf("ReadOnly is true or false.")
	case q.Limit < 1 || q.Limit > maxResults:
		return end, InvalidMaxResults.errorf("A page has 1 to %d events.", maxResults)
	case !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From):
		return end, InvalidTimeRange.errorf("The start time is after the end time.")
	}
	if !q.To.IsZero() {
		end.Time = q.To.Truncate(time.Second).Add(time.Second - time.Microsecond)
	}
	if q.Token == "" {
		return end, nil
	}
	return q.mark()
}

// A token is the digest of its query, so that it goes on with no other, and a mark: time in microseconds and number.
const (
	queryDigest = 12
	tokenBytes  = queryDigest + 8 + 8
)

func (q Query) digest() []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %d", q.By, q.Value, q.From.Unix(), q.To.Unix()))
	return sum[:queryDigest]
}

func (q Query) token(m catalog.EventMark) string {
	raw := binary.BigEndian.AppendUint64(q.digest(), uint64(m.Time.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(raw, uint64(m.Sequence)))
}

func (q Query) mark() (catalog.EventMark, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(q.Token[:min(len(q.Token), 2*tokenBytes)])
	if err != nil || len(raw) != tokenBytes || !bytes.HasPrefix(raw, q.digest()) {
		return catalog.EventMark{}, InvalidNextToken.errorf("The token was not given out by this query.")
	}
	return catalog.EventMark{Time: time.UnixMicro(int64(binary.BigEndian.Uint64(raw[queryDigest:]))),
		Sequence: int64(binary.BigEndian.Uint64(raw[queryDigest+8:]))}, nil
}

// byID finds the one event of an id.
func (s *Service) byID(ctx context.Context, account string, q Query) (Found, error) {
	sequence, ok := sequenceOf(q.Value)
	if !ok {
		return Found{}, nil
	}
	var events []catalog.Event
	err := s.Catalog.Read(ctx, func(r catalog.Reader) (err error) {
		events, err = r.Events(sequence-1, 1)
		return err
	})
	if err != nil {
		return Found{}, fmt.Errorf("look up an event: %w", err)
	}
	if len(events) == 0 || events[0].Kind != catalog.AuditEvent || eventID(events[0], account) != q.Value ||
		!slices.Contains(recipients(events[0]), account) {
		return Found{}, nil
	}
	record, err := s.record(events[0], account)
	if err != nil || !within(events[0].Time, q) {
		return Found{}, err
	}
	return Found{Records: []Record{record}}, nil
}

func within(t time.Time, q Query) bool {
	return !t.Before(q.From) && (q.To.IsZero() || t.Before(q.To.Truncate(time.Second).Add(time.Second)))
}
