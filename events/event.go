package events

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"entrepot/artifact"
)

// Event is one copy of an event: what one account is told of a change. Written as JSON it has the members of the guide's
// sample in their order.
type Event struct {
	Version    string    `json:"version"`
	ID         string    `json:"id"`
	DetailType string    `json:"detail-type"`
	Source     string    `json:"source"`
	Account    string    `json:"account"` // that is told
	Time       time.Time `json:"time"`    // UTC, to the second
	Region     string    `json:"region"`
	Resources  []string  `json:"resources"` // the ARN of the package, alone
	Detail     Detail    `json:"detail"`
}

// Detail is a change with what tells it from others. Sequence rises strictly from one change of a package to the next;
// numbers in between may be of other packages. Deduplication is the same however often a change is told, and to whomever.
type Detail struct {
	Change
	Sequence      int64  `json:"sequenceNumber"`
	Deduplication string `json:"eventDeduplicationId"`
}

// Record is a change as it stands in the record.
type Record struct {
	Sequence int64 // above zero
	Time     time.Time
	Resource string // ARN of the package
	Detail   json.RawMessage
}

// Told are the copies of an event: the first for the account that owns the domain, and one for the account that
// administers the repository if that is another. The same record gives the same copies each time, ids included. The error
// is of a record that no release of ours has written.
func Told(r Record, region string) ([]Event, error) {
	var d Detail
	if err := json.Unmarshal(r.Detail, &d.Change); err != nil {
		return nil, fmt.Errorf("read event %d: %w", r.Sequence, err)
	}
	mark := fingerprint(r)
	d.Sequence, d.Deduplication = r.Sequence, base64.StdEncoding.EncodeToString(mark[:])
	accounts := []string{d.DomainOwner}
	if d.Administrator != d.DomainOwner {
		accounts = append(accounts, d.Administrator)
	}
	copies := make([]Event, 0, len(accounts))
	for _, account := range accounts {
		copies = append(copies, Event{Version: "0", ID: copyID(mark, account), DetailType: DetailType, Source: Source,
			Account: account, Time: r.Time.UTC().Truncate(time.Second), Region: region, Resources: []string{r.Resource}, Detail: d})
	}
	return copies, nil
}

// fingerprint tells a change from all others, those of other installations as well: two may give the same numbers, but not
// to the same change at the same microsecond.
func fingerprint(r Record) [sha256.Size]byte {
	h := sha256.New()
	var numbers [16]byte
	binary.BigEndian.PutUint64(numbers[:8], uint64(r.Sequence))
	binary.BigEndian.PutUint64(numbers[8:], uint64(r.Time.UnixMicro()))
	h.Write(numbers[:])
	fmt.Fprintf(h, "%d:%s", len(r.Resource), r.Resource)
	h.Write(r.Detail)
	return [sha256.Size]byte(h.Sum(nil))
}

// copyID is the id of the copy for one account, written as a UUID. Its version is that of ids which follow from a hash.
func copyID(mark [sha256.Size]byte, account string) string {
	h := sha256.Sum256(append(mark[:], account...))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// Lane names what events of one package have in common: they are told in their order.
func (e Event) Lane() string { return strings.Join(e.Resources, " ") }

// Package is the package that the event is about.
func (e Event) Package() artifact.PackageKey {
	p := artifact.PackageKey{Format: e.Detail.Format, Name: e.Detail.Package}
	if e.Detail.Namespace != nil {
		p.Namespace = *e.Detail.Namespace
	}
	return p
}

// JSON writes the event as one line without its end. Letters that HTML would mind stand for themselves.
func (e Event) JSON() []byte {
	var text strings.Builder
	w := json.NewEncoder(&text)
	w.SetEscapeHTML(false)
	if err := w.Encode(e); err != nil {
		panic(err) // of texts, numbers and a time of four digits' year
	}
	return []byte(strings.TrimSuffix(text.String(), "\n"))
}
